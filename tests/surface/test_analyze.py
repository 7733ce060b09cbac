"""Every photo can be analysed, is left alone, and gives the same surface again."""

from dataclasses import fields

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from anomsynth.core.photo import as_photo
from anomsynth.core.types import Jpeg, Scale, Surface
from anomsynth.errors import InputError
from anomsynth.recipe.load import load_recipe
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_pixels

FLAT_SIZES = [(1, 1), (1, 4096), (4096, 1), (3, 5), (11, 2000), (65, 66)]


def washer(size: int = 256, channels: int = 3) -> NDArray[np.uint8]:
    """Render a ring on a light ground, with noise."""
    rng = np.random.default_rng(0)
    scene = np.full((size, size), 220, np.uint8)
    cv2.circle(scene, (size // 2, size // 2), int(0.4 * size), 110, -1)
    cv2.circle(scene, (size // 2, size // 2), int(0.15 * size), 220, -1)
    noisy = scene[..., None] + 2 * rng.standard_normal((size, size, channels))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def check_surface(surface: Surface, shape: tuple[int, int]) -> None:
    camera, light, grain = surface.camera, surface.light, surface.grain
    assert surface.shape == surface.foreground.shape == surface.allowed.shape == shape
    assert not (surface.allowed & ~surface.foreground).any()
    assert surface.mm_per_px > 0
    assert min(camera.noise_slope, camera.noise_floor) >= 0
    assert 0 < camera.sharpest_px <= camera.blur_px < 20
    assert 0 <= light.azimuth_deg < 180
    assert 0 <= light.confidence <= 1
    assert np.isfinite(grain.angle).all()
    assert 0 <= grain.coherence.min() <= grain.coherence.max() <= 1
    assert (len(surface.sites) > 0) == surface.allowed.any()


@given(
    size=st.one_of(st.sampled_from(FLAT_SIZES), st.tuples(st.integers(1, 90), st.integers(1, 300))),
    channels=st.sampled_from([None, 1, 2, 3, 4]),
    deep=st.booleans(),
    content=st.sampled_from(["noise", "black", "white", "grey", "steps", "ramp"]),
    seed=st.integers(0, 9),
)
@settings(max_examples=120, deadline=None)
def test_every_size_type_and_content_can_be_analysed(size, channels, deep, content, seed) -> None:
    top = 65535 if deep else 255
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[: size[0], : size[1]]
    scene = {
        "noise": rng.integers(0, top + 1, size),
        "black": np.zeros(size),
        "white": np.full(size, top),
        "grey": np.full(size, top // 3),
        "steps": np.where((row // 7 + col // 11) % 2, top, 0),
        "ramp": top * (row + col) / (size[0] + size[1]),
    }[content]
    image = scene.astype(np.uint16 if deep else np.uint8)
    if channels is not None:
        image = np.repeat(image[..., None], channels, axis=2)

    surface = analyze(image)

    check_surface(surface, size)
    assert surface.flat == (channels is None)
    assert (surface.alpha is None) == (channels in (None, 1, 3))


@pytest.mark.parametrize("shape", [(4096, 4096), (4096, 300, 3)])
def test_large_photos_can_be_analysed(shape: tuple[int, ...]) -> None:
    tile = washer(256, 3)[..., 0] if len(shape) == 2 else washer(256, 3)
    repeats = [-(-n // m) for n, m in zip(shape, tile.shape, strict=True)]
    image = np.tile(tile, repeats)[tuple(slice(n) for n in shape)]

    check_surface(analyze(image), (shape[0], shape[1]))


def test_the_image_and_the_masks_are_left_alone() -> None:
    image = washer(channels=4)
    roi, avoid = np.ones((256, 256), bool), np.zeros((256, 256), bool)
    before = image.copy(), roi.copy(), avoid.copy()

    surface = analyze(image, roi=roi, avoid=avoid)

    for array, copy in zip((image, roi, avoid), before, strict=True):
        assert np.array_equal(array, copy)
        assert array.flags.writeable
    assert not np.shares_memory(surface.pixels, image)
    assert not surface.foreground.flags.writeable


def test_the_same_photo_gives_the_same_surface() -> None:
    first, again = analyze(washer()), analyze(washer())

    for field in fields(Surface):
        one, other = getattr(first, field.name), getattr(again, field.name)
        if field.name == "grain":
            assert np.array_equal(one.angle, other.angle)
            assert np.array_equal(one.coherence, other.coherence)
        else:
            assert np.array_equal(one, other)


def test_a_photo_brings_its_compression_and_alpha() -> None:
    named = Jpeg((1,) * 64, (2,) * 64)
    photo = as_photo(washer(channels=4))
    photo = type(photo)(photo.pixels, photo.alpha, photo.flat, named)

    surface = analyze(photo)

    assert surface.camera.jpeg is named
    assert surface.alpha is photo.alpha


def test_the_part_is_found_and_sites_are_on_it() -> None:
    surface = analyze(washer())

    assert not surface.foreground[128, 128]
    assert surface.foreground[128, 60]
    assert surface.allowed[surface.sites[:, 0], surface.sites[:, 1]].all()
    assert surface.foreground[surface.edge_sites[:, 0], surface.edge_sites[:, 1]].all()


def test_a_surface_is_one_line() -> None:
    shown = repr(analyze(washer(), scale=Scale(mm_per_px=0.25)))

    assert shown.startswith("<Surface 256 x 256 x 3 uint8: 0.25 mm/px, the part is 4")
    assert len(shown) <= 120


def test_roi_replaces_the_foreground_and_avoid_forbids() -> None:
    roi, avoid = np.zeros((256, 256), bool), np.zeros((256, 256), bool)
    roi[20:200, 30:100] = True
    avoid[:50] = True

    surface = analyze(washer(), roi=roi, avoid=avoid)

    assert np.array_equal(surface.foreground, roi)
    assert np.array_equal(surface.allowed, roi & ~avoid)
    assert surface.sites[:, 0].min() >= 50


def test_transparent_pixels_stay_out_of_the_roi() -> None:
    image = washer(channels=4)
    image[..., 3] = 255
    image[:60, :, 3] = 0

    surface = analyze(image, roi=np.ones((256, 256), bool))

    assert np.array_equal(surface.foreground, image[..., 3] > 0)


def test_scale_follows_from_what_is_known() -> None:
    image = washer()

    assert analyze(image).mm_per_px == pytest.approx(100 / 256)
    assert analyze(image, scale=Scale(mm_per_px=0.2)).mm_per_px == 0.2
    by_object = analyze(image, scale=Scale(object_mm=50)).mm_per_px
    assert by_object == pytest.approx(50 / (0.8 * 256), rel=0.03)


def test_a_scale_by_the_part_follows_its_area_not_its_length() -> None:
    square, slender = (np.zeros((200, 400), bool) for _ in range(2))
    square[50:150, 50:150] = True
    slender[90:115, :] = True

    scales = [
        analyze(make_pixels(200, 400), roi=mask, scale=Scale(part_mm=40)).mm_per_px
        for mask in (square, slender)
    ]

    assert scales == pytest.approx([0.4, 0.4])


def test_measured_light_is_that_of_the_relief() -> None:
    surface = analyze(data.moon())  # craters under a low sun, nearly from the side

    assert surface.light.confidence > 0.5
    assert abs((surface.light.azimuth_deg + 90) % 180 - 90) < 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"roi": np.ones((9, 9), bool)}, "roi of shape"),
        ({"avoid": np.ones((256, 256, 1), bool)}, "avoid of shape"),
        ({"roi": np.zeros((256, 256), bool)}, "roi marks no"),
        ({"encoding": "gamma"}, "gamma"),
    ],
)
def test_rejects_what_does_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        analyze(washer(), **options)


def test_a_grey_photo_stored_as_rgb_stays_grey() -> None:
    grey = make_pixels(120, 140)
    stored = np.repeat(grey, 3, axis=2)
    recipe = load_recipe("generic")

    surface = analyze(stored)
    sample = synthesize(stored, recipe, seed=1)

    assert surface.channels == 1
    assert sample.image.shape == stored.shape
    assert (sample.image != stored).any()
    assert (np.ptp(sample.image, axis=2) == 0).all()


def test_one_coloured_pixel_makes_a_colour_photo() -> None:
    stored = np.repeat(make_pixels(70, 90), 3, axis=2)
    stored[33, 44, 1] ^= 1

    assert analyze(stored).channels == 3
