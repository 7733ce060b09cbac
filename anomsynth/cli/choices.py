"""Option values from the text of a command line, with the option named on error."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import typer

from anomsynth.cli.environment import PRESET, SEED, note
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.api.options import Strength


class Files(TypedDict):
    """How the numbers of photos' files are meant, where the files do not tell."""

    value_range: tuple[float, float] | None
    bands: list[str] | None


AUTO = "auto"  # as a preset: let the photos decide


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
    typer.Option(
        "--kinds",
        metavar="A,B",
        help="Only these kinds of defects [the preset's]; see `list --preset NAME`.",
    ),
]
Refiners = Annotated[
    str | None,
    typer.Option(
        "--refiners", metavar="none|A,B", help="These refiners, see `list refiners` [the preset's]."
    ),
]
Severity = Annotated[
    str | None,
    typer.Option(
        "--severity",
        metavar="LO:HI|physical",
        help="Visibility d' of defects, e.g. 2:6; large areas up to 4.5, or LO if higher "
        "[the preset's]; physical: as depth, material and light give it.",
    ),
]
DefectsPerImage = Annotated[
    str | None,
    typer.Option(
        "--defects-per-image", metavar="LO:HI|N", help="Defects on one image [the preset's]."
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, envvar=SEED, callback=note, help="Another number makes other defects [0]."
    ),
]
SourceLayout = Annotated[
    str | None,
    typer.Option(
        "--source-layout",
        metavar="NAME",
        help="How it is laid out, if not recognised: mvtec, visa, folders, labelme, coco, yolo, "
        "cvat, voc and others; photos: all good.",
    ),
]
Bits = Annotated[
    int | None,
    typer.Option("--bits", min=8, max=16, help="Bits that the camera uses of 16 [found]."),
]
ValueRange = Annotated[
    str | None,
    typer.Option(
        "--value-range", metavar="LO:HI", help="Black and white of float and 32-bit TIFF photos."
    ),
]
Bands = Annotated[
    str | None,
    typer.Option("--bands", metavar="A|A,B,C", help="Bands of TIFF photos, by number or name."),
]
DepthUnit = Annotated[
    float | None,
    typer.Option(
        "--depth-unit",
        metavar="MM",
        min=0,
        help="Photos are depth maps: mm per level; or mm per unit of scans [by their spacing].",
    ),
]
DepthSense = Annotated[
    Literal["depth", "height"] | None,
    typer.Option(
        "--depth-sense", help="Whether z of scans grows away from the sensor or towards it [depth]."
    ),
]
Views = Annotated[
    str | None,
    typer.Option(
        "--views", metavar="A,B", help="Photos of one part in several lights: part_A, part_B."
    ),
]
Lights = Annotated[
    Path | None,
    typer.Option("--lights", metavar="FILE", help="JSON: lights of views [as measured]."),
]
MmPerPx = Annotated[
    float | None,
    typer.Option("--mm-per-px", help="Size of a pixel [by the preset's scale]."),
]


def parse_range(option: str, text: str) -> tuple[float, float]:
    """Return low and high of ``LO:HI`` or of one number.

    Raises
    ------
    UserError
        If the text is something else.
    """
    low, colon, high = text.partition(":")
    try:
        return float(low), float(high if colon else low)
    except ValueError:
        hint = f"for example {option} 2:6"
        raise UserError(f"{option}: expected LO:HI, got {text!r}", hint=hint) from None


def parse_severity(text: str) -> "Strength":
    """Return low and high of a range of d', or ``physical``.

    Raises
    ------
    UserError
        If the text is something else.
    """
    return "physical" if text.strip() == "physical" else parse_range("--severity", text)


def parse_files(value_range: str | None, bands: str | None) -> "Files":
    """Return how the numbers of photos' files are meant, as keywords of the library."""
    return {
        "value_range": None if value_range is None else parse_range("--value-range", value_range),
        "bands": None if bands is None else parse_words("--bands", bands),
    }


def parse_counts(option: str, text: str) -> tuple[int, int]:
    """Return low and high of ``LO:HI`` or of one whole number.

    Raises
    ------
    UserError
        If the text is no range of whole numbers.
    """
    low, high = parse_range(option, text)
    if not (low.is_integer() and high.is_integer()):
        hint = f"e.g. {option} 1:3"
        raise UserError(f"{option}: expected whole numbers, got {text!r}", hint=hint)
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


def parse_refiners(text: str) -> list[str]:
    """Return the refiners of ``a,b``; ``none`` is none."""
    return [] if text.strip() == "none" else parse_words("--refiners", text)
