"""The weave of a textile: how far apart its yarns lie and which way they run."""

from dataclasses import dataclass

import numpy as np

from anomsynth.core.color import luminance
from anomsynth.core.types import Box, Surface

WINDOW = 128  # pixels a side that are looked at
LEAST_WINDOW = 24
PERIODS = 2.5, 32.0  # pixels between yarns
CROSSING_DEG = 30.0  # least angle between the two sets of yarns
WEAKER = 0.05  # least power of the second set over the first's
CLEAR = 40.0  # power of the peak over the median at its wavelength: noise reaches about 15


@dataclass(frozen=True, slots=True)
class Yarn:
    """A set of parallel yarns.

    Attributes
    ----------
    period_px : float
        Distance between neighbouring yarns.
    angle : float
        Direction along the yarns, radians in [0, pi), 0 = along columns, towards +row.
    """

    period_px: float
    angle: float


def find_yarn(surface: Surface, row: int, col: int) -> Yarn | None:
    """Find the strongest regular set of yarns around a place.

    The peak of the power spectrum; the yarns run across its wave vector. A second peak must show
    the yarns that cross them: brushed and ground surfaces have lines in one direction only.

    Returns
    -------
    Yarn or None
        None if the surface shows no weave there.
    """
    height, width = surface.shape
    side = min(WINDOW, height, width)
    if side < LEAST_WINDOW:
        return None
    top = min(max(row - side // 2, 0), height - side)
    left = min(max(col - side // 2, 0), width - side)
    light = luminance(surface.linear(Box(top, left, top + side, left + side)))
    taper = np.hanning(side).astype(np.float32)
    light = (light - light.mean()) * taper[:, None] * taper[None, :]
    power = np.abs(np.fft.rfft2(light)) ** 2
    down = np.fft.fftfreq(side)[:, None]
    right = np.fft.rfftfreq(side)[None, :]
    wave = np.hypot(down, right)
    valid = (wave >= 1 / PERIODS[1]) & (wave <= 1 / PERIODS[0])
    if not valid.any():
        return None
    peak = int(np.where(valid, power, 0).argmax())
    at = np.unravel_index(peak, power.shape)
    course = np.arctan2(down, right)
    apart = np.abs((course - course[at] + np.pi / 2) % np.pi - np.pi / 2)
    second = np.where(valid & (apart > np.deg2rad(CROSSING_DEG)), power, 0)
    other = np.unravel_index(int(second.argmax()), power.shape)
    for place in (at, other):
        ring = valid & (np.abs(wave - wave[place]) < 2.5 / side)
        if power[place] <= CLEAR * max(float(np.median(power[ring])), 1e-20):
            return None
    if power[other] < WEAKER * power[at]:
        return None
    # The centroid of the peak is finer than the bins of the transform.
    near = (np.abs(down - down[at[0], 0]) < 1.5 / side) & (
        np.abs(right - right[0, at[1]]) < 1.5 / side
    )
    weight = np.where(near, power, 0)
    total = float(weight.sum())
    k_row, k_col = float((weight * down).sum()) / total, float((weight * right).sum()) / total
    return Yarn(1 / float(np.hypot(k_row, k_col)), float(np.arctan2(k_col, -k_row) % np.pi))
