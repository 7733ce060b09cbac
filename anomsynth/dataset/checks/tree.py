"""The files of one category, sorted by what they are to a loader."""

import os
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anomsynth.core.on_demand import OnDemand
from anomsynth.core.path_list import PathList
from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.labelled import SourceLayout, need_layout
from anomsynth.dataset.layout import RESERVED
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.layouts.mvtec import SPLITS, TRUTH, find_categories
from anomsynth.dataset.layouts.names import is_good_name

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
    files: PathList
    empty: tuple[Path, ...]
    links: tuple[Path, ...]
    images: Mapping[tuple[str, str], Sequence[Path]]
    masks: Folders
    items: Sequence[Labelled]
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
            if split == "test" and not is_good_name(kind):
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
        categories: dict[str, array[int]] = {}
        for at, item in enumerate(items):
            categories.setdefault(item.category, array("Q")).append(at)
        return tuple(
            _other(root, name, OnDemand(categories[category], items.__getitem__))
            for category in sorted(categories)
        )
    owners = {folder: array("I") for folder in find_categories(root)}
    for at, item in enumerate(items):
        owners[item.image.parents[2]].append(at)
    return tuple(
        _tree(root, folder, OnDemand(own, items.__getitem__)) for folder, own in owners.items()
    )


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture that is meant to be seen."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def _tree(root: Path, folder: Path, items: Sequence[Labelled]) -> Tree:
    files, empty, links = _walk(folder)
    images: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("I"))
    masks: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for at, path in enumerate(files):
        parts = PurePosixPath(path.relative_to(folder)).parts
        if len(parts) != 3 or not is_picture(path):
            continue
        if parts[0] in SPLITS:
            images[parts[0], parts[1]].append(at)
        elif parts[0] == TRUTH:
            masks[parts[1]].append(at)
    return Tree(
        root,
        folder,
        files,
        empty,
        links,
        {place: OnDemand(own, files.__getitem__) for place, own in images.items()},
        {kind: OnDemand(own, files.__getitem__) for kind, own in masks.items()},
        items,
    )


def _pairs(root: Path, items: Sequence[Labelled]) -> Tree:
    found = [_walk(root / name) for name in ("images", "masks")]
    images, masks = (PathList(filter(is_picture, files)) for files, *_ in found)
    files = PathList(path for files, *_ in found for path in files)
    return Tree(
        root, root, files, (), (), {("test", "defect"): images}, {"defect": masks}, items,
        layout="images-masks",
    )  # fmt: skip


def _other(root: Path, layout: SourceLayout, items: Sequence[Labelled]) -> Tree:
    """Return a category of another layout: its images and what marks them, no other files."""
    images: dict[tuple[str, str], PathList] = defaultdict(PathList)
    masks: dict[str, PathList] = defaultdict(PathList)
    for item in items:
        # Some layouts have defects among their training images, and loaders that know it.
        images[item.split if item.good else "test", item.kind].append(item.image)
        for path in item.marks:
            masks[item.kind].append(path)
    folder = root if root.name == items[0].category else root / items[0].category
    files = PathList(path for paths in (*images.values(), *masks.values()) for path in paths)
    return Tree(root, folder, files, (), (), images, masks, items, layout)


def _walk(folder: Path) -> tuple[PathList, tuple[Path, ...], tuple[Path, ...]]:
    """Return the files below a folder, folders that hold nothing, and links to folders; sorted."""
    files = PathList()
    empty: list[Path] = []
    links: list[Path] = []

    def go_through(place: Path) -> None:
        try:
            with os.scandir(place) as found:
                inside = {one.name for one in found if one.is_dir()} - {RESERVED}
            names = os.listdir(place)  # noqa: PTH208 - names take less than paths
        except OSError:  # a folder that may not be read holds nothing to a loader
            return
        names = sorted(name for name in names if name != RESERVED or not (place / name).is_dir())
        if not names:
            empty.append(place)
        for name in names:
            if name not in inside:
                files.extend_in(place, [name])
            elif (place / name).is_symlink():
                links.append(place / name)
            else:
                go_through(place / name)

    go_through(folder)
    return files, tuple(empty), tuple(links)
