"""What is written of a study: numbers as JSON, flaws and curves as tables, the plot."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from anomsynth._version import __version__
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.detectability.inputs import SweptSet
from anomsynth.detectability.plot import Panel, Rug, as_png, curve_points
from anomsynth.detectability.statement import Statement
from anomsynth.detectability.study import Inspection, Subset
from anomsynth.errors import OutputError

PAGE, JSON, FLAWS, CURVES, PLOT = "index.html", "pod.json", "flaws.csv", "curves.csv", "pod.png"
MEANING = (
    "This curve speaks of one detector, on these photos, for simulated flaws. It screens and "
    "compares inspections; it adds to a study of probability of detection (POD) on real specimens "
    "with known flaws and never replaces it."
)
TERMS = (
    "a50 and a90 are the sizes that are found in 50 and in 90 of 100 cases; a90/95 is the upper "
    "95 % bound of a90, the size that one may rely on. The band is the 95 % bound of the curve on "
    "either side, by the likelihood ratio; it takes the threshold as given and flaws as "
    "independent of each other."
)


@dataclass(frozen=True, slots=True, eq=False)
class PodResult:
    """What `pod` found.

    Attributes
    ----------
    swept : SweptSet
    subsets : tuple of Subset
        Each kind, and all of them together.
    ours : Inspection
    other : Inspection or None
        What it was compared with.
    warnings : tuple of str
        What speaks against the numbers.
    out : Path
        Folder of what was written.
    """

    swept: SweptSet
    subsets: tuple[Subset, ...]
    ours: Inspection
    other: Inspection | None
    warnings: tuple[str, ...]
    out: Path

    @property
    def page(self) -> Path:
        """The page with curves, hits and misses."""
        return self.out / PAGE

    def as_json(self) -> dict[str, object]:
        """Return every number as plain JSON values, None where one may not be stated."""
        return {
            "anomsynth": __version__,
            "meaning": MEANING,
            "dataset": self.swept.root.as_posix(),
            "sweep": dict(self.swept.grid),
            "mm_per_px": list(self.swept.span_of_scale),
            "scale_assumed": self.swept.assumption is not None,
            "could_not_be_made": self.swept.failed,
            "inspection": _inspection(self.ours),
            "against": None if self.other is None else _inspection(self.other),
            "warnings": list(self.warnings),
            "subsets": [_subset(one) for one in self.subsets],
        }


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raise OutputError if the folder holds results already and they are to be kept."""
    if exists(out / JSON):
        if not overwrite:
            msg = f"{out}: holds the results of an earlier study"
            raise OutputError(msg, hint="choose another folder by `out`, or give `overwrite=True`")
    elif is_dir(out) and any(out.iterdir()):
        msg = f"{out}: holds other files, which results would lie among"
        raise OutputError(msg, hint="choose another folder by `out`")


def write_results(result: PodResult, page: str) -> None:
    """Write all files of a study; the numbers last.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    out = result.out
    make_folder(out)
    files = {
        PAGE: page.encode(),
        FLAWS: csv_text(_flaw_rows(result)).encode(),
        CURVES: csv_text(_curve_rows(result)).encode(),
        PLOT: as_png(panels(result)),
        JSON: (json.dumps(_finite(result.as_json()), indent=1, ensure_ascii=False) + "\n").encode(),
    }
    for name, content in files.items():
        write_bytes(out / name, content, out)


def panels(result: PodResult) -> list[Panel]:
    """Return the plots of a study: each subset by size, and by d' where that varies."""
    names = [flaw.picture for flaw in result.swept.flaws]
    labels = (
        result.ours.answers.name,
        "" if result.other is None else result.other.answers.name,
    )
    found = []
    for subset in result.subsets:
        flaws = [result.swept.flaws[index] for index in subset.chosen]
        hits = result.ours.hits[subset.chosen]
        shown = [names[index] for index in subset.chosen]
        measures = sorted({flaw.measure for flaw in flaws})
        for statement, axis, values in (
            (subset.by_size, f"{', '.join(measures)}, mm", [flaw.size_mm for flaw in flaws]),
            (subset.by_d_prime, "visibility d'", [flaw.d_prime for flaw in flaws]),
        ):
            if statement is None:
                continue
            by_size = statement is subset.by_size
            rug = Rug(np.array(values), hits, shown)
            other = subset.against if by_size else None
            title = f"{subset.name}: probability of detection"
            found.append(Panel(title, axis, statement, rug, other, labels))
    return found


