"""Images that are in a dataset twice, above all in training and test."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.plain_file import open_bytes
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.names import is_good_name
from anomsynth.dataset.manifest import array_hash
from anomsynth.errors import InputError

Place = tuple[str, str]  # split, kind


def check_duplicates(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    """Find equal images: equal files, or with `deep` equal pixels whatever the file."""
    pictures = _Pictures(tree)
    for twins in _twins(pictures, deep=deep):
        found = [pictures[at] for at in twins]
        first, *others = sorted(found, key=lambda one: (one[1][0] != "train", one[0]))
        for other in others:
            yield _judge(tree, first, other)


class _Pictures:
    """All images of a tree by number, each with its split and kind."""

    def __init__(self, tree: Tree) -> None:
        self._folders = list(tree.images.items())
        self._begins = np.cumsum([0, *(len(paths) for _, paths in self._folders)])

    def __len__(self) -> int:
        return int(self._begins[-1])

    def __getitem__(self, number: int) -> tuple[Path, Place]:
        folder = int(np.searchsorted(self._begins, number, side="right")) - 1
        place, paths = self._folders[folder]
        return paths[number - int(self._begins[folder])], place

    def paths(self) -> Iterator[Path]:
        """Yield the images in the order of their numbers."""
        return (path for _, paths in self._folders for path in paths)


def _judge(tree: Tree, first: tuple[Path, Place], second: tuple[Path, Place]) -> Finding:
    (_, (split, kind)), (path, (own_split, own_kind)) = first, second
    other = tree.name(first[0])
    good = is_good_name(kind), is_good_name(own_kind)
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


def _twins(pictures: _Pictures, *, deep: bool) -> Iterator[list[int]]:
    """Yield the numbers of images that are equal, two or more at a time."""
    if deep:
        keys = np.fromiter(map(_key, map(_pixels, pictures.paths())), dtype=np.int64)
        yield from _same(pictures, _groups(keys), _pixels)
        return
    sizes = np.fromiter(map(_size, pictures.paths()), dtype=np.int64)
    for members in _groups(sizes):
        hashes = (_file_hash(pictures[int(at)][0]) for at in members)
        keys = np.fromiter(map(_key, hashes), dtype=np.int64)
        yield from _same(pictures, (members[group] for group in _groups(keys)), _file_hash)


def _groups(keys: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the places of each key that comes more than once, ascending; 0 is no key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.flatnonzero(np.diff(ordered)) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(keys))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start > 1 and ordered[start]:
            yield order[start:end]


def _same(
    pictures: _Pictures, groups: Iterable[NDArray[np.int64]], hash_of: Callable[[Path], str]
) -> Iterator[list[int]]:
    """Yield what is equal in groups of equal keys, of which each is a part of a hash."""
    for group in groups:
        whole: dict[str, list[int]] = defaultdict(list)
        for at in group.tolist():
            whole[hash_of(pictures[at][0])].append(at)
        yield from (twins for name, twins in whole.items() if name and len(twins) > 1)


def _key(name: str) -> int:
    """Return 63 bits of a hash, 0 if there is none."""
    return int(name[:16], 16) >> 1 if name else 0


def _pixels(path: Path) -> str:
    try:
        return array_hash(read_photo(path).pixels)
    except InputError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _file_hash(path: Path) -> str:
    try:
        with open_bytes(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
