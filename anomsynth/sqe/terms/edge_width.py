"""Edge width: whether the edges of the defect are as sharp as the camera draws edges.

Raw: natural logarithm of the 25th percentile of the edge spreads within 3 pixels of the outline
over the camera's point spread, so 0 = as sharp as the photo; about -0.6..2.5. Both sides are bad:
below, something was pasted after the optics; above, it was blurred. Where the camera itself is as
sharp as one pixel, a hard paste cannot be told from a photographed edge by its width.
"""

import math

import numpy as np

from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Camera, Float32, Mask
from anomsynth.sqe.region import Region
from anomsynth.sqe.term import Term
from anomsynth.surface.sharpness import REACH, spreads_of

BAND = 3.0  # pixels
FINEST = Camera().blur_px  # what is taken for the camera where its edges do not tell
FEWEST = 6  # edges
MOST = 400  # edges along rows, and as many along columns
SIGNIFICANT = 5.0  # noise standard deviations
LEAST_STEP = 4.0  # levels
SHARP = 0.25  # quantile
PROFILE = np.arange(-REACH, REACH + 2)
STRONGEST, LEADING = 0.98, 0.4  # quantile of the steps, share of it that an edge needs


def measure_edge_width(region: Region) -> float | None:
    """Return the log ratio of edge spread to camera spread, None with too few edges."""
    noise = float(region.camera.noise_sd(np.full(1, 128, np.float32))[0])
    if min(region.inside.shape) < 2 * REACH + 4:
        return None
    band = np.abs(region.depth) <= BAND
    edges = [_edges(region.levels, band, axis, noise) for axis in (0, 1)]
    profile, across = (
        np.concatenate(parts, axis=-1, dtype=np.float64) for parts in zip(*edges, strict=True)
    )
    spreads = spreads_of(profile, across, noise)
    if spreads.size < FEWEST:
        return None
    return math.log(order_statistic(spreads, SHARP) / max(region.camera.blur_px, FINEST))


def _edges(levels: Float32, band: Mask, axis: int, noise: float) -> tuple[Float32, Float32]:
    """Return the strong edges in a band that rise or fall along one axis; see `spreads_of`."""
    width = levels.shape[1]
    along, beside = (width, 1) if axis == 0 else (1, width)
    # Pixels with room for a profile before and behind, and for a neighbour to both sides.
    room, nextdoor = [slice(1, -1), slice(1, -1)], [slice(1, -1), slice(1, -1)]
    room[axis], nextdoor[axis] = slice(REACH, -REACH - 1), slice(REACH + 1, -REACH)
    near = np.zeros_like(band)
    near[room[0], room[1]] = band[room[0], room[1]] | band[nextdoor[0], nextdoor[1]]
    at = np.flatnonzero(near)
    flat = levels.ravel()
    if at.size:
        step = np.abs(flat.take(at + along) - flat.take(at))
        # The defect's own edges are its strongest ones; the others are the surface's texture.
        outline = LEADING * order_statistic(step, STRONGEST)
        at = at[step >= max(LEAST_STEP, SIGNIFICANT * noise, outline)]
        at = at[:: max(-(-at.size // MOST), 1)]
    profile = flat.take(at + along * PROFILE[:, None])
    there, back = at + beside, at - beside
    across = flat.take(there) + flat.take(there + along) - flat.take(back) - flat.take(back + along)
    return profile, across


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
