"""Cache keys: what is found once in a photo serves all its samples."""

from dataclasses import dataclass, fields

from anomsynth.core.types import Mask


@dataclass(frozen=True, slots=True, eq=False)
class ByIdentity:
    """Base of cache keys whose fields are known by identity.

    Arrays of a `Surface` are read-only, so what was found in one holds as long as it is the same
    object; to compare or hash its values would cost more than most findings.
    """

    def __hash__(self) -> int:
        return hash(tuple(map(id, self._held())))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and all(
            mine is its for mine, its in zip(self._held(), other._held(), strict=True)
        )

    def _held(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True, eq=False)
class Part(ByIdentity):
    """Cache key of what follows from the part's outline alone; (H, W) bool."""

    foreground: Mask
