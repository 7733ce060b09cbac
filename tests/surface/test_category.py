"""The part is found the same way in all photos of a category, in scenes that are hard alone."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from anomsynth.demo.standins import make_stand_in
from anomsynth.recipe.load import load_recipe
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.backdrop import find_backdrop
from anomsynth.surface.category import choose_finder
from anomsynth.surface.foreground import (
    COARSE,
    PartFinder,
    coarse_colours,
    find_foreground,
    overlap,
)
from anomsynth.surface.thumbnail import make_thumbnail

REAL = Path(__file__).parents[2] / "../shared/data/foreground"
SIDE = 300
Scene = tuple[NDArray[np.uint8], NDArray[np.bool_]]


def photograph(colours: NDArray[np.float64], seed: int) -> NDArray[np.uint8]:
    """Return a picture as a camera saves it: blurred a little, with noise."""
    rng = np.random.default_rng(seed)
    seen = cv2.GaussianBlur(colours, (0, 0), 0.8) + rng.normal(0, 1.5, colours.shape)
    return np.clip(np.rint(seen), 0, 255).astype(np.uint8)


def ground(colour: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return a ground that gets a tenth darker from the left to the right."""
    fall = np.linspace(1.05, 0.95, SIDE)[None, :, None]
    return np.broadcast_to(np.array(colour) * fall, (SIDE, SIDE, 3)).copy()


def blob(seed: int, *, radius: int = 70) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    row, col = SIDE / 2 + rng.uniform(-20, 20, 2)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    angle = np.arctan2(rows - row, cols - col)
    reach = radius * (1 + 0.12 * np.cos(2 * angle + rng.uniform(0, 6)))
    return np.hypot(rows - row, cols - col) < reach


def shade(colours: NDArray[np.float64], part: NDArray[np.bool_], depth: float) -> None:
    """Darken the ground below and right of a part, most beside it, by a soft shadow."""
    moved = np.roll(part.astype(np.float64), (14, 18), axis=(0, 1))
    shadow = cv2.GaussianBlur(moved, (0, 0), 12)
    colours *= 1 - depth * np.where(part, 0, shadow)[..., None]


def soft_shadow(seed: int) -> Scene:
    colours, part = ground((206, 200, 70)), blob(seed)
    shade(colours, part, 0.55)
    colours[part] = (168, 110, 62)
    return photograph(colours, seed), part


def two_tones(seed: int) -> Scene:
    colours, part = ground((205, 205, 200)), blob(seed)
    shade(colours, part, 0.4)
    colours[part] = (60, 60, 66)
    upper = part & (np.arange(SIDE)[:, None] < SIDE / 2)
    colours[upper] = (150, 60, 50)
    return photograph(colours, seed), part


def hole_in_shadow(seed: int) -> Scene:
    part = blob(seed, radius=80) & ~blob(seed, radius=30)
    colours = ground((120, 170, 90))
    colours[blob(seed, radius=30)] *= 0.6  # the part keeps the light off the ground in its hole
    colours[part] = (205, 180, 140)
    return photograph(colours, seed), part


def at_the_border(seed: int) -> Scene:
    colours, part = ground((60, 90, 160)), np.zeros((SIDE, SIDE), bool)
    part[: 190 + seed * 3, 90:215] = True
    shade(colours, part, 0.4)
    colours[part] = (190, 186, 180)
    return photograph(colours, seed), part


def two_parts(seed: int) -> Scene:
    left = np.roll(blob(seed, radius=45), -65, axis=1)
    right = np.roll(blob(seed + 50, radius=45), 70, axis=1)
    colours, part = ground((200, 198, 190)), left | right
    shade(colours, part, 0.45)
    colours[part] = (140, 70, 60)
    return photograph(colours, seed), part


def transparent_ring(seed: int) -> Scene:
    rng = np.random.default_rng(seed)
    row, col = SIDE / 2 + rng.uniform(-15, 15, 2)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(rows - row, cols - col)
    colours = ground((96, 96, 96))
    colours += 22 * np.exp(-(((away - 90) / 2.5) ** 2))[..., None]
    return photograph(colours, seed), away < 92


