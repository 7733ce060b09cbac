"""Work on lists of pixels."""

import numpy as np
import pytest

from anomsynth.core.pixels import put_rows


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rows_land_where_indexing_would_put_them(channels, dtype) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 200, (50, channels)).astype(dtype)
    index = np.array([3, 7, 8, 49])
    values = rng.integers(0, 200, (4, 2 * channels)).astype(dtype)[:, ::2]
    expected = rows.copy()
    expected[index] = values

    put_rows(rows, index, values)

    assert np.array_equal(rows, expected)
