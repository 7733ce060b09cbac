"""What a labelling tool says of one picture."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from anomsynth.dataset.annotations.shapes import Shape
from anomsynth.errors import InputError

Split = Literal["train", "test", ""]
SPLITS: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "test", "testing"), "test"),
}
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """The shapes on one picture.

    Attributes
    ----------
    image : str
        The picture's path as the tool has it, posix.
    size : (int, int) or None
        Height and width as the tool saw them.
    shapes : tuple of Shape
    split : {"train", "test", ""}
        Where the file says it, else empty; for validation is for tests.
    category : str
        Where the file says it, else empty.
    said : tuple of str
        Labels of the whole picture.
    """

    image: str
    size: tuple[int, int] | None
    shapes: tuple[Shape, ...]
    split: Split = ""
    category: str = ""
    said: tuple[str, ...] = ()


def split_of(name: str) -> Split:
    """Return which split a name of a file or folder says, empty if none: ``instances_val2017``."""
    found = [SPLITS[word] for word in _WORD.findall(name.lower()) if word in SPLITS]
    return found[-1] if found else ""


def read_json(path: Path) -> Mapping[str, object]:
    """Return the object of a JSON file; a byte order mark at its start is passed over.

    Raises
    ------
    InputError
        If it cannot be read or is no object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: cannot be read as JSON: {error}", hint="export it anew"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: JSON without an object at its top", hint="export it anew")
    return cast("Mapping[str, object]", found)
