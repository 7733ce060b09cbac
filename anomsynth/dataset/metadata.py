"""What an output folder holds already: nothing, a run or shards of ours, or other files."""

import json
import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

from anomsynth.core.json_text import parse_json
from anomsynth.core.plain_file import read_text, reason
from anomsynth.core.whole import output_error
from anomsynth.dataset.files import write_bytes
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line
from anomsynth.dataset.paths import exists, folders_in, is_dir
from anomsynth.errors import OutputError

OURS = re.compile(
    r"(train|test)/[^/]+/\d{6,}(_[^/]+)?\.(png|jpg)|ground_truth/[^/]+/\d{6,}(_[^/]+)?_mask\.png"
    r"|(train|test)/[^/]+/(rgb/\d{6,}(_[^/]+)?\.png|gt/\d{6,}(_[^/]+)?\.(png|txt)"
    r"|xyz/\d{6,}(_[^/]+)?\.(tiff?|png|ply|pcd|xyz))"
)
SYSTEM_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

RENAMED = {"parts": "components"}  # options of a run, as older versions wrote them

PARTS: dict[str, type | tuple[type, ...]] = {  # of a record, where it has them
    **dict.fromkeys(("options", "versions", "plugins", "recipe", "recipes", "depths"), dict),
    "categories": (dict, list),
}

Contents = Literal["nothing", "run", "shards", "dataset", "other"]


def contents(layout: Layout) -> Contents:
    """Tell what the output folder holds.

    "run" is the layout's own run, begun or finished; "shards" are those of a run that is not
    merged; "dataset" is a whole one, seen from the layout of a shard.

    Raises
    ------
    OutputError
        If it is a file or cannot be read.
    """
    if not exists(layout.root):
        return "nothing"
    if not is_dir(layout.root):
        raise OutputError(f"{layout.root}: not a folder", hint="choose another output folder")
    try:
        if exists(layout.run_file):
            return "run"
        if exists(layout.metadata / layout.run_file.name):
            return "dataset"
        if is_dir(layout.shards):
            return "shards"
        entries = [path for path in layout.root.iterdir() if path.name not in SYSTEM_FILES]
        # A run that died before its first file leaves nothing but its folder of temporary files.
        if entries == [layout.metadata] and set(layout.metadata.iterdir()) <= {layout.scratch}:
            return "nothing"
    except OSError as error:
        raise OutputError(f"{layout.root}: cannot be read: {error.strerror}") from error
    return "other" if entries else "nothing"


