"""Negative controls score lower, the more so the stronger they are."""

from operator import attrgetter

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, spearmanr

from anomsynth.core.rng import stream
from anomsynth.sqe.controls import FAMILIES, STRENGTHS
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.terms import TERMS

CLAIMS = [(term, family) for term in TERMS for family in term.catches]


def auc(good, bad) -> float:
    return float(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))


@pytest.fixture(scope="module")
def rated(specimens):
    """Return the qualities of good samples and of all controls, with the good photo known."""
    estimator = Estimator.default()
    good = [estimator.score(one.image, one.mask, original=one.original) for one in specimens]
    bad = {}
    for family, spoil in FAMILIES.items():
        for strength in STRENGTHS:
            bad[family, strength] = []
            for index, one in enumerate(specimens):
                image, mask = spoil(one, strength, stream(3, family, index))
                found = estimator.score(image, mask, original=one.original)
                bad[family, strength].append(found)
    return good, bad


@pytest.mark.parametrize("family", FAMILIES)
def test_good_samples_score_above_every_family(rated, family) -> None:
    good, bad = rated
    # Noise cannot be told from structure in defects as thin as a hairline, and it makes faint ones
    # easier to see: it costs fidelity only.
    rating = attrgetter("fidelity" if family == "noisy" else "score")
    thick = [family != "noisy" or "noise" in quality.terms for quality in good]
    scores = [rating(quality) for quality, fits in zip(good, thick, strict=True) if fits]
    spoilt = [
        rating(quality)
        for strength in STRENGTHS
        for quality, fits in zip(bad[family, strength], thick, strict=True)
        if fits
    ]

    assert auc(scores, spoilt) >= 0.9
    assert np.mean(scores) > np.mean(spoilt) + 0.2


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_fall_with_strength(rated, family) -> None:
    good, bad = rated
    means = [np.mean([quality.score for quality in good])]
    means += [np.mean([quality.score for quality in bad[family, s]]) for s in STRENGTHS]

    assert spearmanr(range(4), means).statistic <= -0.8 + 1e-9


@pytest.mark.parametrize(("term", "family"), CLAIMS, ids=lambda one: getattr(one, "name", one))
def test_a_term_catches_what_it_claims(rated, term, family) -> None:
    good, bad = rated
    values = [quality.terms[term.name] for quality in good if term.name in quality.terms]
    spoilt = [
        quality.terms[term.name] for quality in bad[family, 1.0] if term.name in quality.terms
    ]
    # A sample that scores 0 outright is caught, too.
    spoilt += [0.0] * sum(quality.score == 0 for quality in bad[family, 1.0])

    assert auc(values, spoilt) >= 0.9


@pytest.mark.parametrize("family", FAMILIES)
def test_controls_keep_type_and_size_and_the_sample(specimens, family) -> None:
    one = specimens[0]
    before = one.image.copy(), one.mask.copy(), one.original.copy()

    image, mask = FAMILIES[family](one, 1.0, stream(0, family))

    assert (image.dtype, image.shape) == (one.image.dtype, one.image.shape)
    assert (mask.dtype, mask.shape) == (one.mask.dtype, one.mask.shape)
    assert not (np.array_equal(image, one.image) and np.array_equal(mask, one.mask))
    assert all(
        np.array_equal(a, b)
        for a, b in zip(before, (one.image, one.mask, one.original), strict=True)
    )
