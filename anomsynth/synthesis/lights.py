"""The light that defects are rendered in: what photos tell of it, what is given, what is drawn."""

from dataclasses import replace
from functools import lru_cache

from anomsynth.core.rng import stream
from anomsynth.core.types import Light, SampleKey, Surface
from anomsynth.synthesis.scanned import ScannedSurface
from anomsynth.synthesis.views import ViewedSurface

MEASURED_LIGHT = 0.3  # confidence from which the photo's own light axis is used
ELEVATION_DEG = (30.0, 65.0)  # one photo does not tell the height of the light


def lit_surface(surface: Surface, seed: int, key: SampleKey) -> Surface:
    """Return a surface in the light that all samples of its photo are rendered in."""
    if isinstance(surface, ScannedSurface) and surface.shaded:
        return surface  # its picture was made in a light that is known
    if isinstance(surface, ViewedSurface):
        return surface  # lights of a rig are settled for all of its photos
    return replace(surface, light=_draw_light(surface, seed, key))


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
