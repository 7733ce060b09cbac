"""Whether masks say to every loader what they mean: 8 bits, one channel, exactly 0 and 255."""

from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import marked
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.pictures import read_header
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.names import is_good_name
from anomsynth.dataset.name_index import NameIndex
from anomsynth.errors import InputError

SAVE = "save it as a PNG of 8 bits and one channel with the values 0 and 255 only"
FORMATS = frozenset({"mask-format", "mask-values"})  # findings about what a mask is made of
MOST_DEFECT = 0.9  # share of the image; more is an inverted mask, as a rule


def check_masks(tree: Tree) -> Iterator[Finding]:
    """Decode every mask and find what makes loaders misread it."""
    owners = array("Q")
    index = NameIndex()
    for at, item in enumerate(tree.items):
        for mark in item.marks:
            owners.append(at)
            index.append(str(mark))
    for kind, masks in tree.masks.items():
        for path in masks if not is_good_name(kind) else ():
            owner = next((tree.items[owners[at]] for at in index.places(str(path))), None)
            found = _mask(tree, path, None if owner is None else owner.image)
            # Where the layout has class numbers for values, they are no fault.
            levels = owner is not None and owner.truth is not None
            yield from (one for one in found if not levels or one.check not in FORMATS)


def _mask(tree: Tree, path: Path, image: Path | None) -> Iterator[Finding]:
    name = tree.name(path)
    header = read_header(path)
    if isinstance(header, str):
        yield Finding("error", "unreadable", name, header, "replace the mask")
        return
    try:
        pixels = read_photo(path).pixels
    except InputError as error:
        reason = str(error).removeprefix(f"{path}: ")
        yield Finding("error", "unreadable", name, reason, "replace the mask")
        return
    if header.mode == "1":
        message = "one bit a pixel: not every reader makes 0 and 255 of it"
        yield Finding("warning", "mask-format", name, message, SAVE)
    elif header.mode != "L" or header.bits != 8:
        kind = "16 bits" if header.bits == 16 else f"mode {header.mode}"
        message = f"{kind} instead of 8 bits and one channel"
        yield Finding("error", "mask-format", name, message, SAVE)
    found = np.unique(pixels)
    if header.bits == 8 and not np.isin(found, (0, 255)).all():
        yield Finding("error", "mask-values", name, *_values(found, pixels))
    inside = marked(pixels)
    if not inside.any():
        message = "nothing is marked on the image of a defect"
        hint = "draw the mask, or move the image to test/good"
        yield Finding("error", "mask-empty", name, message, hint)
    elif float(inside.mean()) > MOST_DEFECT:
        message = f"{100 * float(inside.mean()):.0f} % of the image is marked"
        hint = "255 is the defect, 0 the good surface; invert the mask if it is the other way"
        yield Finding("warning", "mask-full", name, message, hint)
    yield from _size(tree, path, image, header.shape)


def _values(found: NDArray[np.generic], pixels: NDArray[np.generic]) -> tuple[str, str]:
    """Return what is wrong with the values and what to do."""
    levels = [int(value) for value in found]
    if len(levels) <= 6 and max(levels) < 32:
        shown = ", ".join(map(str, levels))
        hint = "write 255 for every defect, and class numbers to a file outside the category"
        return f"values {shown}: class numbers look black and count as nothing in GLASS", hint
    if len(levels) <= 3:
        return f"values {', '.join(map(str, levels))}: only 255 is a defect to every loader", SAVE
    low, high = int(np.count_nonzero(pixels)), int(np.count_nonzero(np.greater(pixels, 127)))
    grown = f"{low / high:.1f} times as large" if high else "all there is"
    message = f"{len(levels)} values: read as > 0, as anomalib does, the defect is {grown}"
    return message, f"threshold it, no JPEG and no smoothing; {SAVE}"


def _size(tree: Tree, path: Path, image: Path | None, shape: tuple[int, int]) -> Iterator[Finding]:
    header = None if image is None else read_header(image)
    if image is None or header is None or isinstance(header, str) or header.shape == shape:
        return
    message = f"{shape[1]} x {shape[0]} pixels, its image has {header.shape[1]} x {header.shape[0]}"
    hint = f"make the mask anew in the size of {tree.name(image)}"
    yield Finding("error", "mask-size", tree.name(path), message, hint)
