"""Files that are neither image nor mask: loaders of the MVTec AD tree trip over them."""

import itertools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from anomsynth.dataset.checks.finding import Finding, Level
from anomsynth.dataset.checks.tree import Tree, is_picture
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.mvtec import SPLITS, TRUTH
from anomsynth.dataset.metadata import known_run

PNG = frozenset({".png", ".PNG"})  # as anomalib spells them; .Png is not read
AWAY = "move it out of the category's folder, e.g. to a folder beside the category"


def check_strays(tree: Tree) -> Iterator[Finding]:
    """Find files that do not belong, links to folders, and pictures that are no PNG."""
    for path in tree.links:
        message = "a link to a folder: loaders that search a category do not follow it"
        hint = "copy the folder, or link the whole category instead"
        yield Finding("error", "linked-folder", tree.name(path), message, hint)
    for path in tree.files:
        found = _stray(tree, path) if tree.is_mvtec else None
        if found is not None:
            level, message = found
            yield Finding(level, "stray-file", tree.name(path), message, AWAY)
    if tree.is_mvtec:
        yield from _not_png(tree)


def _on_purpose(root: Path) -> bool:
    """Tell whether a dataset was made for loaders that take other pictures, too."""
    options = known_run(root).get("options")
    return isinstance(options, dict) and options.get("out_layout") == "folder"


def _stray(tree: Tree, path: Path) -> tuple[Level, str] | None:
    parts = PurePosixPath(path.relative_to(tree.folder)).parts
    placed = len(parts) == 3 and parts[0] in {*SPLITS, TRUTH}
    if placed and is_picture(path):
        return None
    if path.suffix in PNG:
        return _stray_png(parts, placed=placed)
    if len(parts) >= 3:
        return "warning", "loaders that list folders (GLASS, PBAS) take every file for an image"
    return "note", "not part of the dataset; loaders pass it over"


def _stray_png(parts: tuple[str, ...], *, placed: bool) -> tuple[Level, str]:
    if placed:
        return "error", "a hidden PNG is read as an image, and the masks no longer pair up"
    if len(parts) == 3 and parts[1] == GOOD:
        return "warning", f"loaders read {' and '.join(SPLITS)}, not {parts[0]!r}"
    return "error", "every PNG below a category is taken for an image; anomalib fails on it"


def _not_png(tree: Tree) -> Iterator[Finding]:
    if _on_purpose(tree.folder.parent):
        return
    for path in itertools.chain(tree.pictures(), *tree.masks.values()):
        if path.suffix not in PNG:
            message = f"{path.suffix} files are passed over in silence, only .png counts"
            hint = "save it as PNG, or load the folders with anomalib's Folder datamodule"
            yield Finding("error", "not-png", tree.name(path), message, hint)
