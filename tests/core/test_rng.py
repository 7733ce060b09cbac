"""Streams depend on their key and on nothing else."""

import subprocess
import sys

from hypothesis import assume, given
from hypothesis import strategies as st

from anomsynth.core.rng import stream

KEYS = st.lists(st.text(max_size=5) | st.integers(), min_size=1, max_size=3)


@given(seed=st.integers(0, 2**63), left=KEYS, right=KEYS)
def test_different_keys_give_different_streams(seed, left, right) -> None:
    assume(left != right)

    assert stream(seed, *left).integers(2**63) != stream(seed, *right).integers(2**63)


def test_text_and_number_are_different_keys() -> None:
    assert stream(0, "1").random() != stream(0, 1).random()


def test_stream_survives_a_new_process_with_another_hash_seed() -> None:
    code = "from anomsynth.core.rng import stream; print(stream(5, 'a', 2).random())"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }

    assert runs == {f"{stream(5, 'a', 2).random()}\n"}
