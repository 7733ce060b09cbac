"""Layouts of one's own: ``images`` and ``masks``, or a folder for good photos and each defect."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.names import is_good_name, meaning_of, telling_nothing
from anomsynth.dataset.layouts.tree import MaskIndex, child, folders, pictures
from anomsynth.dataset.paths import is_dir, nfc
from anomsynth.errors import InputError


def find_images_and_masks(root: Path) -> Sequence[Labelled]:
    """List ``root/images``, every one a defect, with ``root/masks``; nothing without these."""
    if not (is_dir(root / "images") and is_dir(root / "masks")):
        return ()
    return find_pairs(root / "images", root / "masks")


def find_pairs(images: Path, masks: Path) -> LabelledList:
    """List a folder of defect images with the masks of the same stems in another folder.

    Raises
    ------
    InputError
        If one of the folders is missing, or `images` holds no picture.
    """
    for folder in (images, masks):
        if not is_dir(folder):
            raise InputError(f"{folder}: no such folder", hint="check the path")
    index = MaskIndex(masks)
    name = images.resolve().parent.name or "images"
    pairs = LabelledList(
        Labelled(name, "test", "defect", path, index.find(path)) for path in pictures(images)
    )
    if not pairs:
        raise InputError(f"{images}: holds no picture", hint="PNG, JPEG, TIFF, BMP or WebP")
    return pairs


def find_folders(root: Path) -> Sequence[Labelled]:
    """List ``good``, a folder of each kind of defect, and ``mask`` with theirs, as anomalib has it.

    The masks of a kind lie in the folder of masks, or in one of the kind's name in it. Nothing if
    there is no folder of good photos, or nothing beside it. Nothing divides the good photos.
    """
    inside = folders(root)
    goods = [path for path in inside if is_good_name(path.name) and not telling_nothing(path.name)]
    others = [path for path in inside if path not in goods]
    if not others or not any(map(pictures, goods)):
        return ()
    masks = [path for path in others if meaning_of(path.name, beside_good=True) == "masks"]
    name = nfc(root.resolve().name)
    kinds = [kind for kind in others if kind not in masks]
    if not any(map(pictures, kinds)):  # a category that is called good, perhaps with its masks
        return ()
    good = (
        Labelled(name, "train", GOOD, path, None, unsplit=True)
        for folder in goods
        for path in pictures(folder)
    )
    return LabelledList(itertools.chain(good, _defects(name, kinds, next(iter(masks), None))))


def _defects(name: str, kinds: Iterable[Path], masks: Path | None) -> Iterator[Labelled]:
    for kind in kinds:
        own = None if masks is None else child(masks, kind.name, kind.name.lower())
        index = MaskIndex(own or masks)
        for path in pictures(kind):
            yield Labelled(name, "test", nfc(kind.name), path, index.find(path))
