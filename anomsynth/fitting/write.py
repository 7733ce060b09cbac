"""The short recipe: the mechanisms that look like the real defects, and which those are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import LogRange
from anomsynth.core.registry import generators
from anomsynth.core.roles import Generator
from anomsynth.errors import RecipeError
from anomsynth.fitting.explain import Explanation
from anomsynth.fitting.ranges import Fit, fit_range, informative
from anomsynth.fitting.simulate import D_PRIME, D_PRIME_NAME
from anomsynth.recipe.toml import inline_text, value_text

BASE_SHARE = 0.5  # of the defects that the base makes beside those of few real ones
MANY = 40.0  # real pictures that halve the square of it
MOST_MECHANISMS = 8
LEAST_DEFECTS = 0.4  # real pictures' worth that a mechanism must explain to be written
COUNTS = 0.02  # share of a defect from which it says something of a mechanism's ranges
NAMED = 4  # defects that a comment names
NAMED_SHARE = 0.3  # share from which a defect is named
PASTE = '{ kind = "paste_real" }'

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedMechanism:
    """A mechanism of the recipe.

    Attributes
    ----------
    generator : Generator
        With the ranges found.
    weight : float
        Real pictures' worth that it explains.
    d_prime : (float, float)
    ranges : dict of parameter -> Fit
        Those that are narrower than what was tried.
    defects : indices of the real defects it explains best, the likeliest first
    """

    generator: Generator
    weight: float
    d_prime: tuple[float, float]
    ranges: dict[str, Fit]
    defects: tuple[int, ...]


def fit_mechanisms(found: Explanation) -> tuple[FittedMechanism, ...]:
    """Return the mechanisms that explain something, the weightiest first, with their ranges."""
    shares = found.counts[:, None] * found.mixture.shares
    worth = shares[:, :-1].sum(axis=0)
    order = [int(at) for at in np.argsort(-worth, kind="stable") if worth[at] >= LEAST_DEFECTS]
    if not order and len(worth) and worth.max() > shares[:, -1].sum():
        order = [int(np.argmax(worth))]  # one defect that several mechanisms share
    return tuple(_fit(found, number, shares[:, number]) for number in order[:MOST_MECHANISMS])


def _fit(found: Explanation, number: int, shares: Floats) -> FittedMechanism:
    candidate, layers = found.candidates[number], found.layers[number]
    rows = np.flatnonzero(found.mixture.shares[:, number] >= COUNTS)
    likeness = shares[rows, None] * found.likeness[number][rows]
    spans = {**candidate.wide.ranges, D_PRIME_NAME: LogRange(low=D_PRIME[0], high=D_PRIME[1])}
    fits = {
        name: fit_range(
            layers.values[:, layers.parameters.index(name)],
            likeness,
            span,
            f"{candidate.kind} {number} {name}",
        )
        for name, span in spans.items()
        if span.low < span.high
    }
    strength = fits.pop(D_PRIME_NAME)
    kept = informative(fits)
    best = np.argsort(-found.mixture.shares[:, number], kind="stable")
    named = [int(row) for row in best if found.mixture.shares[row, number] >= NAMED_SHARE]
    return FittedMechanism(
        generator=_with_ranges(candidate.mechanism.generator, kept),
        weight=float(shares.sum()),
        d_prime=(strength.low, strength.high),
        ranges=kept,
        defects=tuple(named),
    )


def _with_ranges(generator: Generator, fits: dict[str, Fit]) -> Generator:
    """Return a generator with ranges found; one that breaks a rule of the generator is left."""
    for name, fit in fits.items():
        written = {**generator.model_dump(), name: [fit.low, fit.high]}
        try:
            generator = generators.build(written)
        except RecipeError:
            continue
    return generator


def base_share(found: Explanation) -> float:
    """Return the share of defects that the base makes.

    It falls with the square root of the number of real pictures; what no mechanism explains is
    left to the base, too.
    """
    pictures = float(found.counts.sum())
    chosen = BASE_SHARE / np.sqrt(1 + pictures / MANY)
    unexplained = float(found.counts @ found.mixture.shares[:, -1]) / pictures
    return round(float(chosen + (1 - chosen) * unexplained), 2)


def recipe_lines(
    found: Explanation,
    mechanisms: Sequence[FittedMechanism],
    names: Sequence[str],
    settings: Mapping[str, object],
    pasted: float = 0.0,
) -> list[str]:
    """Return the lines of the recipe below its head.

    Parameters
    ----------
    found : Explanation
    mechanisms : as `fit_mechanisms` returns them
    names : of the real defects
    settings : keys of the recipe that are written first, its base among them
    pasted : float in [0, 1)
        Share of all defects that are the real ones, set into good photos. It is taken from the
        mechanisms and the base alike.
    """
    lines = [f"{name} = {value_text(value)}" for name, value in settings.items()]
    base = round((1 - pasted) * (base_share(found) if mechanisms else 1), 3)
    if base < 1:
        lines.insert(1, f"base_share = {value_text(base)}")
    total = sum(item.weight for item in mechanisms) * (1 - base) / max(1 - base - pasted, 1e-9)
    for item in mechanisms:
        shown = [names[row] for row in item.defects[:NAMED]]
        more = len(item.defects) - len(shown)
        like = ", ".join(shown) + (f" and {more} more" if more else "")
        lines += ["", f"# Like {like}." if shown else "# A little like several defects."]
        lines += [
            "[[mechanisms]]",
            f"weight = {value_text(float(f'{item.weight / total:.2g}'))}",
            f"d_prime = {value_text(list(item.d_prime))}",
            f"generator = {inline_text(item.generator)}",
        ]
    if pasted > 0:
        lines += [
            "",
            "# The real defects themselves, set into good photos; `real` is their folder.",
        ]
        weight = value_text(float(f"{pasted / (1 - base):.3g}"))
        lines += ["[[mechanisms]]", f"weight = {weight}", f"generator = {PASTE}"]
    return lines
