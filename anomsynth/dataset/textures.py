"""A folder of pictures to take foreign textures from."""

from functools import lru_cache
from pathlib import Path

import numpy as np

from anomsynth.core.types import Pixels
from anomsynth.dataset.images import SUFFIXES, read_photo
from anomsynth.dataset.paths import is_dir, nfc
from anomsynth.errors import InputError

CACHED = 8  # pictures kept in memory by each process


class TextureFolder:
    """Pictures anywhere below a folder, in the order of their names.

    Parameters
    ----------
    root : Path

    Raises
    ------
    InputError
        If the folder is missing, cannot be read, or holds no picture.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._paths = _pictures(self.root)

    def __len__(self) -> int:
        return len(self._paths)

    def pick(self, rng: np.random.Generator) -> Pixels:
        """Return one picture, (H, W, C) uint8 or uint16, C in {1, 3}; uses one random number.

        Raises
        ------
        InputError
            If the picture cannot be read.
        """
        return _read(self._paths[int(rng.random() * len(self._paths))])


@lru_cache(maxsize=4)
def _pictures(root: Path) -> tuple[Path, ...]:
    if not is_dir(root):
        raise InputError(f"{root}: no such folder of textures", hint="check the path")
    try:
        found = [
            path
            for path in root.rglob("*")
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise InputError(f"{root}: cannot be read: {error.strerror}") from error
    if not found:
        raise InputError(f"{root}: holds no picture", hint="PNG, JPEG, TIFF, BMP or WebP")
    return tuple(sorted(found, key=lambda path: nfc(path.relative_to(root).as_posix())))


@lru_cache(maxsize=CACHED)
def _read(path: Path) -> Pixels:
    pixels = read_photo(path).pixels
    pixels.setflags(write=False)
    return pixels
