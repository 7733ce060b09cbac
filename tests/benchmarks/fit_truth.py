"""Known truth: whether fitted recipes name the mechanisms of defects and cover their ranges.

    python fit_truth.py [--presets A,B] [--alone] [--jobs 2] [--tiles DIR] [--cache DIR]

Each preset's own mechanisms make defects, one a picture, on four copies of its stand-in (with
--tiles on photos); their masks are drawn loosely. `fit` with the base `generic` sees these and
eight other copies. Counted are defects whose mechanism is its first guess, or one of its first two,
and drawn parameters that lie in the range that the fitted recipe has for the mechanism. With
--alone the preset's weightiest kind makes all defects of a set, as if they were of one type.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
from script import tell

from anomsynth.core.component import CountRange
from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Instance
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.images import read_photo
from anomsynth.errors import SynthesisError
from anomsynth.fitting.cache import LayerCache
from anomsynth.fitting.candidates import list_candidates
from anomsynth.fitting.defect import Defect, find_defects
from anomsynth.fitting.explain import Explanation, explain
from anomsynth.fitting.maker import LayerMaker, Trial
from anomsynth.fitting.simulate import loosened
from anomsynth.fitting.write import fit_mechanisms
from anomsynth.recipe.load import load_recipe, read_extension
from anomsynth.recipe.models import Recipe
from anomsynth.sheets.presets import make_surface
from anomsynth.surface.analyze import one_channel
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize

PRESETS = (
    *("metal", "leather", "wood", "plastic", "concrete", "glass"),
    *("paper", "fabric", "carpet", "ceramic_tile", "metal_painted", "magnetic_tile"),
)
DAMAGED, GOOD = 4, 8  # copies of the stand-in
MOST_TRIES = 10  # for each defect


@dataclass(frozen=True, slots=True)
class Tally:
    """How many defects there are, are guessed first, and second; drawn values, and covered ones."""

    defects: int = 0
    first: int = 0
    second: int = 0
    values: int = 0
    covered: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sums."""
        return Tally(
            self.defects + other.defects,
            self.first + other.first,
            self.second + other.second,
            self.values + other.values,
            self.covered + other.covered,
        )

    def row(self, name: str) -> str:
        """Return a line of the table."""
        covered = f"{self.covered / self.values:.0%}" if self.values else "-"
        return (
            f"| {name} | {self.defects} | {self.first / max(self.defects, 1):.0%} |"
            f" {self.second / max(self.defects, 1):.0%} | {covered} |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--presets", default=",".join(PRESETS))
    parser.add_argument("--defects", type=int, default=20)
    parser.add_argument("--alone", action="store_true", help="only the weightiest kind")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--tiles", type=Path, help="good photos, instead of stand-ins")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tell("| preset | defects | first guess | first two | values covered |\n|---|---|---|---|---|")
    total = Tally()
    for name in options.presets.split(","):
        tally = try_preset(name, options)
        total += tally
        tell(tally.row(name))
    tell(total.row("all"))


def try_preset(name: str, options: argparse.Namespace) -> Tally:
    """Return what `fit` finds of the defects that a preset makes."""
    extends = read_extension(name) is not None
    recipe = load_recipe(name, base_share=0) if extends else load_recipe(name)
    surfaces = list(_surfaces(recipe, options.tiles))
    if options.alone:
        recipe = weightiest(recipe)
    made = list(_made(recipe, surfaces[:DAMAGED], options.defects))
    base = load_recipe("generic")
    trial = Trial(list_candidates(base), tuple(surfaces[DAMAGED:]), base)
    cache = LayerCache(options.cache, trial.surfaces, base)
    found = explain([(defect,) for defect, _ in made], LayerMaker(trial, cache, options.jobs))
    truth = [instance for _, instance in made]
    guesses = [[kind for kind, _ in found.by_kind(row)] for row in range(len(truth))]
    values, covered = _coverage(found, truth)
    pairs = list(zip(truth, guesses, strict=True))
    weights: dict[str, float] = {}
    for candidate, weight in zip(found.candidates, found.mixture.weights, strict=False):
        weights[candidate.kind] = weights.get(candidate.kind, 0.0) + float(weight)
    best = sorted(weights, key=lambda kind: -weights[kind])[:3]
    kinds_made = sorted({one.kind for one in truth})
    tell(f"<!-- {name}: made by {', '.join(kinds_made)}; weightiest found: {', '.join(best)} -->")
    return Tally(
        len(truth),
        sum(one.kind == kinds[0] for one, kinds in pairs),
        sum(one.kind in kinds[:2] for one, kinds in pairs),
        values,
        covered,
    )


def weightiest(recipe: Recipe) -> Recipe:
    """Return a recipe with mechanisms of one kind only: the one that makes most of its defects."""
    weights: dict[str, float] = {}
    for item in recipe.mechanisms:
        if not item.generator.needs_components:
            kind = item.generator.kind
            weights[kind] = weights.get(kind, 0.0) + item.weight
    most = max(weights, key=lambda kind: weights[kind])
    chosen = tuple(item for item in recipe.mechanisms if item.generator.kind == most)
    return recipe.model_copy(update={"mechanisms": chosen})


def _surfaces(recipe: Recipe, tiles: Path | None) -> Iterator[Surface]:
    if tiles is None:
        for index in range(DAMAGED + GOOD):
            yield replace(make_surface(recipe, index), components=None, defects=None)
        return
    photos = sorted(tiles.iterdir())
    for index in range(DAMAGED + GOOD):
        yield surface_of(read_photo(photos[index * len(photos) // (DAMAGED + GOOD)]), recipe)


def _made(
    recipe: Recipe, surfaces: list[Surface], wanted: int
) -> Iterator[tuple[Defect, Instance]]:
    """Yield defects as somebody would mark them, and what they are."""
    one = recipe.model_copy(update={"defects_per_image": CountRange(low=1, high=1)})
    count = 0
    for index in range(MOST_TRIES * wanted):
        surface = surfaces[index % len(surfaces)]
        try:
            sample = synthesize(surface, one, seed=5, key=SampleKey("truth", recipe.name, index))
        except SynthesisError:
            continue
        planes = as_photo(sample.image).pixels
        pixels = one_channel(planes) if surface.channels == 1 else planes
        found = find_defects(surface, pixels, loosened(sample.mask, "truth", index))
        if found:
            yield found[0], sample.instances[0]
            count += 1
        if count == wanted:
            return


def _coverage(found: Explanation, truth: list[Instance]) -> tuple[int, int]:
    """Return how many drawn values there are of mechanisms that the recipe has, and lie in it."""
    fitted = fit_mechanisms(found)
    values = covered = 0
    for one in truth:
        own = [item.generator.ranges for item in fitted if item.generator.kind == one.kind]
        for name, value in one.parameters.items() if own else ():
            spans = [ranges[name] for ranges in own]
            values += 1
            covered += any(span.low <= value <= span.high for span in spans)
    return values, covered


if __name__ == "__main__":
    main()
