"""KolektorSDD and SDD2: each picture with its mask beside it; an empty mask is a good photo.

D. Tabernik et al., "Segmentation-based deep-learning approach for surface-defect detection", J.
Intell. Manuf., 2020 (``kos01/Part0.jpg``, ``Part0_label.bmp``); J. Bozic et al., "Mixed supervision
for surface-defect detection", Computers in Industry, 2021 (``train/10000.png``, ``10000_GT.png``).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from anomsynth.dataset.headers import image_size
from anomsynth.dataset.images import read_mask
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled, Truth
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.tree import child, folders, mask_stem, pictures
from anomsynth.dataset.paths import nfc
from anomsynth.errors import InputError

DEFECT = "defect"


def find_kolektor(root: Path) -> Sequence[Labelled]:
    """List pictures with masks beside them; nothing unless every picture has one.

    ``train`` and ``test``, in any case, divide them; without these folders nothing does.
    """
    name = nfc(root.resolve().name)
    splits = [(split, child(root, split)) for split in ("train", "test")]
    if any(place is not None for _, place in splits):
        found = [(split, _pairs(place)) for split, place in splits if place is not None]
        if not all(pairs for _, pairs in found):
            return ()
        return LabelledList(item for split, pairs in found for item in _items(name, pairs, split))
    places = [_pairs(folder) for folder in (root, *folders(root))]
    pairs = [pair for place in places for pair in place]
    own = [folder for folder in folders(root) if pictures(folder)]
    if not pairs or not all(_pairs(folder) for folder in own):
        return ()
    return LabelledList(_items(name, pairs, None))


def _pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Return each picture with its mask; nothing unless every picture has one."""
    found = pictures(folder)
    masks = {nfc(stem): path for path in found if (stem := mask_stem(path.stem)) is not None}
    images = [path for path in found if mask_stem(path.stem) is None]
    if not images or any(nfc(path.stem) not in masks for path in images):
        return []
    return [(path, masks[nfc(path.stem)]) for path in images]


def _items(name: str, pairs: list[tuple[Path, Path]], split: str | None) -> Iterator[Labelled]:
    for image, mask in pairs:
        if _is_empty(mask):
            yield Labelled(name, split or "train", GOOD, image, None, unsplit=split is None)
        else:
            yield Labelled(name, split or "test", DEFECT, image, mask, Truth((mask,)))


def _is_empty(mask: Path) -> bool:
    """Tell whether a mask marks nothing; one that cannot be read counts as a defect's."""
    try:
        size = image_size(mask)
        return size is not None and not read_mask(mask, size[:2]).any()
    except InputError:  # the reader says it later
        return False
