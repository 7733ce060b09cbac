"""Burns: heat tint in interference colours on metal, scorching and charring of organic matter."""

from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import NonNegative, ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.pigments import LUMINANCE, seen_depth
from anomsynth.generators.colour._blobs import Blob, trimmed
from anomsynth.generators.colour._heat import (
    AMBIENT_C,
    damage,
    film_gains,
    heat_kernel,
    oxide_thickness,
)
from anomsynth.surface.sites import pick_site

CELLS = 176
REACH = 2.3  # spreads beyond which nothing happens: cooler than 60 C for the hottest
SPOTS = 9  # of which a pass is made
BROWNING = np.array([0.3, 0.6, 1.0])  # optical depth per channel: straw, brown, black
POWERS = 0.4, 1.6  # relative; a pass neither stops nor burns through
CHAR_ALBEDO = 0.12  # of the surface's light
SOOTS = 0.2, 2.0  # relative; soot drifts in clouds and is nowhere missing
CHARRED, CHARS = 0.85, (0.3, 1.0)  # cover of char where it is deepest: mean and bounds
ASH = 0.35  # log albedo by which char differs from grain to grain, standard deviation
FAINT = 0.008
WARM_C = {"tint": 40.0, "char": 40.0}  # nothing is seen of anything cooler


class Burn(Generator):
    """A place that got too hot, by a spot or along a pass of a torch, a wheel or a laser.

    The temperature is the heat kernel of a sheet, summed along the pass. On metal (`tint`) oxide
    grows with it and interferes: straw, brown, purple, blue, then paler, in rings from the rim
    inwards. Organic matter (`char`) browns by Arrhenius' law, which gives a scorch its quick
    transition, and turns to char in the middle.
    """

    law: ClassVar[str] = (
        "T = Q/(4 pi k t) exp(-r^2/4 a t); d = 20 nm exp(2600 (1/478 - 1/T)); "
        "Omega = int A exp(-E/RT) dt"
    )
    source: ClassVar[str] = "Carslaw & Jaeger 1959; Rosenthal 1946; Henriques & Moritz 1947"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("width", "radius", 2),)

    kind: Literal["burn"] = "burn"
    mode: Literal["tint", "char", "mixed"] = parameter(
        "mixed", "choice", "heat tint of metal, charring of organic matter, or either"
    )
    radius: ShareRange = parameter((0.02, 0.2), "of part size", "how far the heat spread")
    pass_probability: UnitRange = parameter(
        0.4, "probability", "that the source moved", was="pass_share"
    )
    length: SizeRange = parameter((1.0, 6.0), "of radius", "length of the pass")
    bow: NonNegative = parameter(0.06, "of length", "how far a pass typically bows out")
    power_scatter: NonNegative = parameter(0.25, "relative", "how unevenly a pass heats")
    aspect: SizeRange = parameter((1.0, 1.9), "ratio", "length over width of a spot")
    tint_c: SizeRange = parameter((235, 420), "Celsius", "tint: hottest place")
    char_c: SizeRange = parameter((250, 420), "Celsius", "char: hottest place")
    hold: SizeRange = parameter((0.6, 2.0), "relative", "how long it stayed hot, over a short hold")
    flicker: UnitRange = parameter((0.005, 0.05), "of temperature", "unevenness of the heating")
    unevenness_nm: SizeRange = parameter((4, 9), "nm", "tint: unevenness of the film in a pixel")
    purity: UnitRange = parameter((0.45, 0.75), "share", "tint: how pure the colours are")
    soot: UnitRange = parameter((0.0, 0.5), "optical depth", "char: soft soot around it")
    soot_scatter: NonNegative = parameter(0.5, "relative", "char: how uneven the soot is")
    char_scatter: NonNegative = parameter(0.2, "relative", "char: how uneven the char is")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Heat one place; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        either, moved = rng.random(2)
        site = pick_site(surface, rng)
        mode = self.mode if self.mode != "mixed" else ("tint" if either < 0.5 else "char")
        run = drawn.length if moved < drawn.pass_probability else 0.0
        spread = max(drawn.radius * surface.part_size_px, 1.5)
        blob = Blob(centre=site, radius=spread, aspect=drawn.aspect, angle=rng.uniform(0, np.pi))
        grid = Grid.over(blob.box(REACH + run / 2, surface.shape), CELLS)
        warm = _temperature(blob, run * spread, grid, drawn, rng)
        hottest = drawn.tint_c if mode == "tint" else drawn.char_c
        coolest = WARM_C[mode] - AMBIENT_C
        grid, cells = trimmed(grid, warm * (hottest - AMBIENT_C) > coolest)
        warm = np.ascontiguousarray(warm[cells])
        if mode == "tint":
            return _tinted(warm, grid, surface, drawn)
        return _charred(warm, grid, surface, drawn, rng)


