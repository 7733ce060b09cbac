"""Drying drops keep their mass and follow the coffee-ring laws."""

import numpy as np
import pytest

from anomsynth.generators.colour._drying import (
    edge_exponent,
    interior_density,
    receding_density,
    ring_mass,
    ring_profile,
)

FINE = np.linspace(0, 1, 200_001)


def mass_inside(density: np.ndarray, share: np.ndarray = FINE) -> float:
    return float(np.trapezoid(density * 4 * share, share))


@pytest.mark.parametrize("dried", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("contact", [2.0, 30.0, 60.0])
def test_ring_and_interior_hold_all_the_mass(dried: float, contact: float) -> None:  # ST1
    lam = edge_exponent(contact)

    total = mass_inside(interior_density(FINE, dried, lam)) + ring_mass(dried, lam)

    assert total == pytest.approx(1, abs=1e-3)


def test_early_growth_goes_with_four_thirds() -> None:  # ST1
    times = np.array([1e-4, 1e-3])
    mass = [ring_mass(t, 0.5) for t in times]

    assert np.log(mass[1] / mass[0]) / np.log(10) == pytest.approx(4 / 3, abs=0.05)


def test_thin_drops_have_the_exponent_one_half() -> None:
    assert edge_exponent(0) == pytest.approx(0.5)
    assert edge_exponent(45) == pytest.approx(1 / 3)
    assert edge_exponent(90) == pytest.approx(0)


@pytest.mark.parametrize("width", [0.02, 0.08])
def test_a_ring_of_any_width_has_mass_one(width: float) -> None:
    share = np.linspace(0, 2, 100_001)

    assert mass_inside(ring_profile(share, width), share) == pytest.approx(1, abs=0.01)
    assert share[ring_profile(share, width).argmax()] == pytest.approx(1 - width / 2, abs=1e-3)


def test_receding_drops_are_heaviest_in_the_middle() -> None:
    density = receding_density(FINE)

    assert density[0] == 1
    assert density[-1] == 0
    assert (np.diff(density) <= 0).all()


def test_receding_deposits_fall_as_the_root_and_the_distance() -> None:
    # share**-1/2 - share: 2 - 1/4 at a quarter, 4/3 - 9/16 at nine sixteenths.
    quarter, more = receding_density(np.array([1 / 4, 9 / 16]))

    assert quarter / more == pytest.approx((2 - 1 / 4) / (4 / 3 - 9 / 16), rel=1e-6)


def test_a_ring_is_twice_as_steep_outside() -> None:
    share = np.linspace(0.5, 1.5, 100_001)
    ring = ring_profile(share, 0.06)
    inside, outside = share[ring > 0.5 * ring.max()][[0, -1]]

    half = 0.06 * np.sqrt(2 * np.log(2))
    assert 0.97 - inside == pytest.approx(half, rel=1e-2)
    assert outside - 0.97 == pytest.approx(half / 2, rel=1e-2)
