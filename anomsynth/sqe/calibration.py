"""What values of the terms are good: a small JSON file, fitted to good and to spoilt samples."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from anomsynth.core.counted import counted
from anomsynth.core.plain_file import read_text
from anomsynth.errors import InputError
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.curve import AnyCurve, Curve, Logistic, Plateau, Sides, Tails
from anomsynth.sqe.term import Term

Raw = Mapping[str, float]

# Useful visibility as measured downstream (a detector trained on either side of it lost accuracy):
# d' 3 is seen at once, 1.5 still counts for 0.6, 0.5 is noise.
VISIBLE = Plateau(low=3.0, high=8.0, low_width=0.7, high_width=0.7)
BLIND = "_blind"  # ending of a term's name where there is no good photo to compare with
NOTHING = 0.8  # quantile of the null set up to which a value shows no difference
DIFFERENCES = (
    "visibility_blind",
    "agreement_blind",
    "coherence",
    "boundary_gradient",
    "band_energy",
)
MOST_MISSED = 0.5  # by how much visibility may be misjudged without the good photo, logarithm
FEWEST = 20  # values a curve is fitted to


class Calibration(BaseModel):
    """Curves of all terms.

    Attributes
    ----------
    format : 1
    source : str
        What it was fitted to, in words.
    curves : by term; ``_blind`` at the end of a name where it was measured without the good photo
    nothing : largest values, by name, of a mask that lies on nothing
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    source: str
    curves: dict[str, AnyCurve]
    nothing: dict[str, float]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a calibration.

        Raises
        ------
        InputError
            If the file cannot be read or is no calibration.
        """
        hint = "make one of good photos, see `calibrate`"
        try:
            text = read_text(path)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as a calibration", hint=hint) from error
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            msg = f"{path}: not a calibration: {place}: {first['msg']}".replace(": :", ":")
            raise InputError(msg, hint=hint) from error
        missing = [key for key in _keys() if key not in found.curves]
        if missing:
            raise InputError(f"{path}: no curve for the term {missing[0]!r}", hint=hint)
        return found

    def to_json(self) -> str:
        """Return the file's text."""
        return self.model_dump_json(indent=1) + "\n"

    def curve(self, term: Term, *, paired: bool) -> Curve:
        """Return how good the values of a term are: as fitted, else as the term states.

        Raises
        ------
        KeyError
            If neither says so; `load` refuses such a calibration.
        """
        key = key_of(term, paired=paired)
        found = self.curves.get(key, term.curve)
        if found is None:
            raise KeyError(key)
        return found

    def shows_nothing(self, raw: Raw) -> bool:
        """Tell whether the values are those of a mask on a surface without any defect."""
        known = [name for name in DIFFERENCES if name in raw and name in self.nothing]
        return "visibility_blind" in known and all(raw[n] <= self.nothing[n] for n in known)


@cache
def default_calibration() -> Calibration:
    """Return the shipped calibration, fitted to the embedded surfaces."""
    text = resources.files("anomsynth.sqe").joinpath("default.json").read_text(encoding="utf-8")
    return Calibration.model_validate_json(text)


def key_of(term: Term, *, paired: bool) -> str:
    """Return the name under which a term's curve is kept."""
    return term.name if paired or not term.compares else term.name + BLIND


def fit_calibration(
    good: Sequence[Raw],
    spoilt: Mapping[str, Sequence[Raw]],
    nothing: Sequence[Raw],
    source: str,
) -> Calibration:
    """Fit all curves.

    Parameters
    ----------
    good : raw values by key of each region of good samples
    spoilt : the same of negative controls, by family
    nothing : the same of masks on surfaces without any defect
    source : str
        What the samples are, in words.

    Raises
    ------
    InputError
        If there are too few good samples.
    """
    curves: dict[str, AnyCurve] = {"visibility": VISIBLE, "visibility_blind": _blind_band(good)}
    for term in all_terms():
        if term.curve is not None:
            curves[term.name] = term.curve
            continue
        for key in dict.fromkeys(key_of(term, paired=paired) for paired in (True, False)):
            if key in curves:
                continue
            values = _values(good, key)
            if values.size < FEWEST:
                msg = f"{source}: only {counted(values.size, 'good sample')} with a value of {key}"
                raise InputError(msg, hint="give more photos")
            bad = [_values(spoilt[name], key) for name in term.catches if name in spoilt]
            curves[key] = _curve(term, values, [one for one in bad if one.size >= FEWEST])
    limits = {
        key: float(f"{np.quantile(_values(nothing, key), NOTHING):.6g}")
        for key in DIFFERENCES
        if _values(nothing, key).size >= FEWEST
    }
    return Calibration(source=source, curves=dict(sorted(curves.items())), nothing=limits)


def _curve(
    term: Term, good: NDArray[np.float64], spoilt: Sequence[NDArray[np.float64]]
) -> AnyCurve:
    if not spoilt:
        return Tails.fit(good, term.bad)
    if term.bad == "both":
        return Sides.fit(good, spoilt)
    return Logistic.fit(good, np.concatenate(spoilt), term.bad)


def _blind_band(good: Sequence[Raw]) -> Plateau:
    """Return the band of visibility for values measured without the good photo.

    These are smaller than those with it, by about one factor for a surface; what they miss it by
    widens the fall towards faint defects.
    """
    pairs = [
        (raw["visibility"], raw["visibility_blind"])
        for raw in good
        if raw.get("visibility_blind", 0.0) > 0 and raw.get("visibility", 0.0) > 0
    ]
    logs = np.log([blind / paired for paired, blind in pairs]) if pairs else np.zeros(1)
    middle = float(np.median(logs))
    missed = min(1.48 * float(np.median(np.abs(logs - middle))), MOST_MISSED)
    factor = float(f"{min(max(math.exp(middle), 0.2), 1.5):.6g}")
    return Plateau(
        low=VISIBLE.low * factor,
        high=VISIBLE.high,
        low_width=float(f"{math.hypot(VISIBLE.low_width, missed):.6g}"),
        high_width=VISIBLE.high_width,
    )


def _values(samples: Sequence[Raw], key: str) -> NDArray[np.float64]:
    return np.array([raw[key] for raw in samples if key in raw], dtype=np.float64)


def _keys() -> list[str]:
    fitted = [term for term in all_terms() if term.curve is None]
    return sorted({key_of(term, paired=paired) for term in fitted for paired in (True, False)})
