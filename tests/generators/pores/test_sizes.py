"""Radii of pores follow the laws they claim."""

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.stats import kstest

from anomsynth.generators.pores._sizes import (
    cut_spheres,
    draw_coarsened,
    draw_lognormal,
    lsw_density,
)


def test_coarsened_density_has_unit_norm_and_mean_and_the_known_spread() -> None:  # PO1
    u = np.linspace(0, 1.5, 200_001)
    step = u[1]
    g = lsw_density(u)
    mean = (u * g).sum() * step

    assert g.sum() * step == pytest.approx(1, abs=1e-3)
    assert mean == pytest.approx(1, abs=1e-3)
    assert np.sqrt(((u - mean) ** 2 * g).sum() * step) == pytest.approx(0.2151, abs=5e-4)
    assert u[g.argmax()] == pytest.approx(1.134, abs=2e-3)
    assert lsw_density(np.array([-0.1, 1.5, 2.0])).tolist() == [0, 0, 0]


def test_coarsened_radii_follow_the_density() -> None:  # PO1
    radii = draw_coarsened(4000, 2.0, np.random.default_rng(0))
    u = np.linspace(0, 1.5, 20_001)
    share = cumulative_trapezoid(lsw_density(u), u, initial=0)

    assert kstest(radii[:500], lambda r: np.interp(r / 2, u, share)).pvalue > 0.01
    assert radii.mean() == pytest.approx(2, rel=0.02)
    assert radii.std() / 2 == pytest.approx(0.215, abs=0.02)


def test_lognormal_radii_have_the_drawn_median_and_spread() -> None:
    radii = draw_lognormal(4000, 0.7, 0.4, np.random.default_rng(1))

    assert np.median(radii) == pytest.approx(0.7, rel=0.03)
    assert np.log(radii).std() == pytest.approx(0.4, rel=0.05)


def test_sections_of_spheres_follow_wicksell() -> None:
    rng = np.random.default_rng(2)
    spheres = draw_lognormal(5000, 1.0, 0.5, rng)

    circles, depth, cut = cut_spheres(spheres, 40_000, rng)

    mean = np.pi / 4 * (spheres**2).mean() / spheres.mean()
    assert circles.mean() == pytest.approx(mean, rel=0.02)
    assert cut.mean() == pytest.approx((spheres**2).mean() / spheres.mean(), rel=0.02)
    np.testing.assert_allclose(circles**2, depth * (2 * cut - depth), atol=1e-9)
    assert (depth > cut).mean() == pytest.approx(0.5, abs=0.02)