def _temperature(
    blob: Blob, run: float, grid: Grid, drawn: Burn, rng: np.random.Generator
) -> Float32:
    """Return the warming on the grid as a share of the hottest place's."""
    row, col = blob.centre
    cos, sin = np.float32(np.cos(blob.angle)), np.float32(np.sin(blob.angle))
    stretch = np.float32(np.sqrt(blob.aspect))
    total = np.zeros(grid.shape, dtype=np.float32)
    count = SPOTS if run > 0 else 1
    bow = rng.normal(0, drawn.bow) * run
    power = np.clip(1 + drawn.power_scatter * rng.standard_normal(count), *POWERS)
    for index, away in enumerate(np.linspace(-0.5, 0.5, count) if count > 1 else [0.0]):
        aside = bow * (4 * away**2 - 1)
        down, right = grid.offsets(
            row + away * run * float(sin) + aside * float(cos),
            col + away * run * float(cos) - aside * float(sin),
        )
        along = (cos * right + sin * down) / stretch
        across = (cos * down - sin * right) * stretch
        spot = heat_kernel(along * along + across * across, 0.25, blob.radius**2)
        total += np.float32(power[index]) * spot.astype(np.float32)
    cell = max(0.7 * blob.radius / grid.step, 2.0)
    total *= np.float32(1 / max(float(total.max()), 1e-20))
    # Contact and draught differ from place to place: isotherms are never ellipses.
    total *= 1 + np.float32(3 * drawn.flicker) * value_noise(
        grid.shape, cell, rng, octaves=3, hurst=0.9
    )
    return np.clip(total, 0, 1.15).astype(np.float32)


def _tinted(warm: Float32, grid: Grid, surface: Surface, drawn: Burn) -> DefectLayer:
    celsius = grid.refine(warm, smooth=True)
    celsius *= np.float32(drawn.tint_c - AMBIENT_C)
    celsius += np.float32(AMBIENT_C)
    nodes = np.linspace(AMBIENT_C, 1.2 * drawn.tint_c + 10, 768)
    thickness = oxide_thickness(nodes, drawn.hold)
    fine, gains = film_gains(drawn.unevenness_nm, drawn.purity)
    start = thickness[0]
    film = np.clip((thickness - start) * (1 + start / 20), 0, fine[-1])
    table = np.stack([np.interp(film, fine, column) for column in gains.T], axis=1)
    scale = np.float32((len(nodes) - 1) / (nodes[-1] - nodes[0]))
    place = np.clip((celsius - np.float32(nodes[0])) * scale + 0.5, 0, len(nodes) - 1)
    index = place.astype(np.intp)
    depth = -0.5 * np.log(np.clip(table @ LUMINANCE, 0.02, 2))
    strength = np.abs(table - 1).max(axis=1) > 3 * FAINT
    support = strength[index]
    if not support.any():
        raise PlacementError("the burn is too cool to leave a tint")
    measured = {"hottest_c": float(celsius.max()), "thickest_nm": float(film[index.max()])}
    origin = (grid.box.top, grid.box.left)
    if surface.channels == 1:
        absorbance = depth.astype(np.float32)[index] * support
        return DefectLayer(
            "burn",
            origin,
            support,
            absorbance=absorbance,
            parameters=drawn.numbers,
            measured=measured,
        )
    table[~strength] = 1
    return DefectLayer(
        "burn",
        origin,
        support,
        tint=table.astype(np.float32)[index],
        parameters=drawn.numbers,
        measured=measured,
    )


def _charred(
    warm: Float32, grid: Grid, surface: Surface, drawn: Burn, rng: np.random.Generator
) -> DefectLayer:
    celsius = AMBIENT_C + (drawn.char_c - AMBIENT_C) * warm
    omega = damage(celsius, drawn.hold).astype(np.float32)
    cracks = value_noise(grid.shape, max(0.15 * grid.shape[0], 2.0), rng, octaves=4)
    brown = np.log1p(omega) * np.float32(0.9)
    smoke = np.clip(warm - 0.12, 0, 1) * np.float32(drawn.soot)
    smoke *= np.clip(1 + np.float32(drawn.soot_scatter) * cracks, *SOOTS)
    burnt = np.clip(1 - np.exp(-omega / 12), 0, 1) * np.clip(
        CHARRED + drawn.char_scatter * cracks, *CHARS
    )
    table = seen_depth(np.minimum(brown, 3.0)[..., None] * BROWNING, surface.channels)
    depth = grid.refine(table)
    soot = grid.refine(smoke.astype(np.float32))
    depth += soot if depth.ndim == 2 else soot[..., None]
    coverage = np.clip(grid.refine(burnt.astype(np.float32)) * 1.05 - 0.05, 0, 1)
    strongest = depth if depth.ndim == 2 else depth[..., 2]
    support = (strongest > FAINT) | (coverage > FAINT)
    if not support.any():
        raise PlacementError("the burn is too cool to scorch")
    coverage *= support
    depth *= support if depth.ndim == 2 else support[..., None]
    ash = value_noise(coverage.shape, 2.2, rng)
    albedo = np.float32(CHAR_ALBEDO) * np.exp(np.float32(ASH) * ash)
    return DefectLayer(
        kind="burn",
        origin=(grid.box.top, grid.box.left),
        support=support,
        coverage=coverage.astype(np.float32, copy=False),
        albedo=albedo.astype(np.float32),
        absorbance=depth,
        parameters=drawn.numbers,
        measured={"hottest_c": float(celsius.max()), "worst_damage": float(omega.max())},
    )
