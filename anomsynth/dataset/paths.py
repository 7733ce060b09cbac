"""What lies on a disk: questions that a disk answers, or refuses to with one clear sentence."""

import errno
import os
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from anomsynth.core.path_list import PathList
from anomsynth.core.plain_file import has_end
from anomsynth.errors import InputError, UserError

NO_TEXT = frozenset({"Cc", "Cs"})  # Unicode: control characters, halves of surrogate pairs
# Folders that systems keep on every disk or beside every folder; no user put anything there.
SYSTEM_FOLDERS = frozenset(
    {"lost+found", "System Volume Information", "$RECYCLE.BIN", "__MACOSX", "@eaDir"}
)


def exists(path: Path) -> bool:
    """Tell whether there is such a file or folder.

    Raises
    ------
    UserError
        If the disk does not say: a folder above cannot be entered, or a name is too long.
    """
    return _mode(path) != 0


def is_dir(path: Path) -> bool:
    """Tell whether there is such a folder; raise UserError as `exists`."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Tell whether there is such a file, no pipe or device; raise UserError as `exists`."""
    return stat.S_ISREG(_mode(path))


def is_special(path: Path) -> bool:
    """Tell whether a path is a pipe, a device or a socket, which may never end being read."""
    mode = _mode(path)
    return mode != 0 and not has_end(mode)


def folders_in(folder: Path) -> list[Path]:
    """List the folders in a folder by name, without hidden ones and those of the system.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return [folder / name for name in _listed(folder, os.DirEntry.is_dir)]


def files_in(folder: Path) -> PathList:
    """List the files in a folder by name, no pipes or devices; see `folders_in`."""
    found = PathList()
    found.extend_in(folder, _listed(folder, os.DirEntry.is_file))
    return found


def _listed(folder: Path, wanted: Callable[[os.DirEntry[str]], bool]) -> list[str]:
    try:
        with os.scandir(folder) as found:  # many files: none is asked for one by one
            names = [one.name for one in found if not is_passed_over(one.name) and _is(one, wanted)]
    except OSError as error:
        raise _unreadable(folder, error) from error
    names.sort()
    return names


def _is(one: os.DirEntry[str], wanted: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return wanted(one)
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself is neither
            return False
        raise _unreadable(Path(one.path), error) from error


def is_passed_over(name: str) -> bool:
    """Tell by its name whether an entry is hidden or kept by the system."""
    return name.startswith(".") or name in SYSTEM_FOLDERS


def nfc(text: str) -> str:
    """Return the composed form of a name; macOS and Linux store the same name differently."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Return a name in the form in which names are compared where case says nothing."""
    return nfc(text).lower()


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


def _mode(path: Path) -> int:
    """Return what `stat` says a path is, 0 if there is nothing."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - the same, and no object for each of many
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself is nothing
            return 0
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    hint = "check the permissions of it and of the folders above"
    if isinstance(error, PermissionError):
        return InputError(f"{path}: cannot be read: {error.strerror}", hint=hint)
    return InputError(
        f"{_shortened(path)}: cannot be read: {error.strerror}", hint="check the path"
    )


def _shortened(path: Path) -> str:
    """Return a path whose name may be too long to be printed."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:120]}...{text[-60:]}"


def _escaped(sign: str) -> str:
    # Python stands the byte 0xff that is no text for by U+DCFF.
    code = ord(sign) - 0xDC00 if 0xDC80 <= ord(sign) <= 0xDCFF else ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
