"""Sizes in mm that mechanisms can be ordered in are the sizes they make."""

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, SynthesisError, UserError
from anomsynth.synthesis.flaw import measure_of, sized
from anomsynth.testing import make_surface

SURFACE = make_surface(400, 400, mm_per_px=0.1)
MEASURES = [
    (kind, measure.name)
    for kind in generators.kinds()
    for measure in generators.build({"kind": kind}).measures
]


# A width is no extent, edges of the part cut regions, scratches skip and fibres curl.
NOT_BY_EXTENT = {
    *((kind, "width") for kind in ("crack", "crack_network", "fiber", "scratch", "worn_relief")),
    ("pitting", "area"),
    ("scratch", "length"),
    ("fiber", "length"),
}


def layers(kind, name, size, count=5):
    """Yield layers of a size, and the sizes they say they have."""
    generator = generators.build({"kind": kind})
    measure = measure_of(generator, name)
    for number in range(4 * count):
        rng = stream(number, kind)
        chosen = sized(generator, measure, size, SURFACE, float(rng.random()))
        try:
            layer = chosen.generate(SURFACE, rng)
        except SynthesisError:
            continue
        made = measure.made(layer.measured, SURFACE.mm_per_px, SURFACE.part_area_px)
        yield layer, size if made is None else made
        count -= 1
        if count == 0:
            return


def extent(layer) -> float:
    """Return the longer side of the tightest box around a support, mm."""
    points = cv2.findNonZero(layer.support.astype(np.uint8))
    return (max(cv2.minAreaRect(points)[1]) + 1) * SURFACE.mm_per_px


@pytest.mark.parametrize(("kind", "name"), [item for item in MEASURES if item[1] != "depth"])
def test_what_was_ordered_is_what_was_made(kind, name) -> None:
    size = 0.3 if kind.startswith("crack") and name == "width" else 2.0
    if kind == "worn_relief":
        pytest.skip("this surface has no print that could wear")

    made = [one for _, one in layers(kind, name, size)]

    assert np.median(made) == pytest.approx(size, rel=0.35)


@pytest.mark.parametrize(
    ("kind", "name"),
    [item for item in MEASURES if item[1] != "depth" and item not in NOT_BY_EXTENT],
)
def test_twice_the_size_is_twice_as_large(kind, name) -> None:
    small, large = (
        np.median([extent(layer) for layer, _ in layers(kind, name, size)]) for size in (2.0, 4.0)
    )

    assert 1.4 < large / small < 2.7


def test_depth_is_that_of_the_deepest_place() -> None:
    for size in (0.2, 0.4):
        deepest = [-layer.height.min() for layer, _ in layers("pitting", "depth", size)]
        assert np.median(deepest) == pytest.approx(size, rel=0.25)


def test_a_size_that_no_part_has_room_for_is_refused() -> None:
    generator = generators.build({"kind": "crack"})

    with pytest.raises(PlacementError, match="does not fit a part of 38"):
        sized(generator, measure_of(generator, "length"), 50, SURFACE, 0.5)


def test_kinds_without_a_measure_and_unknown_measures_are_named() -> None:
    with pytest.raises(UserError, match="'bend' has no size in mm"):
        measure_of(generators.build({"kind": "bend"}), None)
    with pytest.raises(UserError, match="'stain' has no measure 'depth'"):
        measure_of(generators.build({"kind": "stain"}), "depth")
