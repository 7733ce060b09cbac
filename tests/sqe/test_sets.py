"""Set-level measures give their known values on known sets."""

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.errors import InputError
from anomsynth.sqe.diversity import near_duplicates, vendi_score
from anomsynth.sqe.estimator import make_picture
from anomsynth.sqe.features import SIZE, describe
from anomsynth.sqe.kernel_distance import (
    gaussian_kernel,
    median_width,
    permutation_p,
    unbiased_mmd2,
)
from anomsynth.sqe.neighbours import measure_overlap
from anomsynth.sqe.sets import compare_sets

RNG = np.random.default_rng(5)


def test_density_and_coverage_of_equal_distributions() -> None:
    """Naeem et al. (2020): 1 and 1 - 2^-5."""
    found = [
        measure_overlap(RNG.normal(size=(1000, 4)), RNG.normal(size=(1000, 4))) for _ in range(3)
    ]

    assert np.mean([one.density.mean() for one in found]) == pytest.approx(1, abs=0.05)
    assert np.mean([one.coverage.mean() for one in found]) == pytest.approx(0.969, abs=0.01)


def test_a_set_in_one_mode_is_precise_but_covers_little() -> None:
    real = np.concatenate([RNG.normal(0, 1, (150, 8)), RNG.normal(12, 1, (150, 8))])
    overlap = measure_overlap(real, RNG.normal(0, 0.9, (150, 8)))

    assert overlap.precision.mean() > 0.9
    assert overlap.recall.mean() < 0.6
    assert overlap.coverage.mean() < 0.6


def test_distances_of_equal_sets_scatter_about_zero_and_their_p_is_not_small() -> None:
    values, ps = [], []
    for turn in range(12):
        pooled = RNG.normal(size=(120, 6))
        kernel = gaussian_kernel(pooled, pooled, median_width(pooled))
        split = np.zeros((120, 1))
        split[:60] = 1
        values.append(float(unbiased_mmd2(kernel, split, 1 - split)[0]))
        ps.append(permutation_p(kernel, 60, stream(turn), 99))

    assert abs(np.mean(values)) < 2 * np.std(values)
    assert np.min(values) < 0
    assert 0.25 < np.mean(ps) < 0.75


def test_the_unbiased_distance_is_that_of_the_definition() -> None:
    first, second = RNG.normal(size=(7, 3)), RNG.normal(1, 1, size=(5, 3))
    pooled = np.concatenate([first, second])
    kernel = gaussian_kernel(pooled, pooled, 1.3)
    inside, across = kernel[:7, :7], kernel[:7, 7:]
    other = kernel[7:, 7:]
    expected = (
        (inside.sum() - np.trace(inside)) / 42
        + (other.sum() - np.trace(other)) / 20
        - 2 * across.mean()
    )
    split = np.zeros((12, 1))
    split[:7] = 1

    assert unbiased_mmd2(kernel, split, 1 - split)[0] == pytest.approx(expected)


def test_vendi_counts_different_samples() -> None:
    apart = np.eye(6) * 1000

    assert vendi_score(apart, 1.0) == pytest.approx(6, rel=1e-6)
    assert vendi_score(np.repeat(apart[:2], 5, axis=0), 1.0) == pytest.approx(2, rel=1e-6)
    assert vendi_score(apart, 1.0, np.array([1, 1, 1, 0, 0, 0.0])) == pytest.approx(3, rel=1e-6)


def test_near_duplicates_are_found() -> None:
    features = RNG.normal(size=(40, 5))
    features[7] = features[3] + 1e-4

    assert np.flatnonzero(near_duplicates(features)).tolist() == [3, 7]


def test_sets_of_one_source_are_close_and_others_far() -> None:
    real = RNG.normal(size=(90, 12))

    same = compare_sets(real, RNG.normal(size=(80, 12)))
    other = compare_sets(real, RNG.normal(1.5, 0.5, size=(80, 12)))

    assert same.mmd_p > 0.05
    assert other.mmd_p < 0.01
    assert same.kid.low <= 0.1 < other.kid.low
    assert same.coverage.value > 0.8 > other.coverage.value
    for found in (same, other):
        for name in ("kid", "mmd", "precision", "recall", "density", "coverage", "vendi"):
            measure = getattr(found, name)
            assert measure.low <= measure.value <= measure.high
    assert compare_sets(real, real[:80]) == compare_sets(real, real[:80])


def test_too_small_sets_are_refused() -> None:
    with pytest.raises(InputError, match="the reference has 3 usable defects"):
        compare_sets(np.zeros((3, 4)), np.zeros((20, 4)))


def test_features_describe_a_defect_and_nothing_else(scenes) -> None:
    dark, light = (
        describe(make_picture(one.image, one.mask))
        for one in (scenes(contrast=-40), scenes(contrast=40))
    )

    assert dark.shape == light.shape == (SIZE,)
    assert np.isfinite([dark, light]).all()
    assert np.abs(dark - light).max() > 1
    assert describe(make_picture(scenes().image, np.zeros((120, 120), dtype=bool))) is None
