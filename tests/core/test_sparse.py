"""Zeros that nobody writes take no memory."""

import pickle
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from anomsynth.core.pixels import sparse_zeros


@pytest.mark.parametrize("shape", [(3, 5), (2048, 2048)], ids=["small", "large"])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint16, np.float32])
def test_sparse_zeros_are_zeros_to_write_on(shape: tuple[int, int], dtype: type) -> None:
    first, second = sparse_zeros(shape, dtype), sparse_zeros(shape, dtype)

    assert first.shape == shape
    assert first.dtype == dtype
    first[1, 2] = 1

    assert np.count_nonzero(first) == 1
    assert not second.any()
    assert np.array_equal(pickle.loads(pickle.dumps(first)), first)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they are NumPy's")
def test_sparse_zeros_take_no_memory_before_they_are_written() -> None:
    before = resident()
    zeros = sparse_zeros((1 << 13, 1 << 13), np.float32)

    assert resident() - before < zeros.nbytes / 100
    zeros[: 1 << 11] = 1
    assert resident() - before > zeros.nbytes / 5


def resident() -> int:
    """Return the bytes of this process that lie in memory now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()
