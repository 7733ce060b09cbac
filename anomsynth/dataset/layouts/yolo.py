"""YOLO: a text file of marks for each picture; pictures without one are background, and good.

Text files lie beside their pictures, or below ``labels`` as pictures lie below ``images``, with
splits above or below them (https://docs.ultralytics.com/datasets, Roboflow, darknet, LabelImg).
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from anomsynth.dataset.annotations.class_names import read_names
from anomsynth.dataset.annotations.drawn import Drawing
from anomsynth.dataset.annotations.yolo import read_yolo
from anomsynth.dataset.headers import upright_size
from anomsynth.dataset.layouts.drawn import items_of, split_in
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.layouts.sheets import LISTS, Sheets, is_dividing
from anomsynth.errors import InputError

SETUPS = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
LOOKED_AT = 64  # text files
_NAMED = re.compile(r"""^["']?names["']?[ \t]*:""", re.MULTILINE)


def find_yolo(sheets: Sheets) -> tuple[Labelled, ...]:
    """List pictures of a folder with text files of YOLO; nothing if there are none.

    Raises
    ------
    InputError
        If a text file is damaged or marks a picture that is not there, or names of classes are in
        a form that is not known.
    """
    texts = [path for path in sheets.ending(".txt") if path.name.lower() not in LISTS]
    if not texts:
        return ()
    pictures = sheets.pictures
    labels = [(file, pictures.of_stem(file), _is_marked(file)) for file in texts]
    if not any(path for _, path, _ in labels):
        return ()
    names = _names_of_setup(sheets)
    is_declared = names is not None
    of_pictures = (file for file, path, marked in labels if path and (marked or is_declared))
    if not any(is_declared or _reads(file) for file in islice(of_pictures, LOOKED_AT)):
        return ()
    names = _listed_names(sheets) if names is None else names
    owners = _owners(labels)
    trees = {_tree_of(sheets, path) for path in owners}
    found = []
    for path in pictures.paths:
        file, marked = owners.get(path, (path, False))
        declared = is_declared and _in_images(sheets, path)
        if path in owners or declared or _tree_of(sheets, path) in trees:
            shapes = read_yolo(file, _size(path), names) if marked else ()
            found.append((path, file, Drawing(path.name, None, shapes, split_in(sheets, path))))
    return items_of(sheets, found)


def _owners(labels: Iterable[tuple[Path, Path | None, bool]]) -> dict[Path, tuple[Path, bool]]:
    """Return for each picture its text file and whether that marks something."""
    owners: dict[Path, tuple[Path, bool]] = {}
    for file, path, marked in labels:
        if path is None:
            if marked and _reads(file):
                hint = "add the picture, or remove the file"
                raise InputError(f"{file}: its picture is not there", hint=hint)
        elif path not in owners or not owners[path][1]:
            owners[path] = file, marked
        elif marked:
            msg = f"{path}: marked twice, in {owners[path][0]} and in {file}"
            raise InputError(msg, hint="keep one of them")
    return owners


def _tree_of(sheets: Sheets, path: Path) -> Path:
    """Return the folder of images that a picture lies in, or its own."""
    above = path.parents[: len(path.parent.relative_to(sheets.root).parts)]
    return next((folder for folder in above if is_dividing(folder.name)), path.parent)


def _in_images(sheets: Sheets, path: Path) -> bool:
    return "images" in (part.lower() for part in path.parent.relative_to(sheets.root).parts)


def _reads(file: Path) -> bool:
    try:
        return bool(read_yolo(file, (1, 1), {}))
    except InputError:
        return False


def _is_marked(file: Path) -> bool:
    """Tell whether a text file holds more than white space."""
    try:
        return file.stat().st_size > 0 and bool(file.read_bytes().strip(b" \t\r\n\xef\xbb\xbf"))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def _names_of_setup(sheets: Sheets) -> Mapping[int, str] | None:
    """Return the names of classes in the file of the training's setup; None without one."""
    found = [file for file in sheets.ending(".yaml", ".yml") if _has_names(file)]
    usual = [file for file in found if file.name.lower() in SETUPS]
    chosen = usual or found
    names = [read_names(file) for file in chosen]
    if len({tuple(one.items()) for one in names}) > 1:
        msg = f"{chosen[0]}: names other classes than {chosen[1]}"
        raise InputError(msg, hint="keep one of them")
    return names[0] if names else None


def _has_names(file: Path) -> bool:
    if file.name.lower() in SETUPS:
        return True
    try:
        return _NAMED.search(file.read_text(encoding="utf-8-sig")) is not None
    except (OSError, ValueError):
        return False


def _listed_names(sheets: Sheets) -> Mapping[int, str]:
    """Return names of classes from a list of lines; none without one."""
    file = next((path for path in sheets.files if path.name.lower() in LISTS), None)
    if file is None:
        return {}
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from error
    return {number: line.strip() for number, line in enumerate(lines) if line.strip()}


def _size(path: Path) -> tuple[int, int]:
    found = upright_size(path)
    if found is None:
        raise InputError(f"{path}: damaged in its first bytes", hint="replace or remove it")
    return found
