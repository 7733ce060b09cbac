"""Stains: what drops leave when they dry."""

import math
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeBounds,
    PositiveBounds,
    PositiveCount,
    ShareRange,
    SignedRange,
    SizeBounds,
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
from anomsynth.fields.pigments import seen_film
from anomsynth.generators.colour._blobs import Blob, blob_share, trimmed
from anomsynth.generators.colour._drying import (
    edge_exponent,
    interior_density,
    receding_density,
    ring_mass,
    ring_profile,
)
from anomsynth.surface.sites import pick_site

# Optical depth per channel of what is left, relative [closure: by eye].
RESIDUES = {
    "coffee": (0.6, 1.0, 1.7),
    "water": (0.85, 1.0, 1.2),
    "ink": (1.6, 1.0, 0.45),
    "salt": (-1.0, -1.0, -0.97),
}
PATTERNS = ("ring", "contour", "receding")
NODES = 1024
FAR = 1.5  # radii to which profiles are tabulated
STRENGTH = 0.16  # optical depth of the first column in the middle, at amplitude 1
DENSEST = 0.75  # optical depth above which deposits hide themselves
FAINT = 0.004
STRETCH = 0.5, 1.1  # exponents of the aspect, drop by drop
TURN = 0.3  # radians by which the drops of a splash differ in direction, standard deviation
DEPOSITS = 0.08, 2.2  # relative; some stretches of the edge were never pinned: no ring there
THINNEST_PX = 0.9  # standard deviation of the thinnest ring
Float64 = NDArray[np.float64]


