"""Whether every defect finds its mask: by its name, and by the sorted order loaders go by."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from anomsynth.core.counted import counted
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.strays import PNG
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.layouts.mvtec import TRUTH
from anomsynth.dataset.layouts.names import is_good_name
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import nfc

RENAME = "give all files names of one width, e.g. 000001.png with 000001_mask.png"


def check_pairing(tree: Tree) -> Iterator[Finding]:
    """Find images without mask, masks without image, and names that pair wrongly when sorted."""
    counts_agree = True
    defects = dict(tree.defects())
    for kind in sorted(defects.keys() | tree.masks.keys()):
        if is_good_name(kind):
            counts_agree = False
            continue
        images, masks = defects.get(kind, ()), tree.masks.get(kind, ())
        if tree.layout in {"mvtec", "images-masks"}:
            yield from _same_stems(tree, images)
        yield from _unpaired(tree, kind, images, masks)
        counts_agree &= len(images) == len(masks)
    if tree.is_mvtec and counts_agree:
        yield from _mispaired(tree)
    if tree.layout == "3d":
        yield from _without_scan(tree)


def _without_scan(tree: Tree) -> Iterator[Finding]:
    """Find pictures that have no scan, where others of the category have one."""
    alone = [item.image for item in tree.items if item.scan is None]
    if len(alone) == len(tree.items):  # pictures only
        return
    for path in alone:
        message = "no scan of this name in xyz: loaders of MVTec 3D-AD fail on it"
        hint = "add it, or remove the picture and its mask"
        yield Finding("error", "scan-missing", tree.name(path), message, hint)


def _same_stems(tree: Tree, images: Sequence[Path]) -> Iterator[Finding]:
    again = [images[at] for at in NameIndex(nfc(path.stem) for path in images).repeated().tolist()]
    counts = Counter(nfc(path.stem) for path in again)
    for path in again:
        if counts[nfc(path.stem)] > 1:
            namesakes = counted(counts[nfc(path.stem)], "image")
            message = f"{namesakes} are called {path.stem}: one mask for all"
            yield Finding("error", "same-name", tree.name(path), message, "rename all but one")


def _unpaired(
    tree: Tree, kind: str, images: Sequence[Path], masks: Sequence[Path]
) -> Iterator[Finding]:
    here, there = NameIndex(map(str, images)), NameIndex(map(str, masks))
    marked, used = bytearray(len(images)), bytearray(len(masks))
    for item in tree.items:
        for place in here.places(str(item.image)):
            marked[place] = item.mask is not None
            for mark in item.marks:
                for other in there.places(str(mark)):
                    used[other] = True
    left = sorted((masks[at] for at, found in enumerate(used) if not found), key=str)
    alone = sorted((images[at] for at, found in enumerate(marked) if not found), key=str)
    if len(alone) == len(left) and all(
        image.stem in mask.stem for image, mask in zip(alone, left, strict=True)
    ):
        for image, mask in zip(alone, left, strict=True):
            message = (
                f"the mask of {image.name} is called neither {image.stem} nor {image.stem}_mask"
            )
            hint = "rename it to the image's name with _mask.png at its end"
            yield Finding("warning", "mask-name", tree.name(mask), message, hint)
        return
    where = f"{TRUTH}/{kind}" if tree.is_mvtec else "masks"
    message = f"no mask in {where}: loaders count images and masks and fail"
    hint = "add a mask with the image's name and _mask.png at its end, or remove the image"
    if tree.layout == "voc":
        message = "boxes alone, which are no masks of its defects"
        hint = "outline the defects in labelme, CVAT or a tool of COCO"
    for path in alone:
        yield Finding("error", "mask-missing", tree.name(path), message, hint)
    for path in left:
        message = "no image has this mask: loaders count images and masks and fail"
        hint = "add its image, or remove the mask"
        yield Finding("error", "mask-without-image", tree.name(path), message, hint)


def _mispaired(tree: Tree) -> Iterator[Finding]:
    """Pair sorted images with sorted masks, as anomalib does."""
    folders = dict(tree.defects()), tree.masks
    if len({sum(1 for _ in _pngs(one)) for one in folders}) > 1:
        return  # some are no PNG, which is a finding of its own
    index = NameIndex(str(item.image) for item in tree.items)
    wrong: set[Path] = set()
    for image, mask in zip(*map(_pngs, folders), strict=True):
        mine = next((tree.items[at].mask for at in index.places(str(image))), None)
        refused = image.parent.name != mask.parent.name or image.stem not in mask.stem
        if refused or (mine is not None and mine != mask):
            wrong.add(image.parent)
            what = "anomalib refuses the dataset" if refused else "it is the mask of another image"
            message = f"sorted names pair it with {mask.name}: {what}"
            yield Finding("error", "pairing", tree.name(image), message, RENAME)
    for _, paths in tree.defects():
        if paths and paths[0].parent not in wrong:
            yield from _names(tree, paths)


def _pngs(folders: Mapping[str, Sequence[Path]]) -> Iterator[Path]:
    """Yield the PNG files of all kinds in the order of their paths as text."""
    # The files of a folder are in order; a name may go on with signs that sort before "/".
    kinds = sorted(folders, key=lambda kind: f"{kind}/")
    return (path for kind in kinds for path in folders[kind] if path.suffix in PNG)


def _names(tree: Tree, images: Sequence[Path]) -> Iterator[Finding]:
    """Find names that pair rightly only by chance."""
    stems = sorted(path.stem for path in images)
    place = tree.name(images[0].parent)
    widths = {len(stem) for stem in stems if stem.isdecimal()}
    if len(widths) > 1:
        message = f"numbers of {min(widths)} to {max(widths)} digits sort wrongly sooner or later"
        yield Finding("warning", "name-width", place, message, RENAME)
        return
    for first, second in pairwise(stems):
        if second.startswith(first):
            message = f"{first!r} begins {second!r}: pairing by sorted names breaks easily"
            yield Finding("warning", "name-prefix", place, message, RENAME)
            return
