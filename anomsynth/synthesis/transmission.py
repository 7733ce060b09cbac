"""Radiographs: the light of a picture that rays have drawn on their way through the part.

Parallel rays are weakened by the length of material they meet, ``I = I0 exp(-mu t)`` (Beer-Lambert
law); over a chord c of missing material they keep ``exp(mu c)`` more. Scattered radiation and the
size of the source are the photo's own: its noise and its sharpness are what the refiners match.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.layer import DefectLayer
from anomsynth.core.pixels import channel_mean, on_channels
from anomsynth.core.types import Float32, Surface
from anomsynth.recipe.models import Radiation

ALONG_RAY = ("volume_mm3", "deepest_mm", "highest_mm", "height_mm", "depth_mm")
LEAST_BACKDROP = 0.01  # share of the picture beside the part that tells the open beam
LOOKED_AT = 1 << 16  # pixels of it, about


@dataclass(frozen=True, slots=True)
class Rays:
    """How a picture's light answers to a millimeter of missing material.

    Attributes
    ----------
    slope : float
        Of its logarithm, per mm; below 0 on film.
    open_beam : float in [0, 1]
        Light where no material is in the way: nothing that is missing shows beyond it.
    """

    slope: float
    open_beam: float

    def through(self, light: Float32, chord: Float32, gain: float) -> Float32:
        """Return the light, (n, 1, C) linear, behind missing chords of ``gain * chord``, (n, 1)."""
        passed = np.exp(np.float32(self.slope * gain) * chord)
        seen = light * on_channels(passed, light.shape[2])
        beam = np.float32(self.open_beam)
        if self.slope > 0:
            return np.minimum(seen, np.maximum(light, beam)).astype(np.float32, copy=False)
        return np.maximum(seen, np.minimum(light, beam)).astype(np.float32, copy=False)


def measured_at(layer: DefectLayer, gain: float) -> Mapping[str, float]:
    """Return what was measured of a layer; of a radiograph's at the strength that it has there.

    A stronger defect of a radiograph is longer along the ray and as wide as it was.

    Parameters
    ----------
    layer : DefectLayer
    gain : float

    Returns
    -------
    mapping
        `layer.measured`. If there is a `chord`: lengths along the ray and volumes times `gain`, the
        others as they are, and ``chord_mm``, the longest chord, < 0 where something absorbs more.
    """
    if layer.chord is None:
        return layer.measured
    longest = float(layer.chord.ravel()[np.abs(layer.chord).argmax()])
    scaled = {
        name: value * gain if name in ALONG_RAY else value for name, value in layer.measured.items()
    }
    return {**scaled, "chord_mm": longest * gain}


def rays_of(surface: Surface, radiation: Radiation) -> Rays:
    """Return the rays of a radiograph, the light of the open beam as its recipe says.

    Where the part fills the picture that is the end of the scale, too.
    """
    slope = radiation.attenuation * radiation.response
    end = 1.0 if slope > 0 else 0.0
    if radiation.open_beam == "full":
        return Rays(slope, end)
    step = max(round((surface.foreground.size / LOOKED_AT) ** 0.5), 1)
    some = (slice(None, None, step), slice(None, None, step))
    beside = ~surface.foreground[some]
    if np.count_nonzero(beside) < LEAST_BACKDROP * beside.size:
        return Rays(slope, end)
    light = channel_mean(decode(np.ascontiguousarray(surface.pixels[some]), surface.encoding))
    return Rays(slope, float(np.median(light[beside])))
