"""Caps: drops, beads and splats that sit on a surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32
from anomsynth.fields.outlines import Mouths, mouth_coverage, mouth_field
from anomsynth.fields.regions import box_of_discs

Float64 = NDArray[np.float64]

NODES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Caps:
    """N caps; lengths in pixels.

    Attributes
    ----------
    centres : (N, 2) float64
        Image rows and columns.
    mouths : Mouths
        N outlines of the wetted area.
    contact : (N,) float64
        Contact angle, radians.
    flatness : float
        0: spherical caps. 1: puddles, level but for their rim.
    """

    centres: Float64
    mouths: Mouths
    contact: Float64
    flatness: float = 0.0

    def box(self, margin: float, shape: tuple[int, int]) -> Box:
        """Return the box of all caps with a margin, cut to an image of `shape`, never empty."""
        reach = np.array([self.mouths.reach(index) for index in range(len(self.centres))])
        return box_of_discs(self.centres, reach, margin, shape)


@dataclass(frozen=True, slots=True, eq=False)
class CapFields:
    """What the caps are on a box, (h, w) float32: share of the pixel, height in pixels."""

    coverage: Float32
    height: Float32


def cap_height(contact: float) -> float:
    """Return the height of a spherical cap over its base radius, ``tan(contact / 2)``."""
    return float(np.tan(contact / 2))


def cap_volume(radius: Float64, contact: Float64) -> Float64:
    """Return the volume of spherical caps, ``pi h (3 r**2 + h**2) / 6``."""
    height = radius * np.tan(contact / 2)
    return np.asarray(np.pi * height * (3 * radius**2 + height**2) / 6, dtype=np.float64)


def cap_profile(contact: float, flatness: float) -> Float64:
    """Tabulate a cap's height over its base radius at NODES even shares of the radius.

    A spherical cap ``sqrt(R**2 - q**2) - (R - h)`` with ``R = 1 / sin(contact)``; a puddle keeps
    the slope at its rim but is level inside.
    """
    q = np.linspace(0, 1, NODES)
    sphere = 1 / max(np.sin(min(contact, np.pi / 2)), 1e-3)
    top = cap_height(contact)
    cap = np.sqrt(np.maximum(sphere**2 - q**2, 0)) - (sphere - top)
    if contact > np.pi / 2:
        cap = top * np.sqrt(np.maximum(1 - q**2, 0))
    limit = top * (1 - 0.75 * flatness)
    return np.asarray(limit * np.tanh(cap / limit) / np.tanh(top / limit), dtype=np.float64)


def lay_caps(caps: Caps, box: Box) -> CapFields:
    """Evaluate the union of all caps on `box`, each on its own patch; the highest shows."""
    coverage = np.zeros(box.shape, dtype=np.float32)
    height = np.zeros(box.shape, dtype=np.float32)
    for index, centre in enumerate(caps.centres):
        reach = int(np.ceil(caps.mouths.reach(index))) + 2
        row, col = (int(part) for part in np.rint(centre))
        top, bottom = max(row - reach, box.top), min(row + reach + 1, box.bottom)
        left, right = max(col - reach, box.left), min(col + reach + 1, box.right)
        if bottom <= top or right <= left:
            continue
        down = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(centre[0])
        across = np.arange(left, right, dtype=np.float32)[None, :] - np.float32(centre[1])
        share, outside = mouth_field(caps.mouths, index, (down, across), rounded=True)
        cover = mouth_coverage(caps.mouths, index, outside, 0.0)
        radius = max(float(caps.mouths.radius[index]), 0.5)
        profile = (cap_profile(float(caps.contact[index]), caps.flatness) * radius).astype(
            np.float32
        )
        place = np.minimum(share, 1) * np.float32(NODES - 1.001)
        low = place.astype(np.int32)
        raised = profile[low] + (place - low.astype(np.float32)) * (profile[low + 1] - profile[low])
        window = (
            slice(top - box.top, bottom - box.top),
            slice(left - box.left, right - box.left),
        )
        np.maximum(coverage[window], cover, out=coverage[window])
        np.maximum(height[window], raised * (share < 1), out=height[window])
    return CapFields(coverage, height)


def slopes(height: Float32) -> tuple[Float32, Float32]:
    """Return the central differences of a relief along rows and columns; 0 on a single line."""
    down = np.gradient(height, axis=0) if height.shape[0] > 1 else np.zeros_like(height)
    right = np.gradient(height, axis=1) if height.shape[1] > 1 else np.zeros_like(height)
    return np.asarray(down, dtype=np.float32), np.asarray(right, dtype=np.float32)


def glint(
    slope: tuple[Float32, Float32], light: tuple[float, float, float], width: float
) -> Float32:
    """Return how squarely a glossy relief mirrors a lamp into the camera above, in [0, 1].

    ``exp(-(angle between normal and half vector)**2 / (2 width**2))``, for small angles.

    Parameters
    ----------
    slope : two (h, w) float32
        Along rows and columns.
    light : (row, col, up)
        Unit vector towards the lamp.
    width : float
        Radians: half the lamp's size as the surface sees it.
    """
    down, right, up = light
    # Normals are (-slope, 1); the half vector between lamp and camera is (down, right, 1 + up).
    miss_row = slope[0] + np.float32(down / (1 + up))
    miss_col = slope[1] + np.float32(right / (1 + up))
    miss = (miss_row * miss_row + miss_col * miss_col) * np.float32(1 / (2 * width * width))
    return np.asarray(np.exp(-miss), dtype=np.float32)


def merged(centres: Float64, volumes: Float64, contact: float) -> tuple[Float64, Float64]:
    """Let caps that overlap flow together until none do: volumes add at the centre of mass.

    Returns
    -------
    centres : (M, 2) float64
    radii : (M,) float64
        Base radii.
    """
    unit = float(cap_volume(np.ones(1), np.full(1, contact))[0])
    places, sizes = centres.copy(), volumes.astype(np.float64)
    for _ in range(64):
        radii = (sizes / unit) ** (1 / 3)
        order = np.argsort(-radii, kind="stable")
        places, sizes, radii = places[order], sizes[order], radii[order]
        taken = np.zeros(len(sizes), dtype=bool)
        for index in range(len(sizes)):
            if taken[index]:
                continue
            away = np.hypot(*(places[index + 1 :] - places[index]).T)
            near = np.flatnonzero(away < radii[index] + radii[index + 1 :]) + index + 1
            near = near[~taken[near]]
            if near.size == 0:
                continue
            group = np.concatenate([[index], near])
            mass = sizes[group]
            places[index] = (places[group] * mass[:, None]).sum(axis=0) / mass.sum()
            sizes[index] = mass.sum()
            taken[near] = True
        if not taken.any():
            return places, radii
        places, sizes = places[~taken], sizes[~taken]
    return places, (sizes / unit) ** (1 / 3)
