"""Many thin lines at once: each leaves its own area on the pixels, exactly and cheaply."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32
from anomsynth.fields.paths import Float64

STEP = 0.9  # pixels between samples along a line
STRAND = 0.9  # pixels between parallel samples of a wide line


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """N thin lines, pixels.

    Attributes
    ----------
    middles : (N, 2) float64
        Rows and columns.
    angles : (N,) float64
        Direction, radians, 0 = along columns.
    lengths, widths : (N,) float64
    """

    middles: Float64
    angles: Float64
    lengths: Float64
    widths: Float64


def splat(points: Float64, area: Float64, box: Box, tone: Float64) -> tuple[Float32, Float32]:
    """Spread areas bilinearly over pixels.

    Parameters
    ----------
    points : (N, 2) float64
        Rows and columns of the picture.
    area : (N,) float64
        Pixels squared that each point stands for.
    box : Box
        What lies outside is dropped.
    tone : (N,) float64
        A quantity of each point.

    Returns
    -------
    area : (h, w) float32
        Sum over the points; above 1 where lines overlap.
    tone : (h, w) float32
        Mean over the points, weighted by area; 0 where there is none.
    """
    height, width = box.shape
    place = points - (box.top, box.left)
    corner = np.floor(place).astype(np.intp)
    share = place - corner
    indices, parts, tones = [], [], []
    for down in (0, 1):
        for right in (0, 1):
            row, col = corner[:, 0] + down, corner[:, 1] + right
            inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
            part = np.abs(1 - down - share[:, 0]) * np.abs(1 - right - share[:, 1]) * area
            indices.append((row * width + col)[inside])
            parts.append(part[inside])
            tones.append((part * tone)[inside])
    index = np.concatenate(indices)
    total, weighted = (  # of no points NumPy counts in whole numbers
        np.bincount(index, np.concatenate(part), height * width).astype(np.float64, copy=False)
        for part in (parts, tones)
    )
    mean = np.divide(weighted, total, out=np.zeros_like(total), where=total > 1e-9)
    shape = (height, width)
    return total.reshape(shape).astype(np.float32), mean.reshape(shape).astype(np.float32)


def worms(
    lines: Lines, persistence: Float64, rng: np.random.Generator
) -> tuple[Float64, Float64, Float64]:
    """Lay thermally bent stiff fibres and cut them into points; returns what `bundle` does.

    Tangents forget each other as ``<cos(angle)> = exp(-s / 2P)`` in the plane [1]_.

    Parameters
    ----------
    lines : Lines
        Angles are those at the first end.
    persistence : (N,) float64, pixels
        Persistence length P.
    rng : Generator

    References
    ----------
    .. [1] O. Kratky, G. Porod, "Roentgenuntersuchung geloester Fadenmolekuele", Recl. Trav. Chim.
       Pays-Bas 68 (1949) 1106.
    """
    lengths, widths = lines.lengths, lines.widths
    count = max(math.ceil(float(lengths.max(initial=0.0)) / STEP), 2)
    step = lengths[:, None] / count
    turns = rng.standard_normal((len(lengths), count)) * np.sqrt(step / persistence[:, None])
    turns[:, 0] = 0
    heading = lines.angles[:, None] + np.cumsum(turns, axis=1)
    sin, cos = np.sin(heading), np.cos(heading)
    line = np.stack([np.cumsum(sin, axis=1), np.cumsum(cos, axis=1)], axis=2) * step[..., None]
    line += (lines.middles - line.mean(axis=1))[:, None, :]
    aside = max(math.ceil(float(widths.max(initial=0.0)) / STRAND), 1)
    offsets = ((np.arange(aside) + 0.5) / aside - 0.5) * widths[:, None]
    normal = np.stack([cos, -sin], axis=2)
    points = line[:, :, None, :] + normal[:, :, None, :] * offsets[:, None, :, None]
    area = np.repeat(widths * lengths / (count * aside), count * aside)
    number = np.repeat(np.arange(len(lengths), dtype=np.float64), count * aside)
    return points.reshape(-1, 2), area, number


def bundle(lines: Lines, turns: Float64) -> tuple[Float64, Float64, Float64]:
    """Cut many shallow arcs into points that `splat` can spread.

    Parameters
    ----------
    lines : Lines
        Angles are those at the middle; widths are the largest, and taper to 0 at both ends.
    turns : (N,) float64
        Angle an arc turns through, radians.

    Returns
    -------
    points : (P, 2) float64
    area : (P,) float64
        Its sum over an arc is pi / 4 of length times width.
    number : (P,) float64
        Which arc each point belongs to.
    """
    angles, lengths, widths = lines.angles, lines.lengths, lines.widths
    counts = np.maximum(np.ceil(lengths / STEP).astype(int), 1)
    aside = np.maximum(np.ceil(widths / STRAND).astype(int), 1)
    total = counts * aside
    line = np.repeat(np.arange(len(counts)), total)
    index = np.arange(int(total.sum())) - np.repeat(np.cumsum(total) - total, total)
    along = (index % counts[line] + 0.5) / counts[line] - 0.5
    across = (index // counts[line] + 0.5) / aside[line] - 0.5
    taper = np.sqrt(np.maximum(1 - 4 * along**2, 0))  # an ellipse: its mean is pi / 4
    run = along * lengths[line]
    bow = 0.5 * turns[line] * along * run + across * taper * widths[line]
    cos, sin = np.cos(angles[line]), np.sin(angles[line])
    points = lines.middles[line] + np.column_stack([sin * run + cos * bow, cos * run - sin * bow])
    area = taper * (widths * lengths / total)[line]
    return points, area, line.astype(np.float64)
