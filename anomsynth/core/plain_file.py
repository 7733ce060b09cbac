"""Opens what is to be read to its end: a pipe or a device may have none."""

import errno
import io
import stat
from pathlib import Path

STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # which a shell has opened: <(command)


def open_bytes(path: Path) -> io.BufferedReader:
    """Open a file to read its bytes.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe, a device or a socket.
    """
    _check(path)
    return path.open("rb")


def open_text(path: Path, encoding: str = "utf-8", errors: str = "strict") -> io.TextIOWrapper:
    """Open a file to read its text, ends of lines as they are; see `open_bytes`."""
    _check(path)
    return path.open(encoding=encoding, errors=errors, newline="")


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file; see `open_bytes`."""
    with open_bytes(path) as file:
        return file.read()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Return the text of a file with one sign for every end of a line; see `open_bytes`.

    Raises
    ------
    OSError
        As `open_bytes`.
    UnicodeDecodeError
        If it is no text of this encoding.
    """
    _check(path)
    return path.read_text(encoding)


def reason(error: Exception) -> str:
    """Return in a few words why a file could not be read, without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "not a text file" if isinstance(error, UnicodeDecodeError) else str(error)


def has_end(mode: int) -> bool:
    """Tell by its mode whether something on disk is a file or a folder, and no pipe or device."""
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _check(path: Path) -> None:
    if not (has_end(path.stat().st_mode) or str(path).startswith(STREAMS)):
        raise OSError(errno.EINVAL, "no file but a pipe, a device or a socket", str(path))
