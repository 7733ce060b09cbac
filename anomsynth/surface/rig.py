"""Where the lamps of a rig stand, as photos of many parts tell together.

A lamp is fixed to the camera and parts come and go: what one photo tells of its light is little,
and what colours a part has is the same in all lights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from anomsynth.core.pixels import averaged, slope_of
from anomsynth.core.types import Box, Float32, Mask

LONGEST = 768  # pixels of a photo's longer side that are looked at; noise is averaged out above
DARK = 0.02  # light below which noise decides about the logarithm
SMOOTHED_PX = 1.0  # standard deviation
CUT = 4.0  # standard deviations beyond which a gradient (an edge, a highlight) counts no more
EDGE_PX = 3  # beside the outline of the part nothing is looked at
FEWEST = 400  # pixels of a quarter of a photo
STARTS = 6
HALVINGS = 5  # ways in which photos are divided in two, to see whether both halves say the same
PARTS = 4  # from which on photos are divided; of fewer, their quarters
SLACK = 1e-3  # pulls towards 0 what two views leave open
LEAST = 1e-3  # share of the gradients' energy below which nothing is shading
APART = 0.15  # how far lamps must lie apart, over their length: colours look alike in all lights
ENOUGH = 1e-6  # relative change below which a fit has ended
MOST_LOOKS = 800
GOLDEN = (5**0.5 - 1) / 2

Moments = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RigLights:
    """Azimuths of the lamps of a rig.

    Attributes
    ----------
    azimuths_deg : tuple of float in [0, 360)
        Of each view: 0 from the right, 90 from the top. All of them turned by 180 are as good: a
        relief turned inside out looks the same (crater illusion).
    errors_deg : tuple of float
        Standard error of each.
    misfit : float
        What the gradients have beyond the model, over their shading: grows where the relief runs in
        one direction, as that of brushed metal, and azimuths are wrong then.
    """

    azimuths_deg: tuple[float, ...]
    errors_deg: tuple[float, ...]
    misfit: float


def rig_moments(lights: Sequence[Float32], inside: Mask) -> Moments:
    """Return how the gradients of a part's photos go together, (B, V, V, 3) float64.

    Parameters
    ----------
    lights : V arrays of (H, W) float32, linear light
        Photos of one part in one place, each in its own light.
    inside : (H, W) bool
        Where the part is.

    Returns
    -------
    (B, V, V, 3) float64
        Of each quarter of the part, B <= 4, that is large enough, and of each pair of views:
        trace, difference of the diagonal and other half of the mean of ``grad a grad b^T``, x to
        the right and y upwards; over the mean energy of the quarter's gradients.
    """
    box = Box.around(inside)
    if box is None:
        return np.empty((0, len(lights), len(lights), 3))
    shape = box.shape
    share = min(LONGEST / max(shape), 1.0)
    small = max(round(shape[0] * share), 1), max(round(shape[1] * share), 1)
    where = averaged(inside[box.slices].view(np.uint8) * np.uint8(255), small) == 255
    kernel = np.ones((2 * EDGE_PX + 1, 2 * EDGE_PX + 1), np.uint8)
    where = cv2.erode(where.view(np.uint8), kernel, borderValue=0) > 0
    slopes = np.stack([_slopes(averaged(light[box.slices], small)) for light in lights])
    middle = small[0] // 2, small[1] // 2
    found = []
    for rows in (slice(None, middle[0]), slice(middle[0], None)):
        for cols in (slice(None, middle[1]), slice(middle[1], None)):
            kept = where[rows, cols]
            if np.count_nonzero(kept) >= FEWEST:
                found.append(_products(slopes[:, :, rows, cols][:, :, kept]))
    return np.array(found).reshape(-1, len(lights), len(lights), 3)


def solve_rig(moments: Sequence[Moments]) -> RigLights | None:
    """Return the lamps that photos of several parts agree on; None if they show no shading.

    Parameters
    ----------
    moments : of (B, V, V, 3) float64
        From `rig_moments`, of each part; V >= 2.

    Notes
    -----
    The log light of view v is that of the colours plus ``-l_v . grad h``, l_v the direction of its
    lamp in the picture's plane over its height (Lambert's law, small slopes). For an isotropic
    relief the mean of ``H a b^T H`` over its Hessians H is ``m (a b^T + b a^T + (a . b) Id)``, so
    that for each pair of views

        mean(grad I_u grad I_v^T) = R + m (l_u l_v^T + l_v l_u^T + (l_u . l_v) Id) + n_u [u = v] Id

    with R what the colours have, in any direction, and n the noise. All l, R and n are found by
    least squares from all pairs at once, so that axes, sides and colours cannot contradict each
    other. Errors are those of halves of the photos against each other (Shao and Wu, 1989), as a
    fit to noise alone changes little where one photo is left out.
    """
    parts = [part for part in moments if len(part)]
    if not parts:
        return None
    blocks = parts if len(parts) >= PARTS else [block[None] for part in parts for block in part]
    sums = np.array([block.sum(axis=0) for block in blocks])
    counts = np.array([len(block) for block in blocks])
    views = sums.shape[1]
    lamps, left = _fitted(sums.sum(axis=0) / counts.sum())
    length = np.abs(lamps).max()
    if length**2 < LEAST or np.abs(lamps - lamps.mean()).max() < APART * length:
        return None
    spread = np.full(views, np.pi)
    if len(blocks) > 1:
        off = []
        for first in _halves(len(blocks)):
            halves = [
                _fitted(sums[half].sum(axis=0) / counts[half].sum())[0] for half in (first, ~first)
            ]
            turn = halves[0] * halves[1].conj()
            off.append(np.angle(turn * np.sign(turn.real.sum() or 1.0)) / 2)
        spread = np.sqrt(np.mean(np.square(off), axis=0))
    azimuths = np.rad2deg(np.angle(lamps)) % 360
    errors = np.rad2deg(spread)
    shading = 2 * float(np.mean(np.abs(lamps) ** 2))
    return RigLights(tuple(azimuths.tolist()), tuple(errors.tolist()), left / shading)


def _slopes(light: Float32) -> Float32:
    """Return how log light changes to the right and upwards, (2, H, W) float32."""
    level = cv2.GaussianBlur(np.log(light + np.float32(DARK)), (0, 0), SMOOTHED_PX)
    field = np.asarray(level, dtype=np.float32)
    return np.stack([slope_of(field, 1), -slope_of(field, 0)])


def _products(slopes: Float32) -> Moments:
    """Return the moments of gradients (V, 2, n), see `rig_moments`."""
    limits = CUT * slopes.std(axis=2, keepdims=True)
    kept = slopes.clip(-limits, limits).astype(np.float64)
    means = np.einsum("uin,vjn->uvij", kept, kept) / kept.shape[2]
    trace = means[..., 0, 0] + means[..., 1, 1]
    other = means[..., 0, 1] + means[..., 1, 0]
    found = np.stack([trace, means[..., 0, 0] - means[..., 1, 1], other], axis=2)
    return np.asarray(found / max(float(np.trace(trace)) / len(trace), 1e-20))


def _halves(count: int) -> Iterator[Mask]:
    """Yield which of so many photos are one half, in several ways."""
    turns = np.arange(count)
    for nth in range(HALVINGS):
        order = np.argsort((turns + 1) * (nth + 1) * GOLDEN % 1, kind="stable")
        first = np.zeros(count, dtype=np.bool_)
        first[order[: count // 2]] = True
        yield first


def _starts(views: int) -> Iterator[NDArray[np.float64]]:
    """Yield unknowns to begin with: lamps around the part in several orders."""
    for turn in range(STARTS):
        phases = 2 * np.pi * ((turn + 1) * (np.arange(views) + 1) * GOLDEN % 1)
        lamps = 0.3 * np.concatenate([np.cos(phases), np.sin(phases)])
        yield np.concatenate([lamps, [0, 0, 0.3], np.full(views if views > 2 else 1, 0.1)])


def _fitted(moments: Moments) -> tuple[NDArray[np.complex128], float]:
    """Return the lamps that explain moments best, as complex numbers, and the rms that is left.

    Their noises are one where there are two views, which do not tell them apart.
    """
    views = len(moments)
    pairs = np.triu_indices(views)
    own = pairs[0] == pairs[1]
    wanted = moments[pairs].T.ravel()

    def lamps_of(unknowns: NDArray[np.float64]) -> NDArray[np.complex128]:
        return np.asarray(unknowns[:views] + 1j * unknowns[views : 2 * views])

    def off(unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        lamps = lamps_of(unknowns)
        axis, level = unknowns[2 * views : 2 * views + 2], unknowns[2 * views + 2]
        noise = np.broadcast_to(unknowns[2 * views + 3 :], views)[pairs[0]]
        both = (lamps[:, None] * lamps)[pairs]
        trace = 2 * (lamps[:, None] * lamps.conj()).real[pairs] + level + own * noise
        found = np.concatenate([trace, both.real + axis[0], both.imag + axis[1]])
        return np.concatenate([found - wanted, SLACK * unknowns])

    tried = [
        least_squares(off, start, method="lm", ftol=ENOUGH, xtol=ENOUGH, max_nfev=MOST_LOOKS)
        for start in _starts(views)
    ]
    best = min(tried, key=lambda one: float(one.cost))
    return lamps_of(best.x), float(np.sqrt(2 * best.cost))
