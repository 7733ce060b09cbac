"""Points as text: x, y, z and whatever else on each line."""

from pathlib import Path
from typing import Any

from anomsynth.errors import InputError
from anomsynth.relief.formats.cloud import Renewed, StoredCloud, parsed_lines, renewed_lines
from anomsynth.relief.scan import Form

PLACES = {"x": 0, "y": 1, "z": 2}
MOST_HEADER = 8  # lines before the first point
SEPARATORS = bytes.maketrans(b",;\t", b"   ")


def read_xyz(content: bytes, path: Path) -> StoredCloud:
    """Return the points of a text file: three numbers and more on each line, in any separation.

    Lines before the first point (names of columns, a count) and empty ones are kept as they are.

    Raises
    ------
    InputError
        If it holds no points, or a line that is none among them.
    """
    lines = content.splitlines()
    first = next((n for n, line in enumerate(lines[: MOST_HEADER + 1]) if _is_point(line)), None)
    if first is None:
        msg = f"{path}: holds no points: none of its first lines is three numbers"
        raise InputError(msg, hint="write x, y and z of a point on each line")
    mine = lines[first:]
    while mine and not mine[-1].strip():
        mine.pop()
    plain = [line.translate(SEPARATORS) for line in mine]
    numbers = parsed_lines(plain, len(plain[0].split()), PLACES, path)
    details = {"head": lines[:first], "lines": mine, "crlf": b"\r\n" in content[:4096]}
    return StoredCloud(numbers, None, None, {**details, "keeps_all": False})


def encode_xyz(form: Form, renewed: Renewed) -> bytes:
    """Return a text file as the one that was read, with renewed points."""
    said: dict[str, Any] = dict(form.details)
    end = b"\r\n" if said["crlf"] else b"\n"
    lines = renewed_lines(said["lines"], PLACES, renewed)
    return b"".join(line + end for line in (*said["head"], *lines))


def _is_point(line: bytes) -> bool:
    words = line.translate(SEPARATORS).split()
    try:
        return len([float(word) for word in words]) >= len(PLACES)
    except ValueError:
        return False
