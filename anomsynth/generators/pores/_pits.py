"""What a set of pits does to a surface: coverage, depth, darkness, a stained halo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32
from anomsynth.fields.facets import fine_facets
from anomsynth.fields.noise import value_noise
from anomsynth.fields.outlines import EDGE_PX, Mouths, mouth_coverage, mouth_field
from anomsynth.fields.regions import box_of_discs
from anomsynth.fields.relief import cavity, fade

HALO_REACH = 3.5  # decay lengths at which a halo has faded out
FACETS_PX = 8  # the walls' shape is the section's: facets longer than this would be another
WALL_SHADE = 0.3  # sky that the wall of a flat-bottomed pit takes from the floor at its foot


@dataclass(frozen=True, slots=True, eq=False)
class Pits:
    """Pits on one surface; lengths in pixels.

    Attributes
    ----------
    centres : (N, 2) float64
        Image rows and columns.
    mouths : Mouths
        N outlines.
    depth : (N,) float64
    exponent : (N,) float64
        Section ``1 - q**e``.
    albedo : (N,) float64
        Reflectance of the bottom relative to the surface, as the camera sees it.
    softness : float
        Width of the mouth's edge as a share of the radius; at least `EDGE_PX` is used.
    roughness : float
        Root-mean-square slope of the walls' facets.
    halo : float
        Optical depth of the stain at the rim.
    halo_width : float
        Decay length of the stain as a share of the radius.
    """

    centres: NDArray[np.float64]
    mouths: Mouths
    depth: NDArray[np.float64]
    exponent: NDArray[np.float64]
    albedo: NDArray[np.float64]
    softness: float = 0.1
    roughness: float = 0.0
    halo: float = 0.0
    halo_width: float = 0.7

    def reach(self, index: int) -> float:
        """Return how far from its centre a pit changes the surface, pixels."""
        radius = float(self.mouths.radius[index])
        edge = max(self.softness * radius, EDGE_PX) / 2
        stain = HALO_REACH * self.halo_width * radius if self.halo > 0 else 0.0
        return self.mouths.reach(index) + max(edge, stain) + 1

    def box(self, shape: tuple[int, int]) -> Box:
        """Return the box of all pits, cut to an image of `shape`, at least one pixel."""
        reach = np.array([self.reach(index) for index in range(len(self.centres))])
        return box_of_discs(self.centres, reach, 0.0, shape)


@dataclass(frozen=True, slots=True, eq=False)
class PitFields:
    """Arrays of a box, (h, w) float32; `height` in pixels, <= 0."""

    coverage: Float32
    albedo: Float32
    height: Float32
    openness: Float32
    absorbance: Float32 | None


def sink_pits(pits: Pits, box: Box, rng: np.random.Generator) -> PitFields:
    """Evaluate the union of all pits on `box`, each on its own small patch.

    Of the surface's texture nothing is left inside; the walls have facets of their own.
    """
    shape = box.shape
    coverage = np.zeros(shape, dtype=np.float32)
    albedo = np.full(shape, np.inf, dtype=np.float32)
    height = np.zeros(shape, dtype=np.float32)
    openness = np.ones(shape, dtype=np.float32)
    stain = np.zeros(shape, dtype=np.float32) if pits.halo > 0 else None
    for index in range(len(pits.centres)):
        patch = _patch(pits, index, box)
        if patch is None:
            continue
        rows, cols = patch.slices
        window = (
            slice(rows.start - box.top, rows.stop - box.top),
            slice(cols.start - box.left, cols.stop - box.left),
        )
        share, outside = mouth_field(pits.mouths, index, _offsets(pits, index, patch), rounded=True)
        radius = float(pits.mouths.radius[index])
        cover = mouth_coverage(pits.mouths, index, outside, pits.softness * radius)
        opening = _openness(share, radius, float(pits.depth[index]), float(pits.exponent[index]))
        deep = cavity(share, float(pits.exponent[index])) * np.float32(-pits.depth[index])
        tone = np.where(cover > 0, np.float32(pits.albedo[index]), np.float32(np.inf))
        np.maximum(coverage[window], cover, out=coverage[window])
        np.minimum(albedo[window], tone, out=albedo[window])
        # Where pits meet, the deeper one is what one looks into.
        np.copyto(
            openness[window], opening, where=(deep < height[window]) | (openness[window] == 1)
        )
        np.minimum(height[window], deep, out=height[window])
        if stain is not None:
            film = _film(outside, pits.halo_width * radius)
            np.maximum(stain[window], film, out=stain[window])
    albedo[~np.isfinite(albedo)] = 1.0
    if pits.roughness > 0:
        _roughen(height, pits.roughness, rng)
    if stain is not None:
        uneven = np.clip(1 + 0.5 * value_noise(shape, max(max(shape) / 6, 4.0), rng), 0, 2)
        stain = (stain * uneven * np.float32(pits.halo)).astype(np.float32, copy=False)
    return PitFields(coverage, albedo, height, openness, stain)


def _roughen(height: Float32, roughness: float, rng: np.random.Generator) -> None:
    """Give walls facets of an rms slope, in place; they begin where the wall does, or it frays."""
    rows, cols = np.nonzero(height < 0)
    deep = height[rows, cols]
    share = np.minimum(-deep, 1) * np.float32(roughness)
    height[rows, cols] = deep + share * fine_facets(rows, cols, FACETS_PX, rng)


def _patch(pits: Pits, index: int, box: Box) -> Box | None:
    row, col = pits.centres[index]
    reach = pits.reach(index)
    patch = Box(
        max(int(np.floor(row - reach)), box.top),
        max(int(np.floor(col - reach)), box.left),
        min(int(np.ceil(row + reach)) + 1, box.bottom),
        min(int(np.ceil(col + reach)) + 1, box.right),
    )
    return patch if patch.bottom > patch.top and patch.right > patch.left else None


def _offsets(pits: Pits, index: int, patch: Box) -> tuple[Float32, Float32]:
    row, col = pits.centres[index]
    down = np.arange(patch.top, patch.bottom, dtype=np.float64) - row
    right = np.arange(patch.left, patch.right, dtype=np.float64) - col
    return down.astype(np.float32)[:, None], right.astype(np.float32)[None, :]


def _openness(share: Float32, radius: float, depth: float, exponent: float) -> Float32:
    """Return the sky that each point sees: ``r**2 / (r**2 + d**2)`` at the bottom, 1 on the rim."""
    bottom = radius**2 / (radius**2 + depth**2)
    square = np.minimum(share, np.float32(1))
    square *= square
    flat = min(max((exponent - 2) / 4, 0.0), 1.0)  # 0 a bowl, 1 a flat floor with steep walls
    bowl = bottom + (1 - bottom) * square
    floor = bottom * (1 - WALL_SHADE * square * square * square)
    sky = (1 - flat) * bowl + flat * floor
    return np.where(share < 1, sky, np.float32(1)).astype(np.float32, copy=False)


def _film(outside: Float32, decay_px: float) -> Float32:
    """Return the thickness of corrosion product around a mouth, 1 at the rim and inside."""
    lengths = np.maximum(outside, 0) / np.float32(max(decay_px, 1e-3))
    return (np.exp(-lengths) * (1 - fade(lengths / HALO_REACH))).astype(np.float32)
