"""Scores on disk: a table for people and loaders, and JSON with everything."""

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.manifest import to_json
from anomsynth.scoring.score import Scored
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.sets import SetQuality

CSV, JSON = "scores.csv", "scores.json"
NAMED = ("image", "mask", "category", "kind", "score", "fidelity", "utility")

Summary = dict[str, object]


def summarise(scored: Sequence[Scored], min_score: float) -> list[Summary]:
    """Return one line for each category and kind: how many, how good, how many pass."""
    groups: dict[tuple[str, str], list[Scored]] = {}
    for one in scored:
        groups.setdefault((one.item.category, one.item.kind), []).append(one)
    lines: list[Summary] = []
    for (category, kind), members in groups.items():
        scores = [one.quality.score for one in members if one.quality is not None]
        fidelity = [one.quality.fidelity for one in members if one.quality is not None]
        utility = [one.quality.utility for one in members if one.quality is not None]
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
    folder: Path, scored: Sequence[Scored], root: Path | None, about: Mapping[str, object]
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
    heading = [*NAMED, *(term.name for term in all_terms()), "reason"]
    table = csv_text([heading, *(_row(one, root) for one in scored)])
    write_bytes(folder / CSV, table.encode("utf-8"), folder)
    everything = {**about, "images": [record(one, root) for one in scored]}
    write_bytes(folder / JSON, (to_json(everything) + "\n").encode("utf-8"), folder)


def set_record(measures: SetQuality) -> dict[str, object]:
    """Return set-level measures as plain JSON values."""
    return dataclasses.asdict(measures)


def relative(path: Path, root: Path | None) -> str:
    """Return a path below the root with slashes, or as it is."""
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix()


def _row(one: Scored, root: Path | None) -> list[str]:
    mask = "" if one.item.mask is None else relative(one.item.mask, root)
    named = [relative(one.item.image, root), mask, one.item.category, one.item.kind]
    if one.quality is None:
        return [*named, *[""] * (3 + len(all_terms())), one.problem]
    quality = one.quality
    numbers = [quality.score, quality.fidelity, quality.utility]
    terms = [_number(quality.terms.get(term.name)) for term in all_terms()]
    return [*named, *map(_number, numbers), *terms, "; ".join(quality.reasons)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
