"""The direction in which something extends most."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.fields.paths import Float64


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """The principal axis of a set of places.

    Attributes
    ----------
    centre : (2,) float64
        Row and column of the centroid.
    angle : float
        Radians, 0 = along columns.
    ahead, aside : (2,) float64
        Unit vectors (row, col) along the axis and across it.
    along, across : (n,) float64
        The places' coordinates from the centroid.
    """

    centre: Float64
    angle: float
    ahead: Float64
    aside: Float64
    along: Float64
    across: Float64


def principal_axis(places: Float64) -> Axis:
    """Return the axis along which (n, 2) rows and columns, at least one, spread most."""
    centre = places.mean(axis=0)
    away = places - centre
    spread = away.T @ away / len(places)
    angle = 0.5 * math.atan2(2 * spread[0, 1], spread[1, 1] - spread[0, 0])
    ahead = np.array([math.sin(angle), math.cos(angle)])
    aside = np.array([math.cos(angle), -math.sin(angle)])
    return Axis(centre, angle, ahead, aside, away @ ahead, away @ aside)
