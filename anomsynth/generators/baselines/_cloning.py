"""Cloning by Poisson's equation: gradients of a patch, joined to the photo at the rim."""

import numpy as np
from scipy.fft import next_fast_len

from anomsynth.core.types import Float32, Mask
from anomsynth.fields.poisson import solve_screened_poisson


def fitting_side(side: int, most: int) -> int:
    """Return a length near `side`, at most `most`, at which cloning meets its rim exactly.

    Lengths count the rim, one pixel at each end; 3 is the least.
    """
    inner = max(min(side, most) - 2, 1)
    exact = _fast(inner)
    while exact + 2 > most and inner > 1:
        inner -= 1
        exact = _fast(inner)
    return exact + 2


def _fast(inner: int) -> int:
    return int(next_fast_len(inner + 1, real=True)) - 1 if inner > 1 else 1


def clone(target: Float32, patch: Float32, *, mixed: bool, inside: Mask | None = None) -> Float32:
    """Clone a patch into a target of the same size.

    Solves ``lap u = div v`` with u = target on the rim [1]_, v the patch's gradient (import) or,
    mixed, the stronger of the patch's and the target's at each edge between pixels.

    Parameters
    ----------
    target, patch : (h, w, C) float32
        Sides from `fitting_side`, else seams stay at the rim.
    mixed : bool
    inside : (h, w) bool, optional
        Where the patch's gradients count; elsewhere the target's do. Everywhere if not given.

    Returns
    -------
    (h, w, C) float32, equal to `target` on the rim of one pixel; not clipped

    References
    ----------
    .. [1] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
    """
    down = _guidance(np.diff(target, axis=0), np.diff(patch, axis=0), mixed=mixed)
    right = _guidance(np.diff(target, axis=1), np.diff(patch, axis=1), mixed=mixed)
    if inside is not None:
        down[~(inside[1:] & inside[:-1])] = 0
        right[~(inside[:, 1:] & inside[:, :-1])] = 0
    # With u = target + w the unknown w is zero on the rim: -lap w = div(grad target - v).
    source = np.diff(down, axis=0)[:, 1:-1] + np.diff(right, axis=1)[1:-1]
    result = target.copy()
    for channel in range(target.shape[2]):
        plane = np.ascontiguousarray(source[..., channel])
        result[1:-1, 1:-1, channel] += solve_screened_poisson(plane, 0.0)
    return result


def _guidance(target: Float32, patch: Float32, *, mixed: bool) -> Float32:
    """Return what is missing from the target's gradient to the wanted one, negated."""
    missing = target - patch
    if mixed:
        missing[np.abs(target) >= np.abs(patch)] = 0
    return missing
