"""Discolouration: a region whose colour differs, with no edge to speak of."""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import Count, ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.pixels import power
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import LUMINANCE, OXIDISED, seen_film
from anomsynth.generators.colour._blobs import Blob, area_level, blob_share, edged, trimmed
from anomsynth.surface.appearance import brightest_tone, tones
from anomsynth.surface.sites import pick_site

CHANGES = ("pigment", "age", "tone")
STRENGTH = 0.16  # optical depth in the middle at amplitude 1
FAINT = 0.01
MOTTLES = 0.15, 1.8  # relative; no spot inside the region is as before, none stands out of it
LEAST_HUE = 0.02  # a pigment whose absorption differs less between channels is grey
EXTREMES = (2.0, 98.0)  # percentiles between which the part's own tones lie
Float64 = NDArray[np.float64]


class ColorShift(Generator):
    """A region that is paler, deeper, yellower or darker than the rest; vague at its edge.

    Absorption changes, not reflection from the top, so texture stays: the light is multiplied by
    ``exp(-2 tau_c)`` (Beer-Lambert). ``pigment`` scales the surface's own absorption, so it fades
    or deepens in its own hue; ``age`` adds the yellow and brown of oxidation; ``tone`` only makes
    it lighter or darker, within the tones that the part has anyway. Grey photos shift in tone.
    """

    law: ClassVar[str] = "L' = L exp(-2 tau_c), tau_c = k K_c of the surface's own pigment"
    source: ClassVar[str] = "Beer 1852; Kubelka & Munk 1931"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("area", "area_share"),)

    kind: Literal["color_shift"] = "color_shift"
    change: Literal["pigment", "age", "tone", "mixed"] = parameter(
        "mixed", "choice", "own colour paler or deeper, yellowing, tone only, or any of these"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "area of the region")
    aspect: SizeRange = parameter((1.0, 3.5), "ratio", "length over width")
    lobes: Count = parameter((1, 4), "count", "patches that join to the region")
    irregularity: UnitRange = parameter((0.05, 0.25), "of radius", "first harmonic of the outline")
    ragged: UnitRange = parameter((0.02, 0.1), "of radius", "finer noise of the outline")
    softness: SizeRange = parameter((0.3, 1.5), "of radius", "width of the edge")
    mottle: UnitRange = parameter((0.0, 0.45), "relative", "unevenness inside the region")
    fading: UnitRange = parameter((0.3, 0.85), "share", "pigment: what a paler region lost")
    fade_probability: UnitRange = parameter(
        0.45, "probability", "that it is paler, not deeper", was="fade_share"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Discolour one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        pick, fades = rng.random(), rng.random() < drawn.fade_probability
        row, col = pick_site(surface, rng)
        change = CHANGES[int(pick * len(CHANGES))] if self.change == "mixed" else self.change
        wanted = max(drawn.area_share * surface.part_area_px, 6.0)
        blob = Blob(
            centre=(row, col),
            radius=float(np.sqrt(wanted / np.pi)),
            aspect=drawn.aspect,
            angle=rng.uniform(0, np.pi),
            lobes=int(drawn.lobes),
            irregularity=drawn.irregularity,
            ragged=drawn.ragged,
        )
        grid = Grid.over(blob.box(2.6 + drawn.softness, surface.shape), 144)
        share = blob_share(blob, grid, rng)
        level = _level(share, grid, surface, wanted)
        share /= np.float32(max(level, 1e-3))
        shape = edged(share, 1.0, drawn.softness)
        uneven = value_noise(grid.shape, max(0.5 * blob.radius / grid.step, 2.0), rng, octaves=3)
        shape *= np.clip(1 + np.float32(drawn.mottle) * uneven, *MOTTLES)
        grid, cells = trimmed(grid, shape > FAINT)
        field = grid.refine(np.ascontiguousarray(shape[cells], dtype=np.float32))
        support = field > FAINT
        field *= support
        if change == "pigment" and fades and surface.channels == 3:
            return _faded(field, support, grid.box, surface, drawn)
        colour, sign = _absorption(surface, grid.box, change, fades)
        field *= np.float32(sign * STRENGTH)
        return DefectLayer(
            kind="color_shift",
            origin=(grid.box.top, grid.box.left),
            support=support,
            absorbance=seen_film(field, colour, surface.channels),
            parameters=drawn.numbers,
            measured={
                "area_share": _area_share(field, grid.box, surface),
                "depth": sign * STRENGTH,
            },
        )


def _faded(
    field: Float32, support: Mask, box: Box, surface: Surface, drawn: ColorShift
) -> DefectLayer:
    """Return a layer that has lost pigment: density times ``1 - fading``, never past white."""
    light = surface.linear(box)
    white = brightest_tone(surface)
    ratio = np.clip(light * np.float32(1 / max(white, 1e-3)), 1e-4, 1)
    paler = np.maximum(power(ratio, 1 - drawn.fading) * np.float32(white), light)
    return DefectLayer(
        kind="color_shift",
        origin=(box.top, box.left),
        support=support,
        coverage=np.clip(field, 0, 1),
        exposed=np.clip(paler, 0, 1),
        parameters=drawn.numbers,
        measured={
            "area_share": _area_share(field, box, surface),
            "fading": drawn.fading,
        },
    )


def _area_share(field: Float32, box: Box, surface: Surface) -> float:
    inside = surface.foreground[box.slices] & (np.abs(field) > 0.5 * float(np.abs(field).max()))
    return np.count_nonzero(inside) / max(surface.part_area_px, 1)


def _level(share: Float32, grid: Grid, surface: Surface, wanted: float) -> float:
    """Return the level of the outline that encloses `wanted` pixels of the part."""
    rows, cols = grid.shape
    half, box = grid.step // 2, grid.box
    at_row = np.minimum(box.top + half + grid.step * np.arange(rows), box.bottom - 1)
    at_col = np.minimum(box.left + half + grid.step * np.arange(cols), box.right - 1)
    part = surface.foreground[np.ix_(at_row, at_col)]
    return area_level(share, part, wanted / grid.step**2)


def _absorption(surface: Surface, box: Box, change: str, fades: bool) -> tuple[Float64, float]:
    """Return the change's optical depth per channel, luminance 1, and its sign, - for paler."""
    whole = tones(surface, Box(0, 0, *surface.shape))
    here = tones(surface, box).mean(axis=0)
    neutral = np.ones(3)
    if surface.channels == 3 and change == "age":
        return OXIDISED, 1.0
    if surface.channels == 3 and change == "pigment":
        own = -np.log(np.clip(here / np.percentile(whole, 99.5, axis=0).max(), 0.01, 0.98))
        if own.std() > LEAST_HUE * own.mean():
            return own / float(own @ LUMINANCE), -1.0 if fades else 1.0
        return OXIDISED, 1.0
    # Paler or darker only towards tones the part has elsewhere: else take the other way.
    light = whole @ LUMINANCE if whole.shape[1] == 3 else whole[:, 0]
    own_light = float(here @ LUMINANCE) if len(here) == 3 else float(here[0])
    low, high = (max(float(value), 1e-4) for value in np.percentile(light, EXTREMES))
    up, down = np.log(high / max(own_light, 1e-4)), np.log(max(own_light, 1e-4) / low)
    sign = -1.0 if fades else 1.0
    if (up if fades else down) < 0.3 * (down if fades else up):
        sign = -sign
    return neutral, sign
