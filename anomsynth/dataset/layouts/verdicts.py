"""Values beside the names of photos that tell good parts from bad ones, in tables and lists."""

import json
import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from anomsynth.dataset.layouts.names import condemns, meaning_of, without_roles

MOST_CLASSES = 100  # numbers of more are measurements
NAMELESS = "2"  # the column of what stands after a picture in a list
NOTHING = frozenset({"", "-1", "0", "0.0", "[]", "{}", "false", "n", "nan", "no", "none", "null"})
YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "x"})
_COLUMN = re.compile(
    r"encoded_?pixels|rle|bbox|x_?min|x1|mask(?:_?path)?|segmentation|polygon|region_\w+|defect\w*|anomal\w+",
    re.I,
)
_CORNER = re.compile(r"x_?min|x1", re.I)  # zero is a place
_VERDICT = re.compile(
    r"(?:class|label|target|category|status|result|verdict|quality)(?:_?(?:id|name))?|is_\w+|y",
    re.I,
)
_CLASSES = re.compile(r"(?:class|label|target|category)(?:_?(?:id|name))?", re.I)

_PATH = re.compile(r"[/\\]|\.[A-Za-z]\w{2,3}$")

Record = Mapping[str, str]  # column -> value, of one photo


def marks_in(records: Iterable[Record], folders: Collection[str]) -> str:
    """Return what records of photos look like, empty if they mark none.

    Parameters
    ----------
    records
    folders : lower-case names of folders of the photos; a value that repeats them says no more
    """
    said: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for name, value in record.items():
            said[name].add(value.strip())
    for name, values in said.items():
        if _COLUMN.fullmatch(name) and _is_filled(name, values):
            return f"a table with the column {name!r}, which looks like marks"
    for name, values in said.items():
        told = {one for one in values if one.lower() not in folders}
        if told and _tells(name, told, beside={one.lower() for one in said}):
            return f"a table whose column {name!r} tells pictures apart, which looks like marks"
    return ""


def _is_filled(name: str, values: Iterable[str]) -> bool:
    if _CORNER.fullmatch(name):
        return any(values)
    return any(one.lower() not in NOTHING for one in values)


def _tells(name: str, values: Collection[str], *, beside: Collection[str]) -> bool:
    """Tell whether a column's values say that some part is bad, or divide parts into classes."""
    plain = [one for one in values if not _PATH.search(one)]
    if any(map(condemns, plain)) or _header_tells(name, {one.lower() for one in values}):
        return True
    nameless = name.isdecimal()
    if not (nameless or _VERDICT.fullmatch(name)) or (name.lower() == "y" and "x" in beside):
        return False
    numbers = {_number(one) for one in values}
    if None not in numbers:
        few = _CLASSES.fullmatch(name) is not None and _few(numbers)
        return few or (len(numbers) > 1 and numbers <= {-1, 0, 1})
    if any(meaning_of(without_roles(one)) == "defects" for one in plain):
        return True
    return not nameless and len(values) > 1 and any(meaning_of(one) != "good" for one in values)


def _header_tells(name: str, values: Collection[str]) -> bool:
    """Tell whether a header is good or a defect, and its column says of some that it is bad."""
    header = meaning_of(without_roles(name))
    if header == "defects":
        return any(one in YES or (one.isdecimal() and int(one) > 0) for one in values)
    return header == "good" and any(one in NOTHING and one for one in values)


def _few(numbers: Collection[float | None]) -> bool:
    whole = all(one is not None and one == round(one) and one < MOST_CLASSES for one in numbers)
    return len(numbers) > 1 and whole


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def records_of_json(text: str) -> Iterator[tuple[str, Record]]:
    """Yield the objects of JSON, or of each line of it, with the keys they stand under.

    An object's plain values are a record; so is each of them under its own key. Nothing if it
    cannot be read.
    """
    try:
        contents = [json.loads(text)]
    except (ValueError, RecursionError):
        contents = list(_lines(text))
    waiting: list[tuple[str, object]] = [("", one) for one in contents]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            plain = {str(name): _plain(one) for name, one in value.items()}
            yield key, {name: one for name, one in plain.items() if one is not None}
            yield from ((name, {NAMELESS: one}) for name, one in plain.items() if one)
            waiting.extend((str(name), one) for name, one in value.items())
        elif isinstance(value, list):
            waiting.extend(("[]", one) for one in value)


def _lines(text: str) -> Iterator[object]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            continue


def _plain(value: object) -> str | None:
    """Return a value as a table has it, None of one that holds others."""
    if isinstance(value, bool | None):
        return {True: "true", False: "false", None: ""}[value]
    return str(value) if isinstance(value, str | int | float) else None
