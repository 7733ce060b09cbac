"""Finds the place of a name among very many: 20 bytes for each, however long it is."""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray


class NameIndex:
    """Places of names by their hashes of 64 bits.

    Two of 100,000 names share one by chance once in a billion times: who cannot live with that
    looks whether the name at a place is the one he meant.

    Parameters
    ----------
    names : iterable of str
        Names may come again.

    Examples
    --------
    >>> index = NameIndex(["a", "b", "a"])
    >>> list(index.places("a")), "c" in index
    ([2, 0], False)
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._added = array("q", map(hash, names))
        self._order: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)
        self._hashes: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def append(self, name: str) -> None:
        """Add a name at the end."""
        self._added.append(hash(name))

    def __len__(self) -> int:
        return len(self._added)

    def __contains__(self, name: str) -> bool:
        return next(self.places(name), None) is not None

    def places(self, name: str) -> Iterator[int]:
        """Yield the places of a name, the last first."""
        self._sort()
        value = hash(name)
        at = int(np.searchsorted(self._hashes, value, side="right"))
        while at > 0 and self._hashes[at - 1] == value:
            at -= 1
            yield int(self._order[at])

    def _sort(self) -> None:
        if self._hashes.size < len(self._added):
            hashes = np.array(self._added, dtype=np.int64)
            self._order = np.argsort(hashes, kind="stable").astype(np.uint32)
            hashes.sort()
            self._hashes = hashes

    def repeated(self) -> NDArray[np.uint32]:
        """Return the places of all names that come more than once, ascending."""
        self._sort()
        same = self._hashes[1:] == self._hashes[:-1]
        again = np.zeros(self._hashes.size, dtype=np.bool_)
        again[1:] |= same
        again[:-1] |= same
        return np.sort(self._order[again])
