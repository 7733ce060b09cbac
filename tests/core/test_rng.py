"""Streams depend on their key and on nothing else."""

import hashlib
import subprocess
import sys

import numpy as np
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


@given(seed=st.integers(0, 2**140), key=KEYS)
def test_stream_is_seeded_by_the_hash_of_its_key(seed, key) -> None:
    texts = [f"s{part}" if isinstance(part, str) else f"i{part}" for part in key]
    payload = b"".join(len(t.encode()).to_bytes(4, "little") + t.encode() for t in texts)
    words = np.frombuffer(hashlib.sha256(payload).digest(), dtype="<u4")
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(words.tolist()))

    assert stream(seed, *key).random() == np.random.default_rng(sequence).random()
