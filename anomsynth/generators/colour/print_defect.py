"""Print defects: ink out of register, missing, smeared, printed twice, or spilt."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import (
    Count,
    NonNegative,
    NonNegativeBounds,
    Positive,
    ShareRange,
    SizeRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.pixels import over_channels
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import seen_depth
from anomsynth.generators.colour._blobs import Blob, blob_share, edged
from anomsynth.generators.colour._inks import dragged, ink_density, moved, paper_light, printed
from anomsynth.surface.appearance import tones
from anomsynth.surface.sites import pick_site

MODES = ("misregister", "missing", "smear", "ghost", "spot")
CANDIDATES = 12  # sites of which the one with most print is taken
WINDOW = 24  # pixels around a site on which print is looked for
LEAST_PRINT = 0.16  # log units of contrast around a site; less is no print
FAINT = 0.012
BLACK_SHARE = np.float32(0.6)  # of the grey part of a colour, printed in black
FULL_INK = 2.2  # density above which more ink changes nothing
OUTLINE = 0.15  # radii: first harmonic of the region's outline
STREAK_TURN = 0.02  # radians by which streaks leave the way of the paper or across it
STREAK_PLACES = 0.5  # radii of the region over which streaks lie, standard deviation
TRAILS = 0.2, 2.0  # relative; a trail is streaky, without gaps
SPECKS = 0.05, 0.6  # radii of the smallest and the largest speck beside a spot, over the spot's
SPECK_STRETCH = 0.2  # mean by which their length exceeds their width
# Optical depth per channel of process inks.
INKS = np.array(
    [[1.3, 1.3, 1.3], [1.4, 0.35, 0.1], [0.25, 1.4, 0.6], [0.05, 0.2, 1.5], [1.3, 0.9, 0.3]]
)
Float64 = NDArray[np.float64]


class PrintDefect(Generator):
    """What goes wrong in printing, made of the photo's own ink.

    Light is split into paper and ink density, ``L = paper exp(-D)``. Out of register, one ink's
    density is shifted, ``D_c(x - u)``; missing ink has ``(1 - drop) D``, in flakes or in straight
    streaks of a clogged nozzle; a smear drags a trail of it; a ghost is a second, fainter print.
    A spot is ink where none belongs. Where the photo shows no print, only spots can happen.
    """

    law: ClassVar[str] = "L = paper exp(-D); D'(x) = D(x - u), (1 - drop) D, D + k D(x - u)"
    source: ClassVar[str] = "Murray 1936; Yule & Nielsen 1951"

    kind: Literal["print_defect"] = "print_defect"
    mode: Literal["misregister", "missing", "smear", "ghost", "spot", "mixed"] = parameter(
        "mixed", "choice", "what went wrong"
    )
    radius: ShareRange = parameter(
        (0.05, 0.4), "of part size", "radius of the affected region", was="region"
    )
    aspect: SizeRange = parameter((1.0, 3.0), "ratio", "length over width of the region")
    ragged: UnitRange = parameter((0.03, 0.2), "of radius", "noise of the region's outline")
    shift_mm: SizeRange = parameter((0.15, 0.8), "mm", "misregister: how far one ink is off")
    drop: UnitRange = parameter((0.5, 1.0), "share", "missing: ink that is gone")
    flake_scatter: NonNegative = parameter(
        0.45, "relative", "missing: how ragged flakes are at their edge"
    )
    streak_probability: UnitRange = parameter(
        0.35, "probability", "missing: that it is in straight streaks", was="streaks"
    )
    streak_width_mm: SizeRange = parameter(
        (0.1, 0.8), "mm", "missing: width of a streak", was="streak_mm"
    )
    width_scatter: NonNegative = parameter(
        0.4, "relative", "missing: how much the widths of streaks differ"
    )
    more_streaks: NonNegative = parameter(
        1.5, "count", "missing: how many streaks lie beside the first, typically"
    )
    trail_length_mm: SizeRange = parameter(
        (0.6, 5.0), "mm", "smear: length of the trail", was="trail_mm"
    )
    trail_scatter: NonNegative = parameter(0.25, "relative", "smear: how streaky the trail is")
    ghost_shift_mm: SizeRange = parameter(
        (0.6, 4.0), "mm", "ghost: how far the second print is off", was="ghost_mm"
    )
    strength: UnitRange = parameter((0.3, 0.8), "share", "smear, ghost: ink that is left")
    spot_radius: ShareRange = parameter((0.005, 0.05), "of part size", "spot: radius", was="spot")
    spot_strength: NonNegativeBounds = parameter(
        (0.35, 0.8), "relative", "spot: how much ink, 1 is a full layer"
    )
    spot_stretch: NonNegative = parameter(
        0.25, "of width", "spot: by how much it is longer than wide, on average"
    )
    specks: Count = parameter((0, 6), "count", "spot: smaller ones around it")
    speck_radius: Positive = parameter(
        math.exp(-1.5), "of radius", "spot: typical radius of a speck"
    )
    speck_scatter: NonNegative = parameter(0.5, "relative", "spot: how much these radii differ")
    speck_distance: NonNegative = parameter(
        1.2, "of radius", "spot: how far specks lie from its rim, on average"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Spoil one print; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick = rng.random()
        mode: str = MODES[int(pick * len(MODES))] if self.mode == "mixed" else self.mode
        site = _printed_site(surface, rng) if mode != "spot" else None
        if site is None:
            return _spilt(pick_site(surface, rng), surface, drawn, rng)
        print_ = _affected(site, surface, drawn, rng)
        if mode == "misregister":
            return _out_of_register(print_, rng)
        if mode == "missing":
            return _missing(print_, rng)
        return _added(mode, print_, rng)


@dataclass(frozen=True, slots=True, eq=False)
class _AffectedPrint:
    """The photo's own print on the box of a region: light, paper and density, (h, w, C).

    `share` is the distance from the region's middle on the grid, in units of its outline; `radius`
    is the region's, pixels.
    """

    surface: Surface
    drawn: PrintDefect
    radius: float
    grid: Grid
    share: Float32
    light: Float32
    paper: Float32
    density: Float32

    @property
    def origin(self) -> tuple[int, int]:
        """Place of the box."""
        return self.grid.box.top, self.grid.box.left

    def px(self, length_mm: float, least: float = 1.0) -> float:
        """Return a length in pixels, kept between `least` and half the region's radius."""
        length = length_mm / self.surface.mm_per_px
        return float(np.clip(length, least, max(0.5 * self.radius, least)))


