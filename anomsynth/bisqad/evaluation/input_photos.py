"""The photos a detector is to look at, and the names of what is written about each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.paths import exists, is_dir, is_file, nfc
from anomsynth.errors import InputError


@dataclass(frozen=True, slots=True)
class InputPhoto:
    """A photo to look at and its name in the results.

    Attributes
    ----------
    path : Path
    name : str
        Posix path below the folder that was given, or the file's own name.
    stem : str
        The same without its ending, unique among the photos: names of its map, mask and overlay.
    """

    path: Path
    name: str
    stem: str


def find_photos(sources: Sequence[Path], written: Sequence[Path] = ()) -> tuple[InputPhoto, ...]:
    """List photos: files as they are given, folders with everything below, by name.

    Hidden files and folders and what lies in the folders `written` are passed over.

    Raises
    ------
    InputError
        If a source is missing, or there is no photo at all.
    """
    passed = {folder.resolve() for folder in written}
    found: dict[Path, str] = {}
    for source in sources:
        if is_dir(source):
            for path in sorted(source.rglob("*")):
                inside = path.relative_to(source)
                hidden = any(part.startswith(".") for part in inside.parts)
                if path.suffix.lower() not in SUFFIXES or hidden or not is_file(path):
                    continue
                if not passed & set(path.resolve().parents):
                    found.setdefault(path, nfc(inside.as_posix()))
        elif exists(source):
            found.setdefault(source, nfc(source.name))
        else:
            raise InputError(f"{source}: no such file or folder", hint="check the path")
    if not found:
        msg = f"{', '.join(map(str, sources))}: holds no photo"
        raise InputError(msg, hint="PNG, JPEG, TIFF, BMP or WebP")
    return tuple(_named(found.items()))


def _named(found: Iterable[tuple[Path, str]]) -> list[InputPhoto]:
    """Give each photo a stem of its own, also where only the endings of two photos differ."""
    photos: list[InputPhoto] = []
    taken: set[str] = set()
    for path, name in found:
        ending = path.suffix
        stem = name.removesuffix(ending)
        candidates = [stem, f"{stem}_{ending.lstrip('.')}"]
        number = 2
        # Folders of some systems do not tell upper from lower case.
        while candidates[0].casefold() in taken:
            del candidates[0]
            candidates.append(f"{stem}_{number}")
            number += 1
        taken.add(candidates[0].casefold())
        photos.append(InputPhoto(path, name, candidates[0]))
    return photos
