"""PCD files of the Point Cloud Library: ascii, binary and binary_compressed.

PCD version 0.7, https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError
from anomsynth.relief.formats import lzf
from anomsynth.relief.formats.cloud import (
    AXES,
    Renewed,
    StoredCloud,
    parsed_lines,
    renewed_lines,
    understood_places,
)
from anomsynth.relief.scan import Form

SIGNS = (b"# .PCD", b"VERSION", b"FIELDS")
DATA = re.compile(rb"(?m)^DATA[ \t]+(\w+)[ \t]*\r?\n")
KINDS = {"F": "f", "I": "i", "U": "u"}
PADDING = "_"
STORED = ("ascii", "binary", "binary_compressed")
SIZES = struct.Struct("<II")  # of the compressed points, and of the points


@dataclass(frozen=True, slots=True)
class PcdHeader:
    """What the header of a PCD file says.

    Attributes
    ----------
    columns : tuple of (str, str, int)
        Name, numpy type and count of each field.
    cols, rows, points : int
    viewpoint : (float, float, float)
    stored : str
        One of `STORED`.
    """

    columns: tuple[tuple[str, str, int], ...]
    cols: int
    rows: int
    points: int
    viewpoint: tuple[float, float, float]
    stored: str

    @property
    def dtype(self) -> np.dtype[np.void]:
        """How a point is stored; fields of padding may share a name."""
        names = [
            f"{name}.{place}" if name == PADDING else name
            for place, (name, _, _) in enumerate(self.columns)
        ]
        return np.dtype(
            [
                (name, "<" + kind, (count,)) if count > 1 else (name, "<" + kind)
                for name, (_, kind, count) in zip(names, self.columns, strict=True)
            ]
        )


def read_pcd(content: bytes, path: Path) -> StoredCloud:
    """Return the points of a PCD file.

    Raises
    ------
    InputError
        If it is damaged, has no points, or points without x, y and z.
    """
    found = DATA.search(content)
    if found is None:
        raise InputError(f"{path}: damaged PCD: its header does not end", hint="replace the file")
    text, body = content[: found.end()], content[found.end() :]
    header = _parsed(text.decode("ascii", "replace"), path)
    names = [name for name, _, _ in header.columns]
    missing = [axis for axis in AXES if axis not in names]
    if missing:
        msg = f"{path}: its points have no field {missing[0]!r}: {', '.join(names)}"
        raise InputError(msg, hint="name the coordinates x, y and z")
    if header.points == 0:
        raise InputError(f"{path}: holds no points", hint="remove the file from the input")
    organised = header.rows > 1
    details: dict[str, object] = {"header": text, "stored": header.stored, "tail": b""}
    details["keeps_all"] = organised
    if header.stored == "ascii":
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) < header.points:
            raise _cut_off(path, len(lines), header.points)
        widths = [count for _, _, count in header.columns]
        places = understood_places(names, widths)
        numbers = parsed_lines(lines[: header.points], sum(widths), places, path)
        details |= {"lines": lines[: header.points], "places": places}
    else:
        numbers = _binary(body, header, path)
    size = (header.rows, header.cols) if organised else None
    return StoredCloud(numbers, size, header.viewpoint, details)


def encode_pcd(form: Form, renewed: Renewed) -> bytes:
    """Return a PCD file as the one that was read, with renewed points.

    Compressed points are stored as literals, which every reader of the format takes.
    """
    said: dict[str, Any] = dict(form.details)
    header = said["header"]
    if not renewed.kept.all():
        count = int(np.count_nonzero(renewed.kept))
        for name, value in ((b"WIDTH", count), (b"HEIGHT", 1), (b"POINTS", count)):
            header = re.sub(rb"(?m)^(%s[ \t]+)\d+" % name, rb"\g<1>%d" % value, header)
    if said["stored"] == "ascii":
        lines = renewed_lines(said["lines"], said["places"], renewed)
        return header + b"".join(line + b"\n" for line in lines)
    numbers = renewed.numbers[renewed.kept]
    if said["stored"] == "binary":
        return header + numbers.tobytes()
    names = numbers.dtype.names or ()
    raw = b"".join(np.ascontiguousarray(numbers[name]).tobytes() for name in names)
    packed = lzf.stored(raw)
    return header + SIZES.pack(len(packed), len(raw)) + packed


def _parsed(text: str, path: Path) -> PcdHeader:
    lines = (line.split() for line in text.splitlines() if line.strip() and line[0] != "#")
    said = {words[0]: words[1:] for words in lines}
    names = said.get("FIELDS", said.get("COLUMNS", []))
    try:
        sizes, kinds = [int(word) for word in said["SIZE"]], said["TYPE"]
        counts = [int(word) for word in said.get("COUNT", ["1"] * len(names))]
        columns = tuple(
            (name, f"{KINDS[kind]}{size}", count)
            for name, kind, size, count in zip(names, kinds, sizes, counts, strict=True)
        )
        for _, kind, _ in columns:
            np.dtype(kind)
        _check_names(columns)
        cols, rows = int(said["WIDTH"][0]), int(said["HEIGHT"][0])
        points = int(said.get("POINTS", [str(cols * rows)])[0])
        place = [float(word) for word in said.get("VIEWPOINT", ["0", "0", "0"])[:3]]
        viewpoint = (place[0], place[1], place[2])
        stored = STORED[STORED.index(said["DATA"][0])]
    except (KeyError, ValueError, IndexError, TypeError) as error:
        msg = f"{path}: damaged PCD: its header is incomplete or says what it cannot mean"
        raise InputError(msg, hint="replace the file") from error
    if cols * rows != points:
        msg = f"{path}: damaged PCD: WIDTH {cols} x HEIGHT {rows}, but POINTS {points}"
        raise InputError(msg, hint="mend its header or replace the file")
    return PcdHeader(columns, cols, rows, points, viewpoint, stored)


def _check_names(columns: tuple[tuple[str, str, int], ...]) -> None:
    """Raise ValueError if two fields have one name, or one has no numbers."""
    names = [name for name, _, _ in columns if name != PADDING]
    if len(set(names)) < len(names) or any(count < 1 for _, _, count in columns):
        raise ValueError("fields of one name, or of nothing")


def _binary(body: bytes, header: PcdHeader, path: Path) -> NDArray[np.void]:
    dtype, count = header.dtype, header.points
    wanted = dtype.itemsize * count
    if header.stored == "binary":
        if len(body) < wanted:
            raise _cut_off(path, len(body) // dtype.itemsize, count)
        return np.frombuffer(body, dtype, count)
    if len(body) < SIZES.size:
        raise _cut_off(path, 0, count)
    packed, raw = SIZES.unpack_from(body)
    try:
        plain = lzf.unpacked(body[SIZES.size : SIZES.size + packed], raw)
    except ValueError as error:
        raise InputError(f"{path}: damaged PCD: {error}", hint="replace the file") from error
    if len(plain) != wanted:
        raise _cut_off(path, len(plain) // dtype.itemsize, count)
    numbers, start = np.empty(count, dtype), 0
    for name in dtype.names or ():
        column = dtype[name]
        stop = start + count * column.itemsize
        values = np.frombuffer(plain[start:stop], column.base)
        numbers[name] = values.reshape(count, *column.shape)
        start = stop
    return numbers


def _cut_off(path: Path, there: int, wanted: int) -> InputError:
    return InputError(f"{path}: cut off: {there} of {wanted} points", hint="replace the file")
