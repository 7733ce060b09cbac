"""Manifest lines survive a crash, hashes see every pixel, supports come back whole."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomsynth.core.sample import Instance
from anomsynth.core.types import Box
from anomsynth.dataset.manifest import (
    array_hash,
    pack_support,
    read_lines,
    read_placed_lines,
    to_json,
    unpack_support,
)
from anomsynth.errors import OutputError

INSTANCE = Instance(
    kind="pitting",
    box=Box(0, 0, 1, 1),
    support_box=Box(0, 0, 1, 1),
    support=np.ones((1, 1), bool),
    target=3.0,
    visibility=3.0,
    gain=1.0,
    area_px=1,
    closing_px=0,
    parameters={},
    measured={},
    residuals={},
)


def test_lines_are_plain_sorted_json() -> None:
    line = to_json({"b": np.float32(0.1), "a": (1, np.int64(2)), "ä": float("nan"), "c": 1 / 3})

    assert line == '{"a":[1,2],"b":0.1,"c":0.333333,"ä":null}'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_rounded_once(value) -> None:
    once = to_json({"x": value})

    assert to_json(json.loads(once)) == once
    assert json.loads(once)["x"] == pytest.approx(value, rel=1e-5)


def test_a_torn_last_line_is_left_out(tmp_path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes('{"a":"ä"}\n{"b":2}\n{"c":'.encode())

    assert list(read_lines(path)) == [{"a": "ä"}, {"b": 2}]
    assert [place for place, _ in read_placed_lines(path)] == [range(11), range(11, 19)]


def test_a_damaged_line_before_the_last_is_named(tmp_path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"a":1}\n{"b":\n{"c":3}\n')

    with pytest.raises(OutputError, match=r"m\.jsonl: line 2 is not JSON"):
        list(read_lines(path))


def test_the_hash_sees_type_shape_and_values() -> None:
    array = np.arange(6, dtype=np.uint16).reshape(2, 3)
    other = array.copy()
    other[1, 2] += 1

    different = {
        array_hash(item) for item in (array, other, array.T, array.reshape(3, 2), array.view("u1"))
    }

    assert len(different) == 5
    assert array_hash(array) == array_hash(np.asfortranarray(array))
    assert array_hash(array) == array_hash(array.astype(">u2"))


@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_supports_come_back_whole(support) -> None:
    box = Box(-3, 4, support.shape[0] - 3, support.shape[1] + 4)
    packed = pack_support(replace(INSTANCE, support_box=box, support=support))

    found, unpacked = unpack_support(json.loads(to_json(packed)))

    assert found == box
    assert np.array_equal(unpacked, support)


@pytest.mark.parametrize(
    "damage", [{"bits": "%"}, {"bits": "AAAA"}, {"box": [1, 2]}, {"box": None}]
)
def test_a_damaged_support_is_an_error(damage) -> None:
    with pytest.raises(OutputError, match="damaged record"):
        unpack_support({**pack_support(INSTANCE), **damage})
