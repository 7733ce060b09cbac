"""Larger or smaller defects: every length of a mechanism times one number."""

from pydantic import ValidationError

from anomsynth.core.component import Range
from anomsynth.core.roles import Generator

# Units of parameters that are lengths or areas, with the power of a length.
# What is "of radius" or "of length" is as large as the defect by itself.
POWERS = {
    "mm": 1,
    "of part size": 1,
    "of part length": 1,
    "of picture side": 1,
    "of part area": 2,
    "of picture area": 2,
}


def resized(generator: Generator, factor: float) -> Generator:
    """Return a mechanism whose defects are `factor` times as large in every direction.

    Lengths are multiplied by the factor, areas by its square; shares of the part end at 1. A length
    that the mechanism's own limits do not allow stays as it is.

    Parameters
    ----------
    generator : Generator
    factor : float, above 0

    Examples
    --------
    >>> from anomsynth.core.registry import generators
    >>> twice = resized(generators.build({"kind": "chip", "size": [0.1, 0.2]}), 2)
    >>> twice.model_dump()["size"]
    [0.2, 0.4]
    """
    if factor == 1:
        return generator
    found = generator
    for name, field in type(generator).model_fields.items():
        extra = field.json_schema_extra
        unit = extra.get("unit") if isinstance(extra, dict) else None
        power = POWERS.get(str(unit))
        value = getattr(generator, name)
        if power is None or not isinstance(value, Range | int | float):
            continue
        most = 1.0 if str(unit).startswith("of ") else float("inf")
        found = _with(found, name, value, factor**power, most)
    return found


def _with(
    generator: Generator, name: str, value: Range | float, factor: float, most: float
) -> Generator:
    """Return the mechanism with one parameter multiplied, itself if that is not allowed."""
    low, high = (value.low, value.high) if isinstance(value, Range) else (value, value)
    ends = [_limited(end * factor, most, end) for end in (low, high)]
    written = generator.model_dump(mode="json")
    written[name] = ends if isinstance(value, Range) else ends[0]
    try:
        return type(generator).model_validate(written)
    except ValidationError:
        return generator


def _limited(wanted: float, most: float, before: float) -> float:
    """Return what is wanted up to a limit that what was there does not pass."""
    return min(wanted, most) if before <= most else before
