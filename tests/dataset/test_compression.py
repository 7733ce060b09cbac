"""PNG files are coded by what they show: noise, or runs of equal pixels."""

import cv2
import numpy as np
import pytest

from anomsynth.dataset.compression import png_effort, png_options
from anomsynth.dataset.images import write_png


def bytes_of(picture: np.ndarray, tmp_path) -> int:
    path = tmp_path / "a.png"
    write_png(path, picture, tmp_path)
    back = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert back is not None
    assert (back if back.ndim == 2 else back[..., ::-1]).tolist() == picture.tolist()
    return path.stat().st_size


def mask() -> np.ndarray:
    drawn = np.zeros((256, 256), np.uint8)
    return np.asarray(cv2.circle(drawn, (100, 120), 60, 255, -1))


def noise(*shape: int) -> np.ndarray:
    levels = np.random.default_rng(0).normal(120, 6, shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def test_masks_stay_small(tmp_path) -> None:
    assert bytes_of(mask(), tmp_path) < 256 * 256 / 50


def test_parts_on_an_even_ground_stay_small(tmp_path) -> None:
    photo = np.full((256, 256, 3), 255, np.uint8)
    photo[100:156, 100:156] = noise(56, 56, 3)

    assert bytes_of(photo, tmp_path) < 1.5 * 56 * 56 * 3


def test_noise_comes_close_to_its_entropy(tmp_path) -> None:
    picture = noise(256, 256, 3)
    share = np.bincount(picture.ravel()) / picture.size
    bits = -np.sum(share[share > 0] * np.log2(share[share > 0]))

    # Noise differs more from its neighbours' mean than from its own: by sqrt(1.5), 0.3 bit.
    assert bytes_of(picture, tmp_path) < 1.08 * picture.size * (bits + 0.3) / 8


def test_noise_is_not_searched_for_runs() -> None:
    assert png_options(noise(64, 64)) != png_options(mask())


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 7), (7, 1, 3), (3, 3, 4)])
def test_tiny_pictures_are_written(shape, tmp_path) -> None:
    write_png(tmp_path / "a.png", np.zeros(shape, np.uint8), tmp_path)

    assert cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED).shape == shape


def test_an_effort_ends_with_its_block() -> None:
    usual = png_options(mask())

    with png_effort("small"):
        inside = png_options(mask())

    assert inside != usual == png_options(mask())