SCENES = (soft_shadow, two_tones, hole_in_shadow, at_the_border, two_parts, transparent_ring)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_part_is_found_in_every_photo_of_a_hard_scene(scene: Callable[[int], Scene]) -> None:
    photos = [scene(seed) for seed in range(5)]
    finder = choose_finder([one_channel(pixels) for pixels, _ in photos])

    for pixels, truth in photos:
        found = find_foreground(one_channel(pixels), finder=finder)
        assert overlap(found, truth) > 0.9, finder


def test_a_texture_is_the_whole_picture_in_every_photo() -> None:
    photos = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        field = cv2.GaussianBlur(rng.normal(0, 60, (SIDE, SIDE)), (0, 0), 3)
        photos.append(photograph(np.stack([130 + field] * 3, axis=2), seed))
    finder = choose_finder(photos)

    assert finder.method == "picture"
    assert all(find_foreground(pixels, finder=finder).all() for pixels in photos)


def test_a_photo_whose_part_hides_is_found_by_its_size() -> None:
    photos = [transparent_ring(seed) for seed in range(5)]
    finder = choose_finder([one_channel(pixels) for pixels, _ in photos])
    faint, truth = transparent_ring(9)
    faint = np.clip(96 + (faint.astype(float) - 96) * 0.6, 0, 255).astype(np.uint8)

    alone = find_foreground(faint, finder=PartFinder("backdrop"))
    sized = find_foreground(faint, finder=finder)

    assert alone.all()
    assert overlap(sized, truth) > 0.85


def test_a_few_photos_have_to_show_their_part_by_themselves() -> None:
    pixels = one_channel(transparent_ring(0)[0])

    assert choose_finder([pixels]).method == "picture"
    assert choose_finder([one_channel(transparent_ring(seed)[0]) for seed in range(4)]).method == (
        "flood"
    )


def test_photos_of_no_size_are_all_part() -> None:
    assert choose_finder([np.zeros((8, 8, 1), np.uint8)]).method == "picture"
    assert choose_finder([]) == PartFinder("picture")


@pytest.mark.skipif(not REAL.exists(), reason="the real photos are not here")
def test_real_products_are_outlined_as_people_do() -> None:
    scores = {}
    for folder in sorted(path for path in REAL.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.glob("*.png") if "_mask" not in path.name)
        photos = [one_channel(np.atleast_3d(np.array(Image.open(path)))[..., :3]) for path in files]
        finder = choose_finder(photos)
        truth = [
            np.array(Image.open(path.with_name(f"{path.stem}_mask.png")).convert("L")) > 127
            for path in files
        ]
        found = [find_foreground(pixels, finder=finder) for pixels in photos]
        scores[folder.name] = float(
            np.mean([overlap(*pair) for pair in zip(found, truth, strict=True)])
        )

    assert np.mean(list(scores.values())) >= 0.95
    low = {name: score for name, score in scores.items() if score < 0.8}
    assert len(low) <= 1, low
    assert min(scores.values()) >= 0.7
    whole = ("mvtec_leather_crops", "mvtec_tile_crops", "piped_paper_grey", "sk_textures")
    assert all(scores[name] == 1.0 for name in whole)


def test_a_photo_unlike_its_category_is_outlined_by_the_other_way() -> None:
    calm = PartFinder("backdrop", area=0.2, photos=9, backdrop=1.0, flood=1.0)
    pixels, truth = soft_shadow(0)

    assert find_backdrop(coarse_colours(make_thumbnail(pixels), COARSE)[0]) is None
    found = find_foreground(pixels, finder=calm)

    assert overlap(found, truth) > 0.9


@pytest.mark.parametrize("preset", ["mvtec/bottle", "mvtec/metal_nut", "btad/01", "btad/03"])
def test_the_hole_of_a_ring_is_not_taken_for_the_part(preset: str) -> None:
    scene = load_recipe(preset).stand_in
    photos = [make_stand_in(scene, index).pixels for index in range(6)]
    finder = choose_finder(photos)

    for pixels in photos:
        part = find_foreground(pixels, finder=finder)
        middle = part.shape[0] // 2, part.shape[1] // 2
        assert not part[middle]
        assert 0.3 < part.mean() < 0.5
