"""Curves are maxima of the likelihood, and their bounds hold as often as they say."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from anomsynth.detectability.curve import fit_curve
from anomsynth.detectability.likelihood import (
    hit_terms,
    largest_ratio,
    maximize,
    probability_at,
    quantile,
)

LINKS = ["logit", "probit"]

# Sizes of the 60 flaws of an example of the US Air Force's program for probability of detection
# (AFRL POD v4.5, github.com/AFRL-Material-State-Awareness/POD4.5, HitMissData_Good_1.csv), which
# are facts; HitMissResults_Good_1.csv states what it finds by the handbook's logit model.
SIZES = """
.026429706 .033503454 .053120163 .070630726 .079225089 .094606814 .095282408 .102307749 .107649372
.120030103 .120304186 .130035327 .14030999 .153704356 .153917693 .166910359 .181461883 .187918014
.191985489 .206296735 .22125183 .22254802 .223172984 .226625926 .234836897 .240048821 .245869667
.247247879 .24864422 .254521076 .259783658 .260924841 .270902464 .283500563 .284831232 .28762478
.291295773 .296634941 .308812298 .319062008 .322503578 .345716849 .356358449 .366939348 .392040921
.401791147 .413413202 .417064974 .425014553 .427228229 .434310898 .452074355 .474195496 .5148145
.538676457 .541220773 .54866743 .553663894 .604257669 .718182309
"""
FOUND = "000000000000000000001000000011011110101111111111111111111111"


def studies(link, count, flaws=60):
    """Simulate studies of flaws over four octaves: hits (count, flaws), sizes, the true a90."""
    slope = {"logit": 2.5, "probit": 1.5}[link]
    rng = np.random.default_rng(1823)
    logs = np.linspace(np.log(0.25), np.log(4), flaws)
    hits = rng.random((count, flaws)) < probability_at(link, slope * logs)
    return hits, np.exp(logs), float(np.exp(quantile(link, 0.9) / slope))


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("seed", range(5))
def test_coefficients_are_those_of_statsmodels(link, seed) -> None:
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(seed)
    sizes, d_prime = np.exp(rng.uniform(-1.5, 2, (2, 200)))
    eta = -0.5 + 1.7 * np.log(sizes) + 0.8 * np.log(d_prime)
    hits = rng.random(200) < probability_at(link, eta)
    model = {"logit": api.Logit, "probit": api.Probit}[link]

    for with_d in (False, True):
        columns = [np.log(sizes), np.log(d_prime)][: 1 + with_d]
        theirs = model(hits.astype(float), api.add_constant(np.column_stack(columns))).fit(
            disp=0, tol=1e-14, method="newton"
        )
        ours = fit_curve(sizes, hits, d_prime if with_d else None, link)

        np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(ours.covariance, theirs.cov_params(), rtol=1e-6, atol=1e-6)
        assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)


def test_the_published_example_of_60_flaws_comes_out_as_it_was_published() -> None:
    sizes = np.array(SIZES.split(), float)
    hits = np.array(list(FOUND)) == "1"

    # Their example is linear in size: ln of exp(size) is size.
    curve = fit_curve(np.exp(sizes), hits)

    np.testing.assert_allclose(curve.coefficients, [-11.83265105, 45.30678376], rtol=1e-6)
    assert np.log(curve.size_at(0.9)) == pytest.approx(0.309663906, rel=1e-6)
    # Their bound is the quick one, by 1.645 standard errors, read off a table of sizes.
    wald = brentq(lambda a: _wald(curve, a) - quantile("logit", 0.9), 0.31, 1)
    assert wald == pytest.approx(0.381546911, rel=2e-4)
    # The likelihood ratio knows that the likelihood is no parabola.
    assert 0.33 < np.log(curve.bound_at(0.9)) < 0.38


def _wald(curve, log) -> float:
    row = np.array([1, log])
    return row @ curve.coefficients - norm.ppf(0.95) * np.sqrt(row @ curve.covariance @ row)


@pytest.mark.parametrize("link", LINKS)
def test_the_bound_covers_the_true_a90_in_95_of_100_studies(link) -> None:
    hits, sizes, true = studies(link, 1000)
    logs = np.log(sizes)

    # A bound lies above the truth exactly if the curve through (truth, 0.9) is within the ratio,
    # or the estimate itself is larger. So all studies are done in two fits.
    start = np.zeros((1000, 2))
    full = np.broadcast_to(np.column_stack([np.ones(60), logs]), (1000, 60, 2))
    free = maximize(hit_terms(link, hits), full, np.zeros(1), start)
    design = np.broadcast_to((logs - np.log(true))[:, None], (1000, 60, 1))
    wanted = np.full((1, 1), quantile(link, 0.9))
    held = maximize(hit_terms(link, hits), design, wanted, np.ones((1000, 1)))
    estimate = (quantile(link, 0.9) - free.at[:, 0]) / free.at[:, 1]
    covered = (2 * (free.value - held.value) <= largest_ratio()) | (estimate > np.log(true))

    assert covered.mean() == pytest.approx(0.95, abs=0.02)
    for index in range(0, 1000, 25):  # and so says the bound itself
        bound = fit_curve(sizes, hits[index], link=link).bound_at(0.9)
        assert (bound >= true) == covered[index]


@pytest.mark.parametrize("link", LINKS)
def test_the_lower_edge_of_the_band_crosses_90_percent_at_the_bound(link) -> None:
    hits, sizes, _ = studies(link, 1, flaws=120)
    curve = fit_curve(sizes, hits[0], link=link)

    lower, upper = curve.band([curve.bound_at(0.9), 0.5, 1.0])

    assert lower[0] == pytest.approx(0.9, abs=1e-6)
    assert np.all(lower < curve.at([curve.bound_at(0.9), 0.5, 1.0]))
    assert np.all(upper > curve.at([curve.bound_at(0.9), 0.5, 1.0]))


@pytest.mark.parametrize("seed", range(8))
def test_the_band_of_a_steep_curve_is_that_of_a_search(seed) -> None:
    rng = np.random.default_rng(seed)
    sizes = np.geomspace(1, 40, 60)
    hits = rng.random(60) < probability_at("logit", 6 * np.log(sizes / 5))
    curve = fit_curve(sizes, hits)
    if curve.separated:
        pytest.skip("the penalised likelihood has a band of its own")
    grid = np.geomspace(1, 40, 9)
    sign, slopes = np.where(hits, 1.0, -1.0), np.linspace(-10, 250, 6501)

    lower, upper = curve.band(grid)

    for side, edge in ((-1, lower), (1, upper)):
        assert np.all(np.diff(edge) >= -1e-12)
        for size, probability in zip(grid, edge, strict=True):
            if not 1e-9 < probability < 1 - 1e-9:
                continue
            predictor = np.log(probability) - np.log1p(-probability)
            eta = predictor + slopes[:, None] * (np.log(sizes) - np.log(size))
            reached = -np.logaddexp(0, -sign * eta).sum(axis=1).min()
            ratio = 2 * (curve.log_likelihood - reached)
            assert ratio == pytest.approx(largest_ratio(), abs=0.05), (side, size)


def test_bounds_are_those_of_a_search_over_all_curves() -> None:
    hits, sizes, _ = studies("logit", 1)
    curve = fit_curve(sizes, hits[0])
    offset, slope = np.meshgrid(np.linspace(-1, 2, 241), np.linspace(1, 6, 401))
    eta = offset[..., None] + slope[..., None] * np.log(sizes)
    value = np.where(hits[0], -np.logaddexp(0, -eta), -np.logaddexp(0, eta)).sum(axis=2)
    inside = 2 * (curve.log_likelihood - value) <= largest_ratio()

    a90 = np.exp((quantile("logit", 0.9) - offset) / slope)[inside]

    assert curve.bound_at(0.9) == pytest.approx(a90.max(), rel=0.01)


def test_a90_falls_with_d_prime_and_has_a_bound_at_each() -> None:
    rng = np.random.default_rng(3)
    sizes, d_prime = np.exp(rng.uniform(-1.5, 2, (2, 400)))
    eta = 2 * np.log(sizes) + 1.5 * np.log(d_prime)
    curve = fit_curve(sizes, rng.random(400) < probability_at("logit", eta), d_prime)

    for faint, plain in ((0.5, 1), (1, 3)):
        assert curve.size_at(0.9, faint) > curve.size_at(0.9, plain)
        assert curve.bound_at(0.9, faint) > curve.size_at(0.9, faint)
    lower, _ = curve.band([curve.bound_at(0.9, 1.0)], 1.0)
    assert lower[0] == pytest.approx(0.9, abs=1e-6)
    with pytest.raises(ValueError, match="d'"):
        curve.size_at(0.9)


@pytest.mark.parametrize("link", LINKS)
def test_separated_hits_get_a_finite_curve_and_bound(link) -> None:
    sizes = np.concatenate([np.linspace(0.5, 2, 20), np.linspace(2.2, 6, 20)])
    hits = np.arange(40) >= 20
    curve = fit_curve(sizes, hits, link=link)

    assert curve.separated
    assert np.isfinite(curve.coefficients).all()
    assert 2 < curve.size_at(0.5) < 2.2
    assert curve.size_at(0.9) < curve.bound_at(0.9) < 6
    assert curve.band([curve.bound_at(0.9)])[0][0] == pytest.approx(0.9, abs=1e-4)


def test_the_penalised_estimate_is_the_root_of_firths_score() -> None:
    sizes = np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    hits = sizes > 4
    curve = fit_curve(sizes, hits)

    rows = np.column_stack([np.ones(8), np.log(sizes)])
    rate = probability_at("logit", rows @ curve.coefficients)
    weight = rate * (1 - rate)
    leverage = np.einsum(
        "nk,kl,nl->n", rows, np.linalg.inv(rows.T * weight @ rows), rows * weight[:, None]
    )
    score = rows.T @ (hits - rate + leverage * (0.5 - rate))

    np.testing.assert_allclose(score, 0, atol=1e-4)


def test_size_that_explains_nothing_bears_no_bound() -> None:
    rng = np.random.default_rng(0)
    curve = fit_curve(np.exp(rng.uniform(0, 2, 60)), rng.random(60) < 0.5)

    assert not curve.rises
    assert curve.bound_at(0.9) == float("inf")


@pytest.mark.parametrize("hits", [[True] * 4, [False] * 4])
def test_all_found_or_all_missed_makes_no_curve(hits) -> None:
    with pytest.raises(ValueError, match="hits and misses"):
        fit_curve([1, 2, 3, 4], hits)


def test_sizes_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_curve([0, 1], [False, True])
