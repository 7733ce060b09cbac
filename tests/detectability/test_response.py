"""The regression of answers knows what lies in the noise and what is saturated."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from anomsynth.detectability.response import fit_response

# Sizes (mils) and answers of example 1 of MIL-HDBK-1823A as AFRL POD v4.5 ships them.
EXAMPLE_1 = """
6 192 6 166 7 137 7 97 7 147 8 221 8 148 8 152 9 376 9 568 9 324 9 363 10 87 10 198 10 394 10 413
11 290 11 318 12 50 12 50 12 304 12 414 13 519 13 139 13 342 13 614 13 537 13 370 14 439 14 138
14 50 14 621 14 610 15 509 15 482 15 353 15 260 15 381 15 415 15 548 16 537 16 672 17 352 17 671
17 437 17 435 17 461 17 483 18 599 18 507 18 728 19 344 19 514 19 568 19 843 20 645 20 838 20 563
20 638 21 751 22 736 23 703 24 756 24 731 25 713 27 787 27 763 27 963 28 818 29 777 29 1040 30 753
30 778 31 729 32 811 32 1208 32 864 32 938 33 865 33 853 34 740 35 830 39 1159 41 743 42 1176
45 1079 48 1344 50 1277 50 1335 52 1283 53 1375 65 1189
"""


def plain_maximum(sizes, answers, noise, saturation):
    """Climb the same likelihood, written down plainly, by a general method."""
    low, high = answers <= noise, answers >= saturation
    known = ~low & ~high

    def lost(at):
        mean, spread = at[0] + at[1] * np.log(sizes), np.exp(at[2])
        return -(
            norm.logpdf(answers[known], mean[known], spread).sum()
            + norm.logcdf((noise - mean[low]) / spread).sum()
            + norm.logsf((saturation - mean[high]) / spread).sum()
        )

    start = [answers.mean(), 0, np.log(answers.std())]
    return minimize(lost, start, method="Nelder-Mead", tol=1e-12, options={"maxfev": 20_000})


def some_study(seed=0, count=200):
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.uniform(np.log(0.2), np.log(8), count))
    return sizes, 3 + 2 * np.log(sizes) + rng.normal(0, 0.8, count)


def test_the_maximum_is_that_of_the_plain_likelihood() -> None:
    sizes, answers = some_study()
    found = plain_maximum(sizes, answers, 1.5, 6.5)

    curve = fit_response(sizes, answers, 4, noise=1.5, saturation=6.5)

    np.testing.assert_allclose(curve.coefficients, found.x[:2], rtol=1e-5)
    assert curve.scatter == pytest.approx(np.exp(found.x[2]), rel=1e-5)
    assert curve.log_likelihood == pytest.approx(-found.fun, abs=1e-8)
    assert curve.censored == ((answers <= 1.5).sum(), (answers >= 6.5).sum())


def test_without_censoring_it_is_least_squares() -> None:
    sizes, answers = some_study()
    slope, offset = np.polyfit(np.log(sizes), answers, 1)
    spread = (answers - offset - slope * np.log(sizes)).std()

    curve = fit_response(sizes, answers, 4)

    np.testing.assert_allclose([*curve.coefficients, curve.scatter], [offset, slope, spread])
    assert curve.size_at(0.5) == pytest.approx(np.exp((4 - offset) / slope))


def test_answers_of_the_handbooks_first_example_are_fitted_as_by_least_squares_of_logs() -> None:
    sizes, answers = np.array(EXAMPLE_1.split(), float).reshape(-1, 2).T
    known = answers > 50  # the noise that the inspection cut off at
    found = plain_maximum(sizes, np.log(answers), np.log(50), np.inf)

    curve = fit_response(sizes, np.log(answers), np.log(200), noise=np.log(50))

    assert len(sizes) == 92
    assert curve.censored == ((~known).sum(), 0)
    np.testing.assert_allclose(curve.coefficients, found.x[:2], rtol=1e-5)
    assert 6 < curve.size_at(0.5) < curve.size_at(0.9) < curve.bound_at(0.9) < 20


def test_the_bound_covers_the_true_a90() -> None:
    true = np.exp((4 + 0.8 * norm.ppf(0.9) - 3) / 2)
    bounds = [
        fit_response(*some_study(seed, 60), 4, noise=1.5, saturation=6.5).bound_at(0.9)
        for seed in range(200)
    ]

    assert np.mean(np.array(bounds) >= true) == pytest.approx(0.95, abs=0.04)


def test_the_lower_edge_of_the_band_crosses_90_percent_at_the_bound() -> None:
    curve = fit_response(*some_study(), 4, noise=1.5, saturation=6.5)

    lower, upper = curve.band([curve.bound_at(0.9)])

    assert lower[0] == pytest.approx(0.9, abs=1e-6)
    assert upper[0] > curve.at([curve.bound_at(0.9)])[0] > 0.9


def test_too_few_answers_make_no_curve() -> None:
    with pytest.raises(ValueError, match="between noise and saturation"):
        fit_response([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 1, 2], 0.5, noise=0)


def test_an_answer_that_does_not_grow_bears_no_bound() -> None:
    rng = np.random.default_rng(1)
    curve = fit_response(np.exp(rng.uniform(0, 2, 60)), rng.normal(0, 1, 60), 1)

    assert not curve.rises
    assert curve.bound_at(0.9) == float("inf")
