"""Views of a part: whose light is whose, and what stays the same in any light."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.layer import DefectLayer
from anomsynth.core.types import Light, SampleKey, Surface
from anomsynth.recipe.load import load_recipe
from anomsynth.synthesis.lights import lit_surface
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.synthesis.views import is_same_shape, join_views
from anomsynth.testing import make_surface

KEY = SampleKey("a", "a_L0.png", 0)


def told(azimuth: float, confidence: float = 0.9) -> Surface:
    """Return a surface whose photo tells the axis of its light."""
    return replace(make_surface(), light=Light(azimuth, 45, confidence))


def rig(*lamps: float) -> list[Surface]:
    """Return analysed photos of one rough part, lit from these azimuths."""
    relief = cv2.GaussianBlur(
        np.random.default_rng(4).standard_normal((256, 256)).astype(np.float32), (0, 0), 2.0
    )
    down, right = np.gradient(0.5 * relief / relief.std())
    found = []
    for lamp in lamps:
        to_row, to_col, up = Light(lamp, 45).vector
        facing = (up - down * to_row - right * to_col) / np.sqrt(1 + down**2 + right**2)
        light = 0.25 * np.maximum(facing, 0) / up
        levels = np.rint(light.clip(0, 1) * 65535).astype(np.uint16)
        found.append(asy.analyze(levels, encoding="linear", roi=np.ones(levels.shape, bool)))
    return found


def test_each_view_has_its_own_light_and_the_part_of_the_first() -> None:
    lights = {"": Light(10, 40, 1), "L1": Light(77, 20, 1)}
    views = join_views(told(0), {"L1": ("a_L1.png", told(10))}, lights)

    lit = lit_surface(views, 3, KEY)

    assert lit.light == lights[""]
    assert lit.others[0].surface.light == lights["L1"]
    assert lit.others[0].surface.foreground is lit.foreground


def test_a_defect_is_as_strong_in_all_views_as_it_was_solved_for_the_first() -> None:
    recipe = load_recipe(
        "metal",
        base_share=0,
        mechanisms=[{"generator": {"kind": "warpage", "weights": [1, 0, 0]}}],
        defects_per_image=1,
        severity={"d_prime": 4},
    )
    alone = synthesize(told(0), recipe, seed=1, key=KEY)
    lights = {"": alone.light, "L1": replace(alone.light, azimuth_deg=90)}
    views = join_views(told(0), {"L1": ("a_L1.png", told(90))}, lights)

    both = synthesize(views, recipe, seed=1, key=KEY)

    assert both.instances[0].gain == alone.instances[0].gain
    assert np.array_equal(both.height_mm, alone.height_mm)
    assert (both.strict | alone.strict == both.strict).all()
    photo = views.others[0].surface.assemble(views.others[0].surface.pixels)
    assert (both.views["L1"].image != photo).sum() > 20


@pytest.mark.parametrize("kind", ["worn_relief", "squeeze"])
def test_light_taken_from_a_photo_is_that_of_its_own_view(kind: str) -> None:
    recipe = load_recipe("metal", base_share=0, mechanisms=[{"generator": {"kind": kind}}])
    first, other = rig(0, 90)
    bright = replace(
        other, pixels=np.minimum(2 * other.pixels.astype(int), 65535).astype(np.uint16)
    )
    recipe = recipe.model_copy(update={"encoding": "linear"})
    views = join_views(first, {"L1": ("a_L1.png", bright)}, {"": Light(0, 45), "L1": Light(90, 45)})

    sample = synthesize(views, recipe, seed=2, key=KEY)

    changed = sample.strict & (sample.views["L1"].image != bright.assemble(bright.pixels))
    assert changed.sum() > 20
    after = np.median(sample.views["L1"].image[changed])
    assert after == pytest.approx(np.median(bright.pixels[changed]), rel=0.3)


@pytest.mark.parametrize("change", ["height", "coverage", "nothing"])
def test_shapes_are_told_apart(change: str) -> None:
    support = np.ones((6, 6), bool)
    ones = np.ones((6, 6), np.float32)
    layer = DefectLayer("dab", (0, 0), support, coverage=ones, albedo=ones, height=ones)
    moved = np.roll(ones * np.arange(6, dtype=np.float32) / 6, 1)
    again = replace(layer, **({} if change == "nothing" else {change: moved}))

    assert is_same_shape(layer, again) == (change == "nothing")
    assert not is_same_shape(layer, replace(layer, height=None))


def test_the_light_has_no_say_in_the_shape_of_a_scratch() -> None:
    scratch = asy.load_recipe("metal", mechanisms=[{"generator": {"kind": "scratch"}}])
    generator = scratch.mechanisms[0].generator
    layers = [
        generator.generate(told(azimuth), np.random.default_rng(5)) for azimuth in (0.0, 90.0)
    ]

    assert is_same_shape(*layers)
