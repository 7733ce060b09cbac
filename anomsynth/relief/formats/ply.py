"""PLY files: ascii and binary, points with any scalar properties, organised or not.

G. Turk, "The PLY Polygon File Format", Stanford, 1994.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError
from anomsynth.relief.formats.cloud import (
    AXES,
    Renewed,
    StoredCloud,
    parsed_lines,
    renewed_lines,
    understood_places,
)
from anomsynth.relief.scan import Form

SIGNS = (b"ply\n", b"ply\r")
END = b"end_header"
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
NAMES = {  # of 1990 and later
    "i1": ("char", "int8"),
    "u1": ("uchar", "uint8"),
    "i2": ("short", "int16"),
    "u2": ("ushort", "uint16"),
    "i4": ("int", "int32"),
    "u4": ("uint", "uint32"),
    "f4": ("float", "float32"),
    "f8": ("double", "float64"),
}
TYPES = {name: kind for kind, names in NAMES.items() for name in names}
POINTS = "vertex"
# Sizes of an organised cloud: range scanners' remarks, and the camera that PCL writes.
COLS = re.compile(rb"^(?:obj_info|comment)\s+(?:num_cols|width)\s+(\d+)\s*$", re.MULTILINE)
ROWS = re.compile(rb"^(?:obj_info|comment)\s+(?:num_rows|height)\s+(\d+)\s*$", re.MULTILINE)
VIEWPORT = ("viewportx", "viewporty")
LIST = "list"


@dataclass(slots=True)
class PlyElement:
    """A part of a PLY file: so many items, each with the same properties.

    Attributes
    ----------
    name : str
    count : int
    properties : list of (str, str)
        Names and types; `LIST` for lists.
    """

    name: str
    count: int
    properties: list[tuple[str, str]]

    @property
    def scalar(self) -> bool:
        """Whether all items have the same size."""
        return all(kind != LIST for _, kind in self.properties)

    def dtype(self, order: str) -> np.dtype[np.void]:
        """Return how an item is stored."""
        return np.dtype([(name, order + TYPES[kind]) for name, kind in self.properties])


def read_ply(content: bytes, path: Path) -> StoredCloud:
    """Return the points of a PLY file.

    Raises
    ------
    InputError
        If it is damaged, has no points, or points without x, y and z.
    """
    header, body = _split(content, path)
    order, elements = _parsed(header, path)
    before = _before_points(elements, path)
    points = elements[len(before)]
    names = [name for name, _ in points.properties]
    missing = [axis for axis in AXES if axis not in names]
    if missing:
        msg = f"{path}: its points have no property {missing[0]!r}: {', '.join(names) or 'none'}"
        raise InputError(msg, hint="name the coordinates x, y and z")
    details: dict[str, object] = {"header": header, "order": order, "places": None}
    details["keeps_all"] = any(not element.scalar for element in elements)
    rest = elements[len(before) + 1 :]
    if order:
        numbers, skipped = _binary(body, order, (before, points), path)
        details["head"], details["tail"] = body[:skipped], body[skipped + numbers.nbytes :]
        size = _organised(header, points.count) or _viewport(details["tail"], rest, order)
    else:
        lines = body.splitlines()
        skipped = sum(element.count for element in before)
        mine = lines[skipped : skipped + points.count]
        if len(mine) < points.count:
            raise _cut_off(path, len(mine), points.count)
        places = understood_places(names)
        numbers = parsed_lines(mine, len(names), places, path)
        tail = lines[skipped + points.count :]
        details |= {"places": places, "lines": mine, "head": lines[:skipped], "tail": tail}
        size = _organised(header, points.count) or _viewport_of_text(tail, rest)
    if size is not None and size[0] * size[1] != points.count:
        size = None
    details["keeps_all"] = bool(details["keeps_all"]) or size is not None
    return StoredCloud(numbers, size, None, details)


def encode_ply(form: Form, renewed: Renewed) -> bytes:
    """Return a PLY file as the one that was read, with renewed points."""
    said: dict[str, Any] = dict(form.details)
    header = said["header"]
    count = int(np.count_nonzero(renewed.kept))
    header = re.sub(rb"(?m)^(element\s+vertex\s+)\d+", rb"\g<1>%d" % count, header)
    if said["order"]:
        return b"".join(
            [header, said["head"], renewed.numbers[renewed.kept].tobytes(), said["tail"]]
        )
    lines = renewed_lines(said["lines"], said["places"], renewed)
    end = b"\r\n" if header.endswith(b"\r\n") else b"\n"
    return header + b"".join(line + end for line in (*said["head"], *lines, *said["tail"]))


def _split(content: bytes, path: Path) -> tuple[bytes, bytes]:
    """Return header, with the end of its last line, and the rest."""
    place = content.find(END)
    stop = content.find(b"\n", place)
    if place < 0 or stop < 0:
        raise InputError(f"{path}: damaged PLY: its header does not end", hint="replace the file")
    return content[: stop + 1], content[stop + 1 :]


def _parsed(header: bytes, path: Path) -> tuple[str, list[PlyElement]]:
    order: str | None = None
    elements: list[PlyElement] = []
    for line in header.decode("ascii", "replace").splitlines():
        words = line.split()
        try:
            match words[:1]:
                case ["format"]:
                    order = ORDERS[words[1]]
                case ["element"]:
                    elements.append(PlyElement(words[1], int(words[2]), []))
                case ["property"]:
                    kind = words[1] if words[1] == LIST else TYPES[words[1]] and words[1]
                    elements[-1].properties.append((words[-1], kind))
        except (IndexError, KeyError, ValueError) as error:
            msg = f"{path}: damaged PLY: its header says {line.strip()[:60]!r}"
            raise InputError(msg, hint="replace the file") from error
    for element in elements:
        names = [name for name, _ in element.properties]
        if len(set(names)) < len(names):
            msg = f"{path}: damaged PLY: two properties of {element.name!r} have one name"
            raise InputError(msg, hint="replace the file")
    if order is None:
        raise InputError(
            f"{path}: damaged PLY: it does not say its format", hint="replace the file"
        )
    return order, elements


def _before_points(elements: list[PlyElement], path: Path) -> list[PlyElement]:
    """Return what stands before the points."""
    names = [element.name for element in elements]
    if POINTS not in names or elements[names.index(POINTS)].count == 0:
        raise InputError(f"{path}: holds no points", hint="remove the file from the input")
    place = names.index(POINTS)
    for element in elements[: place + 1]:
        if not element.scalar:
            msg = f"{path}: lists among the properties of {element.name!r}, before its points"
            raise InputError(msg, hint="write the points first, with scalar properties only")
    return elements[:place]


def _binary(
    body: bytes, order: str, parts: tuple[list[PlyElement], PlyElement], path: Path
) -> tuple[NDArray[np.void], int]:
    before, points = parts
    skipped = sum(element.count * element.dtype(order).itemsize for element in before)
    dtype = points.dtype(order)
    there = max(len(body) - skipped, 0) // dtype.itemsize
    if there < points.count:
        raise _cut_off(path, there, points.count)
    return np.frombuffer(body, dtype, points.count, skipped), skipped


def _organised(header: bytes, count: int) -> tuple[int, int] | None:
    cols, rows = COLS.search(header), ROWS.search(header)
    if cols is None or rows is None or int(cols[1]) * int(rows[1]) != count:
        return None
    return (int(rows[1]), int(cols[1])) if int(rows[1]) > 1 else None


def _viewport(tail: object, rest: list[PlyElement], order: str) -> tuple[int, int] | None:
    """Return rows and columns of the camera that stands behind the points."""
    if not rest or not rest[0].scalar or rest[0].count != 1:
        return None
    dtype = rest[0].dtype(order)
    if not isinstance(tail, bytes) or len(tail) < dtype.itemsize or not _sees(rest[0]):
        return None
    camera = np.frombuffer(tail, dtype, 1)[0]
    cols, rows = (int(camera[name]) for name in VIEWPORT)
    return (rows, cols) if rows > 1 else None


def _viewport_of_text(tail: list[bytes], rest: list[PlyElement]) -> tuple[int, int] | None:
    if not rest or not tail or not _sees(rest[0]) or rest[0].count != 1:
        return None
    words = tail[0].split()
    names = [name for name, _ in rest[0].properties]
    if len(words) != len(names):
        return None
    cols, rows = (int(float(words[names.index(name)])) for name in VIEWPORT)
    return (rows, cols) if rows > 1 else None


def _sees(element: PlyElement) -> bool:
    return set(VIEWPORT) <= {name for name, _ in element.properties}


def _cut_off(path: Path, there: int, wanted: int) -> InputError:
    return InputError(f"{path}: cut off: {there} of {wanted} points", hint="replace the file")
