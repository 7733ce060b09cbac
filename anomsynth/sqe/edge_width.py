"""Edge width: whether the edges of the defect are as sharp as the camera draws edges.

Raw: natural logarithm of the 25th percentile of the edge spreads within 3 pixels of the outline
over the camera's point spread, so 0 = as sharp as the photo; about -0.6..2.5. Both sides are bad:
below, something was pasted after the optics; above, it was blurred. Where the camera itself is as
sharp as one pixel, a hard paste cannot be told from a photographed edge by its width.
"""

import math

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Camera, Float32
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term
from anomsynth.surface.backdrop import quantile
from anomsynth.surface.sharpness import REACH, profile_spreads

BAND = 3.0  # pixels
FINEST = Camera().blur_px  # what is taken for the camera where its edges do not tell
FEWEST = 6  # edges
MOST = 800  # edges along rows, and as many along columns
SIGNIFICANT = 5.0  # noise standard deviations
LEAST_STEP = 4.0  # levels
SHARP = 0.25  # quantile
STRONGEST, LEADING = 0.98, 0.4  # quantile of the steps, share of it that an edge needs


def measure_edge_width(region: Region) -> float | None:
    """Return the log ratio of edge spread to camera spread, None with too few edges."""
    band = np.abs(region.depth) <= BAND
    box = Box.around(band)
    if box is None:
        return None
    here = box.grown(REACH + 2, region.box.shape).slices
    band, levels = band[here], region.levels[here]
    noise = float(region.camera.noise_sd(np.full(1, 128, np.float32))[0])
    spreads = np.concatenate(
        [
            _spreads(levels, band, noise),
            _spreads(np.ascontiguousarray(levels.T), np.ascontiguousarray(band.T), noise),
        ]
    )
    if spreads.size < FEWEST:
        return None
    return math.log(quantile(spreads, SHARP) / max(region.camera.blur_px, FINEST))


def _spreads(levels: Float32, band: NDArray[np.bool_], noise: float) -> NDArray[np.float64]:
    if min(levels.shape) < 2 * REACH + 4:
        return np.empty(0)
    columns = slice(REACH + 1, -REACH), slice(REACH, -REACH - 1)
    step = np.abs(levels[1:-1, columns[0]] - levels[1:-1, columns[1]])
    near = band[1:-1, columns[0]] | band[1:-1, columns[1]]
    if not near.any():
        return np.empty(0)
    # The defect's own edges are its strongest ones; the others are the surface's texture.
    outline = LEADING * quantile(step[near], STRONGEST)
    strong = near & (step >= max(LEAST_STEP, SIGNIFICANT * noise, outline))
    found = np.flatnonzero(strong)
    if found.size == 0:
        return np.empty(0)
    few = np.zeros(strong.size, dtype=bool)
    few[found[:: -(-found.size // MOST)]] = True
    strong = few.reshape(strong.shape)
    return profile_spreads(levels[None], strong[None], noise)


TERM = Term(
    "edge_width",
    "fidelity",
    0.15,
    "both",
    measure_edge_width,
    too_low="its edges are sharper than the camera draws edges",
    too_high="its edges are blurred",
    catches=("blurred",),
)
