"""Directional marks: streaks that keep their brightness along a direction, as tools leave them."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.types import Box, Float32
from anomsynth.fields.paths import Float64

OCTAVES = 4  # widths of the streaks: each twice the one before
FALL = 0.6  # strength of an octave over the one before
MOST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Marks:
    """What a set of parallel marks looks like.

    Attributes
    ----------
    angle : float
        Direction along the marks, radians, 0 = along columns, towards +row.
    width_px : float
        Width of the finest marks.
    length_px : float
        Length over which a mark that is not persistent changes.
    persistence : float in [0, 1]
        Share of a mark's variance that is the same along its whole way.
    skew : float >= 0
        0: dark and bright marks are alike; 0.6: few, bright marks on a calm ground.
    """

    angle: float
    width_px: float
    length_px: float
    persistence: float
    skew: float


def across(box: Box, angle: float) -> tuple[float, int]:
    """Return the smallest coordinate across a direction over a box, and how many pixels it spans.

    The coordinate is ``cos * row - sin * col`` of the picture.
    """
    cos, sin = math.cos(angle), math.sin(angle)
    rows, cols = (box.top, box.bottom - 1), (box.left, box.right - 1)
    values = [cos * row - sin * col for row in rows for col in cols]
    return min(values), math.ceil(max(values) - min(values)) + 2


def streaks(
    box: Box, marks: Marks, rng: np.random.Generator, *, own: Float64 | None = None
) -> Float32:
    """Draw streaks with mean 0 and standard deviation 1 over a box.

    Parameters
    ----------
    box : Box
    marks : Marks
    rng : Generator
    own : (n,) float64, optional
        A profile across the direction to add everywhere, in standard deviations of the streaks;
        n as `across` tells.

    Returns
    -------
    (h, w) float32

    Notes
    -----
    A lattice with one column a pixel across and one row per `length_px` along the marks is
    filled with noise of several widths and laid over the box by an affine map, so that the cost
    is that of one interpolation.
    """
    first, count = across(box, marks.angle)
    cos, sin = math.cos(marks.angle), math.sin(marks.angle)
    rows, cols = (box.top, box.bottom - 1), (box.left, box.right - 1)
    ahead = [cos * col + sin * row for row in rows for col in cols]
    span = max(ahead) - min(ahead)
    length = max(marks.length_px, span / MOST_ROWS, 1.0)
    lattice = _profiles(math.ceil(span / length) + 3, count, marks, rng)
    if own is not None:
        lattice += own[None, :].astype(np.float32)
    # Lattice column = coordinate across - first; lattice row = coordinate along / length + 1.
    matrix = np.array(
        [
            [-sin, cos, cos * box.top - sin * box.left - first],
            [
                cos / length,
                sin / length,
                (cos * box.left + sin * box.top - min(ahead)) / length + 1,
            ],
        ]
    )
    field = cv2.warpAffine(
        lattice,
        matrix,
        (box.shape[1], box.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(field, dtype=np.float32).reshape(box.shape)


def _profiles(rows: int, count: int, marks: Marks, rng: np.random.Generator) -> Float32:
    """Return (rows, count) profiles across the marks, each a variation of a common one."""
    total = np.zeros((rows + 1, count), dtype=np.float32)
    for octave in range(OCTAVES):
        width = max(marks.width_px, 1.0) * 2**octave
        nodes = math.ceil(count / width) + 4
        white = rng.standard_normal((rows + 1, nodes), dtype=np.float32)
        scale = np.array([[1 / width, 0, 1 + rng.random()], [0, 1, 0]])
        total += np.float32(FALL**octave) * cv2.warpAffine(
            white,
            scale,
            (count, rows + 1),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ).reshape(rows + 1, count)
    common = np.float32(math.sqrt(marks.persistence))
    fresh = np.float32(math.sqrt(1 - marks.persistence))
    mixed = common * total[:1] + fresh * total[1:]
    mixed -= mixed.mean()
    mixed /= np.float32(max(float(mixed.std()), 1e-6))
    if marks.skew > 0:
        mixed = np.exp(np.float32(marks.skew) * mixed)
        mixed -= mixed.mean()
        mixed /= np.float32(max(float(mixed.std()), 1e-6))
    return mixed.astype(np.float32, copy=False)


def own_profile(light: Float32, box: Box, angle: float, smooth_px: float) -> Float64:
    """Measure the marks that a surface has along a direction already.

    Parameters
    ----------
    light : (h, w) float32 > 0
        Luminance of the box.
    box : Box
    angle : float
    smooth_px : float
        Changes across that are slower than this are shading, not marks.

    Returns
    -------
    (n,) float64: log light along each line of the direction, without the slow part; n as
    `across` tells. 0 where a line has few pixels.
    """
    first, count = across(box, angle)
    step = max(math.isqrt(light.size // (1 << 16)), 1)
    cos, sin = math.cos(angle), math.sin(angle)
    # The lines are kept whole across; along them every step-th row or column is enough.
    rows = np.arange(0, light.shape[0], step if abs(sin) > abs(cos) else 1)
    cols = np.arange(0, light.shape[1], 1 if abs(sin) > abs(cos) else step)
    place = cos * (rows + box.top)[:, None] - sin * (cols + box.left)[None, :] - first
    index = np.clip(np.rint(place).astype(np.intp).ravel(), 0, count - 1)
    logs = np.log(np.maximum(light[np.ix_(rows, cols)], 1e-3)).ravel().astype(np.float64)
    number = np.bincount(index, minlength=count)
    profile = np.bincount(index, weights=logs, minlength=count) / np.maximum(number, 1)
    few = number < 0.2 * max(int(number.max()), 1)
    profile[few] = profile[~few].mean() if (~few).any() else 0.0
    width = max(2 * round(smooth_px) + 1, 3)
    slow = cv2.blur(profile[None], (width, 1), borderType=cv2.BORDER_REPLICATE)[0]
    fast = profile - slow
    fast[few] = 0.0
    return np.asarray(fast, dtype=np.float64)
