"""How good the labelled defects of a dataset are, from any tool."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anomsynth.api.options import (
    FilePath,
    Preset,
    RecipeOptions,
    check_score,
    check_share,
    choose_recipe,
    named,
    to_path,
)
from anomsynth.core.counted import counted
from anomsynth.core.on_demand import OnDemand
from anomsynth.dataset.ended import warn_of_missing
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layout import RESERVED
from anomsynth.dataset.layouts.empty_marks import warn_of_empty_marks
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.layouts.simple import find_pairs
from anomsynth.errors import InputError, UserError
from anomsynth.pipeline.options import check_jobs
from anomsynth.scoring.fit import EMBEDDED, embedded_materials, own_materials, read_normals
from anomsynth.scoring.fit import calibrate as fit
from anomsynth.scoring.score import describe_dataset, find_goods, score_dataset
from anomsynth.scoring.scored import Scored, ScoredList
from anomsynth.scoring.selection import (
    Candidate,
    Selection,
    check_readable,
    check_target,
    select,
    write_selection,
)
from anomsynth.scoring.tables import set_record, summarise, write_scores
from anomsynth.sqe.calibration import Calibration
from anomsynth.sqe.scorer import Scorer, scorers
from anomsynth.sqe.sets import FEWEST, SetQuality, compare_sets

GOOD_ENOUGH = 0.5
SHIPPED = "embedded"  # instead of photos: those that the shipped calibration is made of


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The scores of a dataset.

    Attributes
    ----------
    scored : sequence of Scored
        Every defect image in the dataset's order, with its quality or why it has none; of very
        many the details are read from a temporary file when they are asked for.
    min_score : float
        Lowest score that passes.
    selection : Selection
        What `min_score` and `keep_top` keep.
    goods : int
        Good photos of the dataset.
    against_reference : SetQuality or None
        The set as a whole against real defects.
    real_against_real : SetQuality or None
        One half of the real defects against the other: what numbers a perfect set would get. None
        where there are too few of them.
    folder : Path or None
        Where the tables are.
    """

    scored: ScoredList = field(repr=False)
    min_score: float
    selection: Selection = field(repr=False)
    goods: int
    against_reference: SetQuality | None
    real_against_real: SetQuality | None
    folder: Path | None

    @property
    def passed(self) -> int:
        """Images that score `min_score` or more."""
        return self.scored.passed(self.min_score)

    @property
    def share(self) -> float:
        """Share of the images that pass, in [0, 1]."""
        return self.passed / len(self.scored)

    @property
    def unusable(self) -> int:
        """Images that could not be scored."""
        return self.scored.unusable

    def summary(self) -> list[dict[str, object]]:
        """Return one line for each category and kind: how many, how good, how many pass."""
        return summarise(self.scored, self.min_score)


