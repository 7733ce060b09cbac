"""Cache keys: what is found once in a photo serves all its samples."""

import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import TypeVar

import numpy as np

from anomsynth.core.types import Mask, Pixels, Surface


@dataclass(frozen=True, slots=True, eq=False)
class ByIdentity:
    """Base of cache keys whose fields are known by identity.

    Arrays of a `Surface` are read-only, so what was found in one holds as long as it is the same
    object; to compare or hash its values would cost more than most findings.
    """

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.held())))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            mine is its for mine, its in zip(self.held(), other.held(), strict=True)
        )

    def held(self) -> tuple[object, ...]:
        """Return the values of all fields."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True, eq=False)
class Part(ByIdentity):
    """Cache key of what follows from the part's outline alone; (H, W) bool."""

    foreground: Mask


@dataclass(frozen=True, slots=True, eq=False)
class PartInPhoto(ByIdentity):
    """Cache key of what follows from the photo and from where the part is on it."""

    pixels: Pixels
    foreground: Mask
    encoding: str

    @classmethod
    def of(cls, surface: Surface) -> "PartInPhoto":
        """Return the key of a surface."""
        return cls(surface.pixels, surface.foreground, surface.encoding)


Key = TypeVar("Key", bound=ByIdentity)
Found = TypeVar("Found")


def found_once(most: int = 1) -> Callable[[Callable[[Key], Found]], Callable[[Key], Found]]:
    """Remember what a function found for the last few keys, while the arrays of these live.

    Several samples are made of each photo, one after another; no photo is kept alive for that.
    """

    def remembering(find: Callable[[Key], Found]) -> Callable[[Key], Found]:
        known: deque[tuple[tuple[Callable[[], object], ...], Found]] = deque(maxlen=most)

        @wraps(find)
        def found(key: Key) -> Found:
            values = key.held()
            for refs, answer in tuple(known):
                if all(ref() is value for ref, value in zip(refs, values, strict=True)):
                    return answer
            answer = find(key)
            known.append((tuple(map(_weak, values)), answer))
            return answer

        return found

    return remembering


def _weak(value: object) -> Callable[[], object]:
    return weakref.ref(value) if isinstance(value, np.ndarray) else lambda: value
