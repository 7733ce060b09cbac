"""Depth maps are known by their looks, and no photo of an industrial camera is taken for one."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.dataset.depth_like import looks_like_depth
from anomsynth.demo.photos import demo_photos

SHAPE = (120, 150)


def depth_mm(noise: float = 0.02, holes: float = 0.01) -> np.ndarray:
    """Return depths of a bulging part, zeros where nothing was measured."""
    rng = np.random.default_rng(3)
    rows, cols = np.indices(SHAPE)
    depth = 400 - 5 * np.cos((rows - 60) / 60) * np.cos((cols - 75) / 70)
    depth += rng.normal(0, noise, SHAPE)
    depth[rng.random(SHAPE) < holes] = 0
    return depth


def photo(name: str, bits: int, electrons: float = 10_000) -> np.ndarray:
    """Return a photo of a surface with the noise of its light, in the camera's levels."""
    picture = demo_photos()[name][0]
    grey = picture if picture.ndim == 2 else picture.mean(axis=2)
    light = cv2.GaussianBlur(grey.astype(float) / 255, (0, 0), 1.5)
    seen = np.random.default_rng(5).normal(light * electrons, np.sqrt(light * electrons + 4))
    return np.rint(seen.clip(0, electrons) / electrons * (2**bits - 1)).astype(np.uint16)


def write(place: Path, levels: np.ndarray) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(place), np.rint(levels).astype(np.uint16))
    return place


@pytest.mark.parametrize("unit", [0.1, 0.02, 0.01])
def test_holes_in_calm_levels_far_above_them_are_depth(tmp_path, unit: float) -> None:
    path = write(tmp_path / "parts" / "a.png", depth_mm() / unit)

    assert (
        looks_like_depth([path], tmp_path)
        == "zeros are holes in them and smoother than light can be"
    )


@pytest.mark.parametrize("name", ["depth/a.png", "parts/a_z.png", "line 2/Height_Maps/7.png"])
def test_a_name_and_calm_levels_are_depth(tmp_path, name: str) -> None:
    path = write(tmp_path / name, depth_mm(holes=0) / 0.01)

    assert looks_like_depth([path], tmp_path) == "named so and smoother than light can be"


def test_heights_from_zero_are_depth_if_they_are_named_so(tmp_path) -> None:
    heights = np.maximum(420 - depth_mm(holes=0), 0) / 0.001

    assert looks_like_depth([write(tmp_path / "height" / "a.png", heights)], tmp_path)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("name", ["metal", "grass", "brick"])
def test_photos_are_none_whatever_their_name(tmp_path, name: str, bits: int) -> None:
    levels = photo(name, bits)
    cut = levels * cv2.circle(np.zeros(levels.shape, np.uint16), (128, 128), 90, 1, -1)
    paths = [
        write(tmp_path / "parts" / "a.png", levels),
        write(tmp_path / "depth" / "a_z.png", levels),  # of a part called so
        write(tmp_path / "parts" / "cut out.png", cut),
    ]

    assert [looks_like_depth([path], tmp_path) for path in paths] == ["", "", ""]


def test_smooth_pictures_alone_are_none(tmp_path) -> None:
    levels = cv2.GaussianBlur(photo("metal", 16).astype(np.float32), (0, 0), 4)
    flat = np.full(SHAPE, 40_000)
    dark = np.zeros(SHAPE)
    eight = photo("metal", 8).astype(np.uint16) * 257

    for number, picture in enumerate((levels, flat, dark, eight)):
        assert looks_like_depth([write(tmp_path / f"{number}.png", picture)], tmp_path) == ""


def test_all_that_are_looked_at_have_to_look_so(tmp_path) -> None:
    depth = write(tmp_path / "a.png", depth_mm() / 0.01)
    other = write(tmp_path / "b.png", photo("metal", 12))

    assert looks_like_depth([depth, other], tmp_path) == ""
    assert looks_like_depth([depth, tmp_path / "missing.png"], tmp_path) == ""
    assert looks_like_depth([], tmp_path) == ""


def test_colours_and_eight_bits_are_photos(tmp_path) -> None:
    colour, shallow = tmp_path / "depth.png", tmp_path / "z.png"
    cv2.imwrite(str(colour), np.dstack([depth_mm() / 0.01] * 3).astype(np.uint16))
    cv2.imwrite(str(shallow), (depth_mm() / 2).astype(np.uint8))

    assert looks_like_depth([colour], tmp_path) == looks_like_depth([shallow], tmp_path) == ""


def test_folders_above_the_source_have_no_say(tmp_path) -> None:
    root = tmp_path / "depth" / "photos"
    path = write(root / "a.png", depth_mm(holes=0) / 0.01)

    assert looks_like_depth([path], root) == ""
