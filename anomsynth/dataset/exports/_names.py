"""Names that are unique in an export, and that no loader stumbles over."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from anomsynth.dataset.name_index import NameIndex


def plain(name: str) -> str:
    """Return a name that no loader, shell or archive stumbles over."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)


def renamed(names: Sequence[str]) -> dict[int, str]:
    """Return new names, by position, of those that come more than once; a number makes them unique.

    Most names come once: of those a hash is kept.
    """
    index = NameIndex(names)
    again = index.repeated().tolist()
    if not again:
        return {}
    wanted = frozenset(again)
    several = {at: name for at, name in enumerate(names) if at in wanted}
    counts = Counter(several.values())
    found: dict[int, str] = {}
    taken: set[str] = set()
    for at, name in several.items():
        if counts[name] == 1:
            continue
        chosen, number = name, 2
        while chosen in taken or (chosen != name and chosen in index):
            chosen, number = f"{PurePosixPath(name)}_{number}", number + 1
        taken.add(chosen)
        found[at] = chosen
    return found
