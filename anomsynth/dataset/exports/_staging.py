"""A folder in the making: it takes its name when everything is in it."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anomsynth.core.plain_file import read_text, reason
from anomsynth.core.types import Mask
from anomsynth.dataset.extras import binary
from anomsynth.dataset.files import link_file, whole_folder, write_bytes, write_pieces
from anomsynth.dataset.headers import is_turned
from anomsynth.dataset.images import upright, write_picture, write_png
from anomsynth.dataset.metadata import SYSTEM_FILES
from anomsynth.dataset.paths import exists, is_dir, is_file
from anomsynth.dataset.spill import Spill
from anomsynth.errors import OutputError

RECORD = ".anomsynth-export.json"  # hidden: loaders of folders pass it over
BY_CONSUMERS = frozenset({".cache"})  # what ultralytics leaves beside its labels


class Staging:
    """Takes the files of one export.

    Parameters
    ----------
    folder : Path
        Where they are written now.
    final : Path
        Where they will be, absolute: for formats that hold absolute paths.
    hardlink : bool
        Link images instead of copying them, where the file system can.
    """

    def __init__(self, folder: Path, final: Path, *, hardlink: bool = False) -> None:
        self.folder = folder
        self.final = final
        self.hardlink = hardlink

    def image(self, name: str, source: Path) -> None:
        """Put in an image as it is; one that metadata turn is written upright.

        `name` is its path in the folder, posix, with the ending that `ExportedImage.ending` says:
        any other than ``.png`` costs the pixels of a turned picture their exactness.
        """
        if is_turned(source):
            write_picture(self.folder / name, upright(source), self.folder)
        else:
            link_file(source, self.folder / name, self.folder, copy=not self.hardlink)

    def mask(self, name: str, mask: Mask) -> None:
        """Write a mask, (H, W) bool, as 8-bit PNG of exactly 0 and 255."""
        write_png(self.folder / name, binary(mask), self.folder)

    def text(self, name: str, text: str) -> None:
        """Write a text file in UTF-8."""
        write_bytes(self.folder / name, text.encode(), self.folder)

    def pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file piece by piece."""
        write_pieces(self.folder / name, pieces, self.folder)


@contextmanager
def staged(out: Path, *, overwrite: bool, hardlink: bool) -> Iterator[Staging]:
    """Give a folder to fill; it becomes `out` when the block ends, and is gone if it fails.

    Raises
    ------
    OutputError
        If `out` holds something and may not be overwritten, or holds files that no export made,
        or cannot be written.
    """
    final = out.resolve()
    check_out(final, overwrite=overwrite)
    with whole_folder(final) as folder:
        yield Staging(folder, final, hardlink=hardlink)


def write_record(staging: Staging, record: Mapping[str, object]) -> None:
    """Write what was exported how, and the list of all files: an overwriting export reads it."""
    text = json.dumps({**record, "files": []}, indent=1, sort_keys=True) + "\n"
    before, opened, after = text.partition('\n "files": [')  # no other key stands so far left
    files: Spill[str] = Spill()  # all of them, before this one is begun
    for path in _files(staging.folder):
        files.append(path.relative_to(staging.folder).as_posix())
    names = (f"{',' if nth else ''}\n  {json.dumps(name)}" for nth, name in enumerate(files))
    end = "\n " if files else ""
    pieces = itertools.chain([before, opened], names, [end, after])
    staging.pieces(RECORD, (piece.encode() for piece in pieces))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files anywhere below a folder, sorted."""
    with os.scandir(folder) as found:
        folders = {one.name for one in found if one.is_dir()}
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - names take less than paths
        if name in folders:
            yield from _files(folder / name)
        elif is_file(folder / name):
            yield folder / name


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raise OutputError unless an export may take the place of what is there."""
    if not exists(out):
        return
    if not is_dir(out):
        raise OutputError(f"{out}: not a folder", hint="choose another output folder")
    try:
        present = {
            path.relative_to(out).as_posix()
            for path in out.rglob("*")
            if not is_dir(path) and path.name not in SYSTEM_FILES
        }
        if not present:
            return
        record = json.loads(read_text(out / RECORD)) if RECORD in present else {}
    except (OSError, ValueError) as error:
        raise OutputError(f"{out}: cannot be read: {reason(error)}") from error
    if not overwrite:
        hint = "choose another folder, or replace it with `overwrite=True`"
        raise OutputError(f"{out}: not empty", hint=hint)
    files = record.get("files") if isinstance(record, dict) else None
    ours = {RECORD, *(str(name) for name in files)} if isinstance(files, list) else set()
    for name in sorted(present - ours):
        if Path(name).suffix not in BY_CONSUMERS or not ours:
            msg = f"{out / name}: not made by anomsynth export, will not be deleted"
            raise OutputError(msg, hint="move it away or choose another output folder")
