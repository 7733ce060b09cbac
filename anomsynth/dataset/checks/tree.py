"""The files of one category, sorted by what they are to a loader."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.labelled import SourceLayout, need_layout
from anomsynth.dataset.layout import RESERVED
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.layouts.mvtec import SPLITS, TRUTH, find_categories
from anomsynth.dataset.layouts.tree import GOOD_NAMES

Folders = Mapping[str, Sequence[Path]]


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one category.

    Attributes
    ----------
    root : Path
        The dataset's root; findings name files below it.
    folder : Path
        The category's folder.
    files : every file below it, hidden ones too
    empty : folders that hold nothing
    links : folders that are links
    images : (split, kind) -> pictures that lie directly in ``split/kind``
    masks : kind -> pictures that lie directly in ``ground_truth/kind``
    items : the labelled images with their masks
    layout : SourceLayout
    """

    root: Path
    folder: Path
    files: tuple[Path, ...]
    empty: tuple[Path, ...]
    links: tuple[Path, ...]
    images: Mapping[tuple[str, str], Sequence[Path]]
    masks: Folders
    items: tuple[Labelled, ...]
    layout: SourceLayout = "mvtec"

    @property
    def is_mvtec(self) -> bool:
        """Whether loaders of the MVTec AD tree are meant to read it."""
        return self.layout == "mvtec"

    def name(self, path: Path) -> str:
        """Return a path as findings name it."""
        return path.relative_to(self.root).as_posix()

    def pictures(self) -> Iterator[Path]:
        """Yield every image, no masks."""
        for paths in self.images.values():
            yield from paths

    def defects(self) -> Iterator[tuple[str, Sequence[Path]]]:
        """Yield the kinds of the test set with their images."""
        for (split, kind), paths in self.images.items():
            if split == "test" and kind.lower() not in GOOD_NAMES:
                yield kind, paths


def read_trees(root: Path, layout: str | None = None) -> tuple[Tree, ...]:
    """List the categories of a dataset; see `find_labelled` for what is understood.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds no labelled image.
    """
    name, items = need_layout(root, layout)
    if name == "images-masks":
        return (_pairs(root, items),)
    if name != "mvtec":
        return tuple(
            _other(root, name, tuple(group))
            for _, group in groupby(
                sorted(items, key=lambda item: item.category), key=lambda item: item.category
            )
        )
    owners: dict[Path, list[Labelled]] = {folder: [] for folder in find_categories(root)}
    for item in items:
        owners[item.image.parents[2]].append(item)
    return tuple(_tree(root, folder, tuple(own)) for folder, own in owners.items())


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture that is meant to be seen."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _tree(root: Path, folder: Path, items: tuple[Labelled, ...]) -> Tree:
    files, empty, links = _walk(folder)
    images: dict[tuple[str, str], list[Path]] = defaultdict(list)
    masks: dict[str, list[Path]] = defaultdict(list)
    for path in files:
        parts = PurePosixPath(path.relative_to(folder)).parts
        if len(parts) != 3 or not is_picture(path):
            continue
        if parts[0] in SPLITS:
            images[parts[0], parts[1]].append(path)
        elif parts[0] == TRUTH:
            masks[parts[1]].append(path)
    return Tree(root, folder, files, empty, links, images, masks, items)


def _pairs(root: Path, items: tuple[Labelled, ...]) -> Tree:
    found = [_walk(root / name) for name in ("images", "masks")]
    images, masks = ([path for path in files if is_picture(path)] for files, *_ in found)
    files = tuple(path for files, *_ in found for path in files)
    return Tree(
        root, root, files, (), (), {("test", "defect"): images}, {"defect": masks}, items,
        layout="images-masks",
    )  # fmt: skip


def _other(root: Path, layout: SourceLayout, items: tuple[Labelled, ...]) -> Tree:
    """Return a category of another layout: its images and what marks them, no other files."""
    images: dict[tuple[str, str], list[Path]] = defaultdict(list)
    masks: dict[str, list[Path]] = defaultdict(list)
    for item in items:
        # Some layouts have defects among their training images, and loaders that know it.
        images[item.split if item.good else "test", item.kind].append(item.image)
        masks[item.kind] += item.marks
    folder = root if root.name == items[0].category else root / items[0].category
    files = tuple(path for paths in (*images.values(), *masks.values()) for path in paths)
    return Tree(root, folder, files, (), (), images, masks, items, layout)


def _walk(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...], tuple[Path, ...]]:
    """Return the files below a folder, folders that hold nothing, and links to folders."""
    files: list[Path] = []
    empty: list[Path] = []
    links: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != RESERVED)
        here = Path(place)
        files += [here / name for name in names]
        links += [here / name for name in folders if (here / name).is_symlink()]
        if not names and not folders:
            empty.append(here)
    return tuple(sorted(files)), tuple(sorted(empty)), tuple(sorted(links))
