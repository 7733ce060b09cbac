"""How the quality of a sample is written: a column of scores.csv for each of its numbers."""

from collections.abc import Mapping

from anomsynth.sqe.all_terms import TERMS as ESTIMATED
from anomsynth.sqe.estimator import Quality

TERMS = ("fidelity", "utility", *(term.name for term in ESTIMATED))


def written_scores(quality: Quality) -> dict[str, float]:
    """Return score, fidelity, utility and terms by name; what could not be measured is absent."""
    return {
        "score": quality.score,
        "fidelity": quality.fidelity,
        "utility": quality.utility,
        **quality.terms,
    }


def score_cells(scores: Mapping[str, object]) -> list[str]:
    """Return the cells of a row of scores.csv, empty where a term is absent."""
    return [
        f"{float(str(scores[name])):.6g}" if name in scores else "" for name in ("score", *TERMS)
    ]
