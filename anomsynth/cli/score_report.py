"""What `anomsynth score` prints when it is done."""

from typing import TYPE_CHECKING

from anomsynth.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anomsynth.scoring.score import Scored
    from anomsynth.scoring.selection import Selection
    from anomsynth.sqe.sets import SetQuality

WORST = 5


def report(
    console: Console,
    scored: "Sequence[Scored]",
    limit: float,
    found: "tuple[Path | None, SetQuality | None]",
    chosen: "Selection",
) -> float:
    """Print what came out; return the share of images that pass."""
    from anomsynth.scoring.tables import set_record, summarise

    folder, measures = found
    lines = summarise(scored, limit)
    cells = ("category", "kind", "images", "passed", "median", "fidelity", "utility", "lowest")
    console.table(cells, [[_cell(line[name]) for name in cells] for line in lines])
    usable = [one for one in scored if one.quality is not None]
    worst = sorted(usable, key=lambda one: one.quality.score if one.quality else 0)[:WORST]
    for one in worst:
        if one.quality is not None and one.quality.score < limit:
            why = "; ".join(one.quality.reasons)
            console.say(f"  {one.quality.score:.2f}  {one.item.image}: {why}")
    if measures is not None:
        _print_measures(console, measures)
    passed = sum(one.quality is not None and one.quality.score >= limit for one in scored)
    share = passed / len(scored)
    console.say(f"{passed} of {len(scored)} images score {limit:g} or more")
    if folder is not None:
        console.say(f"tables in {folder}")
    console.result(
        images=len(scored),
        unusable=len(scored) - len(usable),
        passed=passed,
        share=share,
        kept=len(chosen.kept),
        folder=None if folder is None else str(folder),
        summary=lines,
        set=None if measures is None else set_record(measures),
    )
    return share


def _print_measures(console: Console, measures: "SetQuality") -> None:
    names = ("kid", "mmd", "precision", "recall", "density", "coverage", "vendi", "vendi_real")
    rows = []
    for name in (*names, "duplicates"):
        measure = getattr(measures, name)
        rows.append([name, f"{measure.value:.3f}", f"{measure.low:.3f} .. {measure.high:.3f}"])
    console.table(("set against reference", "value", "95 % interval"), rows)
    console.say(f"p of equal distributions (MMD, permutations): {measures.mmd_p:.3f}")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return "-" if value is None else str(value)
