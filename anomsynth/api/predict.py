"""Anomaly maps, scores and decisions for photos."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.api.options import FilePath, checked_bits, need_train_extra
from anomsynth.bisqad.options import FALSE_ALARM_RATE
from anomsynth.bisqad.plans import MapFormat, Pictures, PredictPlan
from anomsynth.dataset.reading import make_reading

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.predict import PredictResult
    from anomsynth.bisqad.evaluation.threshold import Threshold


def predict(
    run: FilePath,
    images: FilePath | Sequence[FilePath],
    out: FilePath,
    *,
    pictures: Pictures = "all",
    file_format: MapFormat = "png16",
    false_alarm_rate: float = FALSE_ALARM_RATE,
    threshold: float | None = None,
    overwrite: bool = False,
    device: str = "cpu",
    threads: int | None = None,
    bits: int | None = None,
    value_range: tuple[float, float] | None = None,
    bands: Sequence[str | int] | str | int | None = None,
    on_progress: Callable[[int, int], object] | None = None,
    on_threshold: Callable[["Threshold"], object] | None = None,
) -> "PredictResult":
    """Say which photos are defective, and where.

    For people an overlay (heat map and contours), a mask, and one offline page with the worst
    photos first; for programs the anomaly map of each photo at its own size, scores.csv with
    decisions, and regions.json with a box, an area and a score for each region. A photo that is
    not defective has no regions, and an empty mask.

    Scores count spreads above the median good photo. The threshold comes from good photos that
    training did not learn from.

    Parameters
    ----------
    run : path
        Folder made by `train`.
    images : path, or several
        Photos, or folders of photos.
    out : path
        Folder for all of it.
    pictures : {"none", "flagged", "all"}
        Which photos get an overlay, a mask and a place on the page.
    file_format : {"png16", "tiff"}
        Of the maps: 16-bit PNG (score = value / 65535 * 32 - 16) or TIFF of float32.
    false_alarm_rate : float in (0, 1)
        Share of good photos that may be called defective.
    threshold : float, optional
        Call scores above this defective, whatever the rate.
    overwrite : bool
        Replace the results of an earlier prediction.
    device : str
        ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    threads : int, optional
        CPU threads of the network; torch's own choice if not given.
    bits : int from 8 to 16, optional
        How many bits the camera uses of 16-bit photos; by default what the training knew, else
        found in the photos.
    value_range, bands
        How the files' numbers are meant, as for `generate`.
    on_progress : function (done, total), optional
        Called after each photo.
    on_threshold : function (Threshold), optional
        Called before the first photo: a few good photos cannot promise a low rate.

    Returns
    -------
    PredictResult
        Its `decisions` with name, score, verdict, regions and files of each photo.

    Raises
    ------
    MissingExtraError
        If torch is not installed: ``pip install 'anomsynth[train]'``.
    UserError
        If an option is not valid; the message names it.
    InputError
        If there is no photo, or the run does not load.
    OutputError
        If the results cannot be written.

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
    >>> found = asy.predict(run, photos, folder / "results", false_alarm_rate=0.02)
    >>> [decision.image for decision in found.decisions][:2], found.maps.name
    (['0.png', '1.png'], 'maps')
    """
    need_train_extra()
    from anomsynth.bisqad.evaluation.predict import (  # noqa: PLC0415 - an extra
        predict as run_prediction,
    )

    several = images if isinstance(images, Sequence) and not isinstance(images, str) else [images]
    plan = PredictPlan(
        Path(run),
        tuple(Path(image) for image in several),
        Path(out),
        pictures=pictures,
        file_format=file_format,
        false_alarm_rate=false_alarm_rate,
        threshold=threshold,
        device=device,
        threads=threads,
        overwrite=overwrite,
        bits=checked_bits(bits),
        reading=make_reading(value_range, bands),
    )
    return run_prediction(plan, on_progress or _nobody, on_threshold or _nothing)


def _nobody(_done: int, _total: int) -> None:
    """Listen to nothing."""


def _nothing(_: "Threshold") -> None:
    """Listen to nothing, either."""
