"""Midline: how straight a long defect runs, how its width changes along it, and its two sides."""

import math

import numpy as np
from numpy.typing import NDArray

from anomsynth.fitting.defect import Defect

BINS = 12  # along the length
FEWEST = 5  # bins that a course can be told from
LONG = 2.5  # length over width of the strokes, below which there is no midline
LEAST_DELTA_E = 0.5  # CIE units

NAMES = ("jag", "bow", "taper", "width_scatter", "sides")


def measure_midline(defect: Defect) -> dict[str, float]:
    """Return jag, bow, taper, scatter of the width, and sides; NaN for what is not long.

    Along the longer axis of the tightest box the mean place across is followed. Bow is the sagitta
    of the parabola through it over the length, jag the rest over the width of the strokes (cracks
    are jagged, scratches are not), both as log(1 + x). Taper is the width at the ends over that in
    the middle, scatter the relative one of the width. Sides is how much lighter one side of the
    midline is than the other, over the rms colour distance (a groove's walls).
    """
    length, _, turn = defect.axes
    if length < LONG * defect.thickness:
        return dict.fromkeys(NAMES, math.nan)
    rows, cols = np.nonzero(defect.core)
    along = cols * math.cos(turn) + rows * math.sin(turn)
    across = rows * math.cos(turn) - cols * math.sin(turn)
    start = float(along.min())
    place = np.minimum(((along - start) / max(length, 1.0) * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    there = count > 0
    if np.count_nonzero(there) < FEWEST:
        return dict.fromkeys(NAMES, math.nan)
    middle = np.bincount(place, weights=across, minlength=BINS) / np.maximum(count, 1)
    steps = np.arange(BINS)[there] / (BINS - 1) - 0.5
    curve = np.polynomial.Polynomial.fit(steps, middle[there], 2, domain=[-0.5, 0.5])
    rest = middle[there] - curve(steps)
    bend = float(abs(curve.convert().coef[2])) / 4 if curve.degree() == 2 else 0.0
    width = count[there].astype(np.float64)
    ends, inner = (
        (width[0] + width[-1]) / 2,
        float(width[len(width) // 3 : -(len(width) // 3)].mean()),
    )
    return {
        "jag": math.log1p(float(rest.std()) / defect.thickness),
        "bow": math.log1p(bend / length),
        "taper": math.log((ends + 1) / (inner + 1)),
        "width_scatter": float(width.std() / width.mean()),
        "sides": _sides(defect, across - middle[place]),
    }


def _sides(defect: Defect, off: NDArray[np.float64]) -> float:
    """Return the difference of lightness between the sides of the midline over the rms change."""
    light = defect.difference[:, 0].astype(np.float64)
    rms = math.sqrt(float(np.mean(np.square(defect.difference).sum(axis=1))))
    spread = float(off.std())
    if spread < 0.3:  # one pixel wide
        return 0.0
    return abs(float(np.mean((light - light.mean()) * off))) / (spread * max(rms, LEAST_DELTA_E))
