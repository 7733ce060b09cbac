"""Freed memory is used again, and running out of it is told from bugs."""

import os
import pickle
import platform
import subprocess
import sys

import cv2
import numpy as np
import pytest

from anomsynth.core.heap import memory_ran_out

FAULTS = """
import resource
import numpy as np
from anomsynth.core.heap import keep_freed_memory

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


def test_a_lack_of_memory_is_told_from_other_errors() -> None:
    too_large = 1 << 48  # bytes: more than addresses
    with pytest.raises(MemoryError) as of_numpy:
        np.zeros(too_large, dtype=np.uint8)
    with pytest.raises(cv2.error) as of_opencv:
        cv2.resize(np.zeros((1, 1), np.float64), (1 << 25, 1 << 25))

    assert memory_ran_out(of_numpy.value)
    assert memory_ran_out(of_opencv.value)
    assert memory_ran_out(pickle.loads(pickle.dumps(of_opencv.value)))  # as of a worker
    assert not memory_ran_out(ValueError("memory"))
