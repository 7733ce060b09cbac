"""Whether the files that a line of the manifest names are there, whole and still of that photo."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from anomsynth.core.plain_file import open_bytes
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.journal import read_journal
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, array_hash, read_manifest
from anomsynth.dataset.paths import exists
from anomsynth.errors import InputError

COMPARED = 8  # photos of a source that may have moved
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def is_done(layout: Layout, lines: Sequence[Line], *, decode: bool) -> bool:
    """Tell whether a photo needs no more work.

    Photos that could not be used are tried again: the user may have replaced them.

    Parameters
    ----------
    layout : Layout
    lines : of one photo
    decode : bool
        Compare the hashes of the decoded images and masks too, not only the files' two ends.
    """
    if not lines or any(line.get("what") == "unusable photo" for line in lines):
        return False
    return all(_is_whole(layout, line, decode=decode) for line in lines)


class SourceFiles:
    """Tells whether source photos are the files that lines of a manifest were made of.

    Every file is read once, however many units of work it has.

    Parameters
    ----------
    root : Path
        The source folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._hashes: dict[str, str] = {}

    def are_those_of(self, lines: Sequence[Line]) -> bool:
        """Tell whether every photo that the lines are about has the bytes it had then."""
        sources = [line.get("source") for line in lines]
        scans = [source.get("scan") for source in sources if isinstance(source, Mapping)]
        views = [source.get("views") for source in sources if isinstance(source, Mapping)]
        others = [one for group in views if isinstance(group, Mapping) for one in group.values()]
        return all(
            self._hash(str(source["file"])) == source["file_sha256"]
            for source in (*sources, *scans, *others)
            if isinstance(source, Mapping) and source.get("file_sha256")
        )

    def _hash(self, name: str) -> str:
        if name not in self._hashes:
            try:
                with open_bytes(self._root / name) as file:
                    self._hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError:  # the photo is tried again, and its error is told then
                self._hashes[name] = ""
        return self._hashes[name]


def are_photos_of(layout: Layout, categories: Sequence[str], root: Path) -> bool:
    """Tell whether a source folder holds the photos that a dataset was made of, by some of them.

    Parameters
    ----------
    layout : Layout
        Of the dataset.
    categories : of the dataset
    root : Path
        The source folder.

    Raises
    ------
    OutputError
        If a manifest is damaged.
    """
    lines = list(itertools.islice(_good_photos(layout, categories), COMPARED))
    return bool(lines) and SourceFiles(root).are_those_of(lines)


def _good_photos(layout: Layout, categories: Sequence[str]) -> Iterator[Line]:
    """Yield the first photo of each category, then of what is done already of an unfinished run."""
    for category in categories:
        manifest = layout.manifest(category)
        if exists(manifest):
            yield from itertools.islice(_normals(read_manifest(manifest, made=True)), 1)
    if exists(layout.journal):
        yield from _normals(read_journal(layout.journal))


def _normals(lines: Iterable[Line]) -> Iterator[Line]:
    return (line for line in lines if line.get("what") == "normal")


def files_of(line: Line) -> dict[str, list[str]]:
    """Return the files of a manifest line below the root, by role: image, mask, extras."""
    files = line.get("files")
    if not isinstance(files, Mapping):
        return {}
    return {
        str(role): [str(name) for name in names] if isinstance(names, list) else [str(names)]
        for role, names in files.items()
    }


def pixel_hash(path: Path) -> str:
    """Return the hash of a picture's pixels as manifests hold it, empty if it cannot be read."""
    try:
        photo = read_photo(path)
    except InputError:
        return ""
    return array_hash(photo.pixels[..., 0] if photo.flat else photo.pixels)


def _is_whole(layout: Layout, line: Line, *, decode: bool) -> bool:
    files = files_of(line)
    if not all(_has_both_ends(layout.root / name) for names in files.values() for name in names):
        return False
    hashes = line.get("sha256")
    if not decode or not isinstance(hashes, Mapping):
        return True
    return all(
        pixel_hash(layout.root / files[role][0]) == hashes.get(role)
        for role in ("image", "mask")
        if role in files
    )


def _has_both_ends(path: Path) -> bool:
    try:
        with open_bytes(path) as file:
            start = file.read(len(PNG_START))
            if path.suffix != ".png":
                return bool(start)
            file.seek(-len(PNG_END), 2)
            return start == PNG_START and file.read() == PNG_END
    except OSError:
        return False
