"""Many paths in little memory: the names one after the other, and the folders they lie in."""

import os
from array import array
from collections.abc import Iterable
from pathlib import Path

from anomsynth.core.on_demand import Made


class PathList(Made[Path]):
    """Paths in their order; each takes its file's name and 8 bytes.

    Parameters
    ----------
    paths : iterable of Path

    Examples
    --------
    >>> PathList([Path("a/1.png"), Path("a/2.png")])[-1].as_posix()
    'a/2.png'
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self._folders: list[Path] = []
        self._known: dict[str, int] = {}
        self._of = array("I")  # folder of each
        self._names = bytearray()
        self._ends = array("I")  # where each name ends
        for path in paths:
            self.append(path)

    def append(self, path: Path) -> None:
        """Add a path at the end."""
        folder, name = os.path.split(path)
        self._add(self._number(folder), name)

    def extend_in(self, folder: Path, names: Iterable[str]) -> None:
        """Add entries of one folder by their names."""
        number = self._number(os.fspath(folder))
        for name in names:
            self._add(number, name)

    def name(self, index: int) -> str:
        """Return the name of a file without its folder."""
        start = self._ends[index - 1] if index else 0
        # Names that are no text keep their bytes as halves of surrogate pairs.
        return self._names[start : self._ends[index]].decode("utf-8", "surrogatepass")

    def _number(self, folder: str) -> int:
        number = self._known.setdefault(folder, len(self._folders))
        if number == len(self._folders):
            self._folders.append(Path(folder))
        return number

    def _add(self, folder: int, name: str) -> None:
        self._names += name.encode("utf-8", "surrogatepass")
        self._of.append(folder)
        self._ends.append(len(self._names))

    def __len__(self) -> int:
        return len(self._of)

    def member(self, number: int) -> Path:
        """Return a path by its number."""
        return self._folders[self._of[number]] / self.name(number)
