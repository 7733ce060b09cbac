"""What a sliding hard tip leaves: load along the way, groove, ridges."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.fields.paths import Float64, arc_length, smooth_noise

RIDGE_AT = 0.7  # middle of a ridge from the groove's axis, in widths
RIDGE_SD = 0.1  # standard deviation of a ridge, in widths
# Nobody has measured strokes of unknown tools: these bumps look like those of scratched parts.
LEAN = 0.5, 1.5  # exponent of the way: where the load is highest; least and what is drawn on top
BLUNT = 0.4, 0.8  # exponent of the bump: how long it lasts
UNSTEADY = 0.3  # spread of the slow variation, of the logarithm
CUT = 3.0  # standard deviations at which a ridge ends


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """One groove; all lengths in one unit.

    Attributes
    ----------
    points : (N, 2) float64
    width, depth : (N,) float64, >= 0
        Zero where the tip did not touch.
    """

    points: Float64
    width: Float64
    depth: Float64


def load_along(points: Float64, chatter: float, wave: float, rng: np.random.Generator) -> Float64:
    """Return the load on the tip along its way, (N,) in [0, 1], 1 at its highest.

    A bump (touch down, slide, lift off) times slow variation times stick-slip
    ``1 + chatter * sin(2 pi s / wave)``, `s` and `wave` in the unit of `points`.
    """
    along = arc_length(points)
    total = max(float(along[-1]), 1e-9)
    lean, phase, rough = rng.random(3)
    share = (along / total) ** (LEAN[0] + LEAN[1] * lean)
    load = np.sin(math.pi * np.clip(share, 0, 1)) ** (BLUNT[0] + BLUNT[1] * rough)
    load *= np.exp(UNSTEADY * smooth_noise(len(along), len(along) / 6, rng))
    step = total / max(len(along) - 1, 1)
    if wave > 2.5 * step:  # finer chatter than the vertices can carry is not drawn
        load *= 1 + chatter * np.sin(2 * math.pi * (along / wave + phase))
    return load / max(float(load.max()), 1e-9)


def ridge_reach(width: Float64) -> Float64:
    """Return how far ridges reach beyond the groove's edge."""
    return (RIDGE_AT + CUT * RIDGE_SD - 0.5) * width


def groove_profile(offset: Float64, width: Float64, depth: Float64, cutting: float) -> Float64:
    """Return the height of a ploughed groove across its axis.

    Parameters
    ----------
    offset : float64
        Distance from the axis.
    width, depth : float64, same shape and unit
        Of the groove at the level of the surface; height is returned in the unit of `depth`.
    cutting : float in [0, 1]
        f_ab: share of the groove's section that was cut away; the rest forms two ridges.

    Notes
    -----
    Groove ``z = -d (1 - (2 y / w)**2)``, section ``2 w d / 3``; two Gaussian ridges at
    ``|y| = 0.7 w`` hold ``1 - f_ab`` of it.

    References
    ----------
    .. [1] K.-H. Zum Gahr, "Microstructure and Wear of Materials", Elsevier, 1987, ch. 5.
    """
    safe = np.maximum(width, 1e-9)
    across = offset / safe
    groove = -depth * np.clip(1 - (2 * across) ** 2, 0, None)
    away = (np.abs(across) - RIDGE_AT) / RIDGE_SD
    peak = (1 - cutting) * depth / (3 * RIDGE_SD * math.sqrt(2 * math.pi))
    # The Gaussian is lowered so that it ends in zero, and raised to hold the same volume.
    floor = math.exp(-(CUT**2) / 2)
    kept = math.erf(CUT / math.sqrt(2)) - floor * 2 * CUT / math.sqrt(2 * math.pi)
    ridge = peak * np.clip(np.exp(-(away**2) / 2) - floor, 0, None) / kept
    return np.where(width > 0, groove + ridge, 0.0)
