"""Very many labelled images in little memory."""

from array import array
from collections.abc import Iterable

from anomsynth.core.on_demand import Made
from anomsynth.core.path_list import PathList
from anomsynth.dataset.layouts.item import Labelled, Truth

NONE = -1  # of masks


class LabelledList(Made[Labelled]):
    """Labelled images in their order; each takes the names of its two files and 32 bytes.

    What is marked otherwise than by one mask (`Labelled.truth`) is kept as it is.

    Attributes
    ----------
    images : PathList
        The image files.

    Parameters
    ----------
    items : iterable of Labelled
    """

    def __init__(self, items: Iterable[Labelled]) -> None:
        self.images, self._masks = PathList(), PathList()
        self._groups: dict[tuple[str, str, str, bool, bool], int] = {}
        self._of = array("I")  # group of each: category, split, kind and what is known of it
        self._mask_of = array("i")
        self._truths: dict[int, Truth] = {}
        for item in items:
            self._add(item)
        self._labels = list(self._groups)

    def _add(self, item: Labelled) -> None:
        by_mask = item.mask is not None and item.truth == Truth((item.mask,))
        label = item.category, item.split, item.kind, item.unsplit, by_mask
        if item.truth is not None and not by_mask:
            self._truths[len(self._of)] = item.truth
        self._of.append(self._groups.setdefault(label, len(self._groups)))
        self.images.append(item.image)
        self._mask_of.append(NONE if item.mask is None else len(self._masks))
        if item.mask is not None:
            self._masks.append(item.mask)

    def __len__(self) -> int:
        return len(self._of)

    def member(self, number: int) -> Labelled:
        """Return an item by its number."""
        category, split, kind, unsplit, by_mask = self._labels[self._of[number]]
        mask_number = self._mask_of[number]
        mask = None if mask_number == NONE else self._masks[mask_number]
        truth = Truth((mask,)) if by_mask and mask is not None else self._truths.get(number)
        return Labelled(category, split, kind, self.images[number], mask, truth, unsplit)
