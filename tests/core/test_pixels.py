"""Work on lists of pixels."""

import numpy as np
import pytest

from anomsynth.core.pixels import on_channels, put_rows


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


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(7, 5), (50, 1), (0, 4)])
def test_a_plane_on_channels_is_the_same_in_each(channels, shape) -> None:
    plane = np.random.default_rng(0).random((shape[0], 2 * shape[1]), dtype=np.float32)[:, ::2]

    repeated = on_channels(plane, channels)

    assert np.array_equal(repeated, np.repeat(plane[..., None], channels, axis=2))
