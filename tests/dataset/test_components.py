"""Part masks are read by number, by palette index, or blob by blob."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.dataset.components import read_components
from anomsynth.errors import InputError

SHAPE = (20, 30)


def numbers() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    array[2:8, 3:9] = 3
    array[10:18, 12:28] = 200
    return array


def test_a_grey_picture_holds_the_numbers(tmp_path: Path) -> None:
    Image.fromarray(numbers()).save(tmp_path / "a.png")

    assert np.array_equal(read_components(tmp_path / "a.png", SHAPE), numbers())


def test_a_palette_picture_holds_its_indices_not_its_colours(tmp_path: Path) -> None:
    image = Image.new("P", SHAPE[::-1])
    image.putdata(numbers().ravel().tolist())
    image.putpalette([value for index in range(256) for value in (255 - index, index // 2, 7)])
    image.save(tmp_path / "a.png")

    assert np.array_equal(read_components(tmp_path / "a.png", SHAPE), numbers())


def test_white_blobs_are_numbered_from_the_top_then_the_left(tmp_path: Path) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:8, 20:26] = 255
    mask[2:8, 3:9] = 255
    mask[12:18, 1:5] = 255
    Image.fromarray(mask).save(tmp_path / "a.png")

    components = read_components(tmp_path / "a.png", SHAPE)

    assert components[5, 5] == 1
    assert components[5, 22] == 2
    assert components[15, 3] == 3
    assert components.max() == 3


def test_one_bit_pictures_are_blobs(tmp_path: Path) -> None:
    Image.fromarray(numbers() > 0).save(tmp_path / "a.png")

    assert set(np.unique(read_components(tmp_path / "a.png", SHAPE))) == {0, 1, 2}


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((5, 5), np.uint8), "5 x 5"),
        (np.random.default_rng(0).integers(0, 256, (*SHAPE, 3)).astype(np.uint8), "RGB"),
        (np.full(SHAPE, 300, np.uint16), "I;16"),
        (np.zeros(SHAPE, np.uint8), "no component"),
    ],
)
def test_other_pictures_are_refused(tmp_path: Path, array: np.ndarray, reason: str) -> None:
    Image.fromarray(array).save(tmp_path / "a.png")

    with pytest.raises(InputError, match=reason) as caught:
        read_components(tmp_path / "a.png", SHAPE)
    assert str(tmp_path / "a.png") in str(caught.value)
    assert caught.value.hint


def test_too_many_blobs_are_refused(tmp_path: Path) -> None:
    mask = np.zeros((100, 100), np.uint8)
    for row in range(0, 100, 5):
        for col in range(0, 100, 5):
            mask[row : row + 3, col : col + 3] = 255
    Image.fromarray(mask).save(tmp_path / "a.png")

    with pytest.raises(InputError, match="400 separate"):
        read_components(tmp_path / "a.png", (100, 100))


def test_a_broken_mask_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG broken \0")

    with pytest.raises(InputError, match=r"a\.png"):
        read_components(tmp_path / "a.png", SHAPE)
