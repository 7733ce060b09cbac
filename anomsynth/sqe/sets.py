"""How a set of synthetic defects compares with a set of real ones, with confidence intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.rng import stream
from anomsynth.errors import InputError
from anomsynth.sqe.diversity import near_duplicates, vendi_score
from anomsynth.sqe.kernel_distance import (
    cubic_kernel,
    gaussian_kernel,
    median_width,
    permutation_p,
    unbiased_mmd2,
)
from anomsynth.sqe.neighbours import BALLS, measure_overlap

Floats = NDArray[np.float64]

FEWEST = BALLS + 2  # samples of a set
MOST = 600  # samples of a set; more are thinned evenly
RESAMPLES = 200
VENDI_RESAMPLES = 20
MOST_VENDI = 200  # samples for the eigenvalues of a bootstrap
LIMITS = (0.025, 0.975)
WIDEST = 8.0  # standard deviations; features beyond are outliers that would rule all distances


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SetQuality:
    """Set-level measures of synthetic against real defects.

    Attributes
    ----------
    real, synthetic : int
        Samples compared.
    kid : Measure
        Kernel distance with the cubic kernel; 0 = the same distribution, may be negative.
    mmd : Measure
        Squared MMD with a Gaussian kernel of the median width; `mmd_p` is its permutation p-value.
    precision, recall, density, coverage : Measure
        See `anomsynth.sqe.neighbours`.
    vendi, vendi_real : Measure
        Effective number of different samples, of as many samples of either set.
    duplicates : Measure
        Share of synthetic samples that are nearly the same as another one.
    """

    real: int
    synthetic: int
    kid: Measure
    mmd: Measure
    mmd_p: float
    precision: Measure
    recall: Measure
    density: Measure
    coverage: Measure
    vendi: Measure
    vendi_real: Measure
    duplicates: Measure


def compare_sets(real: Floats, synthetic: Floats) -> SetQuality:
    """Compare two sets of features, of any network or of `anomsynth.sqe.features`.

    Features are standardised by the real set. Intervals are percentiles over resampled sets; for
    precision, recall, density and coverage the balls stay and the samples that are asked about are
    resampled. The same features give the same numbers.

    Parameters
    ----------
    real : (n, d) float, n >= 7
    synthetic : (m, d) float, m >= 7

    Raises
    ------
    InputError
        If a set is too small.
    """
    for name, features in (("reference", real), ("dataset", synthetic)):
        if len(features) < FEWEST:
            msg = f"the {name} has {len(features)} usable defects"
            raise InputError(msg, hint=f"set-level measures need at least {FEWEST}")
    rng = stream(0, "sets")
    real, synthetic = _standardised(_thinned(real), _thinned(synthetic))
    pooled = np.concatenate([real, synthetic])
    width = median_width(_thinned(pooled, MOST))
    kernel = gaussian_kernel(pooled, pooled, width)
    counts = _counts(len(real), rng), _counts(len(synthetic), rng)
    overlap = measure_overlap(real, synthetic)
    few = min(len(real), len(synthetic), MOST_VENDI)
    return SetQuality(
        real=len(real),
        synthetic=len(synthetic),
        kid=_distance(cubic_kernel(pooled, pooled), counts),
        mmd=_distance(kernel, counts),
        mmd_p=permutation_p(kernel, len(real), rng),
        precision=_mean(overlap.precision, counts[1]),
        recall=_mean(overlap.recall, counts[0]),
        density=_mean(overlap.density, counts[1]),
        coverage=_mean(overlap.coverage, counts[0]),
        vendi=_vendi(_thinned(synthetic, few), width, rng),
        vendi_real=_vendi(_thinned(real, few), width, rng),
        duplicates=_mean(near_duplicates(synthetic).astype(np.float64), counts[1]),
    )


def _thinned(features: Floats, most: int = MOST) -> Floats:
    if len(features) <= most:
        return features
    return features[np.linspace(0, len(features) - 1, most).astype(int)]


def _standardised(real: Floats, synthetic: Floats) -> tuple[Floats, Floats]:
    middle, spread = real.mean(axis=0), real.std(axis=0)
    both = np.concatenate([real, synthetic])
    # Where the real set does not vary at all, any difference counts as the sets' spread does.
    spread = np.where(spread > 1e-6, spread, np.maximum(both.std(axis=0), 1e-6))
    first, second = (np.clip((x - middle) / spread, -WIDEST, WIDEST) for x in (real, synthetic))
    return first, second


def _counts(size: int, rng: np.random.Generator) -> Floats:
    """Return how often each sample is in each resampled set, (size, RESAMPLES)."""
    drawn = rng.multinomial(size, np.full(size, 1 / size), size=RESAMPLES)
    return np.asarray(drawn.T, dtype=np.float64)


def _distance(kernel: Floats, counts: tuple[Floats, Floats]) -> Measure:
    first, second = counts
    size = len(first)
    weights = np.zeros((2, len(kernel), RESAMPLES + 1))
    weights[0, :size, 0] = weights[1, size:, 0] = 1
    weights[0, :size, 1:] = first
    weights[1, size:, 1:] = second
    values = unbiased_mmd2(kernel, weights[0], weights[1])
    return _with_limits(float(values[0]), values[1:])


def _mean(contributions: Floats, counts: Floats) -> Measure:
    return _with_limits(float(contributions.mean()), contributions @ counts / len(contributions))


def _vendi(features: Floats, width: float, rng: np.random.Generator) -> Measure:
    """Return the Vendi score; resampling loses diversity, so the interval is the basic one."""
    value = vendi_score(features, width)
    size = len(features)
    drawn = [
        vendi_score(features, width, rng.multinomial(size, np.full(size, 1 / size)).astype(float))
        for _ in range(VENDI_RESAMPLES)
    ]
    middle = float(np.mean(drawn))
    return _with_limits(value, np.array(drawn) - middle + value)


def _with_limits(value: float, drawn: Floats) -> Measure:
    low, high = (float(limit) for limit in np.quantile(drawn, LIMITS))
    return Measure(value, low, high)
