"""Lights of the views of a part, as the user gives them."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from anomsynth.core.plain_file import read_text
from anomsynth.core.types import Light
from anomsynth.errors import InputError, UserError

ANGLES = ("azimuth_deg", "elevation_deg")
LIGHTS_HINT = 'such as {"L0": {"azimuth_deg": 0, "elevation_deg": 45}, "L1": ...}'


class GivenLight(NamedTuple):
    """The light of a view as the user gives it.

    Attributes
    ----------
    view : str
    azimuth_deg : float
        Direction from which it comes, 0 from the right, 90 from the top of the picture.
    elevation_deg : float in (0, 90]
        Height above the surface.
    """

    view: str
    azimuth_deg: float
    elevation_deg: float

    @property
    def light(self) -> Light:
        """The light itself, of which nothing is in doubt."""
        return Light(self.azimuth_deg, self.elevation_deg, 1.0)


def read_lights(path: Path, views: Sequence[str]) -> tuple[GivenLight, ...]:
    """Read a file of lights; InputError if it is none, or knows other views."""
    try:
        written = json.loads(read_text(path, "utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}", hint=LIGHTS_HINT) from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}", hint=LIGHTS_HINT) from error
    try:
        return given_lights(written, views)
    except UserError as error:
        reason = str(error).removeprefix("`lights`: ")
        raise InputError(f"{path}: {reason}", hint=error.hint) from error


def given_lights(written: object, views: Sequence[str]) -> tuple[GivenLight, ...]:
    """Return lights by view, in the order of the views.

    Parameters
    ----------
    written : mapping of view name -> azimuth_deg and elevation_deg
    views : names

    Raises
    ------
    UserError
        If it is something else, names a view that is none, or an angle is missing or impossible.
    """
    if not isinstance(written, Mapping):
        raise UserError(f"`lights`: expected a table of views, got {written!r}", hint=LIGHTS_HINT)
    unknown = [str(name) for name in written if name not in views]
    if unknown:
        msg = f"`lights`: no view {unknown[0]!r}"
        raise UserError(msg, hint=f"views: {', '.join(views)}")
    return tuple(_light(view, written[view]) for view in views if view in written)


def _light(view: str, written: object) -> GivenLight:
    if not isinstance(written, Mapping) or set(written) != set(ANGLES):
        msg = f"`lights`: {view}: expected {' and '.join(ANGLES)}, got {written!r}"
        raise UserError(msg, hint=LIGHTS_HINT)
    azimuth, elevation = (written[name] for name in ANGLES)
    for name, value in zip(ANGLES, (azimuth, elevation), strict=True):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise UserError(f"`lights`: {view}: {name}: expected a number, got {value!r}")
    if not 0 < elevation <= 90:
        msg = f"`lights`: {view}: elevation_deg: must lie above 0 and up to 90, got {elevation:g}"
        raise UserError(msg)
    return GivenLight(view, float(azimuth) % 360, float(elevation))
