"""Ranges hold the truth, are whole where counts are, and are wide where little is known."""

import numpy as np
import pytest

from anomsynth.core.component import CountRange, LogRange, Range
from anomsynth.fitting.ranges import fit_range, informative

SPAN = LogRange(low=0.1, high=10.0)


def likeness(values, truth, width=0.1) -> np.ndarray:
    """Return how much each true value says for each layer, rows of sum 1."""
    away = (np.log(values)[None] - np.log(truth)[:, None]) / width
    rows = np.exp(-0.5 * away**2)
    return rows / rows.sum(axis=1, keepdims=True)


@pytest.fixture
def values() -> np.ndarray:
    return np.exp(np.random.default_rng(0).uniform(np.log(0.1), np.log(10), 200))


def test_range_covers_the_true_one_and_not_much_more(values) -> None:
    truth = np.exp(np.random.default_rng(1).uniform(np.log(0.5), np.log(1.5), 20))

    fit = fit_range(values, likeness(values, truth), SPAN, "x")

    assert fit.low <= truth.min()
    assert fit.high >= truth.max()
    assert fit.low > 0.25
    assert fit.high < 3


def test_fewer_defects_make_a_wider_range(values) -> None:
    one, many = (
        fit_range(values, likeness(values, np.full(count, 1.0)), SPAN, "x") for count in (1, 20)
    )

    assert one.share > 1.3 * many.share


def test_what_says_nothing_is_not_written(values) -> None:
    flat = fit_range(values, np.full((5, 200), 1 / 200), SPAN, "x")
    told = fit_range(values, likeness(values, np.full(5, 1.0)), SPAN, "y")

    assert set(informative({"flat": flat, "told": told})) == {"told"}


def test_counts_stay_whole_and_inside() -> None:
    values = np.repeat(np.arange(1.0, 9.0), 10)

    fit = fit_range(values, (values == 3)[None] / 10.0, CountRange(low=1, high=8), "x")

    assert (fit.low % 1, fit.high % 1) == (0, 0)
    assert 1 <= fit.low <= 3 <= fit.high <= 8


def test_rounding_never_leaves_what_was_drawn_from() -> None:
    span = Range(low=0.12345, high=0.98765)
    values = np.linspace(span.low, span.high, 50)

    fit = fit_range(values, np.full((3, 50), 1 / 50), span, "x")

    assert span.low <= fit.low < fit.high <= span.high