def _affected(
    site: tuple[int, int], surface: Surface, drawn: PrintDefect, rng: np.random.Generator
) -> _AffectedPrint:
    """Draw the region that is affected, and split its light into paper and ink."""
    radius = max(drawn.radius * surface.part_size_px, 3.0)
    blob = Blob(
        centre=site,
        radius=radius,
        aspect=drawn.aspect,
        angle=rng.uniform(0, np.pi),
        lobes=1 + int(2 * rng.random()),
        irregularity=OUTLINE,
        ragged=drawn.ragged,
    )
    grid = Grid.over(blob.box(1.7, surface.shape), 144)
    share = blob_share(blob, grid, rng)
    light = surface.linear(grid.box)
    paper = paper_light(light)
    density = ink_density(light, paper)
    return _AffectedPrint(surface, drawn, radius, grid, share, light, paper, density)


def _printed_site(surface: Surface, rng: np.random.Generator) -> tuple[int, int] | None:
    """Return a site with much print around it, None if the photo shows no print."""
    sites, contrasts = [], []
    for _ in range(CANDIDATES):
        row, col = pick_site(surface, rng)
        near = Box(row, col, row + 1, col + 1).grown(WINDOW, surface.shape)
        light = np.log(np.maximum(tones(surface, near).mean(axis=1), 2e-3))
        low, high = np.percentile(light, (5, 95))
        sites.append((row, col))
        contrasts.append(float(high - low) / 2)
    rank = np.array(contrasts)
    chosen = np.flatnonzero((rank >= LEAST_PRINT) & (rank >= 0.4 * rank.max()))
    return sites[int(chosen[int(rng.random() * len(chosen))])] if chosen.size else None


