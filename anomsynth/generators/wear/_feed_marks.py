"""Feed marks: the section that a tool leaves which cuts groove beside groove."""

import math

import numpy as np

from anomsynth.core.types import Float32
from anomsynth.fields.paths import Float64

FINE = 4  # samples per pixel
NEIGHBOURS = (-2, -1, 0, 1, 2)  # grooves that may be the deepest at a place
MOST_SCATTER = 3.0  # standard deviations


def feed_marks(
    reach: int, pitch: float, radius: float, scatter: float, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Tabulate a section across grooves: the lower envelope of round cuts, and which cut it is.

    A round tip of radius R leaves ``z = -a_k + (y - y_k)**2 / 2R`` in its k-th pass; what is left
    between passes a pitch p apart stands ``p**2 / 8R`` high. Steps from pass to pass are lognormal,
    depths normal.

    Parameters
    ----------
    reach : int
        Pixels to either side of the middle.
    pitch, radius : float, pixels
    scatter : float
        Standard deviation of the logarithm of the pitch, and of the depth over the height left.
    rng : Generator

    Returns
    -------
    height, grain : (2 reach FINE + 1,) float32
        Pixels, >= 0 but for deeper passes; and a standard normal number of each pass.
    """
    count = math.ceil(2 * reach / pitch * (1 + scatter)) + 8
    wide = np.clip(rng.standard_normal(count), -MOST_SCATTER, MOST_SCATTER)
    passes = np.cumsum(pitch * np.exp(scatter * wide - scatter * scatter / 2))
    passes -= 0.5 * (passes[0] + passes[-1]) + pitch * float(rng.random())
    deep = scatter * pitch * pitch / (8 * radius) * np.abs(rng.standard_normal(count))
    grain = rng.standard_normal(count)
    place = np.arange(-reach * FINE, reach * FINE + 1) / FINE
    nearest = np.searchsorted(passes, place)
    height: Float64 = np.full(place.shape, np.inf)
    which = np.zeros(place.shape, dtype=np.intp)
    for step in NEIGHBOURS:
        index = np.clip(nearest + step, 0, count - 1)
        cut = (place - passes[index]) ** 2 / (2 * radius) - deep[index]
        lower = cut < height
        height[lower], which[lower] = cut[lower], index[lower]
    return height.astype(np.float32), grain[which].astype(np.float32)
