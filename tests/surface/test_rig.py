"""Lamps of a rig are found from many parts together, whatever colours these have."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import Float32, Light
from anomsynth.surface.rig import RigLights, rig_moments, solve_rig

SIDE = 160
WHOLE = np.ones((SIDE, SIDE), bool)


def rough(rng: np.random.Generator, across: float = 2.0) -> Float32:
    """Return a field of deviation 1, rough over 2 pixels, or wider along the rows."""
    field = rng.standard_normal((SIDE, SIDE)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), sigmaX=across, sigmaY=2.0)
    return field / field.std()


def photos(lamps: tuple[float, ...], seed: int, **how: float) -> list[Float32]:
    """Return linear light of a part of its own relief and colour, lit from these azimuths."""
    rng = np.random.default_rng(seed)
    down, right = np.gradient(how.get("relief", 0.06) * rough(rng, how.get("across", 2.0)))
    colour = np.exp(how.get("colour", 0.0) * rough(rng))
    found = []
    for lamp in lamps:
        to_row, to_col, up = Light(lamp, 45).vector
        facing = (up - down * to_row - right * to_col) / np.sqrt(1 + down**2 + right**2)
        light = 0.25 * colour * (0.2 + 0.8 * np.maximum(facing, 0) / up)
        light += how.get("noise", 0.004) * rng.standard_normal(light.shape)
        found.append(light.clip(0, 1).astype(np.float32))
    return found


def solved(lamps: tuple[float, ...], parts: int = 6, **how: float) -> RigLights | None:
    return solve_rig([rig_moments(photos(lamps, seed, **how), WHOLE) for seed in range(parts)])


def off(found: RigLights, lamps: tuple[float, ...]) -> float:
    """Return the largest error; all lamps turned by half a circle are as good."""
    turns = [np.array(found.azimuths_deg) - np.array(lamps) + turn for turn in (0, 180)]
    return min(float(np.abs((one + 180) % 360 - 180).max()) for one in turns)


LAMPS = [(0, 90), (0, 90, 180, 270), (0, 270, 180, 90), (20, 140, 260), (45, 5)]


@pytest.mark.parametrize("lamps", LAMPS)
@pytest.mark.parametrize("colour", [0.0, 0.06])
def test_photos_of_several_parts_tell_where_lamps_are(lamps, colour: float) -> None:
    found = solved(lamps, colour=colour)

    assert off(found, lamps) < 12
    assert max(found.errors_deg) < 12
    assert found.misfit < 0.22


def test_what_one_part_tells_is_less_sure() -> None:
    lamps = (20, 140, 260)
    alone, together = (solved(lamps, parts, relief=0.03, colour=0.06) for parts in (1, 8))

    assert off(together, lamps) < 12
    assert max(together.errors_deg) < max(alone.errors_deg)


@pytest.mark.parametrize("lamps", LAMPS)
def test_colours_alone_tell_nothing_for_sure(lamps) -> None:
    found = solved(lamps, relief=0.0, colour=0.1)

    assert found is None or max(found.errors_deg) > 12


def test_noise_alone_tells_nothing_for_sure() -> None:
    for lamps in LAMPS:
        found = solved(lamps, relief=0.0)
        assert found is None or max(found.errors_deg) > 12


def test_a_relief_that_runs_in_one_direction_does_not_fit() -> None:
    found = solved((20, 140, 260), across=8.0, relief=0.15)

    assert found.misfit > 0.22


def test_one_photo_under_several_names_tells_nothing() -> None:
    same = [photos((30,), seed) * 3 for seed in range(4)]

    assert solve_rig([rig_moments(one, WHOLE) for one in same]) is None


def test_a_part_of_few_pixels_has_no_moments() -> None:
    small = np.zeros((SIDE, SIDE), bool)
    small[10:20, 10:20] = True

    assert rig_moments(photos((0, 90), 1), small).shape == (0, 2, 2, 3)
    assert rig_moments(photos((0, 90), 1), np.zeros_like(small)).shape == (0, 2, 2, 3)
    assert solve_rig([rig_moments(photos((0, 90), 1), small)]) is None


def test_what_lies_beside_the_part_does_not_count() -> None:
    inside = np.zeros((SIDE, SIDE), bool)
    inside[20:150, 30:150] = True
    lamps = (20, 140, 260)
    moments = []
    for seed in range(5):
        views = photos(lamps, seed)
        beside = photos((0, 0, 0), 50 + seed, colour=0.5)
        cut = [np.where(inside, view, other) for view, other in zip(views, beside, strict=True)]
        moments.append(rig_moments(cut, inside))

    assert off(solve_rig(moments), lamps) < 8
