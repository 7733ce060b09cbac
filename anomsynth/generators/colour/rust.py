"""Rust: patches of iron oxide on steel, with the film around them and the streaks below."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeBounds,
    NonNegativeRange,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import (
    AGES,
    OXIDES,
    film_depth,
    relative_albedo,
    rust_colours,
    seen_depth,
)
from anomsynth.generators.colour._blobs import Blob, blob_share, trimmed
from anomsynth.generators.colour._rusting import band_noise, coarsen, run_off
from anomsynth.surface.appearance import mean_light
from anomsynth.surface.sites import pick_site

CELLS = 160  # grid of the patches
REACH = 1.7  # radii beyond which no patch nucleates
FILM = 0.35  # film of thin oxide beside the patches, in units of a film as dense as its pigment
GRAIN_SLOPE = 1.3  # rms slope of unit lattice noise times its cell
FAINT = 0.01
LEAST_PHASE = 0.5
IRREGULARITY, RAGGED = 0.2, 0.12  # radii: the region's outline; patches have their own
FINER = 0.6  # of the noise that patches are cut from: crumbs on top of one wavelength
AGEING = 0.3  # age by which thick places are ahead of thin ones
OUTLETS = 1.8  # log water; it runs off at few places
STREAK_SPREAD = 0.004, 0.03  # D / v of the water that draws streaks, cells
# Weights of the oxides in this rust: gamma distributed about 1, so that some lead, none is missing.
LEAN_SHAPE, LEAN_SCALE, LEAST_LEAN = 2.0, 0.5, 0.05


class Rust(Generator):
    """Patches of mixed iron oxides whose colour follows their age.

    Patches are level sets of band-limited noise [1]_ that round off by curvature [2]_, densest in
    the middle of the region. Their colour mixes the oxides that lead at their age by
    Kubelka-Munk [3]_: fresh rust is orange, old and thick rust brown to black. Beside them lies a
    thin yellow film; water draws streaks from the patches, carried along, spread by diffusion and
    laid down as it goes. In a grey photo the same materials show by their luminance.

    References
    ----------
    .. [1] J. W. Cahn, Journal of Chemical Physics 42, 1965.
    .. [2] S. M. Allen, J. W. Cahn, Acta Metallurgica 27, 1979.
    .. [3] V. Barron, J. Torrent, Journal of Soil Science 37, 1986.
    """

    law: ClassVar[str] = (
        "K/S = sum c_i (K/S)_i; c_t = lap c + c - c^3; v c_y = D c_xx - lambda c + S"
    )
    source: ClassVar[str] = "Kubelka & Munk 1931; Barron & Torrent 1986; Allen & Cahn 1979"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("width", "radius", 2),)
    has_relief: ClassVar[bool] = True

    kind: Literal["rust"] = "rust"
    radius: ShareRange = parameter(
        (0.025, 0.28), "of part size", "radius of the rusty region", was="region"
    )
    aspect: SizeRange = parameter((1.0, 3.0), "ratio", "length over width of the region")
    lobes: Count = parameter((1, 3), "count", "patches that join to the region")
    cover: UnitRange = parameter((0.25, 0.95), "share", "how much of its middle is covered")
    patch_spacing_mm: SizeRange = parameter(
        (0.6, 6.0), "mm", "wavelength of the patches", was="patch_mm"
    )
    patch_scatter: SizeRange = parameter(
        (0.35, 0.9), "relative", "how much the patches' sizes differ", was="band"
    )
    coarsening: NonNegativeRange = parameter(
        (0.0, 4.0), "relative", "time for which patches have rounded off"
    )
    grain_size_mm: SizeRange = parameter((0.08, 0.5), "mm", "grain of the rust", was="grain_mm")
    grain_contrast: NonNegative = parameter(0.16, "relative", "how much its grains differ in tone")
    ragged: UnitRange = parameter((0.15, 0.6), "relative", "how grainy the edges are")
    age: UnitRange = parameter((0.05, 0.85), "relative", "0 fresh and orange, 1 old and dark")
    age_scatter: NonNegative = parameter(
        0.09, "relative", "how much the age differs from place to place"
    )
    muddy: SizeRange = parameter((0.07, 0.25), "relative", "span of ages whose oxides mix")
    film: UnitRange = parameter((0.1, 0.8), "relative", "thin oxide beside the patches")
    streak_probability: UnitRange = parameter(
        0.45, "probability", "that water drew streaks", was="streaks"
    )
    streak_length: ShareRange = parameter(
        (0.05, 0.5), "of part size", "length of the streaks", was="streak_share"
    )
    streak_strength: NonNegativeBounds = parameter(
        (0.4, 1.2), "relative", "thin oxide in the streaks"
    )
    flow_deg: SignedRange = parameter(
        (-12, 12), "degrees", "their direction, from down to the right"
    )
    thickness: SizeRange = parameter(
        (0.6, 8.0), "relative", "1 lets the metal shine through, 8 is opaque"
    )
    roughness: SizeRange = parameter((0.03, 0.15), "rms slope", "relief of the crust")
    reflectance: SizeRange = parameter((0.35, 0.6), "share", "albedo of the clean metal")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Rust one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        streaked = rng.random() < drawn.streak_probability
        site = pick_site(surface, rng)
        radius = max(drawn.radius * surface.part_size_px, 2.0)
        blob = Blob(
            centre=site,
            radius=radius,
            aspect=drawn.aspect,
            angle=rng.uniform(0, np.pi),
            lobes=int(drawn.lobes),
            irregularity=IRREGULARITY,
            ragged=RAGGED,
        )
        flow = np.deg2rad(drawn.flow_deg)
        length = drawn.streak_length * surface.part_size_px if streaked else 0.0
        box = _drawn_out(blob.box(REACH, surface.shape), length, flow, surface.shape)
        grid = Grid.over(box, CELLS)
        patches = _grow(blob, grid, surface, drawn, rng)
        film = _film(patches.film, length / grid.step, drawn, rng)
        grid, cells = trimmed(
            grid, (film * FILM > FAINT) | (patches.thickness > -2.2 * drawn.ragged)
        )
        patches = _Patches(patches.thickness[cells], patches.age[cells], patches.film[cells])
        film = np.ascontiguousarray(film[cells])
        return _layer(_Crust(grid, patches, film), surface, drawn, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _Patches:
    """Fields on the grid: thickness about 0 at the edge of the rust, its age, bare film."""

    thickness: Float32
    age: Float32
    film: Float32


@dataclass(frozen=True, slots=True, eq=False)
class _Crust:
    grid: Grid
    patches: _Patches
    film: Float32


def _drawn_out(box: Box, length: float, flow: float, shape: tuple[int, int]) -> Box:
    """Return the box with room for streaks, cut to the picture."""
    down, right = length * np.cos(flow), length * np.sin(flow)
    return Box(
        int(max(box.top + min(down, 0), 0)),
        int(max(box.left + min(right, 0), 0)),
        int(min(box.bottom + max(down, 0), shape[0])),
        int(min(box.right + max(right, 0), shape[1])),
    )


def _grow(
    blob: Blob, grid: Grid, surface: Surface, drawn: Rust, rng: np.random.Generator
) -> _Patches:
    share = blob_share(blob, grid, rng)
    wavelength = min(drawn.patch_spacing_mm / surface.mm_per_px, 1.2 * blob.radius) / grid.step
    noise = band_noise(grid.shape, max(wavelength, 3.0), drawn.patch_scatter, rng)
    noise += np.float32(FINER) * value_noise(grid.shape, max(0.4 * wavelength, 2.0), rng, octaves=3)
    # Less and less of the level set survives towards the outline of the region.
    middle = NormalDist().inv_cdf(min(max(drawn.cover, 0.02), 0.98))
    level = np.float32(middle) - np.float32(middle + 2.2) * np.minimum(share, 2) ** 2.5
    phase = np.tanh(np.float32(1.3) * (noise + level)).astype(np.float32)
    phase = coarsen(phase, drawn.coarsening)
    phase -= np.float32(2) * np.clip(share - 1.25, 0, 1)
    # There is rust at all: a region that fell between the patches gets its thickest place.
    phase += np.float32(max(LEAST_PHASE - float(phase.max()), 0))
    thick = cv2.GaussianBlur(np.maximum(phase, 0), (0, 0), max(0.12 * wavelength, 1.0))
    slow = value_noise(grid.shape, max(0.8 * wavelength, 3.0), rng, octaves=3, hurst=0.5)
    age = np.float32(drawn.age) + np.float32(AGEING) * (thick - np.float32(0.4))
    age += np.float32(drawn.age_scatter) * slow
    # The film follows the patches at the distance that oxide spreads in a drop.
    film = cv2.GaussianBlur((phase > 0).astype(np.float32), (0, 0), max(0.35 * wavelength, 1.2))
    return _Patches(phase, np.asarray(age, np.float32), np.asarray(film, np.float32))


def _film(film: Float32, length: float, drawn: Rust, rng: np.random.Generator) -> Float32:
    """Return the thickness of thin oxide: around the patches, and in streaks of `length` cells."""
    thin = np.float32(drawn.film) * film
    if length <= 0:
        return thin
    flow = np.deg2rad(drawn.flow_deg)
    turns = round(flow / (np.pi / 2))
    lean = float(np.tan(flow - turns * np.pi / 2))
    bed = np.rot90(film, -turns)
    # One-dimensional noise with strong peaks picks where water runs off.
    outlets = np.exp(OUTLETS * value_noise((1, bed.shape[1]), 2.2, rng, octaves=2))
    spread = float(rng.uniform(*STREAK_SPREAD))
    decay = max(0.4 * length, 1.0)
    plume = run_off(np.ascontiguousarray(bed * outlets), spread, decay, lean)
    top = float(np.percentile(plume, 99.5))
    if top > 0:
        plume = np.minimum(plume / np.float32(top), 1) * np.float32(drawn.streak_strength.draw(rng))
        thin = thin + np.rot90(plume, turns)
    return np.ascontiguousarray(thin, dtype=np.float32)


def _layer(crust: _Crust, surface: Surface, drawn: Rust, rng: np.random.Generator) -> DefectLayer:
    grid, box = crust.grid, crust.grid.box
    cell = max(drawn.grain_size_mm / surface.mm_per_px, 1.6)
    grain = value_noise(box.shape, cell, rng, octaves=2 if cell > 4 else 1)
    coverage = grid.refine(crust.patches.thickness)
    coverage += np.float32(drawn.ragged) * grain
    np.maximum(coverage, 0, out=coverage)
    coverage *= np.float32(-drawn.thickness)
    np.subtract(1, np.exp(coverage), out=coverage)

    lean = rng.gamma(LEAN_SHAPE, LEAN_SCALE, len(OXIDES)) + LEAST_LEAN
    colours = rust_colours(drawn.muddy, lean)
    light = mean_light(surface, box)
    table = relative_albedo(colours, light, drawn.reflectance)
    place = np.clip(crust.patches.age, 0, 1) * (AGES - 1)
    albedo = grid.refine(table[np.rint(place).astype(np.intp)])
    shade = 1 + np.float32(drawn.grain_contrast) * np.clip(grain, -3, 3)
    albedo *= shade if albedo.ndim == 2 else shade[..., None]

    # Thin oxide is yellow, whatever the crust has aged to.
    pigment = film_depth(np.array(OXIDES["goethite, coarse"]))
    tone = seen_depth(pigment, surface.channels)
    thin = grid.refine(crust.film)
    thin *= np.float32(FILM)
    support = (coverage > FAINT) | (thin > FAINT)
    if not support.any():
        raise PlacementError("no rust patch is larger than a pixel")
    coverage *= support
    thin *= support
    height = grain
    height *= coverage
    height *= np.float32(drawn.roughness * cell / GRAIN_SLOPE * surface.mm_per_px)
    return DefectLayer(
        kind="rust",
        origin=(box.top, box.left),
        support=support,
        coverage=coverage,
        albedo=albedo,
        height=height,
        absorbance=thin * tone if surface.channels == 1 else thin[..., None] * tone,
        parameters=drawn.numbers,
        measured={
            "area_px": float(coverage.sum(dtype=np.float64)),
            "mean_age": float(np.clip(crust.patches.age, 0, 1).mean()),
        },
    )
