"""A trained detector as a network file for a line that has neither this package nor torch."""

from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.api.options import FilePath, need_train_extra, to_path
from anomsynth.bisqad.options import FALSE_ALARM_RATE
from anomsynth.bisqad.plans import ExportModelPlan, NetworkFormat

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.export_model import ExportedModel


def export_model(
    run: FilePath,
    *,
    to: NetworkFormat = "onnx",
    out: FilePath | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    overwrite: bool = False,
) -> "ExportedModel":
    """Write a detector with its backbone as one network file, which needs no anomsynth to run.

    Normalisation is inside; a JSON file beside it says how a photo becomes the input, what the
    outputs mean, and above which score a photo is defective.

    Parameters
    ----------
    run : path
        Folder made by `train`.
    to : {"onnx"}
        Format of the network.
    out : path that ends in ``.onnx``, optional
        ``model.onnx`` in `run` if not given.
    false_alarm_rate : float in (0, 1)
        For the threshold in the JSON file.
    overwrite : bool
        Replace an earlier export.

    Returns
    -------
    ExportedModel

    Raises
    ------
    MissingExtraError
        If ``anomsynth[train]`` or ``anomsynth[onnx]`` is not installed.
    UserError
        If an option is not valid; the message names it.
    InputError
        If the run does not load.
    OutputError
        If the file is there already or cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> photos, dataset, run = (folder / name for name in ("photos", "dataset", "run"))
    >>> photos.mkdir()
    >>> for index in range(6):
    ...     photo = asy.demo_photos()["brick"][0][32 * index :][:64]
    ...     Image.fromarray(photo).save(photos / f"{index}.png")
    >>> _ = asy.generate(photos, dataset, per_image=1, test_share=0.4, jobs=1)
    >>> _ = asy.train(dataset, run, weights="uniform", size=64, epochs=1)
    >>> asy.export_model(run).network.suffix
    '.onnx'
    """
    need_train_extra()
    from anomsynth.bisqad.evaluation.export_model import (  # noqa: PLC0415 - an extra
        export_model as run_export,
    )

    return run_export(ExportModelPlan(Path(run), to, to_path(out), false_alarm_rate, overwrite))
