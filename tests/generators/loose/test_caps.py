"""Caps have the shape and the volume of caps, and merge without losing any."""

import numpy as np
import pytest

from anomsynth.core.types import Box
from anomsynth.fields.outlines import Mouths, squared_rims
from anomsynth.generators.loose._caps import (
    Caps,
    cap_height,
    cap_profile,
    cap_volume,
    glint,
    lay_caps,
    merged,
    slopes,
)


def one_cap(radius: float, contact_deg: float, flatness: float = 0.0) -> Caps:
    mouths = Mouths(np.array([radius]), np.ones(1), np.zeros(1), squared_rims(np.array([2.0])))
    return Caps(np.array([[60.0, 60.0]]), mouths, np.deg2rad([contact_deg]), flatness)


@pytest.mark.parametrize("contact", [20.0, 50.0, 80.0])
def test_a_cap_on_the_grid_has_its_volume(contact: float) -> None:
    caps = one_cap(40.0, contact)

    fields = lay_caps(caps, Box(0, 0, 121, 121))

    volume = float(cap_volume(np.array([40.0]), np.deg2rad([contact]))[0])
    # The profile is a cap rounded by tanh at most a third, to pass into puddles.
    assert fields.height.max() == pytest.approx(40 * cap_height(np.deg2rad(contact)), rel=0.01)
    assert fields.height.sum() == pytest.approx(volume, rel=0.2)
    assert fields.coverage.sum() == pytest.approx(np.pi * 40**2, rel=0.01)


def test_caps_are_those_of_spheres() -> None:
    # Half a sphere, and the cap of a sphere of radius 2 that stands on a disc of radius sqrt(3).
    assert cap_height(np.pi / 2) == pytest.approx(1)
    assert cap_volume(np.ones(1), np.full(1, np.pi / 2))[0] == pytest.approx(2 * np.pi / 3)
    assert cap_height(np.pi / 3) * np.sqrt(3) == pytest.approx(1)
    volume = cap_volume(np.full(1, np.sqrt(3)), np.full(1, np.pi / 3))[0]
    assert volume == pytest.approx(np.pi * (3 * 2 - 1) / 3)
    for contact in (0.3, 1.0, 1.5):
        profile = cap_profile(contact, 0.0)
        assert profile[-1] == pytest.approx(0, abs=1e-9)
        assert profile[0] == pytest.approx(cap_height(contact))


def test_a_glint_is_a_gaussian_of_the_lamp_s_size() -> None:
    slope = np.array([[0.0, 0.1, 0.2]], dtype=np.float32)

    shine = glint((np.zeros_like(slope), slope), (0.0, 0.0, 1.0), 0.1)

    np.testing.assert_allclose(shine[0], np.exp([0, -0.5, -2]), rtol=1e-5)


def test_puddles_are_level_and_lower() -> None:
    cap, puddle = (cap_profile(0.9, flatness) for flatness in (0.0, 1.0))

    assert puddle[0] < 0.4 * cap[0]
    assert puddle[100] == pytest.approx(puddle[0], rel=0.06)
    assert cap[100] < 0.95 * cap[0]


def test_merging_keeps_the_volume_and_ends_apart() -> None:
    rng = np.random.default_rng(0)
    volumes = rng.uniform(1, 30, 80)
    places = rng.uniform(0, 40, (80, 2))

    centres, radii = merged(places, volumes, 0.8)

    total = cap_volume(radii, np.full(len(radii), 0.8)).sum()
    assert len(radii) < 80
    assert total == pytest.approx(volumes.sum(), rel=1e-6)
    gaps = np.hypot(*(centres[:, None] - centres).transpose(2, 0, 1))
    gaps += np.eye(len(radii)) * 1e9
    assert (gaps >= radii[:, None] + radii - 1e-9).all()


def test_the_glint_lies_towards_the_lamp() -> None:
    fields = lay_caps(one_cap(40.0, 60.0), Box(0, 0, 121, 121))
    lamp = np.deg2rad(45)

    shine = glint(slopes(fields.height), (0.0, float(np.cos(lamp)), float(np.sin(lamp))), 0.1)

    row, col = np.unravel_index(shine.argmax(), shine.shape)
    assert row == pytest.approx(60, abs=1)
    assert col > 65
