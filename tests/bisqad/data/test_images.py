"""Tensors of photos keep depth, grey and fine masks."""

import pytest

torch = pytest.importorskip("torch")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.data.images import is_grey, mask_tensor, photo_tensor, resized  # noqa: E402 - needs torch
from anomsynth.core.photo import as_photo  # noqa: E402 - needs torch
from anomsynth.dataset.images import read_photo, write_png  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


def ramp(height=40, width=60):
    return np.linspace(0, 1, height * width).reshape(height, width)


def as_uint8(values):
    return np.rint(values * 255).astype(np.uint8)


def test_8_and_16_bits_give_the_same_values(tmp_path) -> None:
    write_png(tmp_path / "8.png", as_uint8(ramp()), tmp_path)
    write_png(tmp_path / "16.png", np.rint(ramp() * 65535).astype(np.uint16), tmp_path)

    eight, sixteen = (photo_tensor(read_photo(tmp_path / f"{bits}.png"), 32) for bits in (8, 16))

    assert eight.shape == (3, 32, 32)
    assert eight.dtype == torch.float32
    assert torch.allclose(eight, sixteen, atol=1.5 / 255)
    # 16 bits keep what 8 bits round away.
    assert len(sixteen.unique()) > 2 * len(eight.unique())
    assert 0 <= float(eight.min()) < 0.02
    assert 0.98 < float(eight.max()) <= 1


def test_grey_photos_have_three_equal_channels() -> None:
    tensor = photo_tensor(as_photo(as_uint8(ramp())), 32)

    assert torch.equal(tensor[0], tensor[1])
    assert torch.equal(tensor[0], tensor[2])


def test_channels_stay_red_green_blue_and_alpha_is_passed_over() -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 255, 7

    tensor = photo_tensor(as_photo(pixels), 8)

    assert tensor.mean((1, 2)).tolist() == [1.0, 0.0, 0.0]


def test_colour_is_taken_out_where_the_run_is_grey() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 1] = 200

    tensor = photo_tensor(as_photo(pixels), 8, grey=True)

    assert float(tensor.std()) == 0
    assert float(tensor.mean()) == pytest.approx(0.587 * 200 / 255, abs=3e-3)


def test_shrinking_averages_along_each_side_by_itself() -> None:
    fine = np.zeros((256, 16, 1), np.float32)
    fine[::4] = 1  # every fourth row; 16 rows become one, columns are enlarged

    small = resized(fine, 32)

    assert small.shape == (32, 32, 1)
    assert np.abs(small - 0.25).max() < 1e-5


def test_pixels_of_the_right_size_stay_as_they_are() -> None:
    pixels = as_uint8(ramp(32, 32))

    assert torch.equal(
        photo_tensor(as_photo(pixels), 32)[0] * 255, torch.from_numpy(pixels).float()
    )


def test_one_marked_pixel_of_a_large_mask_stays_marked() -> None:
    mask = np.zeros((1000, 700), bool)
    mask[500, 300] = True

    small = mask_tensor(mask, 32)

    assert int(small.sum()) == 1
    assert bool(small[16, 13])


def test_mask_is_on_where_it_covers_a_quarter() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:32] = True
    mask[32, :] = True  # covers half a pixel of the small mask
    mask[40:42, ::4] = True  # covers half, once in two pixels

    small = mask_tensor(mask, 32)

    assert small[:17].all()
    assert not small[17:20].any()
    assert small[20].tolist() == [True, False] * 16


def test_empty_mask_stays_empty() -> None:
    assert not mask_tensor(np.zeros((10, 10), bool), 32).any()


def test_equal_channels_are_grey() -> None:
    grey = cv2.cvtColor(as_uint8(ramp()), cv2.COLOR_GRAY2RGB)

    assert is_grey(grey)
    assert not is_grey(np.dstack([grey[..., :2], 255 - grey[..., 2:]]))
