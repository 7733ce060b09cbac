"""Physics residual: how far the defect is from the equations it was made by.

Raw: the largest recorded residual of a refiner (names that end in ``_residual``), relative, >= 0.
High is bad. Only where a manifest gives residuals; absent otherwise.
"""

from collections.abc import Mapping

from anomsynth.sqe.curve import Logistic
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term

ENDING = "_residual"
# A solver that is at rest leaves a few per cent of imbalance at most.
AT_REST = Logistic(middle=0.1, scale=-0.02, typical=0.0)


def largest_residual(residuals: Mapping[str, float] | None) -> float | None:
    """Return the largest residual among recorded numbers, None if there is none."""
    found = [value for name, value in (residuals or {}).items() if name.endswith(ENDING)]
    return max(found, default=None)


def measure_residual(region: Region) -> float | None:
    """Return the largest recorded residual."""
    return region.residual


TERM = Term(
    "residual",
    "fidelity",
    0.1,
    "high",
    measure_residual,
    too_high="it violates the equations it was made by",
    of_look=False,
    curve=AT_REST,
)
