"""The names of classes in data.yaml: the few forms that tools write, and no other is guessed at."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from anomsynth.errors import InputError

_NAMES = re.compile(r"""(?:names|"names"|'names')[ \t]*:(?=[ \t]|$)(?P<rest>.*)""")
_COUNT = re.compile(r"nc[ \t]*:[ \t]*(\d+)[ \t]*(?:#.*)?")
_GAP = re.compile(r"(?:\s|(?:(?<=\s)|^)#[^\n]*)*")
_END = re.compile(r"[ \t]*(?:[ \t]#.*|#.*)?$", re.MULTILINE)
_NUMBER = re.compile(r"""(?P<quote>["']?)(?P<number>\d+)(?P=quote)[ \t]*:(?=\s)""")
_QUOTED = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'""")
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`](?:[^\n,\[\]{}#:]|(?<!\s)#|:(?!\s))*")
_IN_LINE = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`](?:[^\n#:]|(?<!\s)#|:(?!\s))*")
_HALVES = re.compile(r"\\U([0-9a-fA-F]{8})")
_BYTE = re.compile(r"\\x([0-9a-fA-F]{2})")
HINT = "write names: [hole, crack], or a line for each class such as 0: hole"


class _UnknownFormError(ValueError):
    """A form that is not understood; its argument is the line it stands on, from 0."""


def read_names(path: Path) -> dict[int, str]:
    """Return the names of the classes by their numbers; none if data.yaml has no ``names``.

    Understood are a list in brackets and numbers with names in braces, over one line or several,
    a line ``- hole`` or ``0: hole`` for each class, quotes, and comments.

    Raises
    ------
    InputError
        If the file cannot be read, names are written in another way, or ``nc`` says how many they
        are and that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    lines = text.split("\n")
    try:
        names = _names(lines)
    except _UnknownFormError as error:
        at = int(error.args[0])
        msg = f"{path}: line {at + 1}: names of classes in a form that is not known: {lines[at]!r}"
        raise InputError(msg, hint=HINT) from error
    count = next((int(found[1]) for line in lines if (found := _COUNT.fullmatch(line))), None)
    if names and count is not None and count != len(names):
        msg = f"{path}: nc says {count} classes, and there are {len(names)} names"
        raise InputError(msg, hint="correct one of them")
    return names


def _names(lines: Sequence[str]) -> dict[int, str]:
    starts = [at for at, line in enumerate(lines) if _NAMES.match(line)]
    if len(starts) > 1:
        raise _UnknownFormError(starts[1])
    if not starts:
        if next((line for line in lines if line.strip()), "").startswith("{"):
            raise _UnknownFormError(0)
        return {}
    found = _NAMES.match(lines[starts[0]])
    rest = "" if found is None else found["rest"]
    if rest.lstrip().startswith(("[", "{")):
        return _in_brackets("\n".join([rest, *lines[starts[0] + 1 :]]), starts[0])
    if _END.match(rest) is None:
        raise _UnknownFormError(starts[0])
    return _line_by_line(lines, starts[0] + 1)


def _in_brackets(text: str, first: int) -> dict[int, str]:
    """Read a list or numbers with names from an opening bracket on."""
    at = len(text) - len(text.lstrip())
    closing, numbered = ("}", True) if text[at] == "{" else ("]", False)
    names: dict[int, str] = {}

    def unknown() -> _UnknownFormError:
        return _UnknownFormError(first + text.count("\n", 0, at))

    at = _after(_GAP, text, at + 1)
    while not text.startswith(closing, at):
        number = len(names)
        if numbered:
            key = _NUMBER.match(text, at)
            if key is None or int(key["number"]) in names:
                raise unknown()
            number, at = int(key["number"]), _after(_GAP, text, key.end())
        scalar = _QUOTED.match(text, at) or _PLAIN.match(text, at)
        if scalar is None:
            raise unknown()
        names[number] = _plain(scalar[0], unknown())
        at = _after(_GAP, text, scalar.end())
        if text.startswith(",", at):
            at = _after(_GAP, text, at + 1)
        elif not text.startswith(closing, at):
            raise unknown()
    if _END.match(text, at + 1) is None:
        raise unknown()
    return names


def _line_by_line(lines: Sequence[str], first: int) -> dict[int, str]:
    """Read a line for each class; the first decides how all of them look."""
    names: dict[int, str] = {}
    indent, listed = -1, False
    for at in range(first, len(lines)):
        line = lines[at].lstrip(" ")
        if not line.strip() or line.startswith("#"):
            continue
        inside = len(lines[at]) - len(line)
        dashed = line.startswith("- ")
        if indent < 0:
            indent, listed = inside, dashed
        if inside < indent or (inside == 0 and not dashed):
            break
        key = None if dashed else _NUMBER.match(line)
        if inside != indent or dashed != listed or (key is None and not dashed):
            raise _UnknownFormError(at)
        number = int(key["number"]) if key is not None else len(names)
        value = line[2:].lstrip() if key is None else line[key.end() :].lstrip()
        scalar = _QUOTED.match(value) or _IN_LINE.match(value)
        if scalar is None or number in names or _END.match(value, scalar.end()) is None:
            raise _UnknownFormError(at)
        names[number] = _plain(scalar[0], _UnknownFormError(at))
    return names


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def _plain(word: str, unknown: _UnknownFormError) -> str:
    """Return a word of YAML without its quotes."""
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    if not word.startswith('"'):
        return word.strip()
    try:
        return str(json.loads(_HALVES.sub(_surrogates, _BYTE.sub(r"\\u00\1", word))))
    except ValueError:
        raise unknown from None


def _surrogates(found: re.Match[str]) -> str:
    """Return a sign beyond the basic plane as JSON writes it."""
    return json.dumps(chr(int(found[1], 16)))[1:-1]
