"""Scores on disk: a table for people and loaders, and JSON with everything."""

import dataclasses
import itertools
import math
import statistics
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from anomsynth.dataset.csv_text import csv_pieces
from anomsynth.dataset.files import make_folder, write_pieces
from anomsynth.dataset.manifest import to_json
from anomsynth.scoring.scored import OVER_NOISE, Scored, ScoredList
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.sets import SetQuality

CSV, JSON = "scores.csv", "scores.json"
IMAGES = "images"
NAMED = ("image", "mask", "category", "kind", "score", "fidelity", "utility")

Summary = dict[str, object]


def summarise(scored: ScoredList, min_score: float) -> list[Summary]:
    """Return one line for each category and kind: how many, how good, how many pass."""
    groups: dict[tuple[str, str], array[int]] = {}
    for at, item in enumerate(scored.items):
        groups.setdefault((item.category, item.kind), array("Q")).append(at)
    lines: list[Summary] = []
    for (category, kind), members in groups.items():
        usable = [at for at in members if not math.isnan(scored.scores[at])]
        scores = array("d", (scored.scores[at] for at in usable))
        fidelity = array("d", (scored.fidelity[at] for at in usable))
        utility = array("d", (scored.utility[at] for at in usable))
        lines.append(
            {
                "category": category,
                "kind": kind,
                "images": len(members),
                "unusable": len(members) - len(scores),
                "passed": sum(score >= min_score for score in scores),
                "median": statistics.median(scores) if scores else None,
                "lowest": min(scores, default=None),
                "highest": max(scores, default=None),
                "fidelity": statistics.median(fidelity) if fidelity else None,
                "utility": statistics.median(utility) if utility else None,
            }
        )
    return lines


def record(one: Scored, root: Path | None) -> dict[str, object]:
    """Return everything about one image as plain JSON values."""
    found: dict[str, object] = {
        "image": relative(one.item.image, root),
        "mask": None if one.item.mask is None else relative(one.item.mask, root),
        "category": one.item.category,
        "kind": one.item.kind,
    }
    if one.quality is None:
        return {**found, "problem": one.problem}
    quality = one.quality
    return {
        **found,
        "score": quality.score,
        "fidelity": quality.fidelity,
        "utility": quality.utility,
        "terms": dict(quality.terms),
        "raw": dict(quality.raw),
        "reasons": list(quality.reasons),
    }


def write_scores(
    folder: Path, scored: Iterable[Scored], root: Path | None, about: Mapping[str, object]
) -> None:
    """Write scores.csv and scores.json.

    Parameters
    ----------
    folder : Path
        Made if needed.
    scored : in the order of the dataset
    root : Path or None
        Folder that paths are given relative to, where they lie in it.
    about : by name
        What else to put into the JSON.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    make_folder(folder)
    first = next(iter(scored), None)
    raw = () if first is None or first.item.scan is None else (OVER_NOISE,)
    heading = [*NAMED, *(term.name for term in all_terms()), "reason", *raw]
    rows = itertools.chain([heading], (_row(one, root, raw) for one in scored))
    write_pieces(folder / CSV, csv_pieces(rows), folder)
    write_pieces(folder / JSON, _pieces(scored, root, about), folder)


def _pieces(
    scored: Iterable[Scored], root: Path | None, about: Mapping[str, object]
) -> Iterator[bytes]:
    """Yield the JSON line of everything, image by image."""
    before = to_json({name: value for name, value in about.items() if name < IMAGES})
    after = to_json({name: value for name, value in about.items() if name > IMAGES})
    yield f'{before[:-1]}{"," if before != "{}" else ""}"{IMAGES}":['.encode()
    comma = ""
    for one in scored:
        yield f"{comma}{to_json(record(one, root))}".encode()
        comma = ","
    yield f"]{',' if after != '{}' else ''}{after[1:]}\n".encode()


def set_record(measures: SetQuality) -> dict[str, object]:
    """Return set-level measures as plain JSON values."""
    return dataclasses.asdict(measures)


def relative(path: Path, root: Path | None) -> str:
    """Return a path below the root with slashes, or as it is."""
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix()


def _row(one: Scored, root: Path | None, raw: Sequence[str]) -> list[str]:
    mask = "" if one.item.mask is None else relative(one.item.mask, root)
    named = [relative(one.item.image, root), mask, one.item.category, one.item.kind]
    if one.quality is None:
        return [*named, *[""] * (3 + len(all_terms())), one.problem, *[""] * len(raw)]
    quality = one.quality
    numbers = [quality.score, quality.fidelity, quality.utility]
    terms = [_number(quality.terms.get(term.name)) for term in all_terms()]
    told = [_number(quality.raw.get(name)) for name in raw]
    return [*named, *map(_number, numbers), *terms, "; ".join(quality.reasons), *told]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
