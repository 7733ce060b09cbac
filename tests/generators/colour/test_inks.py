"""Print splits into paper and ink and comes together again."""

import numpy as np
import pytest

from anomsynth.generators.colour._inks import dragged, ink_density, moved, paper_light, printed


def letter() -> np.ndarray:
    light = np.full((96, 120, 3), 0.8, dtype=np.float32)
    light[40:60, 40:50] = (0.05, 0.2, 0.4)
    return light


def test_density_over_paper_is_the_photo() -> None:
    light = letter()
    paper = paper_light(light)

    density = ink_density(light, paper)

    np.testing.assert_allclose(printed(paper, density), light, rtol=1e-4)
    np.testing.assert_allclose(paper, 0.8, rtol=0.05)
    assert density[50, 45, 0] == pytest.approx(np.log(0.8 / 0.05), rel=0.05)


def test_moving_shifts_by_whole_and_part_pixels() -> None:
    plane = letter()[..., 0]
    down = np.full(plane.shape, 3.0, dtype=np.float32)
    right = np.full(plane.shape, -2.0, dtype=np.float32)

    np.testing.assert_allclose(moved(plane, down, right)[20:70, 20:70], plane[17:67, 22:72])


def test_a_trail_falls_over_its_length() -> None:
    density = np.zeros((9, 400), dtype=np.float32)
    density[:, 20] = 1

    trail = dragged(density, (0.0, 1.0), 40.0)[4]

    peaks = trail[20:200][trail[20:200] > 1e-6]
    assert trail[:20].max() == 0
    assert trail.sum() == pytest.approx(1, rel=0.05)
    assert peaks[0] > peaks[10] > peaks[20]
    middle = (trail * (np.arange(400) - 20)).sum() / trail.sum()
    assert middle == pytest.approx(37, rel=0.1)  # sixteen steps a length: a little short