def _out_of_register(print_: _AffectedPrint, rng: np.random.Generator) -> DefectLayer:
    shift = print_.px(print_.drawn.shift_mm, 0.7)
    turn, pick = rng.uniform(0, 2 * np.pi), rng.random()
    grey = print_.light.shape[2] == 1
    amount = print_.density.mean(axis=(0, 1))
    inks = np.flatnonzero(amount >= 0.3 * amount.max())  # one that this print uses
    ink = int(inks[int(pick * len(inks))])
    weight = print_.grid.refine(edged(print_.share, 0.8, 0.5))
    down = weight * np.float32(shift * np.sin(turn))
    right = weight * np.float32(shift * np.cos(turn))
    density = print_.density.copy()
    plane = density[..., ink].copy()
    # What all channels share is mostly black ink, which stays; in a grey photo that is half of it.
    stays = plane * np.float32(0.5) if grey else BLACK_SHARE * over_channels(np.minimum, density)
    density[..., ink] = stays + moved(plane - stays, down, right)
    support = (weight > 0) & (np.abs(density[..., ink] - plane) > FAINT)
    measured = {"shift_px": shift, "shift_deg": float(np.degrees(turn)), "ink": float(ink)}
    return _exposed(print_, support, printed(print_.paper, density), measured)


def _missing(print_: _AffectedPrint, rng: np.random.Generator) -> DefectLayer:
    shape = print_.light.shape[:2]
    streaked = rng.random() < print_.drawn.streak_probability
    if streaked:
        width = print_.px(print_.drawn.streak_width_mm)
        turn = rng.choice([0.0, np.pi / 2]) + rng.normal(0, STREAK_TURN)
        down, right = Grid(print_.grid.box).offsets(*_middle(print_.grid.box))
        across = np.float32(np.cos(turn)) * right - np.float32(np.sin(turn)) * down
        mask = np.zeros(shape, dtype=np.float32)
        for _ in range(1 + int(rng.exponential(print_.drawn.more_streaks))):
            place = rng.normal(0, STREAK_PLACES) * print_.radius
            thin = width * float(np.exp(rng.normal(0, print_.drawn.width_scatter)))
            line = np.clip(thin / 2 + 0.5 - np.abs(across - np.float32(place)), 0, min(1, thin))
            mask = np.maximum(mask, line)
        mask *= print_.grid.refine(edged(print_.share, 1.0, 0.3))
    else:
        # Ink lets go in flakes: a level set that keeps crumbs at its edge.
        crumbs = value_noise(shape, max(0.07 * print_.radius, 2.2), rng, octaves=3, hurst=0.5)
        mask = (
            print_.grid.refine(np.float32(1) - print_.share) * 2
            + np.float32(print_.drawn.flake_scatter) * crumbs
        )
        mask = np.clip(mask * np.float32(1.2) + np.float32(0.5), 0, 1)
        mask *= print_.grid.refine(edged(print_.share, 1.2, 0.2))
    kept = print_.density * (1 - np.float32(print_.drawn.drop) * mask[..., None])
    support = (mask > FAINT) & (over_channels(np.maximum, print_.density) * mask > FAINT)
    measured = {"drop": print_.drawn.drop, "streaked": float(streaked)}
    return _exposed(print_, support, printed(print_.paper, kept), measured)


def _exposed(
    print_: _AffectedPrint, support: Mask, light: Float32, measured: dict[str, float]
) -> DefectLayer:
    if not support.any():
        raise PlacementError("no print in reach of the defect")
    return DefectLayer(
        kind="print_defect",
        origin=print_.origin,
        support=support,
        coverage=support.astype(np.float32),
        exposed=np.clip(light, 0, 1),
        thin=True,
        parameters=print_.drawn.numbers,
        measured=measured,
    )


