"""The record of a dataset: JSON lines that say of each picture what it is and where from."""

import base64
import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.json_text import parse_json
from anomsynth.core.plain_file import open_bytes
from anomsynth.core.sample import Instance
from anomsynth.core.types import Box, Mask
from anomsynth.dataset.manifest_line import AGAIN, check_line
from anomsynth.dataset.paths import exists
from anomsynth.errors import OutputError

Line = dict[str, object]
What = Literal["normal", "sample", "failed sample", "unusable photo"]
SIGNIFICANT = 6  # digits; parameters are recorded to be read, a sample is rebuilt from its key


def to_json(value: Mapping[str, object]) -> str:
    """Return one line of JSON: sorted keys, UTF-8, no spaces, NaN and infinity as null."""
    return again_json(_plain(value))


def again_json(line: object) -> str:
    """Return the JSON that `to_json` made of a line that was read, three times as fast."""
    return json.dumps(
        line, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def read_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file; a last line that was cut off by a crash is left out.

    Raises
    ------
    OutputError
        If a line before the last is not a JSON object, or the file cannot be read.
    """
    for _, line in read_placed_lines(path):
        yield line


def read_placed_lines(path: Path) -> Iterator[tuple[range, Line]]:
    """Yield each line with the range of bytes it takes; see `read_lines`."""
    start = 0
    try:
        with open_bytes(path) as file:
            for number, raw in enumerate(file, start=1):
                if not raw.endswith(b"\n"):
                    return
                place = range(start, start + len(raw))
                yield place, _parse(raw, path, number)
                start = place.stop
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def has_manifest(path: Path) -> bool:
    """Tell whether there is a manifest; raise OutputError if it is a link that leads nowhere."""
    if exists(path):
        return True
    if path.is_symlink():
        msg = f"{path}: cannot be read: a link that leads nowhere"
        raise OutputError(msg, hint="restore the file, or remove the link")
    return False


def read_manifest(path: Path, *, made: bool = False) -> Iterator[Line]:
    """Yield the lines of a manifest, each of which says what it has to.

    Parameters
    ----------
    path : Path
    made : bool
        Whether they go on with a run, or make a sample again.

    Raises
    ------
    OutputError
        As `read_lines`, or if a line lacks something or says something impossible.
    """
    for _, line in read_placed_manifest(path, made=made):
        yield line


def read_placed_manifest(path: Path, *, made: bool = False) -> Iterator[tuple[range, Line]]:
    """Yield each line of a manifest with the range of bytes it takes; see `read_manifest`."""
    for number, (place, line) in enumerate(read_placed_lines(path), start=1):
        check_line(line, path, number, made=made)
        yield place, line


def read_line_at(path: Path, start: int) -> Line:
    """Return the line that begins at a byte of a file; raise OutputError as `read_lines`."""
    try:
        with open_bytes(path) as file:
            file.seek(start)
            return _parse(file.readline(), path, 0)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def whole_number(line: Line, name: str, path: Path) -> int:
    """Return a number of a line.

    Raises
    ------
    OutputError
        If it is missing or none; the message names the file.
    """
    try:
        return int(str(line[name]))
    except (KeyError, ValueError) as error:
        raise OutputError(f"{path}: damaged line: no number {name!r}", hint=AGAIN) from error


def array_hash(array: NDArray[np.generic]) -> str:
    """Return the SHA-256 of an array's type, shape and values (little-endian)."""
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    sha = hashlib.sha256(f"{little.dtype.name}{little.shape}".encode())
    sha.update(little.view(np.uint8).data if little.size else b"")
    return sha.hexdigest()


def pack_support(instance: Instance) -> dict[str, object]:
    """Return where an instance could change pixels: its box and the bits in it, compressed."""
    bits = np.packbits(instance.support).tobytes()
    return {
        "box": list(instance.support_box),
        "bits": base64.b64encode(zlib.compress(bits, 6)).decode("ascii"),
    }


def unpack_support(packed: Mapping[str, object]) -> tuple[Box, Mask]:
    """Return the box and the (h, w) bool support that `pack_support` stored.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    try:
        box = Box(*(int(side) for side in packed["box"]))  # type: ignore[attr-defined]  # see except
        bits = zlib.decompress(base64.b64decode(str(packed["bits"])))
        count = box.shape[0] * box.shape[1]
        flat = np.unpackbits(np.frombuffer(bits, np.uint8), count=count)
        return box, flat.reshape(box.shape).astype(bool)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise OutputError(f"damaged record of a support: {error}") from error


def _parse(raw: bytes, path: Path, number: int) -> Line:
    try:
        line = parse_json(raw)
    except ValueError as error:
        raise OutputError(f"{path}: line {number} is not JSON", hint=AGAIN) from error
    if not isinstance(line, dict):
        raise OutputError(f"{path}: line {number} is not a JSON object", hint=AGAIN)
    return line


def _plain(value: object) -> object:
    """Return a value of plain JSON types with rounded numbers."""
    # Manifests hold many numbers: what they mostly are comes first.
    if isinstance(value, float):  # NumPy's float64 too
        return float(f"{value:.{SIGNIFICANT}g}") if math.isfinite(value) else None
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value
