"""On a radiograph the part is what absorbs, bores left out."""

import numpy as np
import pytest

from anomsynth.surface.absorbing import absorbing_part


def thickness() -> np.ndarray:
    """Return millimeters of a disc with a wedge of a rim and a bore."""
    rows, cols = np.indices((160, 200))
    disc = np.hypot(rows - 80, cols - 95)
    thick = np.where(disc < 60, 6.0, 0.0) + np.where(disc < 30, 4.0, 0.0)
    thick[np.hypot(rows - 80, cols - 110) < 9] = 0
    return thick


def radiograph(thick: np.ndarray, *, response: float = 1.0, dtype: type = np.uint16) -> np.ndarray:
    quanta = np.random.default_rng(0).poisson(3000 * np.exp(-0.15 * thick)) / 3000
    light = 0.85 * quanta if response > 0 else 0.12 * quanta**response
    top = np.iinfo(dtype).max
    return np.clip(np.rint(light * top), 0, top).astype(dtype)[..., None]


@pytest.mark.parametrize("response", [1.0, -1.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_part_is_found_to_its_rim_and_without_its_bore(response: float, dtype: type) -> None:
    thick = thickness()

    part = absorbing_part(
        radiograph(thick, response=response, dtype=dtype), "linear", film=response < 0
    )

    true = thick > 0
    assert (part & true).sum() / (part | true).sum() > 0.94
    assert not part[80, 110]


def test_a_picture_of_nothing_but_material_is_all_part() -> None:
    even = np.full((80, 90, 1), 20000, np.uint16)

    assert absorbing_part(even, "linear").all()


def test_noise_of_the_open_beam_is_no_material() -> None:
    thick = thickness()

    part = absorbing_part(radiograph(thick), "linear")

    assert not part[:15].any()
    assert not part[-15:].any()
