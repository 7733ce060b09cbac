"""What `anomsynth score` prints when it is done."""

from typing import TYPE_CHECKING

from anomsynth.cli.console import Console
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.api.score import Scores
    from anomsynth.sqe.sets import SetQuality

WORST = 5
GOOD = {  # what each measure should be
    "kid": "low: 0 if both look alike to the features",
    "mmd": "low: 0 if both come from one distribution",
    "precision": "high: share of ours that lie among real ones",
    "recall": "high: share of real ones that lie among ours",
    "density": "about 1: how densely ours lie where real ones do",
    "coverage": "high: share of real ones with one of ours beside it",
    "vendi": "as high as vendi_real: effective number of different ones",
    "vendi_real": "the same of the real ones",
    "duplicates": "0: share of ours that are nearly the same",
}


def report(console: Console, found: "Scores") -> None:
    """Print what came out."""
    from anomsynth.scoring.tables import set_record

    lines, limit, measures = found.summary(), found.min_score, found.against_reference
    cells = ("category", "kind", "images", "passed", "median", "fidelity", "utility", "lowest")
    console.table(cells, [[_cell(line[name]) for name in cells] for line in lines])
    for one in found.scored.worst(WORST):
        if one.quality is not None and one.quality.score < limit:
            reasons = "; ".join(one.quality.reasons)
            console.say(f"  {one.quality.score:.2f}  {one.item.image}: {reasons}")
    if measures is not None:
        _print_measures(console, measures, found.real_against_real)
    console.say(
        f"{found.passed} of {counted(len(found.scored), 'image')} with a score of {limit:g} or more"
    )
    if found.folder is not None:
        console.say(f"tables in {found.folder}")
    console.result(
        images=len(found.scored),
        unusable=found.unusable,
        passed=found.passed,
        share=found.share,
        kept=len(found.selection.kept),
        folder=None if found.folder is None else str(found.folder),
        summary=lines,
        set=None if measures is None else set_record(measures),
        real_halves=None
        if found.real_against_real is None
        else set_record(found.real_against_real),
    )


def _print_measures(console: Console, measures: "SetQuality", halves: "SetQuality | None") -> None:
    names = ("kid", "mmd", "precision", "recall", "density", "coverage", "vendi", "vendi_real")
    rows = []
    for name in (*names, "duplicates"):
        measure = getattr(measures, name)
        real = "-" if halves is None else f"{getattr(halves, name).value:.3f}"
        ends = f"{measure.low:.3f} .. {measure.high:.3f}"
        rows.append([name, f"{measure.value:.3f}", ends, real, GOOD[name]])
    console.table(
        ("set against reference", "value", "95 % interval", "real against real", "good is"), rows
    )
    console.say(
        f"p of equal distributions (MMD, permutations): {measures.mmd_p:.3f} (below 0.05: they"
        " differ; they do even for good sets of a few hundred)"
    )
    console.say("As good as it gets is what real against real has.")
    if halves is None:
        console.say("too few real defects to compare them with each other")
        return
    covered, possible = measures.coverage.value, halves.coverage.value
    console.say(
        f"{covered:.0%} of the real defects have a synthetic one as near as real ones are to each"
        f" other; half of the real ones do that for {possible:.0%} of the other half"
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return "-" if value is None else str(value)
