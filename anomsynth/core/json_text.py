"""JSON as its standard has it."""

import json
from typing import NoReturn


def parse_json(text: str | bytes) -> object:
    """Return what a JSON text says.

    Raises
    ------
    ValueError
        If it is no JSON, nested too deeply, or holds what could not be written again: NaN,
        infinity, or one half of a surrogate pair.

    Examples
    --------
    >>> parse_json('{"a": NaN}')
    Traceback (most recent call last):
    ...
    ValueError: NaN is no number of JSON
    """
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    escaped = "\\u" in text if isinstance(text, str) else b"\\u" in text
    if escaped:
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")
