"""Option values: from the text of a command line to a recipe, with the option named on error."""

import difflib
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.environment import PRESET, SEED, note
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.recipe.models import Recipe

AUTO = "auto"  # as a preset: let the photos decide
LEAST_SEVERITY, MOST_SEVERITY = 0.5, 50.0  # d'


def complete_preset(incomplete: str) -> list[str]:
    """Return the presets that begin so, for completion in a shell."""
    from anomsynth.recipe.presets import preset_names

    return [name for name in (AUTO, *preset_names()) if name.startswith(incomplete)]


Preset = Annotated[
    str,
    typer.Option(
        "--preset",
        envvar=PRESET,
        callback=note,
        autocompletion=complete_preset,
        metavar="NAME|FILE.toml|auto",
        help="What to make: preset or recipe; auto goes by the category's name or look.",
    ),
]
Kinds = Annotated[
    str | None,
    typer.Option("--kinds", metavar="A,B", help="Only these kinds of defects."),
]
Refiners = Annotated[
    str | None,
    typer.Option("--refiners", metavar="none|A,B", help="These refiners instead of the preset's."),
]
Severity = Annotated[
    str | None,
    typer.Option(
        "--severity",
        metavar="LO:HI",
        help="Visibility d' of defects, e.g. 1.5:8; large areas up to 4.5, or LO if higher.",
    ),
]
DefectsPerImage = Annotated[
    str | None,
    typer.Option("--defects-per-image", metavar="LO:HI|N", help="Defects on one image."),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, envvar=SEED, callback=note, help="Another number makes other defects."
    ),
]
MmPerPx = Annotated[
    float | None,
    typer.Option("--mm-per-px", help="Size of a pixel, instead of the preset's scale."),
]


@contextmanager
def named(option: str) -> Iterator[None]:
    """Put the option's name before the message of any `UserError`."""
    try:
        yield
    except UserError as error:
        raise type(error)(f"{option}: {error}", hint=error.hint) from error


def parse_range(option: str, text: str) -> tuple[float, float]:
    """Return low and high of ``LO:HI`` or of one number; both above 0.

    Raises
    ------
    UserError
        If the text is no range, or the range is empty or not above 0.
    """
    hint = f"for example {option} 2:6"
    low_text, colon, high_text = text.partition(":")
    try:
        low = float(low_text)
        high = float(high_text) if colon else low
    except ValueError:
        raise UserError(f"{option}: expected LO:HI, got {text!r}", hint=hint) from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise UserError(f"{option}: expected finite numbers, got {text!r}", hint=hint)
    if low > high:
        raise UserError(f"{option}: low {low:g} is above high {high:g}", hint=hint)
    if low <= 0:
        raise UserError(f"{option}: must be above 0, got {text!r}", hint=hint)
    return low, high


def parse_counts(option: str, text: str) -> tuple[int, int]:
    """Return low and high of ``LO:HI`` or of one whole number; both at least 1.

    Raises
    ------
    UserError
        If the text is no range of whole numbers.
    """
    low, high = parse_range(option, text)
    if low != int(low) or high != int(high):
        raise UserError(
            f"{option}: expected whole numbers, got {text!r}", hint=f"e.g. {option} 1:3"
        )
    return int(low), int(high)


def parse_words(option: str, text: str, known: Sequence[str] | None = None) -> list[str]:
    """Return the words of ``a,b``, without repetition.

    Raises
    ------
    UserError
        If there is none, or one is not among the `known` ones.
    """
    words = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise UserError(f"{option}: expected a,b,..., got {text!r}")
    for word in words:
        if known is not None and word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UserError(f"{option}: no such choice {word!r}", hint=hint)
    return words


def parse_shard(option: str, text: str) -> tuple[int, int]:
    """Return the numbers of ``I/N``, the I-th of N shards.

    Raises
    ------
    UserError
        If the text is something else, or I is not one of 1..N.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count:
        msg = f"{option}: expected i/n with i from 1 to n, got {text!r}"
        raise UserError(msg, hint=f"e.g. {option} 1/8 to {option} 8/8")
    return index, count


def _parse_severity(text: str) -> tuple[float, float]:
    low, high = parse_range("--severity", text)
    if low < LEAST_SEVERITY or high > MOST_SEVERITY:
        msg = f"--severity: must lie in {LEAST_SEVERITY:g}:{MOST_SEVERITY:g}, got {text!r}"
        raise UserError(msg, hint="d' below it is noise, above it no surface can show")
    return low, high


def _everywhere(recipe: "Recipe", low: float) -> "Recipe":
    """Let the severity the user asks for outweigh that of mechanisms and of large areas."""
    cap = max(recipe.severity.area_cap, low)
    return recipe.model_copy(
        update={
            "severity": recipe.severity.model_copy(update={"area_cap": cap}),
            "mechanisms": tuple(
                one.model_copy(update={"d_prime": None}) for one in recipe.mechanisms
            ),
        }
    )


def choose_recipe(
    preset: str,
    *,
    kinds: str | None = None,
    refiners: str | None = None,
    severity: str | None = None,
    defects_per_image: str | None = None,
    seed: int | None = None,
    mm_per_px: float | None = None,
    min_score: float | None = None,
) -> "Recipe":
    """Load a preset and change it as the options say.

    Raises
    ------
    UserError
        If the preset or an option's value is not valid; the message names the option.
    """
    changes: dict[str, object] = {}
    d_prime = None if severity is None else _parse_severity(severity)
    if d_prime is not None:
        changes["severity"] = {"d_prime": d_prime}
    if defects_per_image is not None:
        changes["defects_per_image"] = parse_counts("--defects-per-image", defects_per_image)
    if seed is not None:
        changes["seed"] = seed
    if min_score is not None:
        changes["gates"] = {"min_score": min_score}
    if mm_per_px is not None:
        if not (math.isfinite(mm_per_px) and mm_per_px > 0):
            raise UserError(f"--mm-per-px: must be above 0, got {mm_per_px:g}")
        changes["mm_per_px"] = mm_per_px

    from anomsynth.recipe.load import choose_kinds, choose_refiners, load_recipe

    with named("--preset"):
        recipe = load_recipe(preset, **changes)
    if d_prime is not None:
        recipe = _everywhere(recipe, d_prime[0])
    if kinds is not None:
        chosen = parse_words("--kinds", kinds)
        with named("--kinds"):
            recipe = choose_kinds(recipe, chosen)
    if refiners is not None:
        chosen = [] if refiners.strip() == "none" else parse_words("--refiners", refiners)
        with named("--refiners"):
            recipe = choose_refiners(recipe, chosen)
    return recipe