def _added(mode: str, print_: _AffectedPrint, rng: np.random.Generator) -> DefectLayer:
    """Lay a trail or a second print of the density over the first."""
    turn = rng.uniform(0, 2 * np.pi)
    way = float(np.sin(turn)), float(np.cos(turn))
    weight = print_.grid.refine(edged(print_.share, 0.9, 0.35))
    if mode == "smear":
        length = print_.px(print_.drawn.trail_length_mm, 2.0)
        streaky = value_noise(weight.shape, 2.0, rng)
        extra = dragged(print_.density, way, length) - np.float32(0.3) * print_.density
        extra = np.maximum(extra, 0)
        extra *= np.clip(1 + np.float32(print_.drawn.trail_scatter) * streaky, *TRAILS)[..., None]
    else:
        length = print_.px(print_.drawn.ghost_shift_mm, 2.0)
        shift = np.float32(length * way[0]), np.float32(length * way[1])
        planes = [
            moved(
                np.ascontiguousarray(print_.density[..., channel]),
                np.full(weight.shape, shift[0], np.float32),
                np.full(weight.shape, shift[1], np.float32),
            )
            for channel in range(print_.light.shape[2])
        ]
        extra = np.stack(planes, axis=2)
    # Ink on ink changes little: paper takes only so much.
    extra *= np.clip(1 - print_.density * np.float32(1 / FULL_INK), 0, 1)
    depth = extra * weight[..., None] * np.float32(0.5 * print_.drawn.strength)
    support = over_channels(np.maximum, depth) > FAINT
    if not support.any():
        raise PlacementError("no print in reach of the defect")
    depth *= support[..., None]
    return DefectLayer(
        kind="print_defect",
        origin=print_.origin,
        support=support,
        absorbance=depth[..., 0] if depth.shape[2] == 1 else depth.astype(np.float32),
        parameters=print_.drawn.numbers,
        measured={"length_px": length, "strength": print_.drawn.strength},
    )


def _spilt(
    site: tuple[int, int], surface: Surface, drawn: PrintDefect, rng: np.random.Generator
) -> DefectLayer:
    radius = max(drawn.spot_radius * surface.part_size_px, 1.2)
    ink = INKS[int(rng.integers(len(INKS)))] * drawn.spot_strength.draw(rng)
    blobs = _splashed(site, radius, drawn, rng)
    box = blobs[0].box(1.6 + 4 * (len(blobs) > 1), surface.shape)
    film = np.zeros(box.shape, dtype=np.float32)
    for blob in blobs:
        near = blob.box(1.6, surface.shape)
        place = Box(
            max(near.top, box.top),
            max(near.left, box.left),
            min(near.bottom, box.bottom),
            min(near.right, box.right),
        )
        if place.bottom <= place.top or place.right <= place.left:
            continue
        grid = Grid.over(place, 192)
        share = grid.refine(blob_share(blob, grid, rng), smooth=True)
        # Ink gathers a little at the rim while it dries.
        spot = edged(share, 1.0, 1.6 / blob.radius) * (0.8 + 0.35 * np.clip(share, 0, 1) ** 3)
        window = (
            slice(place.top - box.top, place.bottom - box.top),
            slice(place.left - box.left, place.right - box.left),
        )
        np.maximum(film[window], spot, out=film[window])
    support = film > FAINT
    if not support.any():
        raise PlacementError("the spot is smaller than a pixel")
    film *= support
    depth = seen_depth(film[..., None].astype(np.float64) * ink, surface.channels)
    return DefectLayer(
        kind="print_defect",
        origin=(box.top, box.left),
        support=support,
        absorbance=depth,
        parameters=drawn.numbers,
        measured={"radius_px": radius, "spots": float(len(blobs))},
    )


def _splashed(
    site: tuple[int, int], radius: float, drawn: PrintDefect, rng: np.random.Generator
) -> list[Blob]:
    """Return the outlines of a spot of ink and of the specks around it."""
    spot = Blob(
        centre=site,
        radius=radius,
        aspect=1 + rng.exponential(drawn.spot_stretch),
        angle=rng.uniform(0, np.pi),
        irregularity=0.18,
        ragged=0.04,
    )
    blobs = [spot]
    typical = math.log(drawn.speck_radius)
    for _ in range(int(drawn.specks)):
        away = radius * (1.2 + rng.exponential(drawn.speck_distance))
        turn = rng.uniform(0, 2 * np.pi)
        small = radius * float(np.clip(np.exp(rng.normal(typical, drawn.speck_scatter)), *SPECKS))
        speck = Blob(
            centre=(site[0] + away * np.sin(turn), site[1] + away * np.cos(turn)),
            radius=max(small, 0.7),
            aspect=1 + rng.exponential(SPECK_STRETCH),
            angle=turn,
            irregularity=0.1,
            ragged=0.0,
        )
        blobs.append(speck)
    return blobs


def _middle(box: Box) -> tuple[float, float]:
    return (box.top + box.bottom - 1) / 2, (box.left + box.right - 1) / 2
