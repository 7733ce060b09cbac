"""How many particles of which size lie on a surface of a given cleanliness."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.fields.paths import Float64

SLOPE = 0.926  # of the log-log-squared distribution
AREA_MM2 = 1e5  # the standard counts on 0.1 square meters


def particles_above(size_um: float, level: float) -> float:
    """Return the expected number of particles larger than a size on 0.1 m^2.

    Parameters
    ----------
    size_um : float
        Longest dimension, micrometers, >= 1.
    level : float
        Cleanliness level: the size, in micrometers, of which there is one such particle, >= 1.

    Notes
    -----
    ``log10 N(> x) = 0.926 (log10(level)**2 - log10(x)**2)`` [1]_.

    References
    ----------
    .. [1] IEST-STD-CC1246, "Product cleanliness levels and contamination control program".
    """
    return float(10 ** (SLOPE * (np.log10(level) ** 2 - np.log10(max(size_um, 1.0)) ** 2)))


def draw_sizes(count: int, smallest_um: float, level: float, rng: np.random.Generator) -> Float64:
    """Draw longest dimensions of particles, (count,) float64 micrometers.

    They follow the distribution of `particles_above`, cut at `smallest_um` below (>= 1) and at
    the size of which a hundredth of a particle is expected above.
    """
    share = 1 - rng.random(count)
    low = np.log10(max(smallest_um, 1.0)) ** 2
    # N(> x) = share * N(> smallest), solved for x.
    square = low - np.log10(np.maximum(share, 1e-12)) / SLOPE
    top = max(np.log10(max(level, 1.0)) ** 2 + 2 / SLOPE, low)
    sizes: NDArray[np.float64] = 10 ** np.sqrt(np.minimum(square, top))
    return sizes
