"""A dataset in the formats of other tools."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from anomsynth.api.options import FilePath, named
from anomsynth.dataset.ended import warn_of_missing
from anomsynth.dataset.exports import Exported, Exporter, Target, check_export, exporters
from anomsynth.dataset.exports import export as write
from anomsynth.errors import UserError


def export(
    dataset: FilePath,
    out: FilePath,
    *,
    to: str | Exporter | Sequence[str | Exporter],
    val_share: float | None = None,
    seed: int | None = None,
    shard_size: int | str | None = None,
    absolute: bool | None = None,
    single_class: bool | None = None,
    classes: Mapping[str, str] | str | None = None,
    license: str | None = None,  # noqa: A002 - the name of the option and of the field
    hardlink: bool = False,
    overwrite: bool = False,
    options: Mapping[str, object] | None = None,
    source_layout: str | None = None,
    on_picture: Callable[[str, int, int], object] | None = None,
) -> dict[str, Exported]:
    """Write a dataset of any tool in other formats; the dataset is never written to.

    Instances come from our manifest where there is one, else from parts of the mask that do not
    touch. All images of one photo are either for training or for validation.

    Parameters
    ----------
    dataset : path
        Labelled dataset of any tool.
    out : path
        Folder to make; with several formats, one in it for each.
    to : str or Exporter, or several of them
        ``"coco"``, ``"yolo"``, ``"hf"``, ``"webdataset"``, ``"anomalib-tabular"``,
        ``"uniad-json"``, ``"croissant"``, or that of a plugin.
    val_share : float in [0, 1), optional
        Share of the photos for validation; 0.2 where a format divides them.
    seed : int, optional
        Another number divides otherwise.
    shard_size : int or str, optional
        webdataset: samples, or a size like ``"500MB"``.
    absolute : bool, optional
        anomalib-tabular: absolute paths.
    single_class : bool, optional
        coco, yolo: all defects are one class.
    classes : dict of kind -> name, or str, optional
        coco, yolo: names of classes, ``"kind=name,..."``; kinds of one name are one class.
    license : str, optional
        croissant: URL or name.
    hardlink : bool
        Link images instead of copying them.
    overwrite : bool
        Replace an earlier export.
    options : dict, optional
        Other fields of the formats, of those of plugins too.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    on_picture : function (format, done, total), optional
        Called after each picture.

    Returns
    -------
    dict of format -> Exported

    Raises
    ------
    UserError
        If no format has one of the options, or its value does not fit.
    InputError
        If there is no dataset, or nothing in it can be used.
    OutputError
        If `out` holds something else, lies in the dataset, or cannot be written.
    MissingExtraError
        If a format needs a package that is not installed.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> _ = asy.generate(folder / "photos", folder / "out", preset="metal", per_image=2, jobs=1)
    >>> asy.export(folder / "out", folder / "coco", to="coco", val_share=0)["coco"].images
    3
    """
    wanted = {
        "val_share": val_share,
        "seed": seed,
        "shard_size": shard_size,
        "absolute": absolute,
        "single_class": single_class,
        "classes": classes,
        "license": license,
        **(options or {}),
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    chosen = _exporters(_listed(to), given)
    root, folder = Path(dataset), Path(out)
    targets = {
        name: Target(folder if len(chosen) == 1 else folder / name, overwrite, hardlink)
        for name in chosen
    }
    for target in targets.values():  # before the first is written
        check_export(root, target)
    warn_of_missing(root)
    return {
        name: write(
            root,
            targets[name],
            exporter,
            on_picture=on_picture and partial(on_picture, name),
            layout=source_layout,
        )
        for name, exporter in chosen.items()
    }


def _listed(to: object) -> list[str | Exporter]:
    """Return one or several formats as a list; UserError if they are none."""
    several = isinstance(to, Iterable) and not isinstance(to, str | Exporter)
    given: list[object] = list(cast("Iterable[object]", to)) if several else [to]
    found = [item for item in given if isinstance(item, str | Exporter)]
    if len(found) < len(given) or not found:
        got = ", ".join(repr(item) for item in given if item not in found) or "none"
        hint = f"known: {', '.join(map(_format, exporters.kinds()))}"
        raise UserError(f"`to`: expected formats, got {got}", hint=hint)
    return found


def _exporters(wanted: Sequence[str | Exporter], options: dict[str, object]) -> dict[str, Exporter]:
    """Return the exporters by the names of their formats; each takes the options it has."""
    built = {_format(item.kind): item for item in wanted if isinstance(item, Exporter)}
    kinds = {_format(item): item.replace("-", "_") for item in wanted if isinstance(item, str)}
    with named("to"):
        classes = {name: exporters.load(kind) for name, kind in kinds.items()}
    for option, value in options.items():
        known = any(option in loaded.model_fields for loaded in classes.values())
        if option == "kind" or not known:
            shown = f"{option}=False" if value is False else option
            msg = f"`{shown}`: {' and '.join(classes) or 'an exporter'} has no such option"
            raise UserError(msg, hint="leave it out")
    for name, loaded in classes.items():
        own = {key: value for key, value in options.items() if key in loaded.model_fields}
        built[name] = exporters.build({"kind": kinds[name], **own})
    return built


def _format(kind: str) -> str:
    return kind.replace("_", "-")
