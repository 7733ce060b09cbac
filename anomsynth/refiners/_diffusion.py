"""Diffusion along structure: tensors read from a picture, and steps that conserve mass."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask
from anomsynth.fields.structure import StructureTensor

STABLE_STEP = 0.25  # explicit five-point scheme with eigenvalues <= 1


def edge_enhancing(structure: StructureTensor, contrast: float) -> StructureTensor:
    """Return the tensor of edge-enhancing diffusion (Weickert 1998).

    Along edges the diffusivity is 1; across them ``1 - exp(-3.315 / (mu / contrast**2)**4)`` with
    mu the larger eigenvalue of `structure`.

    Parameters
    ----------
    structure : StructureTensor
    contrast : float > 0
        Gradient above which a step counts as an edge, in units of the picture.
    """
    mean = (structure.row_row + structure.col_col) / 2
    half = (structure.row_row - structure.col_col) / 2
    spread = np.sqrt(half * half + structure.row_col * structure.row_col)
    ratio = np.maximum((mean + spread) / np.float32(contrast**2), np.float32(1e-3))
    across = 1 - np.exp(np.float32(-3.315) / np.minimum(ratio, 1e3) ** 4)
    # Projector on the across direction is (J - small) / (large - small).
    safe = np.maximum(2 * spread, np.float32(1e-12))
    row_share = np.where(spread > 0, (half + spread) / safe, 0.5)
    cross = np.where(spread > 0, structure.row_col / safe, 0)
    drop = (1 - across).astype(np.float32)
    return StructureTensor(
        (1 - drop * row_share).astype(np.float32),
        (-drop * cross).astype(np.float32),
        (1 - drop * (1 - row_share)).astype(np.float32),
    )


def along(structure: StructureTensor) -> StructureTensor:
    """Return the projector on the direction of least change: diffusion along lines only."""
    half = (structure.row_row - structure.col_col) / 2
    spread = np.sqrt(half * half + structure.row_col * structure.row_col)
    safe = np.maximum(2 * spread, np.float32(1e-12))
    lines = spread > 0
    row_share = np.where(lines, (spread - half) / safe, 0).astype(np.float32)
    col_share = np.where(lines, (spread + half) / safe, 0).astype(np.float32)
    cross = np.where(lines, -structure.row_col / safe, 0).astype(np.float32)
    return StructureTensor(row_share, cross, col_share)


def fed_steps(time: float) -> list[float]:
    """Return step sizes of one fast explicit diffusion cycle (Grewenig, Weickert & Bruhn 2010).

    A cycle of n steps covers ``0.25 (n**2 + n) / 3``; the steps are scaled to end at `time`, px**2.
    """
    count = max(int(np.ceil(np.sqrt(12 * time + 0.25) - 0.5)), 1)
    order = np.arange(count)
    steps = STABLE_STEP / (2 * np.cos(np.pi * (2 * order + 1) / (4 * count + 2)) ** 2)
    scaled = steps * (time / steps.sum())
    # Kappa-cycle ordering keeps rounding errors of the large steps small.
    return [float(scaled[(index * 2 + 1) % count if count % 2 else index]) for index in order]


def diffuse(field: Float32, tensor: StructureTensor, time: float, inside: Mask) -> Float32:
    """Return `field` after diffusion for `time` px**2 within `inside`; mass is conserved.

    Solves ``u_t = div(T grad u)`` in divergence form; no flux crosses the border of `inside`.

    Parameters
    ----------
    field : (h, w) float32
    tensor : StructureTensor of (h, w)
        Eigenvalues in [0, 1].
    time : float, px**2, >= 0
    inside : (h, w) bool
    """
    index = np.flatnonzero(inside)
    if time <= 0 or index.size == 0:
        return field
    result = np.array(field, dtype=np.float32)
    result.ravel()[index] = diffuse_list(result.ravel()[index], tensor.take(index), time, inside)
    return result


def diffuse_list(values: Float32, tensor: StructureTensor, time: float, inside: Mask) -> Float32:
    """Do what `diffuse` does to lists of the n pixels of `inside`: lines fill little of their box.

    Parameters
    ----------
    values : (n,) float32
        In the order of the flat pixels.
    tensor : StructureTensor of (n,)
    time : float, px**2, >= 0
    inside : (h, w) bool
    """
    below = _edges(inside, 0)
    right = _edges(inside, 1)
    half = np.float32(0.5)
    row_main = (tensor.row_row[below[0]] + tensor.row_row[below[1]]) * half
    row_cross = (tensor.row_col[below[0]] + tensor.row_col[below[1]]) * (half / 4)
    col_main = (tensor.col_col[right[0]] + tensor.col_col[right[1]]) * half
    col_cross = (tensor.row_col[right[0]] + tensor.row_col[right[1]]) * (half / 4)
    value = values.copy()
    for step in fed_steps(time):
        row_step = value[below[1]] - value[below[0]]
        col_step = value[right[1]] - value[right[0]]
        row_slope, col_slope = np.zeros_like(value), np.zeros_like(value)
        for end in (0, 1):
            row_slope[below[end]] += row_step
            col_slope[right[end]] += col_step
        row_flux = row_main * row_step + row_cross * (col_slope[below[0]] + col_slope[below[1]])
        col_flux = col_main * col_step + col_cross * (row_slope[right[0]] + row_slope[right[1]])
        for edges, flux in ((below, row_flux), (right, col_flux)):
            passed = flux * np.float32(step)
            value[edges[0]] += passed
            value[edges[1]] -= passed
    return value


def _edges(inside: Mask, axis: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places in the list of pixels of all neighbours along an axis, first and second."""
    width = inside.shape[1]
    rank = np.empty(inside.size, dtype=np.intp)
    index = np.flatnonzero(inside)
    rank[index] = np.arange(index.size)
    if axis == 0:
        first = np.flatnonzero(inside[:-1] & inside[1:])
        return rank[first], rank[first + width]
    first = np.flatnonzero(inside[:, :-1] & inside[:, 1:])
    first += first // max(width - 1, 1)  # from columns of the cut array to those of the whole
    return rank[first], rank[first + 1]
