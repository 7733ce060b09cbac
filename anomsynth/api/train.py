"""A detector that learns from labelled defects."""

import operator
from pathlib import Path
from typing import Literal

from anomsynth.api.notebook import listener
from anomsynth.api.options import FilePath, need_train_extra, to_path
from anomsynth.bisqad.detector import Detector, detectors
from anomsynth.bisqad.feature_noise import FeatureNoise, noises
from anomsynth.bisqad.options import (
    DETECTOR,
    LITE0,
    Hypergrad,
    TrainOptions,
    TrainPlan,
    WeightsMode,
)
from anomsynth.bisqad.training.events import TrainFinished, TrainListener
from anomsynth.dataset.ended import warn_of_missing
from anomsynth.errors import UserError


def train(
    dataset: FilePath,
    out: FilePath,
    *,
    category: str | None = None,
    unified: bool = False,
    val: FilePath | None = None,
    learn: FilePath | None = None,
    weights: WeightsMode | None = None,
    hypergrad: Hypergrad | None = None,
    backbone: str = LITE0,
    detector: Detector | str = DETECTOR,
    noise: FeatureNoise | str | None = None,
    size: int = 256,
    tile: int | str | None = "auto",
    epochs: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    online: bool = False,
    spoil: float = 0.0,
    cache: FilePath | None = None,
    device: str = "cpu",
    threads: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    source_layout: str | None = None,
    on_event: TrainListener | None = None,
) -> TrainFinished:
    """Train a detector on synthetic defects, weighting each by what it teaches.

    Bilevel weights follow the loss on trusted data that is never learned from: test/good photos
    and, unless `val` has real defects, fresh ones of the dataset's recipe or a held-out sixth.
    After each epoch, and when it is interrupted, a checkpoint is written.

    Parameters
    ----------
    dataset : path
        Made by `generate`, or any labelled set with masked defects.
    out : path
        Folder for the run.
    category : str, optional
        Train on this category.
    unified : bool
        One model for all categories of the dataset. It knows by itself which of them a photo
        shows, and what is normal for each; `onenip`, and `reconstruction` alone, take all for one.
    val : path, optional
        Few real defects that the weights answer to.
    learn : path, optional
        Few real defects to learn from, too, repeated until they are at least a quarter of all of
        their category. Neither those of `val`, nor those that `evaluate` is to be given.
    weights : {"bilevel", "sqe", "uniform"}, optional
        How much each defect counts: learned, by score, equally. Learned if not given, where the
        detector allows it; else by score.
    hypergrad : {"implicit", "unrolled"}, optional
        How bilevel weights learn: implicit if not given; unrolled is cheaper.
    backbone : str
        Any timm model; the default needs no download.
    detector : str or Detector
        What is trained: a kind of `anomsynth list detectors`, or one with settings of its own.
    noise : str or FeatureNoise, optional
        Disturbs features of some good photos, which count as defects then: a kind of `anomsynth
        list noises`, or one with settings of its own. None if not given.
    size : int, pixels
        Photos, or their tiles, are resized to this; a multiple of 32.
    tile : int or None or "auto"
        Side of the tiles that photos are cut into, in pixels, with overlap; None takes photos as a
        whole. "auto" cuts photos that are far larger than `size` so that the smallest defect can
        be seen. `evaluate` and `predict` cut as the training did.
    epochs : int, optional
        How often it sees each defect, or each good photo where it learns no defects; what is
        usual for the detector if not given, 10 for most. The last epoch counts: none is chosen
        by how it does on test images, as several published methods do.
    minutes : float, optional
        Time for the learning, instead of epochs.
    seed : int
        Of weights and batches.
    online : bool
        Make a quarter of the defects anew each epoch.
    spoil : float in [0, 1]
        Experiment: shift masks or fill defects flat, of this share of the samples.
    cache : path, optional
        Folder that stores features for other trainings on the same images.
    device : str
        ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    threads : int, optional
        CPU threads of the network; torch's own choice if not given.
    resume, overwrite : bool
        Finish an interrupted run, or replace what `out` holds.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    on_event : callable, optional
        Is told what happens, see `anomsynth.bisqad.training.events`. Without one a notebook shows
        a line.

    Returns
    -------
    TrainFinished

    Raises
    ------
    MissingExtraError
        If torch is not installed: ``pip install 'anomsynth[train]'``.
    UserError
        If an option is not valid; the message names it.
    InputError
        If the dataset has no masks or one class only, or the checkpoint does not fit.
    OutputError
        If the folder holds something else or cannot be written to.

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
    >>> asy.train(dataset, run, weights="uniform", size=64, epochs=1).epochs
    1
    """
    need_train_extra()
    if epochs is not None and minutes is not None:
        raise UserError("`epochs` and `minutes` exclude each other", hint="give one of them")
    # Imports torch, where it goes on to.
    from anomsynth.bisqad.training.train import train as run_training  # noqa: PLC0415 - an extra

    options = TrainOptions(
        category=category,
        unified=unified,
        val=to_path(val),
        learn=to_path(learn),
        weights=weights,
        hypergrad=hypergrad,
        backbone=backbone,
        detector=detectors.build({"kind": detector}) if isinstance(detector, str) else detector,
        noise=noises.build({"kind": noise}) if isinstance(noise, str) else noise,
        size=size,
        tile=_tile(tile),
        epochs=epochs,
        minutes=minutes,
        seed=seed,
        online=online,
        spoil=spoil,
        source_layout=source_layout,
    )
    plan = TrainPlan(
        Path(dataset),
        Path(out),
        options,
        device=device,
        threads=threads,
        cache=to_path(cache),
        resume=resume,
        overwrite=overwrite,
    )
    warn_of_missing(plan.dataset)
    return run_training(plan, on_event or listener())


def _tile(given: int | str | None) -> int | Literal["auto"] | None:
    """Return the side of tiles; the command line gives numbers as words."""
    if given is None or given == "none":
        return None
    if given == "auto":
        return "auto"
    try:
        return operator.index(int(given) if isinstance(given, str) else given)
    except (TypeError, ValueError):
        raise UserError(f"`tile`: expected auto, none or pixels, got {given!r}") from None
