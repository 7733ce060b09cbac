"""Datasets in the formats of other tools, one format per file, and others by entry point."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from anomsynth.core.registry import Registry
from anomsynth.dataset.exports._exporter import Exporter
from anomsynth.dataset.exports._source import Loaded, Source, read_source
from anomsynth.dataset.exports._split import SplitExporter
from anomsynth.dataset.exports._staging import Staging, check_out, staged, write_record
from anomsynth.dataset.paths import is_dir
from anomsynth.errors import InputError, OutputError

__all__ = [
    "Exported",
    "Exporter",
    "Loaded",
    "Source",
    "SplitExporter",
    "Staging",
    "Target",
    "check_export",
    "export",
    "exporters",
    "read_source",
]

exporters: Registry[Exporter] = Registry(
    "exporters",
    Exporter,  # type: ignore[type-abstract]  # the registry never instantiates the base
    package=__name__,
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an export goes and how.

    Attributes
    ----------
    out : Path
        Folder to make.
    overwrite : bool
        Replace an earlier export; a folder with other files in it is never touched.
    hardlink : bool
        Link images instead of copying them, where the file system can.
    """

    out: Path
    overwrite: bool = False
    hardlink: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    out : Path
    images : int
        Pictures in it.
    left_out : dict of file below the dataset's root -> reason
    loading : lines that load the result
    not_carried : of str -> int
        How many "scans" and other "views" of its pictures the format has no place for.
    """

    out: Path
    images: int
    left_out: dict[str, str]
    loading: tuple[str, ...]
    not_carried: dict[str, int] = field(default_factory=dict)


def export(
    dataset: Path,
    target: Target,
    exporter: Exporter,
    on_picture: Callable[[int, int], object] | None = None,
    *,
    layout: str | None = None,
) -> Exported:
    """Write a dataset of any tool in another format, whole or not at all.

    Pictures that cannot be used (unreadable, no mask, mask of another size, empty or not binary)
    are left out and named.

    Parameters
    ----------
    dataset : Path
        Of any layout that `find_labelled` knows.
    target : Target
    exporter : Exporter
        E.g. ``exporters.build({"kind": "coco", "val_share": 0.1})``.
    on_picture : function (done, total) -> None
        Called after each picture.
    layout : str, optional
        How the dataset is laid out; recognised if not given.

    Raises
    ------
    InputError
        If there is no dataset, or nothing in it can be used.
    OutputError
        If `out` holds something else, lies in the dataset, or cannot be written.
    MissingExtraError
        If the format needs a package that is not installed.
    """
    check_export(dataset, target)
    source = read_source(dataset, layout)
    source.on_picture = on_picture
    total = len(source.pictures)
    out = target.out.resolve()
    with staged(out, overwrite=target.overwrite, hardlink=target.hardlink) as folder:
        exporter.write(source, folder)
        if len(source.left_out) == total:
            name, reason = next(iter(source.left_out.items()))
            msg = f"{dataset}: no picture can be used, e.g. {name}: {reason}"
            raise InputError(msg, hint="anomsynth validate says what is wrong")
        record = {"format": exporter.model_dump(mode="json"), "dataset": str(source.root)}
        write_record(folder, {**record, "left_out": source.left_out})
    images = total - len(source.left_out)
    beside = {
        what: number
        for what, number in sorted(source.beside.items())
        if number and what not in exporter.carries
    }
    loading = tuple(exporter.loading(out))
    return Exported(out, images, dict(source.left_out), loading, beside)


def check_export(dataset: Path, target: Target) -> None:
    """Raise InputError or OutputError if an export could not even begin."""
    source, out = dataset.resolve(), target.out.resolve()
    if not is_dir(source):
        raise InputError(f"{dataset}: no such folder", hint="check the path")
    if out == source or source in out.parents or out in source.parents:
        msg = f"{target.out}: the export and the dataset must not lie in each other"
        raise OutputError(msg, hint="choose another output folder")
    check_out(out, overwrite=target.overwrite)
