"""How well a trained detector does on real defects."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomsynth.api.options import FilePath, need_train_extra, to_path, words
from anomsynth.bisqad.plans import EvaluatePlan

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.evaluate import EvaluateResult


def evaluate(
    run: FilePath,
    dataset: FilePath,
    *,
    out: FilePath | None = None,
    category: str | None = None,
    bootstrap: int = 200,
    device: str = "cpu",
    threads: int | None = None,
    source_layout: str | None = None,
    overwrite: bool = False,
    reference: Sequence[str] | str | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> "EvaluateResult":
    """Measure AUROC, AP, F1 and AUPRO with 95 % intervals, and draw heat maps beside images.

    Numbers are for all defects and for each kind. A groups.csv in the dataset (columns file and
    group) names the images of one physical object; objects are resampled then.

    Parameters
    ----------
    run : path
        Folder made by `train`.
    dataset : path
        Real test images with masks: test/good, test/KIND.
    out : path, optional
        Folder for metrics.json and the page; ``evaluation`` in `run` if not given.
    category : str, optional
        Only this category.
    bootstrap : int, at least 0
        Resamples for the intervals; 0 for none.
    device : str
        ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    threads : int, optional
        CPU threads of the network; torch's own choice if not given.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    overwrite : bool
        Replace the results of an earlier evaluation.
    reference : str or sequence of str, optional
        Kinds of models of the normal, e.g. ``"gaussian"``: each is fitted to the good photos that
        the run has learned from, and measured beside it.
    on_progress : function (done, total), optional
        Called after each image.

    Returns
    -------
    EvaluateResult
        Its `evaluations` by category, their `mean`, the files that were written; `seen` says if
        the detector was trained on this very dataset; `references` are the models of the normal.

    Raises
    ------
    MissingExtraError
        If torch is not installed: ``pip install 'anomsynth[train]'``.
    UserError
        If an option is not valid; the message names it.
    InputError
        If there are no test images of both classes, the run does not load, or references cannot
        learn from what it has learned from.
    OutputError
        If the folder holds an earlier evaluation, or the results cannot be written.

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
    >>> found = asy.evaluate(run, dataset, bootstrap=0)
    >>> 0 <= found.mean["image_auroc"] <= 1, found.pages[0].name
    (True, 'index.html')
    """
    need_train_extra()
    from anomsynth.bisqad.evaluation.evaluate import (  # noqa: PLC0415 - an extra
        evaluate as run_evaluation,
    )

    plan = EvaluatePlan(
        Path(run),
        Path(dataset),
        to_path(out),
        category,
        bootstrap,
        device=device,
        threads=threads,
        source_layout=source_layout,
        overwrite=overwrite,
        references=() if reference is None else words(reference),
    )
    fits = None
    if plan.references:
        from anomsynth.bisqad.comparison import plan_references  # noqa: PLC0415 - an extra

        fits = plan_references(plan)
    return run_evaluation(plan, on_progress or _nobody, fits)


def _nobody(_done: int, _total: int) -> None:
    """Listen to nothing."""
