"""Curves turn measured values into shares of one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.sqe.curve import Logistic, Plateau, Sides, Tails

RNG = np.random.default_rng(0)
GOOD = RNG.normal(0, 1, 500)


def test_the_middle_of_the_good_samples_is_as_good_as_it_gets() -> None:
    curve = Tails.fit(GOOD, "both")

    assert curve(0) == curve(1) == curve(-1) == 1
    assert curve(2) == pytest.approx(np.exp(-((2 - 1.28) ** 2) / 2), abs=0.1)


@pytest.mark.parametrize(("bad", "low", "high"), [("low", 0, 1), ("high", 1, 0), ("both", 0, 0)])
def test_tails_fall_on_their_bad_side_only(bad, low, high) -> None:
    curve = Tails.fit(GOOD, bad)

    assert curve(-7) == pytest.approx(low, abs=0.01)
    assert curve(7) == pytest.approx(high, abs=0.01)


@given(st.floats(1, 8), st.floats(0.01, 3))
def test_tails_never_rise_outwards(value, step) -> None:
    curve = Tails.fit(GOOD, "both")

    assert curve(value + step) <= curve(value) + 1e-9
    assert curve(-value - step) <= curve(-value) + 1e-9


def test_a_value_that_many_good_samples_share_is_ordinary() -> None:
    curve = Tails.fit(np.concatenate([np.zeros(300), np.linspace(0, 3, 200)]), "both")

    assert curve(0) == 1
    assert curve(-1) < 0.5


def test_logistic_is_a_half_between_the_classes() -> None:
    curve = Logistic.fit(GOOD + 6, GOOD, "low")

    assert curve.middle == pytest.approx(3, abs=0.3)
    assert curve(6) == 1
    assert curve(-3) < 0.05


def test_logistic_falls_where_high_is_bad() -> None:
    curve = Logistic.fit(GOOD, GOOD + 4, "high")

    assert curve(0) > curve(2) > curve(4)


def test_classes_that_do_not_differ_give_a_flat_curve() -> None:
    curve = Logistic.fit(GOOD, GOOD + 2, "low")

    assert curve(-4) == pytest.approx(curve(4), abs=0.05)


def test_sides_fit_each_family_to_its_side() -> None:
    curve = Sides.fit(GOOD, [GOOD - 8, GOOD + 8])

    assert curve(0) > 0.95
    assert max(curve(-8), curve(8)) < 0.1
    assert (curve.side(-8), curve.side(8)) == ("low", "high")


def test_a_band_falls_with_the_logarithm() -> None:
    curve = Plateau(low=1, high=8, low_width=0.5, high_width=0.7)

    assert curve(1) == curve(3) == curve(8) == 1
    assert curve(0.5) == pytest.approx(np.exp(-((np.log(2) / 0.5) ** 2) / 2))
    assert curve(0) == curve(-1) == 0
    assert (curve.side(0.5), curve.side(20)) == ("low", "high")
