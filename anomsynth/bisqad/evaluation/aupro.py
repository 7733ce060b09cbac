"""Area under the per-region overlap: how much of each defect is found, large or small alike."""

from collections.abc import Sequence

import numpy as np

from anomsynth.bisqad.evaluation.pixels import Floats, count_pixels
from anomsynth.core.types import Float32, Mask

FALSE_POSITIVES = 0.3  # share of good pixels up to which the curve is integrated


def aupro(
    maps: Sequence[Float32], truths: Sequence[Mask], *, limit: float = FALSE_POSITIVES
) -> float:
    """Return the area under the per-region overlap curve of a test set, in [0, 1].

    Parameters
    ----------
    maps : N of (h, w) float32
        Higher is more anomalous; enlarged to the size of the truth.
    truths : N of (H, W) bool
    limit : float in (0, 1]
        False-positive rate up to which the area is taken; it is divided by this.

    Returns
    -------
    float
        NaN if there is no region or no good pixel.

    Notes
    -----
    At each threshold the overlap is the share of a connected region (8 neighbours) that lies at
    or above it, averaged over all regions of all images [1]_, and the false-positive rate is
    taken over all pixels outside truth. Between thresholds and at `limit` the curve is linear.

    References
    ----------
    .. [1] P. Bergmann et al., "The MVTec anomaly detection dataset", IJCV 129, 2021, section 5.
    """
    counts = count_pixels(maps, truths)
    return area_of_overlap(
        counts.negative.sum(0, dtype=np.float64),
        counts.overlap.sum(0, dtype=np.float64),
        float(counts.regions.sum()),
        limit=limit,
    )


def area_of_overlap(
    negative: Floats, overlap: Floats, regions: float, *, limit: float = FALSE_POSITIVES
) -> float:
    """Return AUPRO from histograms over rising anomaly.

    Parameters
    ----------
    negative : (K,)
        Good pixels.
    overlap : (K,)
        Shares of regions; sums to `regions`.
    regions : float
        Number of regions, or their summed weight.
    limit : float in (0, 1]
    """
    good = negative.sum()
    if good <= 0 or regions <= 0:
        return float("nan")
    rate = np.concatenate([[0.0], np.cumsum(negative[::-1]) / good])
    found = np.concatenate([[0.0], np.cumsum(overlap[::-1]) / regions])
    last = int(np.searchsorted(rate, limit, side="right"))
    rates, founds = rate[:last], found[:last]
    if last < len(rate):
        rates = np.append(rates, limit)
        share = (limit - rate[last - 1]) / (rate[last] - rate[last - 1])
        founds = np.append(founds, found[last - 1] + share * (found[last] - found[last - 1]))
    area = np.sum(np.diff(rates) * (founds[1:] + founds[:-1]) / 2)
    return float(area / limit)
