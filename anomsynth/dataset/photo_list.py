"""Good photos of a category, very many of them in little memory."""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from anomsynth.core.on_demand import Made
from anomsynth.core.path_list import PathList
from anomsynth.dataset.paths import nfc, printable
from anomsynth.dataset.source_image import SourceImage
from anomsynth.errors import InputError


class PhotoList(Made[SourceImage]):
    """Photos in the order of their keys, made when they are asked for.

    Parameters
    ----------
    folder : Path
        Keys are paths below it.
    paths : iterable of Path

    Raises
    ------
    InputError
        If two photos have one key.
    """

    def __init__(self, folder: Path, paths: Iterable[Path]) -> None:
        self._folder = folder
        self._paths = PathList(paths)
        self._order: Sequence[int] = range(len(self._paths))
        # Listings are in order as a rule: keys are held where they are not.
        if any(now <= before for before, now in pairwise(map(self._key, self._paths))):
            keys = [self._key(path) for path in self._paths]
            self._order = array("I", sorted(self._order, key=keys.__getitem__))
            for before, now in pairwise(self._order):
                if keys[before] == keys[now]:
                    msg = f"{self._paths[now]}: a second photo of the name {keys[now]!r}"
                    raise InputError(f"{msg} (composed differently)", hint="rename one of them")

    def _key(self, path: Path) -> str:
        name = path.relative_to(self._folder).as_posix()
        return name if name.isascii() and name.isprintable() else nfc(printable(name))

    def __len__(self) -> int:
        return len(self._order)

    def member(self, number: int) -> SourceImage:
        """Return a photo by its number."""
        path = self._paths[self._order[number]]
        return SourceImage(self._key(path), path)
