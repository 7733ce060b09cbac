"""The light that defects are rendered in: what photos tell of it, what is given, what is drawn."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from anomsynth.core.rng import stream
from anomsynth.core.types import Light, SampleKey, Surface
from anomsynth.synthesis.scanned import ScannedSurface
from anomsynth.synthesis.views import ViewedSurface

SURE_SIDE = 0.15  # agreement of two photos from which it tells the side of a light
SAME_DEG = 20  # angle below which two lights are one
MEASURED_LIGHT = 0.3  # confidence from which the photo's own light axis is used
ELEVATION_DEG = (30.0, 65.0)  # one photo does not tell the height of the light


def lit_surface(surface: Surface, seed: int, key: SampleKey) -> Surface:
    """Return a surface in the light that all samples of its photo are rendered in."""
    if isinstance(surface, ScannedSurface) and surface.shaded:
        return surface  # its picture was made in a light that is known
    if isinstance(surface, ViewedSurface):
        return _lit_views(surface, seed, key)
    return replace(surface, light=_draw_light(surface, seed, key))


def _lit_views(surface: ViewedSurface, seed: int, key: SampleKey) -> ViewedSurface:
    """Light each view as it was given, else as its photo tells, else from a side of its own.

    A photo tells the axis of its light, not the side; two photos tell whether the sides fit
    together. Where they do not tell it: nobody photographs a part twice in one light, so each view
    takes the side, or where it has no axis the place on a ring around the part, that is farthest
    from the lights that are known by then. All have one height where none is given.
    """
    photos = [surface, *(other.surface for other in surface.others)]
    sides = [0.0, *(other.side for other in surface.others)]
    given = [surface.given, *(other.given for other in surface.others)]
    lights = list(given)
    for nth, photo in enumerate(photos):
        if given[nth] is not None:
            continue
        own = _draw_light(photo, seed, key)
        told = own.confidence >= MEASURED_LIGHT
        turns = (0.0, 180.0) if told else tuple(360 * k / len(photos) for k in range(len(photos)))
        known = [light.azimuth_deg for light in lights if light is not None]
        best = max((own.azimuth_deg + turn for turn in turns), key=lambda one: _apart(one, known))
        if told and nth > 0 and surface.light.confidence >= MEASURED_LIGHT:
            best = _told_side(surface, photo, sides[nth], known, best)
        lights[nth] = replace(own, azimuth_deg=best)
    leading, *rest = (light for light in lights if light is not None)
    others = tuple(
        replace(other, surface=replace(other.surface, light=light))
        for other, light in zip(surface.others, rest, strict=True)
    )
    return replace(surface, light=leading, others=others)


def _told_side(
    first: Surface, photo: Surface, side: float, known: Sequence[float], guess: float
) -> float:
    """Return the azimuth of a view that fits the first one's, `guess` where photos do not tell.

    `known` begins with the first view's. A light that another view has already is no answer:
    colours look alike in every light.
    """
    turned = _apart(known[0], [first.light.azimuth_deg]) > 90
    azimuth = photo.light.azimuth_deg + (180 if turned != (side < 0) else 0)
    sure = abs(side) >= SURE_SIDE and _apart(azimuth, known) >= SAME_DEG
    return azimuth if sure else guess


def _apart(azimuth: float, known: Sequence[float]) -> float:
    """Return the smallest angle to lights that are known, whole degrees: ties go to the first."""
    return min((round(abs((azimuth - one + 180) % 360 - 180)) for one in known), default=0)


def _draw_light(surface: Surface, seed: int, key: SampleKey) -> Light:
    """Fix what one photo cannot tell, the same for all samples of the photo."""
    turn, lift = _drawn_light(seed, key.category, key.image)
    measured = surface.light
    if measured.confidence >= MEASURED_LIGHT:
        azimuth = measured.azimuth_deg + (180 if turn < 0.5 else 0)
    else:
        azimuth = 360 * turn
    low, high = ELEVATION_DEG
    return Light(azimuth, low + lift * (high - low), measured.confidence)


@lru_cache(maxsize=16)
def _drawn_light(seed: int, category: str, image: str) -> tuple[float, float]:
    rng = stream(seed, category, image, "light")
    return float(rng.random()), float(rng.random())
