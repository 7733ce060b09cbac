"""Which photos a source folder holds, by category, in an order no file system decides."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layout import RESERVED
from anomsynth.errors import InputError

GOOD = PurePosixPath("train/good")
NO_TEXT = frozenset({"Cc", "Cs"})  # Unicode: control characters, halves of surrogate pairs


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
class PhotoSource:
    """The photos of a source folder.

    Attributes
    ----------
    root : Path
    categories : dict of category name -> photos in order of their keys
    ignored : int
        Files and folders passed over: hidden, or no picture by their name's ending, or in folders
        below a folder of photos, or reached by a link a second time.
    example : str
        Path of one of them below `root`, a visible one if there is any; empty if there is none.
    """

    root: Path
    categories: dict[str, tuple[SourceImage, ...]]
    ignored: int
    example: str = ""


def find_source(root: Path, exclude: Collection[Path] = ()) -> PhotoSource:
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

    Notes
    -----
    Signs of a photo's name that are no text are escaped in its key; see `check_name`.
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
        msg = f"{root}: no photos found ({len(listing.ignored)} other entries ignored)"
        raise InputError(msg, hint=f"photos end in {endings}")
    return PhotoSource(top, categories, len(listing.ignored), listing.example())


def nfc(text: str) -> str:
    """Return the composed form of a name; macOS and Linux store the same name differently."""
    return unicodedata.normalize("NFC", text)


class _Listing:
    """One pass over a source folder, remembering what it leaves out."""

    def __init__(self, root: Path, exclude: Collection[Path]) -> None:
        self.root = root
        self.exclude = exclude
        self.ignored: list[Path] = []

    def categories(self) -> dict[str, tuple[SourceImage, ...]]:
        if (self.root / GOOD).is_dir():
            return self._named([(self.root, self._images(self.root / GOOD, deep=True))])
        folders = sorted(
            (path for path in self._entries(self.root) if path.is_dir()),
            key=lambda path: nfc(path.name),
        )
        mvtec = [folder for folder in folders if (folder / GOOD).is_dir()]
        if mvtec:
            self.ignored += [path for path in folders if not (path / GOOD).is_dir()]
            return self._named([(path, self._images(path / GOOD, deep=True)) for path in mvtec])
        self.ignored.clear()
        direct = self._images(self.root, deep=False)
        if direct:
            return self._named([(self.root, direct)])
        categories = frozenset(folders)
        self.ignored = [path for path in self.ignored if path not in categories]
        return self._named([(path, self._images(path, deep=True)) for path in folders])

    def example(self) -> str:
        """Return something that was left out, below the root."""
        if not self.ignored:
            return ""
        seen = (path for path in self.ignored if not path.name.startswith("."))
        return printable(next(seen, self.ignored[0]).relative_to(self.root).as_posix())

    def _named(
        self, found: list[tuple[Path, tuple[SourceImage, ...]]]
    ) -> dict[str, tuple[SourceImage, ...]]:
        named: dict[str, tuple[SourceImage, ...]] = {}
        for folder, images in found:
            if not images:
                self.ignored.append(folder)
                continue
            name = category_name(folder)
            if name in named:
                msg = f"{folder}: a second category of the name {name!r}"
                raise InputError(msg, hint="rename one of the folders")
            named[name] = images
        return named

    def _images(self, folder: Path, *, deep: bool) -> tuple[SourceImage, ...]:
        found: dict[str, Path] = {}
        walk = _Walk(self.root, folder) if deep else None
        for path in self._files(folder, walk):
            key = nfc(printable(path.relative_to(folder).as_posix()))
            if key in found:
                msg = f"{path}: a second photo of the name {key!r} (composed differently)"
                raise InputError(msg, hint="rename one of them")
            found[key] = path
        return tuple(SourceImage(key, found[key]) for key in sorted(found))

    def _files(self, folder: Path, walk: "_Walk | None") -> Iterator[Path]:
        for path in self._entries(folder):
            if path.is_dir():
                if walk is not None and walk.is_new(path):
                    yield from self._files(path, walk)
                else:
                    self.ignored.append(path)
            elif path.suffix.lower() in SUFFIXES:
                yield path
            else:
                self.ignored.append(path)

    def _entries(self, folder: Path) -> list[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            hint = "check the folder's permissions"
            raise InputError(f"{folder}: cannot be read: {error.strerror}", hint=hint) from error
        self.ignored += [path for path in entries if path.name.startswith(".")]
        visible = [path for path in entries if not path.name.startswith(".")]
        return [path for path in visible if path not in self.exclude]


class _Walk:
    """Keeps links from leading into folders that are listed anyway, or were listed before.

    Parameters
    ----------
    root : Path
        The source folder.
    top : Path
        Where the walk begins; it may be a link itself.
    """

    def __init__(self, root: Path, top: Path) -> None:
        self._root = root
        self._top = top
        self._real_top = top.resolve()
        self._seen = {self._real_top}

    def is_new(self, folder: Path) -> bool:
        """Tell whether to go into a folder; from then on it is not new."""
        real = folder.resolve()
        by_link = real != self._real_top / folder.relative_to(self._top)
        inside = real.is_relative_to(self._root) or self._root.is_relative_to(real)
        if real in self._seen or (by_link and inside):
            return False
        self._seen.add(real)
        return True


def category_name(folder: Path) -> str:
    """Return the name of a category that is made of a folder.

    Raises
    ------
    InputError
        If the name cannot be a folder of the dataset.
    """
    name = nfc(folder.name) or "images"
    check_name(folder)
    if name == RESERVED:
        raise InputError(f"{folder}: the name {RESERVED!r} is taken", hint="rename the folder")
    return name


def check_name(path: Path) -> None:
    """Raise InputError if a path has control characters or bytes that are no text.

    A manifest could not name it, and a shell or a loader would stumble over it.
    """
    if printable(str(path)) != str(path):
        msg = f"{printable(str(path))}: a name with control characters or bytes that are no text"
        raise InputError(msg, hint="rename it")


def printable(name: str) -> str:
    """Return a name with control characters and bytes that are no text as escapes."""
    return "".join(
        _escaped(sign) if unicodedata.category(sign) in NO_TEXT else sign for sign in name
    )


def _escaped(sign: str) -> str:
    # Python stands the byte 0xff that is no text for by U+DCFF.
    code = ord(sign) - 0xDC00 if 0xDC80 <= ord(sign) <= 0xDCFF else ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
