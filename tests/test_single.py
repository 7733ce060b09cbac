"""One sample from Python: every kind of picture and recipe comes in, and the shortcut is exact."""

import importlib
import pickle
import re
import sys
import traceback
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.core.types import Scale
from anomsynth.errors import (
    InputError,
    MissingExtraError,
    RecipeError,
    SynthesisError,
    UnknownComponentError,
)
from anomsynth.recipe.presets import find_preset, preset_names
from anomsynth.synthesis import surfaces
from anomsynth.testing import make_pixels

SIDE = 128
PASTES = "baseline/paste_real"  # needs a folder of real defects; its own tests draw some


@pytest.fixture
def photo() -> np.ndarray:
    return make_pixels(SIDE, SIDE, channels=3)


@pytest.fixture
def metal() -> asy.Recipe:
    return asy.load_recipe("metal", defects_per_image=1)


def part_on_felt() -> np.ndarray:
    """Return an RGBA photo of a bright disc on a dark ground, its left edge transparent."""
    rows, cols = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    inside = (np.hypot(rows, cols) < 0.4 * SIDE)[..., None]
    pixels = np.where(inside, make_pixels(SIDE, SIDE, channels=3), 20).astype(np.uint8)
    alpha = np.full((SIDE, SIDE, 1), 255, np.uint8)
    alpha[:, :9] = 0
    return np.concatenate([pixels, alpha], axis=2)


def made(image, recipe: asy.Recipe) -> asy.Sample | str:
    try:
        return asy.synthesize(image, recipe, seed=3)
    except SynthesisError as error:
        return str(error)


