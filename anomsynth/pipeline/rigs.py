"""The lights of views: decided once a run for each category, as the lamps of a rig do not move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from anomsynth.core.color import decode
from anomsynth.core.evenly import evenly
from anomsynth.core.pixels import channel_mean
from anomsynth.core.rng import stream
from anomsynth.core.types import Light
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.analysis import load_unit, part_of_unit
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.units import Unit
from anomsynth.pipeline.views import prepared
from anomsynth.recipe.models import Recipe
from anomsynth.surface.rig import Moments, RigLights, rig_moments, solve_rig
from anomsynth.synthesis.lights import ELEVATION_DEG

PARTS = 9  # of a category that are looked at
SURE_DEG = 12.0  # standard error from which an azimuth is in doubt
TOLD_DEG = 30.0  # and from which it is none
MISFIT = 0.22  # from which the relief runs too much in one direction
UNFIT = "the photos do not fit one relief in several lights; texture may run in one direction"
UNTOLD = "its photos show no shading by which it could be told"
WRITTEN = ("azimuth_deg", "elevation_deg", "confidence")
FIRST = ""  # name of the first view among the lights of a unit


@dataclass(frozen=True, slots=True)
class ViewLight:
    """The light of a view, and where it is known from.

    Attributes
    ----------
    light : Light
        Its confidence is 1 if it is given, 0 if photos do not tell it.
    doubt : str
        Why somebody should say it; empty if it is given or surely measured.
    """

    light: Light
    doubt: str = ""


Rig = Mapping[str, ViewLight]  # by view


def find_rigs(
    categories: Mapping[str, Sequence[Unit]],
    recipes: Mapping[str, Recipe],
    options: RunOptions,
) -> dict[str, Rig]:
    """Return the lights of the views of each category: as given, else as its photos tell together.

    Parts are evenly spaced in the order of their names, so that the answer is the same for any
    number of jobs, any shard and any count. Photos that cannot be read are left out.

    Parameters
    ----------
    categories : dict of category -> all of its units, in order
    recipes : dict of category -> Recipe
    options : RunOptions
        Without views there are no rigs.
    """
    if not options.views:
        return {}
    found = {}
    for category, units in categories.items():
        moments: list[Moments] = []
        if len(options.lights) < len(options.views):
            moments = Parallel(n_jobs=options.jobs, prefer="threads")(
                delayed(_moments)(unit, recipes[category], options.reading)
                for unit in evenly(units, PARTS)
            )
        measured = solve_rig(moments)
        found[category] = _settled(measured, options, (recipes[category].seed, category))
    return found


def _moments(unit: Unit, recipe: Recipe, reading: Reading | None) -> Moments:
    try:
        loaded = prepared(load_unit(unit, reading, recipe), unit)
        part = part_of_unit(loaded, unit, recipe, needs_roi=False)
    except InputError:
        return np.empty((0, len(unit.views) + 1, len(unit.views) + 1, 3))  # the run says so itself
    photos = loaded.photo, *(view.photo for view in loaded.views.values())
    lights = [channel_mean(decode(photo.pixels, recipe.encoding)) for photo in photos]
    return rig_moments(lights, part)


def _settled(measured: RigLights | None, options: RunOptions, key: tuple[int, str]) -> Rig:
    """Return the light of each view; what nobody gives or tells is drawn, once for the rig.

    All have one height where none is given.
    """
    given = {one.view: one.light for one in options.lights}
    rng = stream(*key, FIRST, "light")
    turn, lift = float(rng.random()), float(rng.random())
    heights = sorted(light.elevation_deg for light in given.values())
    low, high = ELEVATION_DEG
    height = heights[len(heights) // 2] if heights else round(low + lift * (high - low), 1)
    rig = {name: ViewLight(light) for name, light in given.items()}
    if measured is not None:
        rig |= _told(measured, options.views, given, (turn, height))
    return _all_around(rig, options.views, (turn, height))


def _told(
    measured: RigLights,
    views: Sequence[str],
    given: Mapping[str, Light],
    drawn: tuple[float, float],
) -> Rig:
    """Return the lights that photos tell, of views of which none is given.

    Photos tell azimuths but for a turn of all by half a circle; a light that is given tells that,
    too.
    """
    turn, height = drawn
    doubts = dict(zip(views, _doubts(measured), strict=True))
    azimuths = dict(zip(views, measured.azimuths_deg, strict=True))
    errors = dict(zip(views, measured.errors_deg, strict=True))
    known = {name: doubt for name, doubt in doubts.items() if doubt is not None}
    off = [_apart(azimuths[name], given[name].azimuth_deg) - 90 for name in known if name in given]
    turned = sum(off) > 0 if off else turn < 0.5
    return {
        name: ViewLight(
            Light(
                float(round(azimuths[name] + 180 * turned) % 360),
                height,
                round(1 - errors[name] / TOLD_DEG, 2),
            ),
            doubt,
        )
        for name, doubt in known.items()
        if name not in given
    }


def _all_around(rig: Rig, views: Sequence[str], drawn: tuple[float, float]) -> Rig:
    """Return the lights of all views: those that nothing tells stand around, far from others."""
    turn, height = drawn
    found = dict(rig)
    start = 0.0 if rig else 360 * turn
    ring = [round(start + 360 * nth / len(views)) % 360 for nth in range(len(views))]
    for name in views:
        if name not in found:
            taken = [one.light.azimuth_deg for one in found.values()]
            azimuth = max(ring, key=lambda one: min((_apart(one, at) for at in taken), default=0))
            found[name] = ViewLight(Light(float(azimuth), height, 0.0), UNTOLD)
    return {name: found[name] for name in views}


def _doubts(measured: RigLights) -> list[str | None]:
    """Return what speaks against each azimuth, None if it tells nothing at all."""
    found: list[str | None] = []
    for error in measured.errors_deg:
        if error > TOLD_DEG:
            found.append(None)
        elif measured.misfit > MISFIT:
            found.append(UNFIT)
        else:
            found.append(f"off by {error:.0f} degrees or more" if error > SURE_DEG else "")
    told = sum(doubt is not None for doubt in found)
    return found if told > 1 else [None] * len(found)  # sides are told against each other


def _apart(one: float, other: float) -> int:
    """Return the angle between two azimuths, whole degrees: ties go to the first."""
    return round(abs((one - other + 180) % 360 - 180))


def unit_lights(rig: Rig) -> tuple[tuple[str, Light], ...]:
    """Return lights by view as a unit has them: `FIRST` is the first one."""
    return tuple((name if nth else FIRST, one.light) for nth, (name, one) in enumerate(rig.items()))


def recorded_rigs(rigs: Mapping[str, Rig]) -> dict[str, object]:
    """Return lights as plain JSON values."""
    return {
        category: {
            name: {
                **{what: getattr(one.light, what) for what in WRITTEN},
                **({"doubt": one.doubt} if one.doubt else {}),
            }
            for name, one in rig.items()
        }
        for category, rig in rigs.items()
    }


def read_rigs(record: Mapping[str, object]) -> dict[str, Rig]:
    """Return the lights that run.json recorded; none of runs without views.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    stored = record.get("lights", {})
    try:
        return {
            str(category): {
                str(name): ViewLight(
                    Light(*(float(one[what]) for what in WRITTEN)), str(one.get("doubt", ""))
                )
                for name, one in dict(rig).items()
            }
            for category, rig in dict(stored).items()  # type: ignore[call-overload]  # see except
        }
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise OutputError("damaged record: lights", hint="make the dataset again") from error


def moved_rigs(stored: Mapping[str, Rig], rigs: Mapping[str, Rig]) -> frozenset[str]:
    """Return the categories whose lights are others than a record says."""
    return frozenset(
        category
        for category in stored.keys() | rigs.keys()
        if unit_lights(stored.get(category, {})) != unit_lights(rigs.get(category, {}))
    )
