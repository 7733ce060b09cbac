"""Ordered defects have the size and the strength that was ordered, seen or unseen."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.types import SampleKey
from anomsynth.errors import RejectedError, SynthesisError
from anomsynth.recipe.load import choose_kinds, load_recipe
from anomsynth.single import analyze
from anomsynth.synthesis.flaw import FlawOrder, synthesize_flaw
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_surface

KINDS = ["crack", "pitting", "stain", "scratch"]
SURFACE = make_surface(160, 160, mm_per_px=0.1)


def recipe(refined=True):
    chosen = choose_kinds(load_recipe("generic", mm_per_px=0.1), KINDS)
    return chosen if refined else chosen.model_copy(update={"refiners": ()})


def make(kind="pitting", measure="width", size=1.5, index=0, **order):
    key = SampleKey("a", "b", index)
    return synthesize_flaw(
        SURFACE, recipe(), FlawOrder(kind, measure, size, **order), key=key, seed=0
    )


def changed(flaw):
    return (flaw.sample.image.astype(float) - SURFACE.pixels)[..., 0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d_prime", [0.3, 1.0, 4.0])
def test_d_prime_is_held_also_below_what_is_visible(kind, d_prime) -> None:
    measure = "length" if kind in {"crack", "scratch"} else "width"
    found = [make(kind, measure, 3.0, index, d_prime=d_prime) for index in range(3)]

    for flaw in found:
        assert flaw.d_prime == pytest.approx(d_prime, rel=0.05)
        assert flaw.size_mm == pytest.approx(3.0, rel=0.34)


def test_faint_changes_keep_their_mean_through_rounding() -> None:
    flaw = make("stain", "width", 6.0, d_prime=0.25)
    change = changed(flaw)
    support = flaw.sample.mask

    assert set(np.unique(change[support])) <= {-2, -1, 0, 1, 2}
    assert abs(change[support].mean()) > 0.05
    assert np.array_equal(change != 0, flaw.sample.strict)


def test_an_unseen_defect_is_kept_and_outlined_where_it_is() -> None:
    flaw = make("pitting", "width", 1.0, d_prime=0.1)

    assert flaw.sample.mask.any()
    assert np.abs(changed(flaw)).max() <= 3


@pytest.mark.parametrize("size", [0.5, 1.2])
def test_small_cracks_come_out_on_soft_photos_although_refining_changes_them(size) -> None:
    rng = np.random.default_rng(0)
    sharp = np.full((160, 160, 3), 90, np.float32)
    sharp[:, 80:], sharp[40:90, 30:120] = 190, 140
    soft = cv2.GaussianBlur(sharp + rng.normal(0, 6, sharp.shape), (0, 0), 2.0)
    pixels = (soft + rng.normal(0, 0.7, soft.shape)).clip(0, 255).astype(np.uint8)
    surface = replace(analyze(pixels), mm_per_px=0.1)
    order = FlawOrder("crack", "length", size)

    for index in range(6):
        key = SampleKey("a", "b", index)
        flaw = synthesize_flaw(surface, recipe(), order, key=key, seed=0)
        assert flaw.sample.mask.any()
        assert flaw.size_mm == pytest.approx(size, rel=0.34)


def test_physical_strength_is_amplitude_one_and_grows_with_depth() -> None:
    shallow, deep = (
        np.median([make(measure="depth", size=size, index=i).d_prime for i in range(8)])
        for size in (0.05, 0.8)
    )

    assert make().sample.instances[0].gain == 1
    assert deep > 1.2 * shallow


def test_low_light_shows_relief_more_and_leaves_the_defect_where_it_is() -> None:
    order = {"kind": "pitting", "measure": "depth", "size": 0.3}
    low, high = make(**order, light_deg=15), make(**order, light_deg=80)
    one, other = low.sample.instances[0], high.sample.instances[0]

    assert low.d_prime > high.d_prime
    assert (one.support_box, one.parameters) == (other.support_box, other.parameters)
    assert low.sample.light.elevation_deg == 15


def test_a_held_defect_keeps_its_amplitude_in_another_light() -> None:
    plain, lit = make(d_prime=3.0), make(d_prime=3.0, light_deg=20)

    assert plain.sample.instances[0].gain == lit.sample.instances[0].gain


def test_the_same_order_makes_the_same_defect() -> None:
    assert np.array_equal(make().sample.image, make().sample.image)
    assert not np.array_equal(make().sample.image, make(index=1).sample.image)


def test_what_cannot_be_reached_is_refused() -> None:
    few = recipe()
    few = few.model_copy(update={"gates": few.gates.model_copy(update={"attempts": 3})})
    order = FlawOrder("stain", "width", 2.0, d_prime=40.0)

    with pytest.raises(RejectedError, match="was ordered"):
        synthesize_flaw(SURFACE, few, order, key=SampleKey("a", "b", 0), seed=0)


def test_a_part_that_is_too_small_is_refused() -> None:
    with pytest.raises(SynthesisError, match="does not fit"):
        make("crack", "length", 90.0)


def test_a_recipe_may_leave_strength_to_optics() -> None:
    changed = recipe(refined=False)
    severity = changed.severity.model_copy(update={"physical": True})
    physical = changed.model_copy(update={"severity": severity})
    bright = replace(SURFACE)
    gains, reached = [], []
    for index in range(12):
        sample = synthesize(bright, physical, key=SampleKey("a", "b", index))
        gains += [item.gain for item in sample.instances]
        reached += [item.visibility for item in sample.instances]
        assert sample.mask.any()

    assert set(gains) == {1.0}
    assert max(reached) > 2 * min(reached)
