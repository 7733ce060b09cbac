"""Values given along a rim, spread smoothly over what lies within."""

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask


def membrane(values: Float32, rim: Mask, inside: Mask) -> Float32:
    """Spread values from a rim over the inside, (h, w, C) float32, 0 elsewhere.

    Pull and push over a pyramid [1]_: each level averages what is known, then fills what is
    unknown from the next coarser one. The result is as smooth as the membrane of Poisson cloning
    and costs a few passes.

    Parameters
    ----------
    values : (h, w, C) float32
        Used on the rim only.
    rim, inside : (h, w) bool
        The rim has at least one pixel.

    References
    ----------
    .. [1] S. Gortler et al., "The Lumigraph", SIGGRAPH 1996, pull-push.
    """
    weight = rim.astype(np.float32)
    known = values * weight[..., None]
    spread = _pulled(known, weight)
    return spread * inside[..., None].astype(np.float32)


def _pulled(known: Float32, weight: Float32) -> Float32:
    """Return values everywhere from weighted values (already multiplied by their weight)."""
    height, width = weight.shape
    share = np.minimum(weight, 1)
    if max(height, width) <= 2:
        total = max(float(weight.sum(dtype=np.float64)), 1e-6)
        mean = known.sum(axis=(0, 1), dtype=np.float64) / total
        return np.broadcast_to(mean.astype(np.float32), known.shape).copy()
    rows, cols = (height + 1) // 2, (width + 1) // 2
    coarse = _pulled(_halved(known, rows, cols), _halved(weight[..., None], rows, cols)[..., 0])
    full = cv2.resize(coarse, (2 * cols, 2 * rows), interpolation=cv2.INTER_LINEAR)
    filled = np.asarray(full, dtype=np.float32).reshape(2 * rows, 2 * cols, -1)[:height, :width]
    own = known / np.maximum(weight, np.float32(1e-6))[..., None]
    return np.asarray(filled + share[..., None] * (own - filled), dtype=np.float32)


def _halved(array: Float32, rows: int, cols: int) -> Float32:
    """Sum 2 x 2 cells; odd sides are padded with nothing."""
    padded = np.zeros((2 * rows, 2 * cols, array.shape[2]), dtype=np.float32)
    padded[: array.shape[0], : array.shape[1]] = array
    down = padded[0::2] + padded[1::2]
    return np.asarray(down[:, 0::2] + down[:, 1::2], dtype=np.float32)