def assert_same(one: asy.Sample | str, other: asy.Sample | str) -> None:
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    for name in ("image", "mask", "strict", "soft", "instance_index", "height_mm"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert one.record == other.record


@pytest.mark.parametrize("name", [name for name in preset_names() if name != PASTES])
def test_analysing_first_gives_the_same_sample(name: str) -> None:
    recipe = asy.load_recipe(name)
    image = part_on_felt()[..., :3]
    expected = made(image, recipe)

    assert isinstance(expected, asy.Sample)
    assert_same(made(asy.analyze(image), recipe), expected)


@pytest.mark.parametrize("changes", [{"part": "picture"}, {"encoding": "linear"}, {"mm_per_px": 2}])
@pytest.mark.parametrize("kind", ["grey as RGB", "float", "JPEG"])
def test_the_recipe_decides_what_the_analysis_left_open(changes, kind, tmp_path) -> None:
    recipe = asy.load_recipe("metal", **changes)
    image = part_on_felt()[..., :3]
    if kind == "grey as RGB":
        image = np.repeat(image[..., :1], 3, axis=2)
    elif kind == "float":
        image = image / 255
    else:
        Image.fromarray(image).save(tmp_path / "a.jpg", quality=60)
        image = tmp_path / "a.jpg"
    surface = asy.analyze(image)

    for given in (surface, pickle.loads(pickle.dumps(surface))):
        assert_same(made(given, recipe), made(image, recipe))


def test_where_the_recipe_says_so_the_whole_picture_is_the_part() -> None:
    image = part_on_felt()[..., :3]
    surface = asy.analyze(image)
    keys = [asy.SampleKey("", "", index) for index in range(12)]

    outside = [
        (asy.synthesize(surface, "pcb", key=key).mask & ~surface.foreground).any() for key in keys
    ]

    assert surface.foreground.mean() < 0.6
    assert any(outside)


def test_what_was_given_to_the_analysis_stays(metal) -> None:
    image, roi = part_on_felt(), np.zeros((SIDE, SIDE), bool)
    roi[40:100, 50:110] = True
    recipe = asy.load_recipe("metal", part="picture", encoding="linear", mm_per_px=0.3)

    confined = asy.synthesize(asy.analyze(image, roi=roi), recipe)
    scaled = asy.analyze(image, scale=Scale(mm_per_px=0.01))
    expected = asy.load_recipe("metal", part="picture", encoding="linear", mm_per_px=0.01)

    assert not (confined.mask & ~roi).any()
    assert_same(made(scaled, recipe), made(image, expected))
    assert_same(
        made(asy.analyze(image, encoding="srgb"), recipe),
        made(image, asy.load_recipe("metal", part="picture", mm_per_px=0.3)),
    )


def test_a_surface_that_was_changed_is_used_as_it_is(photo) -> None:
    recipe = asy.load_recipe("metal", mm_per_px=0.3)
    surface = replace(asy.analyze(photo), mm_per_px=0.05)

    assert surface.analysis is None
    assert_same(made(surface, recipe), made(photo, asy.load_recipe("metal", mm_per_px=0.05)))


def test_the_whole_picture_is_analysed_once_for_all_samples(photo, monkeypatch) -> None:
    calls = []
    analyse = surfaces.with_part
    monkeypatch.setattr(surfaces, "with_part", lambda s, part: calls.append(s) or analyse(s, part))
    surface, recipe = asy.analyze(photo), asy.load_recipe("metal", part="picture")

    for index in range(3):
        asy.synthesize(surface, recipe, key=asy.SampleKey("", "", index))

    assert len(calls) == 1


def test_paths_pillow_images_and_names_of_recipes_come_in(photo, tmp_path) -> None:
    Image.fromarray(photo).save(tmp_path / "a.png")
    recipe_file = tmp_path / "mine.toml"
    recipe_file.write_text(find_preset("metal").read_text())
    wanted = asy.synthesize(photo, asy.load_recipe("metal"), seed=3)

    for image in (tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(photo)):
        assert_same(asy.synthesize(image, "metal", seed=3), wanted)
    for recipe in (recipe_file, str(recipe_file)):
        assert_same(asy.synthesize(photo, recipe, seed=3), wanted)


def test_an_opened_jpeg_is_the_photo_its_path_names(photo, tmp_path, metal) -> None:
    Image.fromarray(photo).save(tmp_path / "a.jpg", quality=70)

    with Image.open(tmp_path / "a.jpg") as opened:
        assert_same(made(opened, metal), made(tmp_path / "a.jpg", metal))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16"])
def test_pillow_images_of_every_usual_mode_come_in(mode: str, photo, metal) -> None:
    if mode == "I;16":
        image = Image.fromarray(photo[..., 0].astype(np.uint16) * 200)
    else:
        image = Image.fromarray(photo).convert(mode)

    assert asy.analyze(image).shape == (SIDE, SIDE)


def test_pillow_images_of_floats_are_refused() -> None:
    with pytest.raises(InputError, match="floating-point"):
        asy.synthesize(Image.new("F", (64, 64)), "metal")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_a_float_image_gives_a_float_image_that_is_equal_elsewhere(dtype, channels, metal) -> None:
    rng = np.random.default_rng(0)
    image = make_pixels(SIDE, SIDE, channels=3)[..., :1].astype(dtype) / 255
    image = np.clip(image + rng.uniform(0, 1e-3, image.shape), 0, 1).astype(dtype)
    image = image[..., 0] if channels is None else np.repeat(image, channels, axis=2)
    before = image.copy()

    sample = asy.synthesize(image, metal, seed=3)

    assert np.array_equal(image, before)
    assert sample.image.dtype == dtype
    assert sample.image.shape == image.shape
    assert 0 <= sample.image.min() <= sample.image.max() <= 1
    differs = sample.image != image
    differs = differs if channels is None else differs.any(axis=2)
    assert sample.strict.any()
    assert np.array_equal(differs, sample.strict)
    if channels in (2, 4):
        assert np.array_equal(sample.image[..., -1], image[..., -1])


def test_floats_are_worked_on_as_the_16_bit_levels_they_stand_for(metal) -> None:
    levels = make_pixels(SIDE, SIDE, channels=3).astype(np.uint16) * 257

    made_of_levels = asy.synthesize(levels, metal, seed=3)
    made_of_floats = asy.synthesize(levels / 65535, metal, seed=3)

    assert np.array_equal(made_of_floats.image, made_of_levels.image / 65535)
    assert np.array_equal(made_of_floats.mask, made_of_levels.mask)


@pytest.mark.parametrize(
    ("image", "message", "hint"),
    [
        (np.zeros((3, 64, 64), np.uint8), r"\(3, 64, 64\) looks like channels first", "transpose"),
        (np.zeros((2, 64, 64, 3), np.uint8), "batch", r"\(H, W\)"),
        (np.zeros(64, np.uint8), r"\(64,\) is not supported", r"\(H, W, C\)"),
        (np.zeros((64, 64), bool), "type bool", "mask"),
        (np.zeros((64, 64), np.int32), "type int32", "uint8"),
        (np.zeros((64, 64), np.complex64), "type complex64", "abs"),
        (np.zeros((64, 64), np.float16), "type float16", "float32"),
        (np.full((64, 64), 200.0), "goes from 200 to 200", "255"),
        (np.full((64, 64), -0.1, np.float32), "0..1, this one goes from -0.1", "clip"),
        (np.full((64, 64), np.nan), "NaN", "nan_to_num"),
        (np.full((64, 64), np.inf), "0..1", "255"),
        ([[1, 2], [3, 4]], "expected an image array, got a list", "numpy.asarray"),
        ("no/such.png", "no such file", "path"),
    ],
)
def test_refuses_what_is_no_photo_and_says_what_is_wanted(image, message, hint) -> None:
    with pytest.raises(InputError, match=message) as caught:
        asy.synthesize(image, "metal")

    assert re.search(hint, caught.value.hint)


def test_refuses_what_is_no_recipe(photo) -> None:
    with pytest.raises(UnknownComponentError, match="mettal"):
        asy.synthesize(photo, "mettal")
    with pytest.raises(RecipeError, match="got a dict"):
        asy.synthesize(photo, {"name": "metal"})
    with pytest.raises(RecipeError, match="no such file"):
        asy.synthesize(photo, "nowhere/mine.toml")
    with pytest.raises(UnknownComponentError, match="'auto' for a single photo"):
        asy.synthesize(photo, "auto")


def test_a_traceback_says_what_to_do_too(photo) -> None:
    with pytest.raises(UnknownComponentError) as caught:
        asy.synthesize(photo, "mettal")

    assert "did you mean 'metal'?" in "".join(traceback.format_exception(caught.value))


def test_without_torch_the_data_set_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "anomsynth.torch", raising=False)

    with pytest.raises(MissingExtraError, match="needs torch") as caught:
        importlib.import_module("anomsynth.torch")

    assert "anomsynth[train]" in caught.value.hint
    assert "torch" not in asy.__all__


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3)])
def test_whole_numbers_of_numpy_are_seeds(photo, seed) -> None:
    assert np.array_equal(
        asy.synthesize(photo, "metal", seed=seed).image,
        asy.synthesize(photo, "metal", seed=3).image,
    )


@pytest.mark.parametrize("seed", [1.5, "three", -1])
def test_what_is_no_seed_is_refused(photo, seed) -> None:
    with pytest.raises(RecipeError, match="seed: must"):
        asy.synthesize(photo, "metal", seed=seed)
    with pytest.raises(RecipeError, match="seed: must"):
        asy.Augment("metal", seed=seed)
