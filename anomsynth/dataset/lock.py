"""One run at a time in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anomsynth.dataset.files import make_folder
from anomsynth.errors import OutputError


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder, made if needed, until the block ends; no file is left behind.

    Where the system or the file system knows no locks, nothing is held.

    Raises
    ------
    OutputError
        If another process holds it, or it cannot be made.
    """
    make_folder(folder)
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"{folder}: another run writes into it"
            raise OutputError(msg, hint="wait for its end, or choose another folder") from error
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)
