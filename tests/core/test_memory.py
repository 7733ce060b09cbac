"""Freed memory is used again; zeros that nobody writes take none."""

import os
import pickle
import platform
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anomsynth.core.memory import sparse_zeros

FAULTS = """
import resource
import numpy as np
from anomsynth.core.memory import keep_freed_memory

if {keep}:
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(700_000, np.float32)  # too small for the huge pages that NumPy asks for
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize())
"""
BYTES = 2_800_000  # of one of the arrays


def fresh_bytes(*, keep: bool, **variables: str) -> int:
    """Return the bytes that the system had to clear while 20 arrays came and went."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(keep=keep)],
        check=True,
        capture_output=True,
        text=True,
        env={**env, **variables},
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")
def test_freed_memory_serves_the_next_arrays() -> None:
    assert fresh_bytes(keep=True) < 4 * BYTES


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")
def test_what_the_environment_says_of_memory_has_precedence() -> None:
    said = {"MALLOC_MMAP_THRESHOLD_": "100000"}

    assert fresh_bytes(keep=True, **said) == pytest.approx(fresh_bytes(keep=False, **said), rel=0.2)
    assert fresh_bytes(keep=True, **said) > 10 * BYTES


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
    zeros = sparse_zeros((1 << 14, 1 << 14), np.float32)

    assert resident() - before < zeros.nbytes / 100
    zeros[: 1 << 12] = 1
    assert resident() - before > zeros.nbytes / 5


def resident() -> int:
    """Return the bytes of this process that lie in memory now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()
