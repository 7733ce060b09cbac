"""Some of many, evenly spaced in their order."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many items, the first of each of as many equal parts.

    Examples
    --------
    >>> evenly("abcdefg", 3), evenly("ab", 3), evenly("", 3)
    (['a', 'c', 'e'], ['a', 'b'], [])
    """
    count = min(len(items), most)
    return [items[nth * len(items) // count] for nth in range(count)]
