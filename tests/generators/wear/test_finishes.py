"""Coatings have the tone and hue asked for, two phases their shares, light its source."""

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.fields.pigments import LUMINANCE
from anomsynth.generators.wear._finishes import Mottle, as_seen, illumination, steel
from anomsynth.testing import make_surface


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
def test_the_second_phase_has_its_share(share: float) -> None:
    inside = np.ones((120, 120), bool)
    field = Mottle(share, 30, 0.2).second((120, 120), inside, stream(1))

    assert (field > 0).mean() == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize(("hurst", "seen"), [(0.5, 0.5), (0.8, 0.71)])
def test_spots_are_self_affine_up_to_their_size(hurst: float, seen: float) -> None:
    inside = np.ones((384, 384), bool)
    steps = []
    for seed in range(8):
        field = Mottle(0.5, 115, hurst).second((384, 384), inside, stream(seed))
        steps.append([float(((field[:, lag:] - field[:, :-lag]) ** 2).mean()) for lag in (4, 32)])
    first, second = np.mean(steps, axis=0)

    # At a third of their size 0.8 reads 0.71: the steps level off there.
    assert np.log(second / first) / np.log(8) / 2 == pytest.approx(seen, abs=0.06)


def test_grey_photos_show_the_luminance() -> None:
    colours = np.array([[[0.2, 0.4, 0.1]]], np.float32)

    assert as_seen(colours, 1).shape == (1, 1, 1)
    assert as_seen(colours, 1)[0, 0, 0] == pytest.approx(float(colours[0, 0] @ LUMINANCE), rel=1e-4)


def test_the_right_finish_lit_gives_the_photo_back() -> None:
    surface = make_surface()
    box = Box(20, 20, 120, 160)

    light = illumination(surface, box, 0.5, 1.0)

    assert 0.5 * light == pytest.approx(surface.linear(box)[..., 0], rel=0.05)


def test_steel_has_its_luminance() -> None:
    assert steel(0.2) @ LUMINANCE == pytest.approx(0.2, rel=0.02)
