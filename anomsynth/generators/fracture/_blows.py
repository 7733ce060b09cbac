"""What a blow leaves on ductile matter: an indentation with a raised rim, and a struck face."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm
from anomsynth.fields.outlines import Mouths, harmonic_rims, joined_rims, mouth_field, squared_rims
from anomsynth.fields.regions import box_around
from anomsynth.fields.relief import DENT_REACH, Dent, dent_profile, sampled

CELLS = 320
RIM_HURST = 1.1  # of the tool's outline: flow rounds what is finer
SQUARE = 2.0, 4.5  # exponents of the tool's outline: round to blocky
EDGE = 0.15  # radii over which the struck face ends
FACE_HURST = 0.6
FACE_UNEVEN = 0.35  # of the face's tone


@dataclass(frozen=True, slots=True)
class Strike:
    """A blow: radius (pixels), depth over it, outline, obliqueness and what it does to the face.

    Attributes
    ----------
    radius : float
        Of the indentation at the level of the surface, pixels.
    slope : float
        Depth over the radius.
    aspect, irregularity : float
        Of the tool's outline.
    hardening : float
        Exponent n of the stress-strain law.
    oblique : float in [0, 1]
        How much more piles up, and how much deeper it is, on the side the blow went to.
    scuff : float in [0, 1]
        Gloss and texture that the face loses.
    dark : float
        Optical depth by which the face is darker, below 0 brighter.
    """

    radius: float
    slope: float
    aspect: float
    irregularity: float
    hardening: float
    oblique: float
    scuff: float
    dark: float


@dataclass(frozen=True, slots=True, eq=False)
class Struck:
    """An indentation on a box, (h, w): height in pixels, change of roughness, optical depth."""

    box: Box
    support: Mask
    height: Float32
    roughness: Float32
    absorbance: Float32
    balance: float


def strike(
    surface: Surface, site: tuple[int, int], blow: Strike, rng: np.random.Generator
) -> Struck:
    """Indent a surface at a site; the displaced volume piles up around it.

    Parameters
    ----------
    surface : Surface
    site : (int, int)
        Row and column.
    blow : Strike
    rng : Generator
    """
    square = squared_rims(rng.uniform(*SQUARE, 1))
    rough = harmonic_rims(1, blow.irregularity, RIM_HURST, rng)
    turn, lean = (2 * math.pi * float(part) for part in rng.random(2))
    mouths = Mouths(
        radius=np.array([blow.radius]),
        aspect=np.array([blow.aspect]),
        angle=np.array([turn]),
        relative=joined_rims(rough, square),
    )
    reach = DENT_REACH * mouths.reach(0) + 2
    grid = Grid.over(box_around(np.array([site], np.float64), reach, surface.shape), CELLS)
    down, right = grid.offsets(*site)
    share, _ = mouth_field(mouths, 0, (down, right), rounded=True)
    shape = Dent(depth=blow.slope, hardening=blow.hardening, balanced=True)
    height = sampled(dent_profile(shape), share) * np.float32(blow.radius)
    balance = float(height.sum(dtype=np.float64))
    cap = float(np.abs(height[share < 1]).sum(dtype=np.float64))
    way = np.float32(math.sin(lean)) * down + np.float32(math.cos(lean)) * right
    way /= np.maximum(np.hypot(down, right), np.float32(1e-3))
    # Odd about the middle: what one side has more the other has less.
    height *= 1 + np.float32(blow.oblique) * way * np.minimum(share, 1)
    face = np.clip((1 - share) * np.float32(1 / EDGE), 0, 1)
    uneven = 1 + np.float32(FACE_UNEVEN) * fbm(grid.shape, FACE_HURST, rng)
    support = grid.refine(share) < DENT_REACH
    return Struck(
        box=grid.box,
        support=support,
        height=grid.refine(height.astype(np.float32), smooth=True) * support,
        roughness=grid.refine(np.float32(blow.scuff) * face) * support,
        absorbance=grid.refine((np.float32(blow.dark) * face * uneven).astype(np.float32))
        * support,
        balance=balance / max(cap, 1e-9),
    )
