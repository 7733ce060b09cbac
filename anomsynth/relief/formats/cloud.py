"""What the formats of point clouds have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.errors import InputError

AXES = ("x", "y", "z")
NORMALS = (("nx", "ny", "nz"), ("normal_x", "normal_y", "normal_z"))  # of PLY, of PCD
COLOURS = ("red", "green", "blue")
UNDERSTOOD = frozenset((*AXES, *NORMALS[0], *NORMALS[1], *COLOURS))
DIGITS = 9  # significant ones of a coordinate that moved: as many as float32 has


@dataclass(frozen=True, slots=True, eq=False)
class StoredCloud:
    """Points as a file has them.

    Attributes
    ----------
    numbers : (N,) structured array
        Fields x, y and z, and the other properties; of text only those that are `UNDERSTOOD`.
    size : (int, int) or None
        Rows and columns, if the file is organised.
    viewpoint : (float, float, float) or None
        Where the sensor stood, if the file says so.
    details : mapping
        What else belongs to the format.
    """

    numbers: NDArray[np.void]
    size: tuple[int, int] | None
    viewpoint: tuple[float, float, float] | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Renewed:
    """Points as they are to be written.

    Attributes
    ----------
    numbers : (N,) structured array
    before : (N,) structured array
        What the file that was read has.
    moved : (N,) bool
        Those that lie elsewhere.
    changed : (N,) bool
        Those, and others whose colour is another one.
    kept : (N,) bool
        Those that are written; a plain cloud has no point where nothing is measured.
    """

    numbers: NDArray[np.void]
    before: NDArray[np.void]
    moved: Mask
    changed: Mask
    kept: Mask


def understood_places(names: Sequence[str], widths: Sequence[int] | None = None) -> dict[str, int]:
    """Return in which columns of text the properties stand that are understood.

    Parameters
    ----------
    names : of all properties
    widths : of int, optional
        How many numbers each has; one by default.
    """
    counts = widths or [1] * len(names)
    starts = [sum(counts[:place]) for place in range(len(names))]
    found = zip(names, starts, counts, strict=True)
    return {name: start for name, start, count in found if name in UNDERSTOOD and count == 1}


def parsed_lines(
    lines: Sequence[bytes], columns: int, places: Mapping[str, int], path: Path
) -> NDArray[np.void]:
    """Return properties of points in lines of text, structured (N,) float64.

    Parameters
    ----------
    lines : of bytes
        One for each point.
    columns : int
        Numbers on each of them.
    places : by name
        Which of them are x, y, z and others that are wanted.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If a line has another count of numbers, or something else than numbers.
    """
    words = b" ".join(lines).split()
    try:
        values = np.array(words, dtype=np.float64)
    except ValueError as error:
        raise InputError(
            _first_bad(lines, columns, path), hint="mend or remove the line"
        ) from error
    if values.size != columns * len(lines):
        raise InputError(_first_bad(lines, columns, path), hint="mend or remove the line")
    table = values.reshape(len(lines), columns)
    numbers = np.empty(len(lines), dtype=[(name, np.float64) for name in places])
    for name, place in places.items():
        numbers[name] = table[:, place]
    return numbers


def renewed_lines(
    lines: Sequence[bytes], places: Mapping[str, int], renewed: Renewed
) -> list[bytes]:
    """Return the lines of a file: numbers that did not change as they stood there."""
    written = list(lines)
    separated = _separator(lines[0]) if lines else b" "
    columns = [
        (place, renewed.numbers[name], renewed.before[name]) for name, place in places.items()
    ]
    for index in np.flatnonzero(renewed.changed & renewed.kept):
        words = written[index].replace(separated, b" ").split()
        for place, now, before in columns:
            if now[index] != before[index]:
                words[place] = f"{now[index]:.{DIGITS}g}".encode()
        written[index] = separated.join(words)
    return [written[index] for index in np.flatnonzero(renewed.kept)]


def _separator(line: bytes) -> bytes:
    return next((mark for mark in (b",", b";", b"\t") if mark in line), b" ")


def _first_bad(lines: Sequence[bytes], columns: int, path: Path) -> str:
    """Say which line cannot be read."""
    for number, line in enumerate(lines, 1):
        words = line.split()
        try:
            for word in words:
                float(word)
        except ValueError:
            return f"{path}: point {number} is no row of numbers: {_shown(line)}"
        if len(words) != columns:
            return f"{path}: point {number} has {len(words)} numbers instead of {columns}"
    return f"{path}: its points cannot be read"


def _shown(line: bytes) -> str:
    return repr(line[:40].decode("ascii", "replace"))
