"""Where a run's photos and masks are: recorded as seen from the dataset too, so both may move."""

import os
from collections.abc import Mapping
from pathlib import Path

from anomsynth.dataset.paths import exists
from anomsynth.errors import InputError
from anomsynth.pipeline.options import RunOptions

FROM_OUT = "from_out"  # key of run.json
SOURCE = "source"


def seen_from(out: Path, source: Path, options: RunOptions) -> dict[str, str]:
    """Return the way from the output folder to the source and to what goes with it, posix."""
    given = {SOURCE: source, **options.folders()}
    found = {}
    for name, place in given.items():
        if place is not None:
            try:
                found[name] = Path(os.path.relpath(place.resolve(), out)).as_posix()
            except ValueError:  # another drive
                continue
    return found


def with_same_places(
    stored: Mapping[str, object], planned: Mapping[str, object]
) -> Mapping[str, object]:
    """Return a stored record with the planned places where the way to them is the same."""
    before, now = _ways(stored), _ways(planned)
    same = {name for name in now if before.get(name) == now[name]}
    found = dict(stored)
    if SOURCE in same:
        found[SOURCE] = planned.get(SOURCE)
    old, new = stored.get("options"), planned.get("options")
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found["options"] = {
            name: new.get(name) if name in same else value for name, value in old.items()
        }
    return found


def find_source_again(record: Mapping[str, object], out: Path, said: Path | None) -> Path:
    """Return where the photos of a dataset are now.

    Raises
    ------
    InputError
        If they are neither where they were nor where they lay seen from the dataset.
    """
    if said is not None:
        return said
    found = find_again(record, SOURCE, record.get(SOURCE), out)
    if found is None:
        msg = f"{record.get(SOURCE)}: no such folder, the photos have moved"
        raise InputError(msg, hint="say by `source` where they are now")
    return found


def find_again(record: Mapping[str, object], name: str, recorded: object, out: Path) -> Path | None:
    """Return where something that a record names is now, None if it is nowhere."""
    way = _ways(record).get(name)
    candidates = [Path(str(recorded))] if recorded is not None else []
    candidates += [] if way is None else [out / str(way)]
    return next((place for place in candidates if exists(place)), None)


def _ways(record: Mapping[str, object]) -> Mapping[str, object]:
    ways = record.get(FROM_OUT)
    return ways if isinstance(ways, Mapping) else {}
