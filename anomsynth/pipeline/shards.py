"""Parts of one run that know nothing of each other, for clusters that only start programs.

Each makes some of the photos, numbered as in the whole run, and keeps its own record below
``OUT/_anomsynth/.shards``; `merge` joins the records.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth.core.counted import counted
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.metadata import SYSTEM_FILES, Contents, read_record
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.errors import OutputError, UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.record import differences

Shard = tuple[int, int]  # (i, n): the i-th of n, i from 1
_FOLDER = re.compile(r"(\d+)-of-(\d+)")


@dataclass(frozen=True, slots=True)
class ShardLayout(Layout):
    """Paths of one shard: pictures lie where the whole run has them, records apart.

    Attributes
    ----------
    shard : (int, int)
    """

    shard: Shard = (1, 1)

    @property
    def own(self) -> Path:
        """Folder of the shard's records."""
        return self.shards / f"{self.shard[0]}-of-{self.shard[1]}"

    @property
    def scratch(self) -> Path:
        """Folder of temporary files; gone when the shard has ended."""
        return self.own / ".tmp"

    @property
    def run_file(self) -> Path:
        """What was run: the very bytes that the whole run writes."""
        return self.own / "run.json"

    @property
    def journal(self) -> Path:
        """What an unfinished shard has done so far."""
        return self.own / "journal.jsonl"

    def manifest(self, category: str) -> Path:
        """Return the path of the manifest of the shard's photos."""
        return self.own / category / "manifest.jsonl"

    def scores(self, category: str) -> Path:
        """Return the path of the table of the shard's scores."""
        return self.own / category / "scores.csv"


def layout_of(root: Path, digits: int, shard: Shard | None) -> Layout:
    """Return the paths of a run or of a shard."""
    layout = Layout(root, digits)
    return layout if shard is None else ShardLayout(root, digits, shard=shard)


def in_shard(photos: Sequence[tuple[str, str]], shard: Shard | None) -> Iterator[bool]:
    """Yield whether each photo belongs to a shard.

    Photos are dealt out like cards, so that every shard gets its share of each category. A photo
    with all its samples stays in one shard, which decodes and analyses it once.

    Parameters
    ----------
    photos : category and key of every photo of the run, by category and rank
    shard : (int, int) or None
        None holds all.

    Raises
    ------
    UserError
        If there are more shards than photos.
    """
    if shard is None:
        yield from (True for _ in photos)
        return
    index, count = shard
    if count > len(photos):
        msg = f"`shard=({index}, {count})`: the source holds only {counted(len(photos), 'photo')}"
        raise UserError(msg, hint=f"use at most {counted(len(photos), 'shard')}")
    counts = Counter(category for category, _ in photos)
    turns = {category: shards_of(counts, category, count) for category in counts}
    for category, _ in photos:
        yield next(turns[category]) == index


def shards_of(counts: Mapping[str, int], category: str, shards: int) -> Iterator[int]:
    """Yield the shard, from 1, of each photo of a category by rank.

    Parameters
    ----------
    counts : dict of category -> number of photos
    category : str
    shards : int
    """
    # By sorted name, because a record does not keep the categories' order.
    earlier = sum(counts[name] for name in counts if name < category)
    for rank in range(counts[category]):
        yield (earlier + rank) % shards + 1


def check_shards(
    layout: Layout, held: Contents, record: Mapping[str, object], options: RunOptions
) -> None:
    """Check that a run or shard may work in a folder that holds shards or a dataset.

    Parameters
    ----------
    layout : Layout
        Of what is to be done.
    held : what the folder holds
    record : of the whole run
    options : RunOptions

    Raises
    ------
    OutputError
        If it may not.
    """
    root, shard = layout.root, options.shard
    if shard is None:
        if held == "shards":
            hint = f"finish them and join them with: anomsynth merge {root}; or delete the folder"
            raise OutputError(f"{root}: holds shards of a run", hint=hint)
        return
    if options.overwrite:
        # Nobody knows whether other shards are being worked on.
        hint = "delete the folder before the first shard starts, or add `resume=True`"
        raise OutputError("`overwrite` and `shard` exclude each other", hint=hint)
    if held == "dataset":
        hint = "choose another output folder, or go on without `shard`"
        raise OutputError(f"{root}: holds a whole dataset, not shards", hint=hint)
    for other in find_shards(layout):
        if other.shard[1] != shard[1]:
            msg = f"{root}: holds shards of {other.shard[1]}, this is one of {shard[1]}"
            raise OutputError(msg, hint="use the same number, or another output folder")
        if other.shard == shard or not exists(other.run_file):
            continue
        changed = differences(read_shard(other), record)
        if changed:
            msg = f"{root}: shard {show(other)} was begun with other settings: {'; '.join(changed)}"
            raise OutputError(msg, hint="use the same settings, or another output folder")


def find_shards(layout: Layout) -> list[ShardLayout]:
    """Return the shards that a folder holds, by number.

    Raises
    ------
    OutputError
        If something else lies among them.
    """
    if not is_dir(layout.shards):
        return []
    found = []
    for path in layout.shards.iterdir():
        name = _FOLDER.fullmatch(path.name)
        if name is not None:
            shard = int(name[1]), int(name[2])
            found.append(ShardLayout(layout.root, layout.digits, shard=shard))
        elif path.name not in SYSTEM_FILES:
            raise OutputError(f"{path}: not a shard", hint="move it away")
    return sorted(found, key=lambda one: one.shard)


def read_shard(layout: ShardLayout) -> Mapping[str, object]:
    """Read a shard's run.json.

    Raises
    ------
    OutputError
        If it cannot be read.
    """
    return read_record(layout.run_file, again([layout]))


def again(layouts: Iterable[ShardLayout]) -> str:
    """Return a hint that says how to do shards (again)."""
    shards = ", ".join(f"`shard={layout.shard}`" for layout in layouts)
    return f"make them by the same call with `resume=True` and {shards}"


def show(layout: ShardLayout) -> str:
    """Return a shard as it is written on the command line."""
    return f"{layout.shard[0]}/{layout.shard[1]}"
