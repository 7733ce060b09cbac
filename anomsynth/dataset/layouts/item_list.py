"""Very many labelled images in little memory."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from anomsynth.core.path_list import PathList
from anomsynth.dataset.layouts.item import Labelled, Truth

NONE = -1  # of masks


class LabelledList(Sequence[Labelled]):
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

    def __iter__(self) -> Iterator[Labelled]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Labelled: ...
    @overload
    def __getitem__(self, index: slice) -> list[Labelled]: ...
    def __getitem__(self, index: int | slice) -> Labelled | list[Labelled]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self[place] for place in places]
        category, split, kind, unsplit, by_mask = self._labels[self._of[places]]
        number = self._mask_of[places]
        mask = None if number == NONE else self._masks[number]
        truth = Truth((mask,)) if by_mask and mask is not None else self._truths.get(places)
        return Labelled(category, split, kind, self.images[places], mask, truth, unsplit)
