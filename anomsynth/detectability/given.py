"""Answers that others have written down: a folder of maps, or a table of scores or clicks."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.plain_file import open_text, read_bytes
from anomsynth.core.types import Float32
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.paths import is_dir, is_file, nfc
from anomsynth.detectability.answers import Answers, Progress, Shape, around, check_map
from anomsynth.detectability.inputs import SweptFlaw, SweptSet
from anomsynth.errors import InputError

MAP_ENDINGS = (".npy", ".tiff", ".tif", ".png")
IMAGE, SCORE, ROW, COLUMN = "image", "score", "row", "column"
REST = "more cells than columns"
Mark = tuple[float, float | None, float | None]  # score, row, column


def maps_in(folder: Path, swept: SweptSet) -> "MapFolder":
    """Return the maps of a folder, found by the names of a sweep's pictures.

    Raises
    ------
    InputError
        If the folder is missing, or a picture has no map there.
    """
    if not is_dir(folder):
        raise InputError(f"{folder}: no such folder", hint="give the folder of the maps")
    known: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in MAP_ENDINGS and is_file(path):
            known.setdefault(nfc(path.relative_to(folder).with_suffix("").as_posix()), path)
    files, missing = {}, []
    for picture in _pictures(swept):
        found = next((known[name] for name in _names(picture) if name in known), None)
        if found is None:
            missing.append(picture)
        else:
            files[picture] = found
    if missing:
        example = _names(missing[0])[-1]
        msg = f"{folder}: no map of {len(missing)} of {len(files) + len(missing)} pictures"
        hint = f"name them like the pictures, such as {example}.tiff (or .png, .npy)"
        raise InputError(f"{msg}, e.g. {missing[0]}", hint=hint)
    return MapFolder(swept.root, files)


class MapFolder:
    """Maps by picture; calling it reads those of some pictures."""

    def __init__(self, root: Path, files: Mapping[str, Path]) -> None:
        self._root, self._files = root, files

    def __call__(self, pictures: Sequence[Path]) -> Iterator[tuple[Float32, Shape]]:
        """Yield map and size of each picture."""
        for picture in pictures:
            path = self._files[picture.relative_to(self._root).as_posix()]
            height, width = read_photo(picture).pixels.shape[:2]
            yield check_map(_read(path), path, (height, width)), (height, width)


def _read(path: Path) -> NDArray[np.generic]:
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False))
        coded = np.frombuffer(read_bytes(path), np.uint8)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}", hint="write it again") from error
    values = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED) if coded.size else None
    if values is None:
        raise InputError(f"{path}: not a picture of numbers", hint="write grey PNG, TIFF or .npy")
    return np.asarray(values)


def answers_of_table(
    path: Path, swept: SweptSet, tolerance: float | None, tell: Progress
) -> Answers:
    """Read a table with a score for each picture, or with the places somebody marked.

    Columns are `image` and `score`; with `row` and `column` (pixels) each line is a mark, a
    picture may have several, and one without a mark has a line with nothing in them. A mark
    without a score counts 1.

    Raises
    ------
    InputError
        If a column is missing, a cell is no number, or the pictures are others.
    """
    marks, places = _read_table(path, swept.root)
    found: dict[str, list[Mark]] = {}
    missing = []
    for picture in _pictures(swept):
        named = next((marks[name] for name in _names(picture) if name in marks), None)
        if named is None:
            missing.append(picture)
        else:
            found[picture] = named
    if missing:
        total = len(found) + len(missing)
        example = f"{_names(missing[0])[-1]}.png"
        if not found:
            other = next(iter(marks), "none")
            msg = f"{path}: names other pictures (such as {other!r}) than {swept.root}"
            raise InputError(msg, hint=f"name them as in the sweep: {example}")
        msg = f"{path}: no line for {len(missing)} of {total} pictures, e.g. {missing[0]}"
        raise InputError(msg, hint="every picture needs one, also those with nothing found")
    signals = []
    for done, flaw in enumerate(swept.flaws, 1):
        own = found[flaw.picture]
        signals.append(_at(path, swept.root, flaw, own, tolerance) if places else _top(own))
        tell(done, len(swept.flaws))
    good = [found[item.picture] for item in swept.good]

    def calls(threshold: float) -> NDArray[np.int64]:
        return np.array([sum(mark[0] > threshold for mark in own) for own in good], dtype=np.int64)

    shapes = [read_photo(swept.root / item.picture).pixels.shape for item in swept.good]
    for item, own, shape in zip(swept.good, good, shapes, strict=True):
        for mark in own:
            _check_place(path, item.picture, mark, (shape[0], shape[1]))
    return Answers(
        path.name,
        np.array(signals, np.float64),
        np.array([_top(own) for own in good]),
        None,
        calls,
        places=places,
        sizes_px=np.array([float(shape[0] * shape[1]) for shape in shapes]),
    )


def _read_table(path: Path, root: Path) -> tuple[dict[str, list[Mark]], bool]:
    if not is_file(path):
        raise InputError(f"{path}: no such file", hint="give a table with image and score")
    try:
        with open_text(path, "utf-8-sig") as file:
            head = file.readline()
            comma = ";" if ";" in head and "," not in head else ","
            names = [name.strip().lower() for name in next(csv.reader([head], delimiter=comma), [])]
            rows = list(csv.DictReader(file, names, delimiter=comma, restkey=REST))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a table: {error}", hint="write CSV in UTF-8") from error
    columns = set(names)
    lacking = [name for name in (IMAGE, SCORE) if name not in columns]
    if lacking:
        had = ", ".join(repr(name) for name in names if name)
        msg = f"{path}: no column {lacking[0]!r}, it has {had}" if had else f"{path}: holds no line"
        raise InputError(msg, hint="columns are image, score and, for places, row, column")
    if not rows:
        raise InputError(f"{path}: holds no line", hint="every picture needs one")
    places = {ROW, COLUMN} <= columns
    marks: dict[str, list[Mark]] = {}
    for number, row in enumerate(rows, 2):
        name = _relative(str(row[IMAGE]), root)
        known = name in marks
        own = marks.setdefault(name, [])
        cells = [_number(row.get(column), path, number) for column in (SCORE, ROW, COLUMN)]
        if places:
            own += _mark(cells, path, number)
        elif cells[0] is None:
            what = ", ".join(sorted(columns - {IMAGE, SCORE}))
            hint = "every line needs one" + (
                f"; places stand in row, column, not {what}" * bool(what)
            )
            raise InputError(f"{path}: line {number}: no score", hint=hint)
        elif known:
            msg = f"{path}: line {number}: a second score for {row[IMAGE]}"
            raise InputError(msg, hint="give one a picture, or the places too: row, column")
        else:
            own.append((cells[0], None, None))
    return marks, places


def _relative(name: str, root: Path) -> str:
    """Return a picture's name without its ending, below the sweep's folder if it lies there."""
    shown = nfc(name.strip().replace("\\", "/")).removeprefix("./")
    for above in (f"{root.as_posix()}/", f"{root.name}/"):
        shown = shown.removeprefix(above)
    return shown.rpartition(".")[0] or shown


def _mark(cells: Sequence[float | None], path: Path, line: int) -> Iterator[Mark]:
    """Yield the mark of a line, if it has one: a place alone is what a person clicks."""
    score, row, column = cells
    if row is not None and column is not None:
        yield 1.0 if score is None else score, row, column
    elif score is not None or row is not None or column is not None:
        msg = f"{path}: line {line}: a mark without a place"
        raise InputError(msg, hint="fill row and column, or leave both columns out of the table")


def _number(cell: str | None, path: Path, line: int) -> float | None:
    if cell is None or not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{path}: line {line}: {cell!r} is no number", hint="correct the cell")
    return value


def _top(marks: Sequence[Mark]) -> float:
    return max((mark[0] for mark in marks), default=-np.inf)


def _check_place(path: Path, picture: str, mark: Mark, shape: tuple[int, int]) -> None:
    _, row, column = mark
    if row is None or column is None:
        return
    if not (-0.5 <= row < shape[0] and -0.5 <= column < shape[1]):
        size = f"{shape[0]} rows and {shape[1]} columns"
        msg = f"{path}: row {row:g}, column {column:g} lie off {picture}, which has {size}"
        raise InputError(msg, hint="count pixels of the picture, from 0")


def _at(
    path: Path, root: Path, flaw: SweptFlaw, marks: Sequence[Mark], tolerance: float | None
) -> float:
    """Return the highest score that was marked at a defect."""
    if not marks:
        return -np.inf
    marked = read_photo(root / flaw.mask).pixels.max(axis=2) > 0
    box, inside = around(marked, tolerance)
    here = []
    for score, row, column in marks:
        _check_place(path, flaw.picture, (score, row, column), (marked.shape[0], marked.shape[1]))
        if row is None or column is None:
            continue
        down, right = round(row) - box.top, round(column) - box.left
        height, width = inside.shape
        if 0 <= down < height and 0 <= right < width and inside[down, right]:
            here.append(score)
    return max(here, default=-np.inf)


def _pictures(swept: SweptSet) -> list[str]:
    return [*(item.picture for item in swept.good), *(flaw.picture for flaw in swept.flaws)]


def _names(picture: str) -> list[str]:
    """Return the names by which a picture may be known: below the sweep, its category, its test."""
    stem = picture.rpartition(".")[0]
    parts = stem.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts) - 1)]
