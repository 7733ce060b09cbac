"""The foreground is what a person would outline, or the whole picture."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from anomsynth.demo.standins import make_stand_in
from anomsynth.surface.foreground import find_foreground

TILES = Path(__file__).parents[2] / "../shared/data/magnetic_tile/train/good"
LEVELS = {
    "light": (225, 225, 222),
    "dark": (14, 15, 18),
    "blue": (40, 90, 190),
}


def disc(height: int, width: int) -> NDArray[np.uint8]:
    truth = np.zeros((height, width), np.uint8)
    cv2.circle(truth, (int(0.53 * width), int(0.48 * height)), int(0.3 * height), 1, -1)
    return truth


def ring(height: int, width: int) -> NDArray[np.uint8]:
    truth = disc(height, width)
    cv2.circle(truth, (int(0.53 * width), int(0.48 * height)), int(0.13 * height), 0, -1)
    return truth


def bar(height: int, width: int) -> NDArray[np.uint8]:
    corners = cv2.boxPoints(((0.5 * width, 0.5 * height), (0.7 * width, 0.25 * height), 28))
    return cv2.fillPoly(np.zeros((height, width), np.uint8), [np.rint(corners).astype(int)], 1)


def bottle(height: int, width: int) -> NDArray[np.uint8]:
    """Draw a bottle that stands on the lower border."""
    truth = np.zeros((height, width), np.uint8)
    middle, body, neck = width // 2, int(0.22 * width), int(0.08 * width)
    truth[int(0.4 * height) :, middle - body : middle + body] = 1
    truth[int(0.08 * height) : int(0.45 * height), middle - neck : middle + neck] = 1
    return cv2.ellipse(
        truth, (middle, int(0.42 * height)), (body, int(0.1 * height)), 0, 0, 360, 1, -1
    )


def pieces(height: int, width: int) -> NDArray[np.uint8]:
    truth = np.zeros((height, width), np.uint8)
    for row, col, size in (
        (0.25, 0.25, 0.12),
        (0.3, 0.75, 0.15),
        (0.75, 0.35, 0.1),
        (0.7, 0.8, 0.08),
    ):
        cv2.circle(truth, (int(col * width), int(row * height)), int(size * height), 1, -1)
    return truth


def slab(height: int, width: int) -> NDArray[np.uint8]:
    """Draw a part that runs through the left and the right border."""
    truth = np.zeros((height, width), np.uint8)
    truth[int(0.2 * height) : int(0.82 * height)] = 1
    return truth


SHAPES = (disc, ring, bar, bottle, pieces, slab)


def photograph(truth: NDArray[np.uint8], ground: str, noise: float) -> NDArray[np.uint8]:
    """Return an RGB photo of the shape on an uneven ground, slightly out of focus, with noise."""
    height, width = truth.shape
    rng = np.random.default_rng(3)
    slope = 1 + 0.12 * np.linspace(-1, 1, width)[None, :, None] * np.ones((height, 1, 1))
    rough = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), 3)[..., None]
    part = np.array((120, 118, 110)) * (1 + 0.4 * rough)
    cover = cv2.GaussianBlur(truth.astype(float), (0, 0), 0.8)[..., None]
    scene = np.array(LEVELS[ground]) * slope * (1 - cover) + part * cover
    scene += noise * rng.standard_normal(scene.shape)
    return np.clip(np.rint(scene), 0, 255).astype(np.uint8)


def overlap(found: NDArray[np.bool_], truth: NDArray[np.generic]) -> float:
    return np.count_nonzero(found & (truth > 0)) / np.count_nonzero(found | (truth > 0))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ground", LEVELS)
@pytest.mark.parametrize("noise", [0, 6])
def test_outlines_an_object_on_a_background(
    shape: Callable[[int, int], NDArray[np.uint8]], ground: str, noise: float
) -> None:
    truth = shape(300, 360)

    found = find_foreground(photograph(truth, ground, noise))

    assert overlap(found, truth) >= 0.95


@pytest.mark.parametrize("size", [(64, 64), (256, 256), (700, 1000), (1200, 500)])
def test_outline_does_not_depend_on_the_size_of_the_picture(size: tuple[int, int]) -> None:
    truth = ring(*size)

    found = find_foreground(photograph(truth, "light", 3))

    assert overlap(found, truth) >= 0.95


def test_reads_grey_and_16_bit_alike() -> None:
    truth = bar(300, 360)
    grey = photograph(truth, "dark", 3)[..., :1]

    found = find_foreground(grey)
    found_deep = find_foreground(grey.astype(np.uint16) * 257)

    assert overlap(found, truth) >= 0.95
    assert overlap(found_deep, truth) >= 0.95


def test_follows_a_background_that_gets_darker_from_side_to_side() -> None:
    truth = disc(256, 256)
    ground = np.linspace(230, 140, 256)[None, :] * np.ones((256, 1))
    photo = np.where(truth > 0, 60, ground).astype(np.uint8)[..., None]

    found = find_foreground(photo)

    assert overlap(found, truth) >= 0.95


def test_small_spots_in_the_colour_of_the_background_stay_part() -> None:
    truth = disc(256, 256)
    photo = photograph(truth, "light", 2)
    cv2.circle(photo, (135, 120), 4, LEVELS["light"], -1)

    found = find_foreground(photo)

    assert found[120, 135]
    assert overlap(found, truth) >= 0.95


def test_a_light_patch_on_the_part_is_no_hole() -> None:
    truth = disc(256, 256)
    photo = photograph(truth, "light", 2)
    cv2.circle(photo, (135, 120), 25, (190, 190, 188), -1)

    assert overlap(find_foreground(photo), truth) >= 0.95


def test_the_hole_of_a_ring_is_background() -> None:
    found = find_foreground(photograph(ring(300, 360), "light", 3))

    assert not found[144, 191]


@pytest.mark.parametrize("name", ["brick", "grass", "gravel"])
@pytest.mark.parametrize("part", [(0, 512), (100, 356), (200, 300)])
def test_a_texture_that_fills_the_frame_is_all_part(name: str, part: tuple[int, int]) -> None:
    cut = slice(*part)
    texture = getattr(data, name)()[cut, cut, None]

    assert find_foreground(np.ascontiguousarray(texture)).all()


def test_a_vignette_is_no_background() -> None:
    row, col = np.mgrid[-1:1:200j, -1:1:260j]
    shade = 170 * np.exp(-0.9 * (row**2 + col**2))
    photo = np.rint(shade + 2 * np.random.default_rng(0).standard_normal(shade.shape))

    assert find_foreground(np.clip(photo, 0, 255).astype(np.uint8)[..., None]).all()


def test_a_part_that_fades_into_shadow_is_not_cut() -> None:
    profile = np.interp(np.arange(260), [0, 25, 90, 170, 235, 259], [15, 15, 150, 150, 15, 15])
    photo = profile + 2 * np.random.default_rng(0).standard_normal((200, 260))

    assert find_foreground(np.clip(np.rint(photo), 0, 255).astype(np.uint8)[..., None]).all()


def test_coins_are_outlined_as_separate_objects() -> None:
    found = find_foreground(data.coins()[..., None])

    count, _, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    assert count - 1 == 24
    assert stats[1:, cv2.CC_STAT_AREA].min() > 600


@pytest.mark.parametrize("copy", range(10))
def test_thin_leads_of_another_colour_than_the_body_are_part(copy: int) -> None:
    photo = make_stand_in("leads", copy).pixels
    rows = np.arange(256)[:, None]

    part = find_foreground(photo)

    coppery = (photo[..., 0].astype(int) - photo[..., 2] > 30) & (rows > 140) & (rows < 225)
    assert coppery.sum() > 1500
    assert part[coppery].mean() > 0.97


def test_dark_margins_at_the_sides_are_background() -> None:
    photo = photograph(np.ones((300, 260), np.uint8), "dark", 2)
    photo[:, :5] //= 12
    photo[:, -4:] //= 12
    truth = np.ones((300, 260))
    truth[:, :5] = truth[:, -4:] = 0

    found = find_foreground(photo)

    assert not found[:, :3].any()
    assert not found[:, -2:].any()
    assert overlap(found, truth) >= 0.99


def test_transparent_pixels_are_never_part() -> None:
    photo = photograph(np.ones((90, 90), np.uint8), "dark", 2)
    alpha = np.full((90, 90), 255, np.uint8)
    alpha[:2, :3] = 0

    found = find_foreground(photo, alpha)

    assert np.array_equal(found, alpha > 0)


def test_a_cut_out_is_taken_as_cut() -> None:
    truth = bottle(200, 200)

    found = find_foreground(photograph(truth, "light", 2), truth * np.uint8(200))

    assert np.array_equal(found, truth > 0)


@pytest.mark.skipif(not TILES.is_dir(), reason="the real tiles are not here")
def test_real_tiles_keep_nearly_all_of_their_surface() -> None:
    shares = []
    for path in sorted(TILES.iterdir())[::12]:
        with Image.open(path) as image:
            shares.append(find_foreground(np.asarray(image.convert("L"))[..., None]).mean())

    assert min(shares) > 0.7
    assert np.median(shares) > 0.97
    assert sum(share < 1 for share in shares) >= 8
