"""What of a scan is the part: all that stands out of the ground it lies on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

RING = 0.03  # of the shorter side: width of the frame in which the ground is looked for
SEEN = 0.5  # share of that frame that must be measured: a disc that fills the picture has 0.3
FLAT = 0.6  # and the share of it that must lie in one plane
MOST_POINTS = 4096
ROUNDS = 12
NEAR = 2.5  # robust standard deviations within which a point belongs to the plane
ABOVE = 4.0  # and beyond which it stands out of it
MAD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
THIN = 0.002  # of the range of heights: what is thinner is the ground's own relief
PARTS = (0.01, 0.95)  # of the measured points: the least and the most that can be the part
SPECK = 0.02  # of the largest piece: smaller ones are no parts


def find_part(raised: Float32) -> tuple[Mask, Float32 | None]:
    """Return where the part is: measured points nearer than the ground, else all measured points.

    The ground is a plane through most of the points in the frame of the picture. Where that frame
    holds no plane, or hardly anything stands out of it, the part fills the picture.

    Parameters
    ----------
    raised : (H, W) float32, millimeters
        How near each point is to the sensor; NaN where nothing was measured.

    Returns
    -------
    part : (H, W) bool
    ground : (H, W) float32, millimeters, or None
        How near the ground is to the sensor, also below the part.

    Examples
    --------
    >>> raised = np.full((60, 80), 2, np.float32)
    >>> raised[20:40, 30:50] = 5
    >>> part, ground = find_part(raised)
    >>> int(part.sum()), float(ground[30, 40])
    (400, 2.0)
    """
    valid: Mask = np.isfinite(raised)
    found = _plane_of_frame(raised, valid)
    if found is None:
        return valid, None
    (row, col, level), deviation = found
    rows, cols = np.indices(raised.shape, dtype=np.float32)
    ground = (row * rows + col * cols + level).astype(np.float32)
    height = np.where(valid, raised - ground, 0)
    low, high = np.percentile(height[valid], (1, 99))
    least = max(ABOVE * deviation, THIN * float(high - low))
    standing = _without_specks(np.asarray(height > least))
    share = int(np.count_nonzero(standing)) / max(int(np.count_nonzero(valid)), 1)
    return (standing, ground) if PARTS[0] <= share <= PARTS[1] else (valid, None)


def _plane_of_frame(raised: Float32, valid: Mask) -> tuple[NDArray[np.float64], float] | None:
    """Return the plane (per row, per column, level) of the frame, and how far points lie off it."""
    width = max(round(RING * min(raised.shape)), 1)
    frame = np.ones(raised.shape, dtype=np.bool_)
    frame[width:-width, width:-width] = False
    rows, cols = np.nonzero(frame & valid)
    if rows.size < max(SEEN * np.count_nonzero(frame), 16):
        return None
    step = -(-rows.size // MOST_POINTS)
    rows, cols = rows[::step], cols[::step]
    place = np.stack([rows, cols, np.ones(rows.size)], axis=1)
    level = raised[rows, cols].astype(np.float64)
    kept = np.abs(level - np.median(level)) <= NEAR * MAD * _median_deviation(level) + 1e-9
    plane: NDArray[np.float64] = np.zeros(3)
    deviation = 0.0
    for _ in range(ROUNDS):
        plane = np.asarray(np.linalg.lstsq(place[kept], level[kept], rcond=None)[0], np.float64)
        off = np.abs(level - place @ plane)
        deviation = MAD * float(np.median(off[kept]))
        now = off <= NEAR * deviation + 1e-9
        if np.array_equal(now, kept) or np.count_nonzero(now) < place.shape[1]:
            break
        kept = now
    return (plane, deviation) if np.count_nonzero(kept) >= FLAT * rows.size else None


def _median_deviation(values: NDArray[np.float64]) -> float:
    return float(np.median(np.abs(values - np.median(values))))


def _without_specks(standing: Mask) -> Mask:
    """Return a mask without pieces that are small beside the largest."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(standing.view(np.uint8))
    if count <= 2:
        return standing
    areas = np.array(facts[:, cv2.CC_STAT_AREA])
    areas[0] = 0
    kept = areas >= SPECK * float(areas.max())
    return np.asarray(kept[labels], dtype=np.bool_)