def score(
    dataset: FilePath | None = None,
    *,
    images: FilePath | None = None,
    masks: FilePath | None = None,
    out: FilePath | None = None,
    min_score: float | None = None,
    keep_top: float | None = None,
    filter_to: FilePath | None = None,
    hardlink: bool = False,
    reference: FilePath | None = None,
    calibration: FilePath | None = None,
    sqe: FilePath | None = None,
    scorer: str | Scorer | None = None,
    options: Mapping[str, object] | None = None,
    source_layout: str | None = None,
    jobs: int = -1,
    on_scored: Callable[[Scored], object] | None = None,
) -> Scores:
    """Score labelled defects by image and mask alone, and say why a score is low.

    The score joins fidelity (does it look photographed?) and utility (can a detector learn from
    it?). The good photo is used where the dataset's own manifest names it.

    Parameters
    ----------
    dataset : path, optional
        Labelled dataset of any tool.
    images, masks : path, optional
        Folders of images and of masks with the same stems, instead.
    out : path, optional
        Folder for the tables; the dataset's metadata folder ``_anomsynth`` if not given.
    min_score : float in [0, 1], optional
        Lowest score that passes; 0.5 if not given.
    keep_top : float in (0, 1], optional
        Best share of each kind.
    filter_to : path, optional
        New folder to write what passes to, as a dataset.
    hardlink : bool
        Link files into `filter_to` instead of copying them.
    reference : path, optional
        Real defects to compare the set with.
    calibration : path, optional
        Made by `calibrate`.
    sqe : path, optional
        Score as this training run learned to.
    scorer : str or Scorer, optional
        Another way to score: its kind, or itself.
    options : dict, optional
        Fields of the scorer that is named by its kind.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    jobs : int
        Worker processes; -1 is one per core, -2 one less.
    on_scored : callable, optional
        Called with each result as it comes.

    Returns
    -------
    Scores

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If there is no defect image to score, or for `filter_to` none passes or a good photo is
        damaged.
    OutputError
        If something cannot be written.
    MissingExtraError
        If the scorer needs a package that is not installed.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> _ = asy.generate(folder / "photos", folder / "out", preset="metal", per_image=1, jobs=1)
    >>> scores = asy.score(folder / "out", jobs=1)
    >>> len(scores.scored), 0 <= scores.scored[0].quality.score <= 1
    (1, True)
    """
    check_score("min_score", min_score)
    check_share("keep_top", keep_top)
    check_jobs(jobs)
    root, pair, target = to_path(dataset), (to_path(images), to_path(masks)), to_path(filter_to)
    items = _find(root, *pair, source_layout)
    if target is not None:
        check_target(target, [path for path in (root, *pair) if path is not None])
    goods = find_goods(items)
    if target is not None:
        check_readable(goods)  # before scores are waited for
    rater = load_scorer(calibration, sqe, scorer, options)
    workers = 1 if rater.spreads else jobs
    scored = score_dataset(items, rater, jobs=workers, on_scored=on_scored)
    limit = GOOD_ENOUGH if min_score is None else min_score
    measures, halves = (None, None) if reference is None else _compare(items, Path(reference), jobs)
    folder = to_path(out) or (None if root is None else root / RESERVED)
    selection = _select(scored, min_score, keep_top, filtered=target is not None)
    found = Scores(scored, limit, selection, len(goods), measures, halves, folder)
    _write(found, root)
    if target is not None:
        _check_kept(found)
        write_selection(target, selection, goods, copy=not hardlink)
    return found


def calibrate(
    normals: FilePath,
    save: FilePath,
    *,
    preset: Preset = "generic",
    jobs: int = -1,
    on_unreadable: Callable[[str], object] | None = None,
) -> Calibration:
    """Fit the score to good photos of one's own and save the calibration.

    Parameters
    ----------
    normals : path
        Folder of good photos; ``"embedded"`` makes the shipped calibration again.
    save : path
        File to write.
    preset : str, path or Recipe
        Which defects are made of them.
    jobs : int
        Worker processes; -1 is one per core, -2 one less.
    on_unreadable : callable, optional
        Called with a line for each photo that cannot be read.

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If no photo can be read, or too few samples can be made of them.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import anomsynth as asy
    >>> mine = asy.calibrate("photos", "mine.json", preset="metal")  # doctest: +SKIP
    >>> asy.score("out", calibration="mine.json").share  # doctest: +SKIP
    0.9
    """
    check_jobs(jobs)
    file = Path(save)
    if normals == SHIPPED:
        materials, source = embedded_materials(), EMBEDDED
    else:
        recipe = choose_recipe(preset, RecipeOptions())
        photos = read_normals(Path(normals), on_unreadable or _nobody)
        materials = own_materials(photos, recipe)
        source = f"{counted(len(photos), 'photo')} of {normals}"
    found = fit(materials, source, jobs=jobs)
    make_folder(file.parent)
    write_bytes(file, found.to_json().encode("utf-8"), file.parent)
    return found


