"""Every pixel of a test set, as histograms of each image, so that images can be resampled."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask

BINS = 4096
MOST_VALUES = 4_000_000  # from which the edges of the bins are taken
FINEST = 1e-6  # share of the highest values that still gets a bin of its own
Floats = NDArray[np.float64]
Counts = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PixelCounts:
    """Histograms over bins of rising anomaly, one row an image; zero where truth is not known.

    Attributes
    ----------
    negative, positive : (N, K) float32
        Pixels outside and inside the truth.
    overlap : (N, K) float32
        Shares of truth regions: each region of the image adds 1 in total.
    regions : (N,) int
        Connected regions of the truth, 8 neighbours.
    """

    negative: Counts
    positive: Counts
    overlap: Counts
    regions: NDArray[np.int64]


def count_pixels(
    maps: Sequence[Float32], truths: Sequence[Mask | None], *, bins: int = BINS
) -> PixelCounts:
    """Sort the pixels of all maps into bins.

    Curves over the bins' edges stand for the curves over every value: half the edges are
    quantiles of the values inside truth, half of all values, ever finer towards the highest,
    where average precision and AUPRO are decided. With 4096 bins areas differ from those over
    every value by less than 1e-3 (in tests 2e-4); memory is 48 kB an image.

    Parameters
    ----------
    maps : N of (h, w) float32
        Higher is more anomalous; enlarged linearly to the size of the truth.
    truths : N of (H, W) bool, or None where not known
    bins : int

    Raises
    ------
    ValueError
        If a map holds values that are not finite.
    """
    edges = bin_edges(maps, truths, bins=bins)
    shape = (len(maps), len(edges) + 1)
    negative, positive = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    overlap = np.zeros(shape, np.float32)
    regions = np.zeros(len(maps), np.int64)
    for row, (values, truth) in enumerate(zip(maps, truths, strict=True)):
        if truth is None:
            continue
        place = np.searchsorted(edges, enlarged(values, truth.shape).ravel(), side="right")
        inside = truth.ravel()
        negative[row] = np.bincount(place[~inside], minlength=shape[1])
        if not inside.any():
            continue
        positive[row] = np.bincount(place[inside], minlength=shape[1])
        count, labels = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
        label = labels.ravel()[inside]
        share = 1 / np.bincount(label, minlength=count)[label]
        overlap[row] = np.bincount(place[inside], weights=share, minlength=shape[1])
        regions[row] = count - 1
    return PixelCounts(negative, positive, overlap, regions)


def bin_edges(
    maps: Sequence[Float32], truths: Sequence[Mask | None], *, bins: int = BINS
) -> Float32:
    """Return the rising edges between the bins, at most ``bins - 1`` of them.

    Raises
    ------
    ValueError
        If a map holds values that are not finite.
    """
    step = max(sum(values.size for values in maps) // MOST_VALUES, 1)
    everywhere = np.concatenate([values.ravel()[::step] for values in maps])
    if not np.isfinite(everywhere).all():
        raise ValueError("anomaly maps hold values that are not finite")
    inside = [
        values[_shrunk(truth, values.shape)]
        for values, truth in zip(maps, truths, strict=True)
        if truth is not None and truth.any()
    ]
    half = bins // 2
    tail = 1 - np.geomspace(FINEST, 1, half // 2)
    edges = [np.quantile(everywhere, np.concatenate([tail, np.linspace(0, 1, half - half // 2)]))]
    if inside:
        edges.append(np.quantile(np.concatenate(inside), np.linspace(0, 1, bins - half - 1)))
    return np.unique(np.concatenate(edges).astype(np.float32))


def enlarged(values: Float32, shape: tuple[int, ...]) -> Float32:
    """Return a map at another size, linear between the centres of its cells."""
    if values.shape == shape:
        return values
    grown: Float32 = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)  # type: ignore[assignment]  # dtype stays
    return grown


def _shrunk(truth: Mask, shape: tuple[int, ...]) -> Mask:
    if truth.shape == shape:
        return truth
    share = cv2.resize(truth.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    inside: Mask = np.greater(share, 0)
    return inside