def check_writable(folder: Path) -> None:
    """Raise OutputError unless files can be made in a folder, or it can be made itself."""
    existing = folder
    while not exists(existing) and existing != existing.parent:
        existing = existing.parent
    if not is_dir(existing):
        raise OutputError(f"{existing}: not a folder", hint="choose another output folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        hint = "choose another output folder or change its permissions"
        raise OutputError(f"{existing}: cannot be written to", hint=hint)


def read_run(layout: Layout) -> Line:
    """Read run.json; what older versions wrote is there by today's names.

    Raises
    ------
    OutputError
        If it is missing or damaged.
    """
    if exists(layout.run_file):
        return read_record(layout.run_file, "restore it from a copy, or make the dataset again")
    if is_dir(layout.shards):
        hint = f"join them with: anomsynth merge {layout.root}"
        raise OutputError(f"{layout.root}: shards that are not merged", hint=hint)
    hint = "give the folder that `anomsynth generate` wrote"
    raise OutputError(f"{layout.root}: not a dataset of anomsynth", hint=hint)


def read_record(path: Path, hint: str) -> Line:
    """Read the record of a run or of a shard; what older versions wrote has today's names.

    Raises
    ------
    OutputError
        If it cannot be read or is damaged; `hint` says what to do about damage.
    """
    try:
        text = read_text(path)
    except OSError as error:
        msg = f"{path}: cannot be read: {reason(error)}"
        raise OutputError(msg, hint="check the file and its permissions") from error
    except UnicodeDecodeError as error:
        raise OutputError(f"{path}: damaged: {reason(error)}", hint=hint) from error
    if not text.strip():
        raise OutputError(f"{path}: the file is empty", hint=hint)
    try:
        record = parse_json(text)
    except ValueError as error:
        raise OutputError(f"{path}: damaged: no JSON: {error}", hint=hint) from error
    if not isinstance(record, dict):
        raise OutputError(f"{path}: damaged: no JSON object", hint=hint)
    wrong = [name for name, kind in PARTS.items() if not isinstance(record.get(name, {}), kind)]
    if wrong:
        raise OutputError(f"{path}: damaged: {wrong[0]!r} is no table", hint=hint)
    return _with_new_options(record)


def known_run(root: Path) -> Line:
    """Return run.json of a dataset as `read_run`, {} where it is missing or damaged."""
    try:
        return read_run(Layout(root))
    except OutputError:
        return {}


def sweep_of(record: Line) -> Mapping[str, object] | None:
    """Return the grid of sizes of a run that was a sweep, None if it was another."""
    options = record.get("options")
    grid = options.get("sweep") if isinstance(options, Mapping) else None
    return grid if isinstance(grid, Mapping) else None


def _with_new_options(record: dict[str, object]) -> dict[str, object]:
    options = record.get("options")
    if not isinstance(options, dict):
        return record
    renamed = {RENAMED.get(name, name): value for name, value in options.items()}
    return {**record, "options": renamed}


def make_scratch(layout: Layout) -> None:
    """Make the output folder with an empty folder for temporary files.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        if exists(layout.scratch):
            shutil.rmtree(layout.scratch)
        layout.scratch.mkdir(parents=True)
    except OSError as error:
        raise output_error(layout.root, error) from error


def write_run(layout: Layout, record: Mapping[str, object]) -> None:
    """Write run.json, the first file of a run: from then on the folder is known as ours."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_bytes(layout.run_file, text.encode(), layout.scratch)


def check_removable(layout: Layout, categories: list[str]) -> None:
    """Raise OutputError if removing a run would remove a file that is not its own.

    Parameters
    ----------
    layout : Layout
        Of a folder that holds a run.
    categories : of the run that comes next
    """
    recorded = _categories(layout)
    for category in categories:
        if category not in recorded and exists(layout.root / category):
            msg = f"{layout.root / category}: not made by anomsynth, will not be overwritten"
            raise OutputError(msg, hint="choose another output folder")
    for category in recorded:
        folder = layout.root / category
        for path in sorted(folder.rglob("*")):
            if is_dir(path) or path.name in SYSTEM_FILES:
                continue
            if not OURS.fullmatch(path.relative_to(folder).as_posix()):
                msg = f"{path}: not made by anomsynth, will not be deleted"
                raise OutputError(msg, hint="move it away or choose another output folder")


def remove_run(layout: Layout) -> None:
    """Delete what a run wrote, run.json last so that an interrupted deletion can go on.

    Raises
    ------
    OutputError
        If something cannot be deleted.
    """
    for category in _categories(layout):
        if exists(layout.root / category):
            _remove(layout.root / category)
    for path in sorted(layout.metadata.iterdir()):
        if path != layout.run_file:
            _remove(path)
    _remove(layout.run_file)


def _remove(path: Path) -> None:
    try:
        if is_dir(path) and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:  # of a file below it the system tells no more than the name
        raise output_error(path, error) from error


def check_not_linked(layout: Layout, categories: Collection[str]) -> None:
    """Raise OutputError if a folder of the dataset is a link: files would go somewhere else."""
    folders = [layout.metadata]
    for category in categories:
        folders += [layout.root / category, layout.metadata / category]
        folders += [layout.root / category / name for name in ("train", "test", "ground_truth")]
    kinds = (path for folder in folders[1:] if is_dir(folder) for path in folder.iterdir())
    for folder in (*folders, *kinds):
        if folder.is_symlink() and is_dir(folder):
            msg = f"{folder}: a link to a folder, nothing is written through it"
            raise OutputError(msg, hint="put the folder itself there, or choose another output")


def _categories(layout: Layout) -> list[str]:
    try:
        recorded = read_run(layout).get("categories")
    except OutputError:  # emptied or damaged: whatever looks like a category may be one
        recorded = {path.name: None for path in folders_in(layout.root) if path != layout.metadata}
    names = sorted(recorded) if isinstance(recorded, dict) else []
    # A damaged record must not lead out of the folder.
    return [
        name for name in names if name and "/" not in name and "\\" not in name and name != ".."
    ]
