"""What a part shows where its finish is wrong: bare metal, rust over metal, another coating."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import luminance
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import AGES, rust_colours
from anomsynth.surface.appearance import mean_light

Float64 = NDArray[np.float64]

SHADING_CELLS = 8  # light that changes over an eighth of the part or slower falls on it
SLOW = (0.4, 2.5)  # most that shading departs from the part's mean
FINE = (0.3, 2.5)  # and that a step, an edge or a shadow departs from the shading
LEAST_LIGHT = 2e-3
STEEL = np.array([1.05, 1.0, 0.88])  # hue of plain steel: L* 36, a* -4, b* 10 measured on plates
AGE_SCATTER = 0.12  # of rust over a part
LEAN_SHAPE, LEAN_SCALE, LEAST_LEAN = 2.0, 0.5, 0.05  # as for patches of rust
OXIDES = 8


@dataclass(frozen=True, slots=True)
class Mottle:
    """How two phases share an area: a level set of self-affine noise.

    Attributes
    ----------
    share : float in [0, 1]
        Of the area that shows the second phase.
    size_px : float
        Largest patches.
    hurst : float
        Roughness exponent; 0.17 on rusted plates, where crumbs of all sizes lie about.
    """

    share: float
    size_px: float
    hurst: float

    def second(self, shape: tuple[int, int], inside: Mask, rng: np.random.Generator) -> Float32:
        """Return the noise minus the level that the share asks for, > 0 in the second phase."""
        octaves = max(math.ceil(math.log2(max(self.size_px, 2.0))), 1)
        noise = value_noise(shape, self.size_px, rng, octaves=octaves, hurst=self.hurst)
        held = noise[inside]
        if held.size:
            noise -= np.float32(np.quantile(held, 1 - self.share))
        return noise


def illumination(surface: Surface, box: Box, reflectance: float, relief: float) -> Float32:
    """Return the light that falls on the part in a box, in units of what white sends back.

    The strongest channel of the part's mean colour is taken to reflect `reflectance` [1]_; slow
    shading is kept, finer light and shade to the power `relief`, so that steps, edges and cast
    shadows stay where the finish changes.

    Returns
    -------
    (h, w) float32

    References
    ----------
    .. [1] E. H. Land, "The retinex theory of color vision", Scientific American 237, 1977.
    """
    light = luminance(surface.linear(box))
    part = surface.foreground[box.slices].astype(np.float32)
    size = (min(SHADING_CELLS, box.shape[1]), min(SHADING_CELLS, box.shape[0]))
    mass = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(light * part, size, interpolation=cv2.INTER_AREA)
    mean = float(total.sum() / max(float(mass.sum()), 1e-6))
    cells = (total + 0.05 * mean) / (mass + 0.05)
    slow = cv2.resize(cells, box.shape[::-1], interpolation=cv2.INTER_LINEAR)
    fine = np.maximum(light, LEAST_LIGHT) / np.maximum(slow, LEAST_LIGHT)
    shade = np.clip(slow / max(mean, LEAST_LIGHT), *SLOW)
    shade = shade * np.clip(fine, *FINE) ** np.float32(relief)
    strongest = float(mean_light(surface, box).max())
    return np.asarray(shade * np.float32(max(strongest, LEAST_LIGHT) / reflectance), np.float32)


def steel(reflectance: float) -> Float64:
    """Return the colour of bare steel, (3,) linear albedo."""
    return reflectance * STEEL


def rust(
    shape: tuple[int, int], age: float, muddy: float, cell: float, rng: np.random.Generator
) -> Float32:
    """Return the colour of rust whose age varies from place to place, (h, w, 3) linear albedo."""
    lean = rng.gamma(LEAN_SHAPE, LEAN_SCALE, OXIDES) + LEAST_LEAN
    table = rust_colours(muddy, lean).astype(np.float32)
    slow = value_noise(shape, max(cell, 2.0), rng, octaves=4, hurst=0.5)
    ages = np.clip(np.float32(age) + np.float32(AGE_SCATTER) * slow, 0, 1)
    return table[np.rint(ages * (AGES - 1)).astype(np.intp)]


def as_seen(albedo: Float32, channels: int) -> Float32:
    """Return (..., 3) albedo as a photo of so many channels shows it, (..., channels)."""
    return albedo if channels == 3 else luminance(albedo)[..., None]