def _inspection(one: Inspection) -> dict[str, object]:
    calls = one.false_calls
    return {
        "name": one.answers.name,
        "places": one.answers.places,
        "threshold": one.limit.value,
        "threshold_false_alarm_rate": one.limit.false_alarms,
        "found": int(one.hits.sum()),
        "good_pictures": calls.pictures,
        "good_pictures_called": calls.called,
        "false_call_rate": calls.rate,
        "false_call_rate_bound_95": calls.rate_bound,
        "false_calls": calls.calls,
        "false_calls_per_picture": calls.calls / calls.pictures,
        "false_calls_per_cm2": calls.calls_there / calls.area_cm2 if calls.area_cm2 else None,
        "false_calls_per_cm2_bound_95": (
            calls.calls_bound / calls.area_cm2 if calls.area_cm2 else None
        ),
    }


def _subset(subset: Subset) -> dict[str, object]:
    both = subset.both
    return {
        "name": subset.name,
        "by_size": _statement(subset.by_size),
        "by_d_prime": None if subset.by_d_prime is None else _statement(subset.by_d_prime),
        "by_size_and_d_prime": None
        if both is None
        else {
            "coefficients": None if both.curve is None else both.curve.coefficients.tolist(),
            "levels": [
                dict(zip(("d_prime", "a90", "a90_95"), level, strict=True)) for level in both.levels
            ],
            "reasons": list(both.reasons),
        },
        "by_answer": None if subset.by_answer is None else _statement(subset.by_answer),
        "against": None if subset.against is None else _statement(subset.against),
        "difference": None if subset.difference is None else asdict(subset.difference),
    }


def _statement(one: Statement) -> dict[str, object]:
    return {
        "flaws": one.flaws,
        "hits": one.hits,
        "a50": one.a50,
        "a90": one.a90,
        "a90_95": one.a90_95,
        "coefficients": None if one.curve is None else one.curve.coefficients.tolist(),
        "log_likelihood": None if one.curve is None else one.curve.log_likelihood,
        "levels": [asdict(level) for level in one.levels],
        "reasons": list(one.reasons),
        "notes": list(one.notes),
    }


def _flaw_rows(result: PodResult) -> Iterator[list[str]]:
    other = result.other
    head = ["image", "kind", "measure", "level_mm", "size_mm", "d_prime", "answer", "found"]
    yield [*head, *([] if other is None else ["answer_against", "found_against"])]
    for index, flaw in enumerate(result.swept.flaws):
        row = [flaw.picture, flaw.kind, flaw.measure]
        row += [f"{value:.6g}" for value in (flaw.level_mm, flaw.size_mm, flaw.d_prime)]
        for one in (result.ours, other):
            if one is not None:
                row += [f"{one.answers.signals[index]:.6g}", str(int(one.hits[index]))]
        yield row


def _curve_rows(result: PodResult) -> Iterator[list[str]]:
    yield ["subset", "by", "value", "pod", "lower_95", "upper_95"]
    for subset in result.subsets:
        flaws = [result.swept.flaws[index] for index in subset.chosen]
        sizes, d_primes = [flaw.size_mm for flaw in flaws], [flaw.d_prime for flaw in flaws]
        for by, statement, values in (
            ("size_mm", subset.by_size, sizes),
            ("d_prime", subset.by_d_prime, d_primes),
            ("size_mm_by_answer", subset.by_answer, sizes),
            ("size_mm_against", subset.against, sizes),
        ):
            if statement is None or statement.curve is None:
                continue
            for point in zip(*curve_points(statement.curve, min(values), max(values)), strict=True):
                yield [subset.name, by, *(f"{value:.6g}" for value in point)]


def _finite(value: object) -> object:
    """Return JSON values with None for what is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