def load_scorer(
    calibration: FilePath | None = None,
    sqe: FilePath | None = None,
    scorer: str | Scorer | None = None,
    options: Mapping[str, object] | None = None,
) -> Scorer:
    """Return who scores, ready to begin.

    Parameters
    ----------
    calibration : path, optional
        Short for the kind ``sqe`` with this calibration.
    sqe : path, optional
        Short for the kind ``learned`` with this training run.
    scorer : str or Scorer, optional
        Kind, or the scorer itself.
    options : dict, optional
        Fields of the scorer.

    Raises
    ------
    UserError
        If several of them are given, or one of them cannot be used.
    """
    given = {"sqe": sqe, "calibration": calibration, "scorer": scorer}
    names = [f"`{name}`" for name, value in given.items() if value is not None]
    if len(names) > 1:
        hint = "a learned score has no calibration" if scorer is None else "give one of them"
        raise UserError(f"{' and '.join(names)} exclude each other", hint=hint)
    if isinstance(scorer, Scorer):
        ready = scorer
    else:
        fields = dict(options or {})
        if "kind" in fields:
            raise UserError("`options`: the kind is no field", hint="give it as `scorer`")
        if scorer is not None:
            with named("scorer"):
                scorers.load(scorer)
        if calibration is not None:
            fields["calibration"] = Path(calibration)
        if sqe is not None:
            fields["run"] = Path(sqe)
        kind = scorer or ("sqe" if sqe is None else "learned")
        ready = scorers.build({"kind": kind, **fields})
    ready.prepare()
    return ready


def _nobody(_: object) -> None:
    """Listen to nothing."""


def _find(
    dataset: Path | None, images: Path | None, masks: Path | None, layout: str | None
) -> Sequence[Labelled]:
    items: Sequence[Labelled]
    if (images is None) != (masks is None):
        raise UserError("`images` and `masks` belong together", hint="give both folders")
    if dataset is not None and images is not None:
        raise UserError("a dataset and `images` exclude each other", hint="give one of them")
    if images is not None and masks is not None:
        items = find_pairs(images, masks)
    elif dataset is not None:
        items = find_labelled(dataset, layout)
        warn_of_missing(dataset)
        warn_of_empty_marks(dataset, items)
    else:
        raise UserError("nothing to score", hint="give a dataset, or `images` and `masks`")
    if all(item.good for item in items):
        raise InputError(
            f"{dataset or images}: holds good photos only", hint="defects lie in test/KIND"
        )
    return items


def _compare(
    items: Sequence[Labelled], reference: Path, jobs: int
) -> tuple[SetQuality, SetQuality | None]:
    """Return how the set compares with real defects, and they with each other."""
    real = describe_dataset(find_labelled(reference), jobs=jobs)
    against = compare_sets(real, describe_dataset(items, jobs=jobs))
    return against, compare_sets(real[::2], real[1::2]) if len(real) >= 2 * FEWEST else None


def _select(
    scored: ScoredList, min_score: float | None, keep_top: float | None, *, filtered: bool
) -> Selection:
    """Choose; a filter without any limit of its own keeps what is good enough."""
    candidates = OnDemand(range(len(scored)), lambda at: _candidate(scored[at]))
    if min_score is None:
        min_score = GOOD_ENOUGH if keep_top is None and filtered else 0.0
    return select(candidates, min_score=min_score, keep_top=keep_top or 1.0)


def _check_kept(found: Scores) -> None:
    """Raise InputError if nothing is left for a new dataset; the hint names a limit that fits."""
    if found.selection.kept:
        return
    scores = sorted(score for score in found.scored.scores if not math.isnan(score))
    if not scores:
        msg = "`filter_to`: no defect image could be scored, so none is kept"
        raise InputError(msg, hint="the images and masks that could not be used are named above")
    middle = math.floor(100 * scores[len(scores) // 2]) / 100
    better = counted(sum(score >= middle for score in scores), "image")
    raise InputError(
        f"`filter_to`: nothing passes: of {counted(len(scores), 'score')} the best is"
        f" {scores[-1]:.3f}, below {found.min_score:g}",
        hint=f"`min_score={middle:g}` keeps {better}, `keep_top=0.5` the better half of each kind",
    )


def _candidate(one: Scored) -> Candidate:
    if one.quality is None:
        return Candidate(one.item, None, one.problem)
    return Candidate(one.item, one.quality.score, "; ".join(one.quality.reasons))


def _write(found: Scores, root: Path | None) -> None:
    if found.folder is None:
        return
    measures, halves = found.against_reference, found.real_against_real
    about = {
        "format": 1,
        "min_score": found.min_score,
        "summary": found.summary(),
        "set": None if measures is None else set_record(measures),
        "real_halves": None if halves is None else set_record(halves),
    }
    write_scores(found.folder, found.scored, root, about)
