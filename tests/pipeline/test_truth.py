"""What a sample says about itself is true, for every generator, size, depth and colour layout."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import deltaE_cie76, rgb2lab

from anomsynth.core.component import CountRange
from anomsynth.core.photo import as_photo
from anomsynth.core.registry import generators, refiners
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, SampleKey, Surface
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.errors import InputError, PlacementError, SynthesisError
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.recipe.presets import preset_names
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_fibrous_surface, make_pixels

NEEDS_PARTS = frozenset({"missing_part", "swapped_part"})
NEEDS_WIRES = frozenset({"bend", "lost_end"})  # that end on a ground
NEEDS_EDGES = "worn_relief"  # inside the part
NEEDS_FIBRES = "bristles"  # of the part, as thick as they are in a picture of a few hundred pixels
REFINERS = tuple(refiners.build({"kind": kind}) for kind in ("npcf", "npcf_plus"))
LAYOUTS = {"grey": 1, "grey_2d": 0, "grey_alpha": 2, "rgb": 3, "rgba": 4}
ONE_DEFECT = CountRange(low=1, high=1)
# CIE 1976 units. The strict mask begins at 1.15, half the just noticeable difference, computed in
# float32 with table-based roots; scikit-image in float64 may find a little less on such a pixel.
VISIBLE = 1.1


def recipe_for(kind: str, **changes) -> Recipe:
    mechanism = Mechanism(generator=generators.build({"kind": kind}))
    plain = Recipe(
        name="test",
        field_mm=30,
        mechanisms=(mechanism,),
        refiners=REFINERS,
        # Noise all over the part: what one has moved, another would move back.
        defects_per_image=[1, 1 if kind == "perlin_relief" else 3],
    )
    return plain.model_copy(update=changes)


def surface_for(kind: str, image: np.ndarray, **masks) -> Surface:
    """Analyse an image and mark what some mechanisms need: components, wires on a ground, edges."""
    if kind == NEEDS_EDGES and masks.get("roi") is None:
        masks["roi"] = np.ones(image.shape[:2], bool)
    if kind in NEEDS_WIRES and masks.get("roi") is None:
        surface = analyze(image, scale=recipe_for(kind).scale, **{**masks, "roi": wires(image)})
        return replace(surface, reachable=np.ones(surface.shape, bool))
    if kind in NEEDS_WIRES:
        masks["roi"] = masks["roi"] & wires(image)
    surface = analyze(image, scale=recipe_for(kind).scale, **masks)
    if kind == "paste_real":
        return replace(surface, defects=StandInDefects())
    if kind not in NEEDS_PARTS:
        return surface
    rows, cols = (9 * np.arange(side) // side for side in surface.shape)
    number = 1 + 3 * (rows // 3)[:, None] + cols // 3
    amid = (rows % 3 == 1)[:, None] & (cols % 3 == 1)
    return replace(surface, components=np.where(amid, number, 0).astype(np.uint8))


def wires(image: np.ndarray) -> np.ndarray:
    """Return where `picture_for` draws a comb of wires that hang from a bar."""
    height, width = image.shape[:2]
    rows, cols = np.mgrid[:height, :width]
    bar = rows < height // 4
    teeth = (cols % max(width // 4, 8) < max(width // 24, 4)) & (rows < 0.85 * height)
    return bar | teeth


def picture_for(kind: str, height: int, width: int, layout: str, dtype: type) -> np.ndarray:
    """Return a textured picture; for mechanisms of wires and edges, a comb on a dark ground."""
    pixels = make_pixels(height, width, channels=3)
    if kind == NEEDS_FIBRES:
        pixels = make_fibrous_surface(height, width, channels=3, border=0).pixels
    image = make_image(pixels, layout, dtype)
    if kind in NEEDS_WIRES or kind == NEEDS_EDGES:
        planes = image[..., None] if image.ndim == 2 else image
        planes[..., : 3 if LAYOUTS[layout] >= 3 else 1][~wires(image)] //= 6
    return image


def make_image(pixels: np.ndarray, layout: str, dtype: type) -> np.ndarray:
    height, width = pixels.shape[:2]
    pixels = pixels.astype(dtype)
    if dtype == np.uint16:
        pixels *= np.uint16(257)
    if layout == "grey_2d":
        return pixels[..., 0]
    channels = LAYOUTS[layout]
    if channels in (2, 4):
        alpha = np.full((height, width, 1), np.iinfo(dtype).max, dtype)
        return np.concatenate([pixels[..., : channels - 1], alpha], axis=2)
    return pixels[..., :channels]


def colour_planes(image: np.ndarray) -> np.ndarray:
    return as_photo(image).pixels


def check_truth(image: np.ndarray, sample: Sample) -> None:
    """Assert every promise about the masks of one sample."""
    assert sample.image.dtype == image.dtype
    assert sample.image.shape == image.shape
    before, after = colour_planes(image), colour_planes(sample.image)
    changed = (before != after).any(axis=2)
    supported = np.zeros(changed.shape, bool)
    widest = np.zeros(changed.shape, np.uint8)
    for item in sample.instances:
        supported[item.support_box.slices] |= item.support
        widest |= reach(sample.strict, item.closing_px)

    assert not (changed & ~supported).any(), "a pixel changed outside the recorded support"
    assert np.array_equal(sample.strict, changed), "strict mask and changed pixels differ"
    assert changed.any(), "an invisible defect"
    assert not (sample.strict & ~sample.mask).any(), "label does not contain the strict mask"
    assert not (sample.mask & ~(widest > 0)).any(), "label adds more than its closing"
    assert iou(sample.strict, visibly_changed(before, after)) >= 0.97
    assert np.array_equal(sample.instance_index > 0, sample.strict)
    assert np.array_equal(sample.class_index > 0, sample.strict)
    assert (sample.soft[~sample.strict] == 0).all()
    assert (sample.soft[sample.strict] > 0).all()


def reach(strict: np.ndarray, radius: int) -> np.ndarray:
    """Return what a disc of the radius reaches from the mask, holes filled."""
    padded = np.pad(strict.astype(np.uint8), radius + 2)
    near = (cv2.distanceTransform(1 - padded, cv2.DIST_L2, 5) <= 1.2 * radius + 1).astype(np.uint8)
    contours, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(near, contours, -1, 1, thickness=cv2.FILLED)
    return near[radius + 2 : -radius - 2, radius + 2 : -radius - 2]


def visibly_changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return pixels that differ by about half a just noticeable difference (scikit-image)."""
    top = np.iinfo(before.dtype).max
    seen = (before != after).any(axis=2)
    rows = [p[seen][None] for p in (before, after)]
    labs = [rgb2lab(np.repeat(p, 3 // p.shape[2], axis=2) / top) for p in rows]
    seen[seen] = (deltaE_cie76(*labs) >= VISIBLE)[0]
    return seen


def iou(first: np.ndarray, second: np.ndarray) -> float:
    return (first & second).sum() / max((first | second).sum(), 1)


@pytest.mark.parametrize("kind", generators.kinds())
@pytest.mark.parametrize("index", range(4))
def test_masks_tell_the_truth(kind: str, index: int) -> None:  # RE2
    image = picture_for(kind, 200, 240, "rgb", np.uint8)

    sample = synthesize(
        surface_for(kind, image), recipe_for(kind), seed=3, key=SampleKey("c", "i", index)
    )

    check_truth(image, sample)


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize("index", range(2))
def test_presets_tell_the_truth(name: str, index: int) -> None:  # RE2
    image, recipe = (
        make_image(make_pixels(256, 256, channels=3), "grey", np.uint8),
        load_recipe(name),
    )
    surface = replace(surface_of(image, recipe), defects=StandInDefects())

    sample = synthesize(surface, recipe, seed=5, key=SampleKey("c", name, index))

    check_truth(image, sample)


@pytest.mark.parametrize("kind", generators.kinds())
@settings(max_examples=15)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    layout=st.sampled_from(sorted(LAYOUTS)),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    part=st.sampled_from(["found", "empty", "partial", "full"]),
    seed=st.integers(0, 2**32),
)
def test_any_small_picture_is_damaged_truthfully_or_refused(  # RE2
    kind, height, width, layout, dtype, part, seed
) -> None:
    image = picture_for(kind, height, width, layout, dtype)
    original = image.copy()
    roi = foreground(part, height, width, seed)
    recipe = recipe_for(kind)

    try:
        surface = surface_for(kind, image, roi=roi)
        sample = synthesize(surface, recipe, seed=seed)
    except InputError:
        assert part == "empty"
        sample = None
    except SynthesisError:
        sample = None

    assert np.array_equal(image, original), "the input was written to"
    if sample is not None:
        assert part != "empty"
        check_truth(image, sample)
        assert roi is None or not (sample.mask & ~surface.reachable).any(), "label outside"


def foreground(part: str, height: int, width: int, seed: int) -> np.ndarray | None:
    """Return a mask of the part: none (find it), nothing, a blob of any shape, everything."""
    if part == "found":
        return None
    if part != "partial":
        return np.full((height, width), part == "full")
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = np.reshape(cv2.GaussianBlur(noise, (0, 0), 5), (height, width))
    return smooth >= np.median(smooth)


def cropped(image: np.ndarray, sample: Sample) -> tuple[np.ndarray, Sample]:
    """Return both cut to where the sample claims anything, after checking the rest."""
    claimed = sample.mask | sample.strict | (sample.soft > 0) | (sample.instance_index > 0)
    boxes = [item.support_box for item in sample.instances]
    around = Box.around(claimed)
    boxes += [around] if around is not None else []
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    box = Box(min(tops), min(lefts), max(bottoms), max(rights)).grown(1, sample.mask.shape)
    rest = image != sample.image
    rest[box.slices] = False
    assert not rest.any(), "a pixel changed where no instance is"
    names = ("image", "mask", "strict", "soft", "class_index", "instance_index", "height_mm")
    planes = {name: getattr(sample, name)[box.slices] for name in names}
    instances = tuple(
        replace(
            item,
            support_box=Box(
                item.support_box.top - box.top,
                item.support_box.left - box.left,
                item.support_box.bottom - box.top,
                item.support_box.right - box.left,
            ),
        )
        for item in sample.instances
    )
    return image[box.slices], replace(sample, instances=instances, **planes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", generators.kinds())
@pytest.mark.parametrize(
    ("shape", "layout", "dtype"),
    [
        ((4096, 4096), "grey", np.uint8),
        ((64, 4096), "grey", np.uint8),
        ((4096, 1), "grey", np.uint8),
        ((1600, 2400), "rgb", np.uint16),
    ],
)
def test_large_and_extreme_pictures(kind: str, shape: tuple[int, int], layout, dtype) -> None:
    side = 1024 if kind not in {*NEEDS_WIRES, NEEDS_EDGES} else max(shape)
    tile = picture_for(kind, *np.minimum(shape, side), layout, dtype)
    repeats = [-(-length // side) for length in shape]
    image = np.tile(tile, (*repeats, 1))[: shape[0], : shape[1]]

    try:
        sample = synthesize(surface_for(kind, image), recipe_for(kind), seed=1)
    except SynthesisError:
        # A strip has hardly any of the comb's edges; fibres a pixel wide are lost in a large one.
        assert min(shape) == 1 or (kind == NEEDS_EDGES and min(shape) <= 64) or kind == NEEDS_FIBRES
        return

    check_truth(*cropped(image, sample))


@pytest.mark.parametrize("kind", generators.kinds())
def test_nothing_happens_off_the_part_or_where_it_must_not(kind: str) -> None:
    image = picture_for(kind, 160, 200, "grey", np.uint8)
    part = np.zeros((160, 200), bool)
    part[30:130, 40:170] = True
    avoid = np.zeros((160, 200), bool)
    avoid[60:100, 80:120] = True
    recipe = recipe_for(kind)
    surface = surface_for(kind, image, roi=part, avoid=avoid)

    try:
        sample = synthesize(surface, recipe, seed=2)
    except PlacementError:
        assert kind in NEEDS_WIRES  # shown whole or not at all
        return

    changed = (image != sample.image).any(axis=2)
    assert changed.any()
    # What is drawn at wires ends beside them; a mask within a texture holds everything.
    off = avoid | (~surface.reachable if kind in NEEDS_WIRES else ~part)
    assert not (changed & off).any()
    assert not (sample.mask & off).any()


@pytest.mark.parametrize("kind", generators.kinds())
def test_a_part_with_no_room_is_a_synthesis_error(kind: str) -> None:
    image = picture_for(kind, 40, 40, "grey", np.uint8)
    recipe = recipe_for(kind)
    surface = surface_for(kind, image, avoid=np.ones((40, 40), bool))

    with pytest.raises(SynthesisError):
        synthesize(surface, recipe, seed=0)


def test_transparent_and_alpha_pixels_stay() -> None:
    image = make_image(make_pixels(120, 120, channels=3), "rgba", np.uint8)
    image[:, :40, 3] = 0

    sample = synthesize(image, recipe_for("pitting"), seed=1)

    assert np.array_equal(sample.image[..., 3], image[..., 3])
    assert not sample.strict[:, :38].any()


@pytest.mark.parametrize("kind", generators.kinds())
def test_samples_depend_on_their_key_alone(kind: str) -> None:
    image = picture_for(kind, 120, 140, "rgb", np.uint8)
    recipe = recipe_for(kind)
    surface = surface_for(kind, image)

    alone = synthesize(surface_for(kind, image), recipe, seed=9, key=SampleKey("c", "i", 4))
    others = [synthesize(surface, recipe, seed=9, key=SampleKey("c", "i", k)) for k in (5, 4)]

    assert np.array_equal(alone.image, others[1].image)
    assert np.array_equal(alone.mask, others[1].mask)
    assert not np.array_equal(alone.image, others[0].image)


def test_refining_keeps_area_and_strength() -> None:
    ratios, strengths = [], []
    for kind in generators.kinds():
        refined, coarse = recipe_for(kind), recipe_for(kind, refiners=())
        surface = surface_for(kind, picture_for(kind, 256, 256, "grey", np.uint8))
        for index in range(4):
            key = SampleKey("c", kind, index)
            pair = [
                synthesize(
                    surface,
                    r.model_copy(update={"defects_per_image": ONE_DEFECT}),
                    key=key,
                )
                for r in (coarse, refined)
            ]
            if pair[0].attempt == pair[1].attempt:
                ratios.append(pair[1].strict.sum() / pair[0].strict.sum())
                strengths.append(pair[1].instances[0].visibility / pair[0].instances[0].visibility)

    assert len(ratios) >= 20
    assert np.median(ratios) == pytest.approx(1, abs=0.1)
    assert np.median(strengths) == pytest.approx(1, abs=0.05)
