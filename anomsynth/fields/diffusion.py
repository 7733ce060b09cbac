"""Diffusion along structure: tensors read from a picture, and steps that conserve mass."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

STABLE_STEP = 0.25  # explicit five-point scheme with eigenvalues <= 1


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Symmetric 2x2 tensor field, each entry (h, w) float32; rows before columns."""

    row_row: Float32
    row_col: Float32
    col_col: Float32


def structure_tensor(picture: Float32, *, noise_px: float = 0.7, scale_px: float = 3.0) -> Tensor:
    """Return the gradient's outer product, averaged over `scale_px` (Foerstner & Guelch 1987).

    Parameters
    ----------
    picture : (h, w) float32
    noise_px : float
        Gaussian that is applied to the picture first.
    scale_px : float
        Gaussian that averages the products.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), noise_px, borderType=cv2.BORDER_REFLECT)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125, borderType=cv2.BORDER_REFLECT)
    right = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125, borderType=cv2.BORDER_REFLECT)

    def mean(product: Float32) -> Float32:
        blurred = cv2.GaussianBlur(product, (0, 0), scale_px, borderType=cv2.BORDER_REFLECT)
        return blurred.astype(np.float32, copy=False)

    return Tensor(mean(down * down), mean(down * right), mean(right * right))


def edge_enhancing(structure: Tensor, contrast: float) -> Tensor:
    """Return the tensor of edge-enhancing diffusion (Weickert 1998).

    Along edges the diffusivity is 1; across them ``1 - exp(-3.315 / (mu / contrast**2)**4)`` with
    mu the larger eigenvalue of `structure`.

    Parameters
    ----------
    structure : Tensor
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
    return Tensor(
        (1 - drop * row_share).astype(np.float32),
        (-drop * cross).astype(np.float32),
        (1 - drop * (1 - row_share)).astype(np.float32),
    )


def along(structure: Tensor) -> Tensor:
    """Return the projector on the direction of least change: diffusion along lines only."""
    half = (structure.row_row - structure.col_col) / 2
    spread = np.sqrt(half * half + structure.row_col * structure.row_col)
    safe = np.maximum(2 * spread, np.float32(1e-12))
    lines = spread > 0
    row_share = np.where(lines, (spread - half) / safe, 0).astype(np.float32)
    col_share = np.where(lines, (spread + half) / safe, 0).astype(np.float32)
    cross = np.where(lines, -structure.row_col / safe, 0).astype(np.float32)
    return Tensor(row_share, cross, col_share)


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


def diffuse(field: Float32, tensor: Tensor, time: float, inside: Mask) -> Float32:
    """Return `field` after diffusion for `time` px**2 within `inside`; mass is conserved.

    Solves ``u_t = div(T grad u)`` in divergence form; no flux crosses the border of `inside`.

    Parameters
    ----------
    field : (h, w) float32
    tensor : Tensor of (h, w)
        Eigenvalues in [0, 1].
    time : float, px**2, >= 0
    inside : (h, w) bool
    """
    if time <= 0 or not inside.any():
        return field
    col_open = (inside[:, :-1] & inside[:, 1:]).astype(np.float32)
    row_open = (inside[:-1] & inside[1:]).astype(np.float32)
    col_main = (tensor.col_col[:, :-1] + tensor.col_col[:, 1:]) / 2 * col_open
    row_main = (tensor.row_row[:-1] + tensor.row_row[1:]) / 2 * row_open
    col_cross = (tensor.row_col[:, :-1] + tensor.row_col[:, 1:]) / 8 * col_open
    row_cross = (tensor.row_col[:-1] + tensor.row_col[1:]) / 8 * row_open
    value = np.array(field, dtype=np.float32)
    for step in fed_steps(time):
        row_slope = np.zeros_like(value)
        col_slope = np.zeros_like(value)
        row_step = (value[1:] - value[:-1]) * row_open
        col_step = (value[:, 1:] - value[:, :-1]) * col_open
        row_slope[:-1] += row_step
        row_slope[1:] += row_step
        col_slope[:, :-1] += col_step
        col_slope[:, 1:] += col_step
        col_flux = col_main * col_step + col_cross * (row_slope[:, :-1] + row_slope[:, 1:])
        row_flux = row_main * row_step + row_cross * (col_slope[:-1] + col_slope[1:])
        col_flux *= np.float32(step)
        row_flux *= np.float32(step)
        value[:, :-1] += col_flux
        value[:, 1:] -= col_flux
        value[:-1] += row_flux
        value[1:] -= row_flux
    return value
