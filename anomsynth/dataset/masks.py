"""Masks that go with the photos: the part, where no defect may go, which component is where.

They are pictures, or shapes that were drawn in labelme, CVAT or a tool that writes COCO.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.dataset.annotations.coco import is_coco, read_coco
from anomsynth.dataset.annotations.cvat import read_cvat
from anomsynth.dataset.annotations.drawn import Drawing, read_json
from anomsynth.dataset.annotations.labelme import read_labelme
from anomsynth.dataset.components import read_components
from anomsynth.dataset.images import SUFFIXES, read_mask
from anomsynth.dataset.layouts.item import Truth
from anomsynth.dataset.paths import is_dir, is_file, nfc
from anomsynth.errors import InputError

MASK_ENDING = "_mask"
DRAWN = frozenset({".json", ".xml"})

Region = Path | Truth  # a mask's picture, or what was drawn


class MaskFolder:
    """Finds the mask of a photo by its name.

    Parameters
    ----------
    root : Path
        What the user gave. In a folder, for the photo ``part/a.jpg`` of the category ``screw``
        these are tried, first below ``DIR/screw`` if there is such a folder, else below ``DIR``:
        ``part/a.jpg``, then ``part/a`` and then ``part/a_mask`` with the ending of any picture or
        ``.json`` of labelme. A picture, or a file of labelme, serves all photos: of a camera that
        does not move. A file of COCO or CVAT names its pictures.

    Raises
    ------
    InputError
        If it is missing, unreadable or of another kind.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._files: dict[str, Region] = {}
        self._for_all: Region | None = None
        if is_file(root):
            self._read(self.root)
        elif is_dir(root):
            self._list(self.root)
        else:
            raise InputError(f"{root}: no such folder of masks", hint="check the path")

    def find(self, category: str, key: str) -> Region | None:
        """Return the mask of a photo, None if there is none."""
        if self._for_all is not None:
            return self._for_all
        prefix = f"{category}/" if is_dir(self.root / category) else ""
        stem = _without_ending(key)
        for name in (key, stem, stem + MASK_ENDING):
            if prefix + name in self._files:
                return self._files[prefix + name]
        if is_file(self.root):
            return self._drawn_for(category, key)
        return None

    def _drawn_for(self, category: str, key: str) -> Region | None:
        """Return what was drawn on a photo; tools know it by its name, or with some folders."""
        for name in (f"{category}/{key}", key.rpartition("/")[2]):
            if name in self._files:
                return self._files[name]
        return None

    def _list(self, root: Path) -> None:
        try:
            paths = sorted(root.rglob("*"))
        except OSError as error:
            raise InputError(f"{root}: cannot be read: {error.strerror}") from error
        for path in paths:
            suffix = path.suffix.lower()
            if (suffix in SUFFIXES or suffix == ".json") and not path.name.startswith("."):
                relative = nfc(path.relative_to(root).as_posix())
                self._files[relative] = path
                self._files.setdefault(_without_ending(relative), path)

    def _read(self, file: Path) -> None:
        suffix = file.suffix.lower()
        if suffix == ".xml":
            self._keep(file, read_cvat(file))
        elif suffix == ".json" and is_coco(read_json(file)):
            self._keep(file, read_coco(file))
        elif suffix in SUFFIXES or suffix == ".json":
            self._for_all = file
        else:
            msg = f"{file}: neither a picture nor a file of labelme, COCO or CVAT"
            raise InputError(msg, hint="give a folder of masks, or one mask for all photos")

    def _keep(self, file: Path, pictures: Sequence[Drawing]) -> None:
        counts = Counter(nfc(drawn.image.rpartition("/")[2]) for drawn in pictures)
        for drawn in pictures:
            if not drawn.shapes:
                continue
            region, name = _truth(file, drawn), nfc(drawn.image.rpartition("/")[2])
            self._files[nfc(drawn.image)] = region
            if counts[name] == 1:  # by the name alone, where only one picture has it
                self._files.setdefault(name, region)


class MaskFinder:
    """Finds masks in a folder that may not be given, and notices a folder that fits nothing."""

    def __init__(self, root: Path | None) -> None:
        self.folder = None if root is None else MaskFolder(root)
        self.used = 0

    def find(self, category: str, key: str) -> Region | None:
        """Return the mask of a photo, if there is one."""
        found = None if self.folder is None else self.folder.find(category, key)
        self.used += found is not None
        return found

    def check_used(self) -> None:
        """Raise InputError if no photo had a mask in the folder."""
        if self.folder is not None and self.used == 0:
            msg = f"{self.folder.root}: holds no mask of any photo"
            hint = "masks carry the name of their photo, or NAME_mask; one file serves all photos"
            raise InputError(msg, hint=hint)


def read_region(region: Region, shape: tuple[int, int]) -> Mask:
    """Read a mask, (H, W) bool, of a photo of this height and width.

    Raises
    ------
    InputError
        If it cannot be read or is of another size.
    """
    drawn = _as_drawn(region)
    return drawn.read(shape) if isinstance(drawn, Truth) else read_mask(drawn, shape)


def read_numbered(region: Region, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Read numbers of components, (H, W) uint8, 0 for none: each shape that was drawn is one.

    Raises
    ------
    InputError
        If it cannot be read or is of another size.
    """
    drawn = _as_drawn(region)
    return drawn.numbered(shape) if isinstance(drawn, Truth) else read_components(drawn, shape)


def _as_drawn(region: Region) -> Region:
    if isinstance(region, Path) and region.suffix.lower() == ".json":
        return _truth(region, read_labelme(region))
    return region


def _truth(file: Path, drawn: Drawing) -> Truth:
    if not drawn.shapes:
        raise InputError(f"{file}: nothing is drawn", hint="draw the region, or remove the file")
    return Truth(shapes=drawn.shapes, size=drawn.size, source=file)


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    known = f".{ending.lower()}" in SUFFIXES | {".json"}
    return stem if dot and known else name
