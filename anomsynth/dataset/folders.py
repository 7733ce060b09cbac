"""Which photos a source folder holds, by category, in an order no file system decides."""

import os
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layout import RESERVED
from anomsynth.errors import InputError

GOOD = PurePosixPath("train/good")


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One good photo.

    Attributes
    ----------
    key : str
        Path below the category's folder of good photos, posix, NFC.
    path : Path
    """

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class Source:
    """The photos of a source folder.

    Attributes
    ----------
    root : Path
    categories : dict of category name -> photos in order of their keys
    ignored : int
        Files and folders passed over: hidden, or no picture by their name's ending, or pictures
        in folders below a folder of photos.
    """

    root: Path
    categories: dict[str, tuple[SourceImage, ...]]
    ignored: int


def find_source(root: Path, exclude: Collection[Path] = ()) -> Source:
    """List the photos of a folder.

    Understood are, in this order: one MVTec-style category (holds train/good), an MVTec-style root
    (folders that hold train/good; their test data is left alone), a folder of photos, and a folder
    of category folders with photos anywhere below each.

    Parameters
    ----------
    root : Path
        A folder of photos and the one category it makes carry the folder's name.
    exclude : folders that are no photos, e.g. of masks

    Raises
    ------
    InputError
        If the folder is missing or unreadable, holds no photos, or names clash.
    """
    if not root.exists():
        raise InputError(f"{root}: no such folder", hint="check the path")
    if not root.is_dir():
        raise InputError(f"{root}: not a folder", hint="give the folder that holds the photos")
    top = root.resolve()
    listing = _Listing(top, frozenset(path.resolve() for path in exclude))
    categories = listing.categories()
    if not categories:
        endings = ", ".join(sorted(SUFFIXES))
        msg = f"{root}: no photos found ({listing.ignored} other entries ignored)"
        raise InputError(msg, hint=f"photos end in {endings}")
    return Source(top, categories, listing.ignored)


def nfc(text: str) -> str:
    """Return the composed form of a name; macOS and Linux store the same name differently."""
    return unicodedata.normalize("NFC", text)


class _Listing:
    """One pass over a source folder, counting what it leaves out."""

    def __init__(self, root: Path, exclude: Collection[Path]) -> None:
        self.root = root
        self.exclude = exclude
        self.ignored = 0

    def categories(self) -> dict[str, tuple[SourceImage, ...]]:
        if (self.root / GOOD).is_dir():
            return self._named([(self.root, self._images(self.root / GOOD, deep=True))])
        folders = sorted(
            (path for path in self._entries(self.root) if path.is_dir()),
            key=lambda path: nfc(path.name),
        )
        mvtec = [folder for folder in folders if (folder / GOOD).is_dir()]
        if mvtec:
            return self._named([(path, self._images(path / GOOD, deep=True)) for path in mvtec])
        self.ignored = 0
        direct = self._images(self.root, deep=False)
        if direct:
            return self._named([(self.root, direct)])
        self.ignored -= len(folders)
        return self._named([(path, self._images(path, deep=True)) for path in folders])

    def _named(
        self, found: list[tuple[Path, tuple[SourceImage, ...]]]
    ) -> dict[str, tuple[SourceImage, ...]]:
        named: dict[str, tuple[SourceImage, ...]] = {}
        for folder, images in found:
            if not images:
                self.ignored += 1
                continue
            name = category_name(folder)
            if name in named:
                msg = f"{folder}: a second category of the name {name!r}"
                raise InputError(msg, hint="rename one of the folders")
            named[name] = images
        return named

    def _images(self, folder: Path, *, deep: bool) -> tuple[SourceImage, ...]:
        found: dict[str, Path] = {}
        for path in self._files(folder, deep=deep):
            key = nfc(path.relative_to(folder).as_posix())
            _check_name(key, path)
            if key in found:
                msg = f"{path}: a second photo of the name {key!r} (composed differently)"
                raise InputError(msg, hint="rename one of them")
            found[key] = path
        return tuple(SourceImage(key, found[key]) for key in sorted(found))

    def _files(self, folder: Path, *, deep: bool) -> Iterator[Path]:
        for path in self._entries(folder):
            if path.is_dir():
                if deep and not _leads_back(path):
                    yield from self._files(path, deep=True)
                else:
                    self.ignored += 1
            elif path.suffix.lower() in SUFFIXES:
                yield path
            else:
                self.ignored += 1

    def _entries(self, folder: Path) -> list[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            hint = "check the folder's permissions"
            raise InputError(f"{folder}: cannot be read: {error.strerror}", hint=hint) from error
        visible = [path for path in entries if not path.name.startswith(".")]
        self.ignored += len(entries) - len(visible)
        return [path for path in visible if path not in self.exclude]


def category_name(folder: Path) -> str:
    """Return the name of a category that is made of a folder.

    Raises
    ------
    InputError
        If the name cannot be a folder of the dataset.
    """
    name = nfc(folder.name) or "images"
    _check_name(name, folder)
    if name == RESERVED:
        raise InputError(f"{folder}: the name {RESERVED!r} is taken", hint="rename the folder")
    return name


def _leads_back(folder: Path) -> bool:
    """Tell whether a folder is a link to one that it lies in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _check_name(name: str, path: Path) -> None:
    # Cc are control characters, Cs stands for bytes that are no text.
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in name):
        shown = os.fsencode(path).decode("utf-8", errors="backslashreplace")
        msg = f"{shown!r}: a name with control characters or bytes that are no text"
        raise InputError(msg, hint="rename it")
