"""What was found in a photo is kept for that photo and no other."""

import gc
import weakref
from dataclasses import dataclass, replace

import numpy as np

from anomsynth.core.types import Light
from anomsynth.surface.behind import background_of
from anomsynth.surface.identity import ByIdentity, found_once
from anomsynth.testing import make_surface


@dataclass(frozen=True, slots=True, eq=False)
class Key(ByIdentity):
    array: np.ndarray
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Other(ByIdentity):
    array: np.ndarray
    name: str


def test_keys_are_equal_where_they_hold_the_same_objects() -> None:
    array = np.zeros(3)

    assert Key(array, "a") == Key(array, "a")
    assert hash(Key(array, "a")) == hash(Key(array, "a"))
    assert Key(array, "a") != Key(array.copy(), "a")
    assert Key(array, "a") != Key(array, "b")
    assert Key(array, "a") != Other(array, "a")


def test_a_backdrop_is_found_once_a_photo_whatever_the_light() -> None:
    surface = make_surface(border=20)
    lit = replace(surface, light=Light(10.0, 40.0, 1.0))
    other = replace(surface, pixels=255 - surface.pixels)

    first = background_of(surface)

    assert first is not None
    assert background_of(lit) is first
    assert background_of(other) is not first


def test_what_was_found_is_remembered_for_the_last_keys_and_keeps_no_array_alive() -> None:
    asked = []

    @found_once(2)
    def find(key: Key) -> str:
        asked.append(key.name)
        return f"of {key.name}"

    first, second, third = (np.zeros(3) for _ in range(3))
    for array, name in ((first, "a"), (second, "b"), (first, "a"), (second, "b")):
        assert find(Key(array, name)) == f"of {name}"
    assert asked == ["a", "b"]
    find(Key(first, "b"))
    find(Key(third, "c"))
    find(Key(first, "a"))
    assert asked == ["a", "b", "b", "c", "a"]

    gone = weakref.ref(third)
    del third, array
    gc.collect()
    assert gone() is None
