"""Quick statistics say what NumPy says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from anomsynth.core.statistics import deviation, mean, median, quantile

VALUES = arrays(
    np.float32, array_shapes(max_dims=2, max_side=40), elements=st.floats(-9, 9, width=32)
)


@given(VALUES)
def test_mean_deviation_and_median_are_those_of_numpy(values) -> None:
    assert mean(values) == values.mean()
    assert deviation(values) == values.std()
    assert median(values) == np.median(values)


@given(VALUES, st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.99, 1.0]))
def test_quantile_is_that_of_numpy(values, share) -> None:
    assert quantile(values, share) == pytest.approx(np.quantile(values, share), rel=1e-6, abs=1e-6)


def test_values_stay_as_they_are() -> None:
    values = np.array([3, 1, 2], np.float32)

    deviation(values)
    median(values)

    assert values.tolist() == [3, 1, 2]
