"""Joins the records of shards into those of one run; pictures already lie where it has them."""

import hashlib
import itertools
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from anomsynth.core.plain_file import read_bytes
from anomsynth.core.whole import output_error
from anomsynth.dataset.files import write_bytes
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, again_json, read_manifest
from anomsynth.dataset.metadata import make_scratch, read_run
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.errors import OutputError
from anomsynth.pipeline.events import Finished
from anomsynth.pipeline.parts import moved_parts, read_finders
from anomsynth.pipeline.record import differences
from anomsynth.pipeline.rigs import moved_rigs, read_rigs
from anomsynth.pipeline.shards import (
    ShardLayout,
    again,
    find_shards,
    read_shard,
    shards_of,
    show,
)
from anomsynth.pipeline.tables import Tally, write_tables


def merge(out: Path) -> Finished:
    """Join the shards of a run; the folder then holds the files of a single run, byte by byte.

    A merge that was interrupted goes on when called again, and a merged dataset stays as it is.

    Parameters
    ----------
    out : Path
        Output folder of all shards.

    Returns
    -------
    Finished
        Counts over the whole dataset.

    Raises
    ------
    OutputError
        If a shard is missing, unfinished, damaged or of another run, or the folder holds no
        shards or cannot be written.
    """
    started = time.perf_counter()
    layout, tally = Layout(out.resolve()), Tally()
    if not is_dir(layout.shards):
        _count_merged(layout, tally)
        finders = read_finders(read_run(layout))
        return tally.finished(time.perf_counter() - started, finders)
    shards = _check_whole(layout)
    record = read_shard(shards[0])
    parts = _Parts(shards, _photo_counts(record, shards[0]))
    parts.check_finished()
    make_scratch(layout)
    try:
        for category in parts.counts:
            lines = ((again_json(line), line) for line in parts.lines(category))
            write_tables(layout, category, lines, tally)
        write_bytes(layout.run_file, read_bytes(shards[0].run_file), layout.scratch)
        # From here on this is a dataset as any other; a rename takes all shards away at once.
        layout.shards.replace(layout.scratch / layout.shards.name)
    except OSError as error:
        raise output_error(layout.metadata, error) from error
    finally:
        shutil.rmtree(layout.scratch, ignore_errors=True)
    return tally.finished(time.perf_counter() - started, read_finders(record))


def _count_merged(layout: Layout, tally: Tally) -> None:
    """Count what is in a dataset that needs no merging."""
    record = read_run(layout)
    if exists(layout.journal):
        msg = f"{layout.root}: an unfinished run, not shards"
        raise OutputError(msg, hint="finish it by the same call with `resume=True`")
    shutil.rmtree(layout.scratch, ignore_errors=True)
    categories = record.get("categories")
    for category in categories if isinstance(categories, Mapping) else ():
        for line in read_manifest(layout.manifest(str(category)), made=True):
            tally.count(line)


def _check_whole(layout: Layout) -> list[ShardLayout]:
    """Return the shards 1..n of one run; raise OutputError if they are not that."""
    shards = find_shards(layout)
    if not shards:
        hint = "make them first, each with `shard=(I, N)`"
        raise OutputError(f"{layout.root}: holds no shards", hint=hint)
    sizes = sorted({one.shard[1] for one in shards})
    if len(sizes) > 1:
        names = ", ".join(show(one) for one in shards)
        msg = f"{layout.root}: shards of different runs: {names}"
        raise OutputError(msg, hint="keep those of one run, in folders of their own")
    there = {one.shard[0] for one in shards}
    missing = [
        ShardLayout(layout.root, layout.digits, shard=(number, sizes[0]))
        for number in range(1, sizes[0] + 1)
        if number not in there
    ]
    if missing:
        names = ", ".join(show(one) for one in missing)
        raise OutputError(f"{layout.root}: shards are missing: {names}", hint=again(missing))
    unfinished = [one for one in shards if exists(one.journal) or not exists(one.run_file)]
    if unfinished:
        names = ", ".join(show(one) for one in unfinished)
        raise OutputError(f"{layout.root}: unfinished shards: {names}", hint=again(unfinished))
    first = read_shard(shards[0])
    for other in shards[1:]:
        record = read_shard(other)
        moved = moved_parts(read_finders(first), read_finders(record))
        turned = moved_rigs(read_rigs(first), read_rigs(record))
        changed = differences(first, record)
        changed += [f"the part in {name}" for name in sorted(moved)]
        changed += [f"the lights of {name}" for name in sorted(turned)]
        if changed:
            what = "; ".join(changed)
            msg = f"{layout.root}: shard {show(other)} is of another run than {show(shards[0])}"
            raise OutputError(
                f"{msg}: {what}", hint="make it again with the settings of the others"
            )
    return shards


def _photo_counts(record: Mapping[str, object], layout: ShardLayout) -> dict[str, tuple[int, str]]:
    """Return by category how many photos it has and the hash of their names."""
    categories = record.get("categories")
    try:
        return {
            str(name): (int(listing["photos"]), str(listing["names_sha256"]))
            for name, listing in dict(categories).items()  # type: ignore[call-overload]  # see except
        }
    except (TypeError, ValueError, KeyError) as error:
        raise OutputError(f"{layout.run_file}: damaged", hint=again([layout])) from error


@dataclass(frozen=True, slots=True)
class _Parts:
    """The manifests of all shards.

    Attributes
    ----------
    shards : list of ShardLayout, 1..n
    counts : dict of category -> photos, hash of their names
    """

    shards: list[ShardLayout]
    counts: Mapping[str, tuple[int, str]]

    def check_finished(self) -> None:
        """Raise OutputError if a manifest is missing."""
        for category in self.counts:
            for number in sorted(set(self._order(category))):
                shard = self.shards[number - 1]
                if not exists(shard.manifest(category)):
                    msg = f"{shard.manifest(category)}: missing, shard {show(shard)} is unfinished"
                    raise OutputError(msg, hint=again([shard]))

    def lines(self, category: str) -> Iterator[Line]:
        """Yield the lines of a category in the order of the single run.

        Raises
        ------
        OutputError
            If they are not those of the photos in the record.
        """
        order = list(self._order(category))
        photos = {number: self._photos(category, number) for number in set(order)}
        names = hashlib.sha256()
        for rank, number in enumerate(order):
            found = next(photos[number], None)
            if found is None:
                raise self._foreign(category, number)
            name, lines = found
            names.update(f"\n{name}".encode() if rank else name.encode())
            yield from lines
        for number, rest in photos.items():
            if next(rest, None) is not None:
                raise self._foreign(category, number)
        if names.hexdigest() != self.counts[category][1]:
            raise self._foreign(category, order[0])

    def _order(self, category: str) -> Iterator[int]:
        counts = {name: photos for name, (photos, _) in self.counts.items()}
        return shards_of(counts, category, len(self.shards))

    def _photos(self, category: str, number: int) -> Iterator[tuple[str, list[Line]]]:
        """Yield the photos of one manifest with their lines."""
        lines = read_manifest(self.shards[number - 1].manifest(category), made=True)
        for name, group in itertools.groupby(lines, lambda line: str(line.get("image"))):
            yield name, list(group)

    def _foreign(self, category: str, number: int) -> OutputError:
        shard = self.shards[number - 1]
        msg = f"{shard.manifest(category)}: does not list the photos of this run"
        return OutputError(msg, hint=again([shard]))
