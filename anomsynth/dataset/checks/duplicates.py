"""Images that are in a dataset twice, above all in training and test."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.tree import GOOD_NAMES
from anomsynth.dataset.manifest import array_hash
from anomsynth.errors import InputError

Place = tuple[str, str]  # split, kind


def check_duplicates(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    """Find equal images: equal files, or with `deep` equal pixels whatever the file."""
    places = {path: place for place, paths in tree.images.items() for path in paths}
    for twins in _twins(list(places), deep=deep):
        first, *others = sorted(twins, key=lambda path: (places[path][0] != "train", path))
        for path in others:
            yield _judge(tree, (first, places[first]), (path, places[path]))


def _judge(tree: Tree, first: tuple[Path, Place], second: tuple[Path, Place]) -> Finding:
    (_, (split, kind)), (path, (own_split, own_kind)) = first, second
    other = tree.name(first[0])
    good = kind.lower() in GOOD_NAMES, own_kind.lower() in GOOD_NAMES
    if good[0] != good[1]:
        message = f"the same picture as {other}: good and defective at once"
        hint = "remove the one that is labelled wrongly"
        return Finding("error", "duplicate", tree.name(path), message, hint)
    if split != own_split:
        message = f"the same picture as {other}: results on it are too good"
        hint = "remove it from the test set or from the training set"
        return Finding("warning", "duplicate", tree.name(path), message, hint)
    message, hint = f"the same picture as {other}", "remove one of them if that is not intended"
    return Finding("note", "duplicate", tree.name(path), message, hint)


def _twins(paths: Sequence[Path], *, deep: bool) -> Iterator[list[Path]]:
    groups: dict[object, list[Path]] = defaultdict(list)
    for path in paths:
        groups[_pixels(path) if deep else _size(path)].append(path)
    for key, group in groups.items():
        if key is None or len(group) == 1:
            continue
        if deep:
            yield group
            continue
        files: dict[str, list[Path]] = defaultdict(list)
        for path in group:
            files[_file_hash(path)].append(path)
        yield from (twins for name, twins in files.items() if name and len(twins) > 1)


def _pixels(path: Path) -> str | None:
    try:
        return array_hash(read_photo(path).pixels)
    except InputError:
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size or None
    except OSError:
        return None


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
