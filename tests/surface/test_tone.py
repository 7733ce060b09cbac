"""The tone of a place is measured on the part."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.surface.tone import mean_light, tones
from anomsynth.testing import WARM, make_surface


def test_only_the_part_counts() -> None:
    plain = make_surface(60, 80, channels=3)
    pixels = plain.pixels.copy()
    pixels[~plain.foreground] = 255
    surface = replace(plain, pixels=pixels)

    whole = mean_light(surface, Box(0, 0, 60, 80))

    assert whole.shape == (3,)
    assert whole == pytest.approx(0.22 * WARM, rel=0.1)
    assert mean_light(surface, Box(0, 0, 4, 80)) == pytest.approx([1, 1, 1])


def test_large_boxes_are_sampled() -> None:
    surface = make_surface(900, 900)

    assert 1000 < len(tones(surface, Box(0, 0, 900, 900))) <= 70 * 70
    assert np.isfinite(tones(surface, Box(5, 5, 6, 6))).all()
