"""Options that several functions have: presets, ranges, paths. Errors name the option."""

import math
import operator
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from numbers import Real
from pathlib import Path
from typing import Literal

from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.views import check_views
from anomsynth.errors import MissingExtraError, UserError
from anomsynth.pipeline.auto import choose_presets
from anomsynth.pipeline.events import PresetChosen
from anomsynth.pipeline.lights import given_lights, read_lights
from anomsynth.pipeline.listing import list_source
from anomsynth.pipeline.options import RunOptions
from anomsynth.recipe.load import change_recipe, choose_kinds, choose_refiners, load_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.recipe.strength import one_strength

AUTO = "auto"  # as a preset: let the photos decide
TRAIN_MODULES = ("torch", "safetensors", "lightning_fabric", "matplotlib")
LEAST_SEVERITY, MOST_SEVERITY = 0.5, 50.0  # d'

FilePath = str | os.PathLike[str]
Preset = FilePath | Recipe
PHYSICAL: Literal["physical"] = "physical"  # as a severity: what optics give
Strength = float | tuple[float, float] | Literal["physical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeOptions:
    """What a user changes about a preset; None leaves it as it is.

    Attributes
    ----------
    kinds : sequence of str
        Only these kinds of defects.
    refiners : sequence of str
        These refiners instead of the preset's; an empty one for none.
    severity : float or (float, float), d' in [0.5, 50], or "physical"
        Visibility of the defects, large areas up to 4.5, or the lower limit if that is higher;
        "physical" leaves it to depth, material and light.
    defects_per_image : int or (int, int), at least 1
    seed : int, at least 0
    mm_per_px : float, above 0
        Size of a pixel, instead of the preset's scale.
    min_score : float in [0, 1]
        Samples below are drawn anew.
    best_of : int, at least 1
        Samples drawn, of which the best is kept.
    """

    kinds: Sequence[str] | str | None = None
    refiners: Sequence[str] | str | None = None
    severity: Strength | None = None
    defects_per_image: int | tuple[int, int] | None = None
    seed: int | None = None
    mm_per_px: float | None = None
    min_score: float | None = None
    best_of: int | None = None


@contextmanager
def named(option: str) -> Iterator[None]:
    """Put the option's name before the message of any `UserError`."""
    try:
        yield
    except UserError as error:
        raise type(error)(f"`{option}`: {error}", hint=error.hint) from error


def choose_recipe(preset: Preset, options: RecipeOptions) -> Recipe:
    """Load a preset and change it as the options say.

    Parameters
    ----------
    preset : str, path or Recipe
        Name of a preset, a recipe file that ends in ``.toml``, or a recipe.
    options : RecipeOptions

    Raises
    ------
    UserError
        If the preset or an option's value is not valid; the message names the option.
    """
    changes = _changes(options)
    with named("preset"):
        recipe = _load(preset, changes)
    if options.severity not in {None, PHYSICAL}:
        recipe = one_strength(recipe)
    if options.kinds is not None:
        with named("kinds"):
            kinds = words(options.kinds)
            if not kinds:
                raise UserError("name at least one")
            recipe = choose_kinds(recipe, kinds)
    if options.refiners is not None:
        with named("refiners"):
            recipe = choose_refiners(recipe, words(options.refiners))
    return recipe


def choose_recipes(
    source: Path,
    preset: Preset,
    options: RecipeOptions,
    options_of_run: RunOptions,
    on_event: Callable[[PresetChosen], object] | None = None,
) -> tuple[Path | PhotoSource, Recipe | dict[str, Recipe]]:
    """Load one recipe for all, or with ``"auto"`` list the source and load what fits each category.

    Parameters
    ----------
    source : Path
    preset, options
        See `choose_recipe`.
    options_of_run : RunOptions
        Say which folders in the source hold no photos, and how it is laid out.
    on_event : callable, optional
        Is told what was chosen for each category, and why.

    Returns
    -------
    source : Path, or the PhotoSource that was listed to see what is there
    recipe : Recipe, or dict of category -> Recipe
    """
    if preset != AUTO:
        return source, choose_recipe(preset, options)
    found = list_source(source, options_of_run)
    recipes = {}
    choices = choose_presets(found.categories, options_of_run.bits, options_of_run.reading)
    for category, choice in choices.items():
        if on_event is not None:
            on_event(PresetChosen(category, choice.preset, choice.why))
        recipes[category] = choose_recipe(choice.preset, options)
    return found, recipes


def checked_bits(bits: int | None) -> int | None:
    """Return how many bits of 16 a camera uses; UserError unless from 8 to 16, or None."""
    if bits is not None and not 8 <= whole("bits", bits) <= 16:
        raise UserError(f"`bits`: must lie in 8:16, got {bits}")
    return bits


def view_options(
    views: Sequence[str] | str | None, lights: FilePath | Mapping[str, Mapping[str, float]] | None
) -> dict[str, object]:
    """Return the options of a run about views and lights.

    Raises
    ------
    UserError
        If the names cannot be those of views, or lights are given without views or of others.
    InputError
        If the file of lights cannot be read.
    """
    if views is None:
        if lights is not None:
            raise UserError("`lights` needs `views`", hint="name the views, such as L0,L1")
        return {}
    with named("views"):
        names = words(views)
    check_views(names)
    if lights is None:
        return {"views": names}
    if isinstance(lights, Mapping):
        return {"views": names, "lights": given_lights(lights, names)}
    return {"views": names, "lights": read_lights(Path(lights), names)}


def words(given: Sequence[str] | str) -> tuple[str, ...]:
    """Return words once each; a text is one word.

    Raises
    ------
    UserError
        If they are neither a text nor texts.
    """
    found = (given,) if isinstance(given, str) else given
    if not isinstance(found, Iterable) or not all(isinstance(word, str) for word in found):
        raise UserError(f"expected words, got {given!r}")
    return tuple(dict.fromkeys(found))


def to_path(given: FilePath | None) -> Path | None:
    """Return a path, None for None."""
    return None if given is None else Path(given)


def need_train_extra(*also: str) -> None:
    """Raise MissingExtraError unless the modules the torch plugin imports are installed.

    `also` names modules that only the caller needs.
    """
    missing = [name for name in (*TRAIN_MODULES, *also) if find_spec(name) is None]
    if missing:
        msg = f"not installed: {', '.join(missing)}"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[train]'")


def check_share(option: str, share: float | None) -> None:
    """Raise UserError unless a share is above 0 and at most 1, or None."""
    if share is not None and not 0 < number(option, share) <= 1:
        raise UserError(f"`{option}`: expected a share above 0 and up to 1, got {share:g}")


def check_score(option: str, score: float | None) -> None:
    """Raise UserError unless a score lies in [0, 1], or is None."""
    if score is not None and not 0 <= number(option, score) <= 1:
        raise UserError(f"`{option}`: must lie in 0:1, got {score:g}")


def number(option: str, given: object, hint: str = "") -> float:
    """Return a number; UserError if it is none."""
    if not isinstance(given, Real):
        raise UserError(f"`{option}`: expected a number, got {given!r}", hint=hint)
    return float(given)


def whole(option: str, given: object) -> int:
    """Return a whole number of any integer type; UserError if it is none."""
    try:
        return operator.index(given)  # type: ignore[arg-type]  # see except
    except TypeError as error:
        raise UserError(f"`{option}`: expected a whole number, got {given!r}") from error


def span(option: str, given: float | tuple[float, float]) -> tuple[float, float]:
    """Return low and high of a range, or of one number; both above 0.

    Raises
    ------
    UserError
        If it is no number or no pair of them, empty, not finite or not above 0.
    """
    hint = f"for example `{option}=(2, 6)`"
    ends = given if isinstance(given, tuple | list) else (given, given)
    if len(ends) != 2:
        raise UserError(f"`{option}`: expected (low, high), got {given!r}", hint=hint)
    low, high = (number(option, end, hint) for end in ends)
    shown = f"{low:g}" if low == high else f"{low:g}:{high:g}"
    if not (math.isfinite(low) and math.isfinite(high)):
        raise UserError(f"`{option}`: expected finite numbers, got {shown!r}", hint=hint)
    if low > high:
        raise UserError(f"`{option}`: low {low:g} is above high {high:g}", hint=hint)
    if low <= 0:
        raise UserError(f"`{option}`: must be above 0, got {shown!r}", hint=hint)
    return low, high


def _changes(options: RecipeOptions) -> dict[str, object]:
    """Return what the options replace of a recipe, as it would be written there."""
    changes: dict[str, object] = {}
    if options.severity == PHYSICAL:
        changes["severity"] = {"physical": True}
    elif options.severity is not None:
        d_prime = _severity(options.severity)
        changes["severity"] = {"physical": False, "d_prime": d_prime}
    if options.defects_per_image is not None:
        changes["defects_per_image"] = _counts(options.defects_per_image)
    if options.seed is not None:
        changes["seed"] = seed = whole("seed", options.seed)
        if seed < 0:
            raise UserError(f"`seed`: must be at least 0, got {seed}")
    if gates := _gates(options):
        changes["gates"] = gates
    if options.mm_per_px is not None:
        size = number("mm_per_px", options.mm_per_px)
        if not (math.isfinite(size) and size > 0):
            raise UserError(f"`mm_per_px`: must be above 0, got {size:g}")
        changes["mm_per_px"] = size
    return changes


def _gates(options: RecipeOptions) -> dict[str, object]:
    gates: dict[str, object] = {}
    if options.min_score is not None:
        check_score("min_score", options.min_score)
        gates["min_score"] = options.min_score
    if options.best_of is not None:
        gates["best_of"] = best_of = whole("best_of", options.best_of)
        if best_of < 1:
            raise UserError(f"`best_of`: must be at least 1, got {best_of}")
    return gates


def _load(preset: Preset, changes: dict[str, object]) -> Recipe:
    if isinstance(preset, Recipe):
        return change_recipe(preset, **changes)
    if not isinstance(preset, str | os.PathLike):
        what = type(preset).__name__
        raise UserError(f"expected a preset's name, a path or a Recipe, got a {what}")
    return load_recipe(preset if isinstance(preset, str) else Path(preset), **changes)


def _severity(given: float | tuple[float, float] | str) -> tuple[float, float]:
    if isinstance(given, str):
        hint = "give numbers, or 'physical'"
        raise UserError(f"`severity`: expected a number, got {given!r}", hint=hint)
    low, high = span("severity", given)
    if low < LEAST_SEVERITY or high > MOST_SEVERITY:
        shown = f"{low:g}" if low == high else f"{low:g}:{high:g}"
        msg = f"`severity`: must lie in {LEAST_SEVERITY:g}:{MOST_SEVERITY:g}, got {shown!r}"
        raise UserError(msg, hint="d' below it is noise, above it no surface can show")
    return low, high


def _counts(given: int | tuple[int, int]) -> tuple[int, int]:
    low, high = span("defects_per_image", given)
    if low != int(low) or high != int(high):
        hint = "e.g. `defects_per_image=(1, 3)`"
        raise UserError(f"`defects_per_image`: expected whole numbers, got {low:g}", hint=hint)
    return int(low), int(high)


def command_line(command: str, *paths: FilePath, **options: object) -> str:
    """Return the command that does a step alone."""
    words = ["anomsynth", command, *(str(path) for path in paths)]
    for name, value in options.items():
        words += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)
