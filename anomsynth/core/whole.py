"""Whole files or none: every write is a temporary file and a rename on the same file system."""

import errno
import itertools
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from anomsynth.errors import OutputError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_numbers = itertools.count()
_token = secrets.token_hex(4)  # workers on two machines may have one process number


def place_whole(
    path: Path, fill: Callable[[Path], None], scratch: Path, *, linked: bool = False
) -> None:
    """Let a file be filled somewhere else and take its place when it is whole.

    Parameters
    ----------
    path : Path
        Its folder is made if needed.
    fill : function of Path
        Writes the file.
    scratch : Path
        Existing folder for temporary files on the file system of `path`.
    linked : bool
        Whether it may be filled by a link to another file.

    Raises
    ------
    OutputError
        If the disk is full, read-only or forbids it.
    """
    temporary = scratch / f".{_token}-{os.getpid()}-{next(_numbers)}.part"
    try:
        fill(temporary)
        try:
            temporary.replace(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(path)
        if linked:  # renaming one hard link of a file onto another of the same does nothing at all
            temporary.unlink(missing_ok=True)
    except OSError as error:
        _forget(temporary)
        raise output_error(path, error) from error
    except BaseException:
        _forget(temporary)
        raise


def output_error(path: Path, error: OSError) -> OutputError:
    """Say in the user's words why a file could not be written."""
    if error.errno in _FULL:
        return OutputError(f"{path}: the disk is full", hint="free some space, then do it again")
    if error.errno in _FORBIDDEN:
        hint = "choose another output folder or change its permissions"
        return OutputError(f"{path}: cannot be written: {error.strerror}", hint=hint)
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")


def _forget(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:  # the scratch folder is cleared when the run ends or is resumed
        return