class Stain(Generator):
    """Dried drops: a coffee ring, contour rings of a stepwise retreat, or a heavy middle.

    A drop whose edge is pinned evaporates fastest there; the flow that replaces the loss carries
    what is dissolved into a ring [1]_. Where the edge lets go and catches again it leaves contour
    rings; where it never holds, the deposit is heaviest in the middle [2]_.

    References
    ----------
    .. [1] R. D. Deegan et al., "Capillary flow as the cause of ring stains from dried liquid
       drops", Nature 389, 1997.
    .. [2] J. Freed-Brown, "Evaporative deposition in receding drops", Soft Matter 10, 2014.

    Examples
    --------
    One drop of coffee, a tenth of the part in radius, on a colour photo:

    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> stain = Stain(pattern="ring", residue="coffee", radius=0.1, drops=1)
    >>> layer = stain.generate(make_surface(channels=3), stream(0))
    >>> layer.absorbance.shape, layer.absorbance.dtype  # of the box at `layer.origin`
    ((47, 36, 3), dtype('float32'))
    >>> red, green, blue = layer.absorbance[layer.support].mean(axis=0)
    >>> bool(red < green < blue)  # optical depth: brown absorbs blue most
    True
    """

    law: ClassVar[str] = "M/M0 = [1 - (1 - t)^((1+lam)/2)]^(2/(1+lam)), lam = (pi-2th)/(2pi-2th)"
    source: ClassVar[str] = "Deegan et al. 1997, 2000; Freed-Brown 2014"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("width", "radius", 2),)

    kind: Literal["stain"] = "stain"
    pattern: Literal["ring", "contour", "receding", "mixed"] = parameter(
        "mixed", "choice", "one ring, several, a heavy middle, or any"
    )
    residue: Literal["coffee", "water", "ink", "salt", "mixed"] = parameter(
        "mixed", "choice", "what is left: brown, faint grey, blue, or brightening; or any"
    )
    radius: ShareRange = parameter((0.008, 0.25), "of part size", "radius of the largest drop")
    drops: Count = parameter((1, 4), "count", "drops of one splash")
    drop_radius: SizeBounds = parameter(
        (math.exp(-2.2), math.exp(-0.5)), "of radius", "radii of the smaller drops"
    )
    drop_distance: NonNegative = parameter(
        1.2, "of radius", "how far they lie from the largest drop's rim, on average"
    )
    aspect: SizeRange = parameter((1.0, 2.2), "ratio", "length over width")
    lobes: Count = parameter((1, 3), "count", "drops that ran together")
    irregularity: UnitRange = parameter((0.02, 0.16), "of radius", "first harmonic of the outline")
    ragged: UnitRange = parameter((0.004, 0.04), "of radius", "finer noise of the outline")
    contact_deg: SignedRange = parameter((2, 50), "degrees", "contact angle while it dries")
    dried: UnitRange = parameter((0.35, 1.0), "of time", "part of the drying in which it flowed")
    ring_width: ShareRange = parameter((0.015, 0.08), "of radius", "width of a ring", was="width")
    rings: PositiveCount = parameter((2, 5), "count", "contour: how often the edge was pinned")
    inner_radius: PositiveBounds = parameter(
        (0.3, 0.97), "of radius", "contour: where it was pinned again"
    )
    inner_width: PositiveBounds = parameter((0.7, 1.2), "of width", "contour: widths of its rings")
    inner_mass: NonNegativeBounds = parameter(
        (0.4, 1.6), "relative", "contour: how much its rings hold"
    )
    unevenness: UnitRange = parameter(
        (0.15, 0.7), "relative", "how the deposit varies over the drop", was="uneven"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Dry one splash; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        first, second = rng.random(2)
        site = pick_site(surface, rng)
        pattern: str = PATTERNS[int(first * 3)] if self.pattern == "mixed" else self.pattern
        kinds = tuple(RESIDUES)
        residue: str = kinds[int(second * 4)] if self.residue == "mixed" else self.residue
        colour = np.array(RESIDUES[residue])
        lam = edge_exponent(float(np.clip(drawn.contact_deg, 0.0, 85.0)))
        patches = [
            _dry(blob, surface, _profile(pattern, lam, blob.radius, drawn, rng), drawn, rng)
            for blob in _splash(site, surface, drawn, rng)
        ]
        box, field = _together(patches)
        sign = -1.0 if colour[1] < 0 else 1.0
        support = field > FAINT
        if not support.any():
            raise PlacementError("the stain is too small to be seen")
        field *= support
        np.minimum(field, np.float32(DENSEST), out=field)
        field *= np.float32(sign)
        return DefectLayer(
            kind="stain",
            origin=(box.top, box.left),
            support=support,
            absorbance=seen_film(field, sign * colour, surface.channels),
            parameters=drawn.numbers,
            measured={
                "ring_mass": ring_mass(drawn.dried, lam),
                "edge_exponent": lam,
                "pattern": float(PATTERNS.index(pattern)),
                "area_px": float(np.count_nonzero(support)),
            },
        )


def _splash(
    site: tuple[int, int], surface: Surface, drawn: Stain, rng: np.random.Generator
) -> list[Blob]:
    """Return the outlines of a drop and of the smaller ones that fell beside it."""
    largest = max(drawn.radius * surface.part_size_px, 1.5)
    count = max(int(drawn.drops), 1)
    angle = rng.uniform(0, np.pi)
    blobs = []
    for index in range(count):
        size = largest * (1.0 if index == 0 else drawn.drop_radius.draw(rng))
        away = 0.0 if index == 0 else largest * (1.1 + float(rng.exponential(drawn.drop_distance)))
        turn = rng.uniform(0, 2 * np.pi)
        centre = site[0] + away * np.sin(turn), site[1] + away * np.cos(turn)
        blob = Blob(
            centre=centre,
            radius=size,
            aspect=max(drawn.aspect ** rng.uniform(*STRETCH), 1.0),
            angle=angle + rng.normal(0, TURN),
            lobes=int(drawn.lobes) if index == 0 else 1,
            irregularity=drawn.irregularity,
            ragged=drawn.ragged,
        )
        row, col = centre
        if 0 <= row < surface.shape[0] and 0 <= col < surface.shape[1]:
            blobs.append(blob)
    return blobs


def _profile(
    pattern: str, lam: float, radius: float, drawn: Stain, rng: np.random.Generator
) -> Float64:
    """Tabulate the deposit over distance, (NODES,) column densities of a drop of mass 1."""
    share = np.linspace(0, FAR, NODES)
    # A ring thinner than a pixel is a fainter ring of one pixel.
    width, dried = max(drawn.ring_width, THINNEST_PX / radius), drawn.dried
    if pattern == "receding":
        edge = np.clip((1 - share) / max(width, 0.01), 0, 1)
        return (2.2 * receding_density(share) + 0.35) * edge
    moved = ring_mass(dried, lam)
    inside = interior_density(np.minimum(share, 1), dried, lam)
    inside += 0.2 * moved * (share < 1)  # the ring never takes all: a film stays
    if pattern == "ring":
        return np.asarray(inside + moved * ring_profile(share, width))
    # At each step inwards the edge is pinned again, with what is left.
    inner = drawn.inner_radius.uniform(rng, int(drawn.rings) - 1)
    radii = np.sort(np.concatenate([[1.0], inner]))
    total = 0.6 * inside
    for pinned in radii[::-1]:
        part = moved / len(radii) * drawn.inner_mass.draw(rng)
        wide = width * drawn.inner_width.draw(rng)
        total += part * ring_profile(share / pinned, wide) / pinned**2
    return total


def _dry(
    blob: Blob, surface: Surface, profile: Float64, drawn: Stain, rng: np.random.Generator
) -> tuple[Box, Float32]:
    grid = Grid.over(blob.box(1.7, surface.shape), 128)
    share = blob_share(blob, grid, rng)
    grid, cells = trimmed(grid, share < 1.3)
    share = grid.refine(np.ascontiguousarray(share[cells]), smooth=True)
    cell = max(0.8 * blob.radius / grid.step, 2.0)
    local = value_noise(grid.shape, cell, rng, octaves=3)
    weight = np.clip(1 + np.float32(1.2 * drawn.unevenness) * local, *DEPOSITS)
    place = np.clip(share * np.float32((NODES - 1) / FAR), 0, NODES - 1.001)
    low = place.astype(np.int32)
    table = np.append(profile * STRENGTH, 0).astype(np.float32)
    table[-2] = 0
    place -= low.astype(np.float32)
    field = table[low]
    field += place * (table[low + 1] - field)
    field *= grid.refine(weight.astype(np.float32))
    return grid.box, field


def _together(patches: list[tuple[Box, Float32]]) -> tuple[Box, Float32]:
    """Add the patches up on one box."""
    boxes = [box for box, _ in patches]
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    box = Box(min(tops), min(lefts), max(bottoms), max(rights))
    if len(patches) == 1:
        return patches[0]
    total = np.zeros(box.shape, dtype=np.float32)
    for part, field in patches:
        total[
            part.top - box.top : part.bottom - box.top, part.left - box.left : part.right - box.left
        ] += field
    return box, total
