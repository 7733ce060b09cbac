"""Samples of one mechanism differ: in what is drawn, in shape, size, strength and place."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.component import CountRange, LogRange, Range
from anomsynth.core.registry import generators, refiners
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import SynthesisError
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_fibrous_surface

PHOTOS = 10
PER_PHOTO = 20
ON_LEADS = frozenset({"bend", "missing_part", "swapped_part"})
ON_FIBRES = "bristles"
ON_GROUND = "lost_end"  # what is gone shows the ground behind it
# They take half of the part or all of it, or lie all over it: their boxes have few places.
WHOLE = "wrong_finish"
ALL_OVER = "perlin_relief"
# At half resolution leads are lost, and chips at the four corners have few pixels to differ in.
AT_FULL_SIZE = ON_LEADS | {"chip"}
# The same component goes in the same way; there are three real defects to paste.
ONE_LOOK = frozenset({"missing_part", "swapped_part", "paste_real"})
UNSCALED = frozenset(
    {"bend", "cutpaste", "paste_real"}
)  # move what is there: as visible as that is
ALIKE = 0.95  # correlation of two changes, pixel by pixel
DECILES = 10


@pytest.fixture(scope="module", params=generators.kinds())
def series(request) -> tuple[str, list[Sample], np.ndarray]:
    """Return a mechanism, its samples, and how each changed the photo's green levels."""
    kind = request.param
    recipe = Recipe(
        name="test",
        field_mm=30,
        mechanisms=(Mechanism(generator=generators.build({"kind": kind})),),
        refiners=tuple(refiners.build({"kind": name}) for name in ("npcf", "npcf_plus")),
        defects_per_image=CountRange(low=1, high=1),
    )
    samples, changes = [], []
    for photo in range(PHOTOS):
        surface = workpiece(kind, photo, recipe)
        before = surface.pixels[..., 1].astype(np.float32)
        for index in range(PER_PHOTO):
            key = SampleKey("variety", f"{kind}{photo}", index)
            try:
                sample = synthesize(surface, recipe, seed=8, key=key)
            except SynthesisError:
                continue
            samples.append(sample)
            changes.append((sample.image[..., 1].astype(np.float32) - before).ravel())
    return kind, samples, np.stack(changes)


def workpiece(kind: str, index: int, recipe: Recipe) -> Surface:
    if kind == ON_FIBRES:
        pile = make_fibrous_surface(240, 300, channels=3, seed=index).pixels
        return surface_of(pile, recipe)
    name = "leads" if kind in ON_LEADS else "object" if kind == ON_GROUND else "texture"
    stand_in = make_stand_in(name, index)
    kept = slice(None, None, 1 if kind in AT_FULL_SIZE else 2)
    surface = surface_of(
        np.ascontiguousarray(stand_in.pixels[kept, kept]), recipe, stand_in.components
    )
    return replace(surface, defects=StandInDefects())


@pytest.mark.slow
def test_drawn_values_spread_over_their_ranges(series) -> None:
    kind, samples, _ = series
    generator = generators.build({"kind": kind})

    for name, drawn_from in generator.ranges.items():
        values = np.array([s.instances[0].parameters[name] for s in samples])

        if drawn_from.low < drawn_from.high:
            filled, cells = occupied(values, drawn_from)
            assert filled >= 0.8 * cells, f"{name}: {filled} of {cells} parts of the range"


@pytest.mark.slow
def test_sizes_strengths_and_places_spread(series) -> None:
    kind, samples, _ = series
    strengths = np.array([s.instances[0].visibility for s in samples])
    areas = np.array([s.instances[0].area_px for s in samples])
    height, width = samples[0].mask.shape
    boxes = [s.instances[0].box for s in samples]
    ninths = {
        (3 * (b.top + b.bottom) // (2 * height + 1), 3 * (b.left + b.right) // (2 * width + 1))
        for b in boxes
    }

    assert len(samples) >= 0.9 * PHOTOS * PER_PHOTO
    if kind not in UNSCALED:
        assert np.quantile(strengths, 0.95) > 1.8 * np.quantile(strengths, 0.05)
    if kind not in ON_LEADS:  # which sit where they sit, as large as they are
        wide = 2 if kind == "paste_real" else 4  # the three real ones are about as large
        assert np.quantile(areas, 0.95) > wide * np.quantile(areas, 0.05)
        assert len(ninths) >= (3 if kind in {WHOLE, ALL_OVER, ON_GROUND} else 8)


@pytest.mark.slow
def test_near_duplicates_are_rare(series) -> None:
    kind, _, changes = series
    # Three leads, to the left or to the right; all of a part in another colour is much the same.
    # A corner that is gone shows the same ground each time.
    limit = {"bend": 0.1, WHOLE: 0.3, ON_GROUND: 0.1, "chip": 0.02}.get(kind, 0.01)
    if kind in ONE_LOOK:
        pytest.skip("a part has few components, and one that is gone is gone")

    changes /= np.linalg.norm(changes, axis=1, keepdims=True)
    alike = np.triu(changes @ changes.T, 1) > ALIKE

    assert alike.any(axis=0).mean() < limit


def occupied(values: np.ndarray, drawn_from: Range) -> tuple[int, int]:
    """Return how many equal parts of a range hold a value, and how many there are."""
    low, high = drawn_from.low, drawn_from.high
    if isinstance(drawn_from, CountRange):
        cells = int(min(high - low + 1, DECILES))
        share = (values - low) / (high - low + 1)
    else:
        cells = DECILES
        logarithmic = isinstance(drawn_from, LogRange)
        ends = np.log([low, high]) if logarithmic else np.array([low, high])
        share = ((np.log(values) if logarithmic else values) - ends[0]) / (ends[1] - ends[0])
    assert ((share >= -1e-9) & (share <= 1 + 1e-9)).all(), "a value outside its range"
    return len(set(np.clip(cells * share, 0, cells - 1).astype(int))), cells
