"""DAGM 2007: ``Class1/{Train,Test}/0001.PNG``, masks of the defects alone in ``Label``.

M. Wieler and T. Hahn, "Weakly supervised learning for industrial optical inspection", DAGM, 2007.
The masks are ellipses around the defects.
"""

from collections.abc import Iterator
from pathlib import Path

from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled, Truth
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.tree import MaskIndex, child, folders, pictures
from anomsynth.dataset.paths import nfc

DEFECT = "defect"


def find_dagm(root: Path) -> LabelledList:
    """List the images of DAGM or of one class; nothing if it is another dataset."""
    found = [folder for folder in (root, *folders(root)) if _is_class(folder)]
    return LabelledList(item for folder in found for item in _category(folder))


def _is_class(folder: Path) -> bool:
    places = [child(folder, split) for split in ("train", "test")]
    return any(place is not None and child(place, "label") is not None for place in places)


def _category(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    for split in ("train", "test"):
        place = child(folder, split)
        if place is None:
            continue
        index = MaskIndex(child(place, "label"))
        for path in pictures(place):
            mask = index.find(path)
            if mask is None:
                yield Labelled(name, split, GOOD, path, None)
            else:
                yield Labelled(name, split, DEFECT, path, mask, Truth((mask,)))
