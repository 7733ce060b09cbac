"""What a term of the score is: a measure, which side of it is bad, and words for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from anomsynth.sqe.curve import AnyCurve, Side
from anomsynth.sqe.region import Region

Role = Literal["fidelity", "utility"]


@dataclass(frozen=True, slots=True)
class Term:
    """One question asked of every defect.

    Attributes
    ----------
    name : str
    role : {"fidelity", "utility"}
        Does it say whether the defect looks photographed, or whether one can learn from it?
    weight : float, > 0
        In the role's weighted geometric mean; those of the built-in terms sum to 1.
    bad : {"low", "high", "both"}
        Which values of the measure are bad.
    measure : function of Region
        Returns the raw value, None where the defect is too small to tell.
    too_low, too_high : str
        The reason in words.
    catches : tuple of str
        Families of `anomsynth.sqe.controls` that the term claims to catch.
    compares : bool
        The measure uses the good photo where it is known, and means something else without it.
    of_look : bool
        It judges how the picture looks: nothing to ask where it was shaded from a scan.
    curve : curve of `anomsynth.sqe.curve`, optional
        How good a value is, set by hand; else fitted by a calibration. A plugin's term needs one,
        for the shipped calibration does not know it.
    """

    name: str
    role: Role
    weight: float
    bad: Side
    measure: Callable[[Region], float | None]
    too_low: str = ""
    too_high: str = ""
    catches: tuple[str, ...] = ()
    compares: bool = False
    of_look: bool = True
    curve: AnyCurve | None = None
