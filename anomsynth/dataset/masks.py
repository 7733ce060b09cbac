"""Folders of masks that go with the photos: where the part is, or where no defect may go."""

from pathlib import Path

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.paths import is_dir, nfc
from anomsynth.errors import InputError

MASK_ENDING = "_mask"


class MaskFolder:
    """Finds the mask of a photo by its name.

    For the photo ``part/a.jpg`` of the category ``screw`` these are tried, first below
    ``DIR/screw`` if there is such a folder, else below ``DIR``: ``part/a.jpg``, then ``part/a``
    and then ``part/a_mask`` with the ending of any picture.

    Parameters
    ----------
    root : Path
        Folder given by the user.

    Raises
    ------
    InputError
        If the folder is missing or unreadable.
    """

    def __init__(self, root: Path) -> None:
        if not is_dir(root):
            raise InputError(f"{root}: no such folder of masks", hint="check the path")
        self.root = root.resolve()
        self._files: dict[str, Path] = {}
        try:
            paths = sorted(self.root.rglob("*"))
        except OSError as error:
            raise InputError(f"{root}: cannot be read: {error.strerror}") from error
        for path in paths:
            if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
                relative = nfc(path.relative_to(self.root).as_posix())
                self._files[relative] = path
                self._files.setdefault(_without_ending(relative), path)

    def find(self, category: str, key: str) -> Path | None:
        """Return the mask of a photo, None if there is none."""
        prefix = f"{category}/" if is_dir(self.root / category) else ""
        stem = _without_ending(key)
        for name in (key, stem, stem + MASK_ENDING):
            if prefix + name in self._files:
                return self._files[prefix + name]
        return None


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in SUFFIXES else name
