"""`anomsynth score`: how good the labelled defects of a dataset are, from any tool."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import Preset, choose_recipe
from anomsynth.cli.console import SOME_FAILED, Console, Json, Quiet, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.cli.fields import Options
from anomsynth.cli.score_report import report
from anomsynth.cli.scorers import load_scorer
from anomsynth.errors import InputError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anomsynth.dataset.labelled import Labelled
    from anomsynth.scoring.score import Scored
    from anomsynth.scoring.selection import Selection
    from anomsynth.sqe.scorer import Scorer
    from anomsynth.sqe.sets import SetQuality

EXAMPLE = example(
    "score dataset",
    "score dataset --keep-top 0.5 --filter-to best",
    "score --images out/images --masks out/masks --out scores",
    "score --calibrate photos --save mine.json",
    "score dataset --calibration mine.json --reference real-defects",
)
EMBEDDED = "embedded"
GOOD_ENOUGH = 0.5
SECONDS = 5.0  # between two lines of progress


def score(
    dataset: Annotated[
        Path | None, typer.Argument(help="MVTec AD tree, or a folder with images and masks.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option("--images", metavar="DIR", help="Images, instead of DATASET.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR", help="Masks with the same stems.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="For the tables [DATASET/_anomsynth]."),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", min=0, max=1, help="Lowest score that passes [0.5]."),
    ] = None,
    keep_top: Annotated[
        float | None,
        typer.Option("--keep-top", metavar="SHARE", help="Best share of each kind, in 0..1."),
    ] = None,
    filter_to: Annotated[
        Path | None,
        typer.Option("--filter-to", metavar="DIR", help="Write what passes as a new dataset."),
    ] = None,
    hardlink: Annotated[
        bool, typer.Option("--hardlink/--copy", help="How files come into --filter-to.")
    ] = False,
    require: Annotated[
        float | None,
        typer.Option("--require", metavar="SHARE", help="Exit code 3 if a lower share passes."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="DIR", help="Real defects to compare the set with."),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", metavar="FILE", help="Made with --calibrate."),
    ] = None,
    sqe: Annotated[
        Path | None,
        typer.Option("--sqe", metavar="RUN", help="Score as this training run learned to."),
    ] = None,
    scorer: Annotated[
        str | None,
        typer.Option("--scorer", metavar="KIND", help="Another way to score [sqe]."),
    ] = None,
    options: Options = None,
    calibrate: Annotated[
        str | None,
        typer.Option(
            "--calibrate",
            metavar="NORMALS",
            help="Fit to good photos and save; 'embedded' makes the shipped calibration again.",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Calibration to write.")
    ] = None,
    preset: Preset = "generic",
    jobs: Jobs = -1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score labelled defects by image and mask alone, and say why a score is low.

    The score joins fidelity (does it look photographed?) and utility (can a detector learn from
    it?). The good photo is used where the dataset's own manifest names it. --preset only says which
    defects --calibrate makes.

    Exit code: 0 done, 2 cannot begin or go on, 3 some images are unusable, or fewer pass than
    --require wants.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        _check_options(
            {"--keep-top": keep_top, "--require": require}, calibrate, save, (images, masks), jobs
        )
        if calibrate is not None and save is not None:
            _calibrate(console, calibrate, save, preset, jobs)
            if dataset is None and images is None:
                return
            calibration = save
        items = _find(dataset, images, masks)
        sources = [folder for folder in (dataset, images, masks) if folder is not None]
        if filter_to is not None:
            from anomsynth.scoring.selection import check_target

            check_target(filter_to, sources)
        rater = load_scorer(calibration, sqe, scorer, options or ())
        # A network uses all cores by itself.
        scored = _score(console, items, rater, 1 if rater.spreads else jobs)
        limit = GOOD_ENOUGH if min_score is None else min_score
        measures = None if reference is None else _compare(items, reference, jobs)
        folder = out or (None if dataset is None else dataset / "_anomsynth")
        _write(folder, scored, dataset, (limit, measures))
        chosen = _select(scored, min_score, keep_top, filtered=filter_to is not None)
        if filter_to is not None:
            _filter(console, filter_to, chosen, items, copy=not hardlink)
        share = report(console, scored, limit, (folder, measures), chosen)
        if require is not None and share < require:
            console.warn(f"{share:.1%} of the images pass, --require asks for {require:.1%}")
        if any(one.quality is None for one in scored) or (require is not None and share < require):
            raise typer.Exit(SOME_FAILED)


def _check_options(
    shares: dict[str, float | None],
    calibrate: str | None,
    save: Path | None,
    pair: tuple[Path | None, Path | None],
    jobs: int,
) -> None:
    for option, share in shares.items():
        if share is not None and not 0 < share <= 1:
            raise UserError(f"{option}: expected a share above 0 and up to 1, got {share:g}")
    if (calibrate is None) != (save is None):
        hint = "for example: anomsynth score --calibrate photos --save mine.json"
        raise UserError("--calibrate and --save belong together", hint=hint)
    if (pair[0] is None) != (pair[1] is None):
        raise UserError("--images and --masks belong together", hint="give both folders")
    if jobs == 0:
        hint = "use 1 or more, -1 for one per core, -2 for one less"
        raise UserError("--jobs: expected a number of processes, got 0", hint=hint)


def _calibrate(console: Console, normals: str, save: Path, preset: str, jobs: int) -> None:
    from anomsynth.dataset.files import make_folder, write_bytes
    from anomsynth.scoring.fit import EMBEDDED as SHIPPED
    from anomsynth.scoring.fit import calibrate, embedded_materials, own_materials

    if normals == EMBEDDED:
        materials, source = embedded_materials(), SHIPPED
    else:
        from anomsynth.scoring.normals import read_normals

        recipe = choose_recipe(preset)
        photos = read_normals(Path(normals), console.warn)
        materials, source = own_materials(photos, recipe), f"{len(photos)} photos of {normals}"
    console.note(f"calibrating on {len(materials)} photos")
    found = calibrate(materials, source, jobs=jobs)
    make_folder(save.parent)
    write_bytes(save, found.to_json().encode("utf-8"), save.parent)
    console.say(f"calibration on {save}")
    console.line("calibrated", {"file": str(save), "photos": len(materials)})


def _find(dataset: Path | None, images: Path | None, masks: Path | None) -> "tuple[Labelled, ...]":
    from anomsynth.dataset.labelled import find_labelled, find_pairs

    if dataset is not None and images is not None:
        raise UserError("DATASET and --images exclude each other", hint="give one of them")
    if images is not None and masks is not None:
        items = find_pairs(images, masks)
    elif dataset is not None:
        items = find_labelled(dataset)
    else:
        raise UserError("nothing to score", hint="give a dataset, or --images and --masks")
    if all(item.good for item in items):
        raise InputError(
            f"{dataset or images}: holds good photos only", hint="defects lie in test/KIND"
        )
    return items


def _score(
    console: Console, items: "Sequence[Labelled]", scorer: "Scorer", jobs: int
) -> "tuple[Scored, ...]":
    from anomsynth.scoring.score import score_dataset
    from anomsynth.scoring.tables import record

    total = sum(not item.good for item in items)
    done, said = 0, time.monotonic()

    def tell(one: "Scored") -> None:
        nonlocal done, said
        done += 1
        if one.quality is None:
            console.warn(one.problem)
        if console.as_json and not console.quiet:
            console.line("broken" if one.quality is None else "scored", record(one, None))
        if time.monotonic() - said >= SECONDS:
            said = time.monotonic()
            console.note(f"{done} of {total} images")

    return score_dataset(items, scorer, jobs=jobs, on_scored=tell)


def _compare(items: "Sequence[Labelled]", reference: Path, jobs: int) -> "SetQuality":
    from anomsynth.dataset.labelled import find_labelled
    from anomsynth.scoring.score import describe_dataset
    from anomsynth.sqe.sets import compare_sets

    real = describe_dataset(find_labelled(reference), jobs=jobs)
    return compare_sets(real, describe_dataset(items, jobs=jobs))


def _write(
    folder: Path | None,
    scored: "Sequence[Scored]",
    root: Path | None,
    found: "tuple[float, SetQuality | None]",
) -> None:
    from anomsynth.scoring.tables import set_record, summarise, write_scores

    if folder is None:
        return
    limit, measures = found
    about = {
        "format": 1,
        "min_score": limit,
        "summary": summarise(scored, limit),
        "set": None if measures is None else set_record(measures),
    }
    write_scores(folder, scored, root, about)


def _select(
    scored: "Sequence[Scored]", min_score: float | None, keep_top: float | None, *, filtered: bool
) -> "Selection":
    """Choose; a filter without any limit of its own keeps what is good enough."""
    from anomsynth.scoring.selection import Candidate, select

    candidates = [
        Candidate(one.item, None, one.problem)
        if one.quality is None
        else Candidate(one.item, one.quality.score, "; ".join(one.quality.reasons))
        for one in scored
    ]
    if min_score is None:
        min_score = GOOD_ENOUGH if keep_top is None and filtered else 0.0
    return select(candidates, min_score=min_score, keep_top=keep_top or 1.0)


def _filter(
    console: Console,
    out: Path,
    chosen: "Selection",
    items: "Sequence[Labelled]",
    *,
    copy: bool,
) -> None:
    from anomsynth.scoring.selection import write_selection

    goods = [item for item in items if item.good]
    write_selection(out, chosen, goods, copy=copy)
    console.say(
        f"{len(chosen.kept)} kept, {len(chosen.rejected)} rejected, {len(goods)} good photos"
        f" on {out}"
    )
    if not chosen.kept:
        console.warn(f"{out}: no defect was kept")
