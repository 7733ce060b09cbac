"""Print and embossing that are rubbed off, scraped, or there twice."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import fbm, value_noise
from anomsynth.fields.outlines import Mouths, harmonic_rims, mouth_field
from anomsynth.fields.regions import box_around
from anomsynth.generators.wear._streaks import Marks, streaks
from anomsynth.surface.rims import rims_of

LEAST_LIGHT = 2e-3
MODES = ("worn", "scraped", "doubled")
RIM_HURST = 0.8
FLAKES = 0.35  # of the radius: how far crumbs of what is left reach in
FLAKE_HURST = 0.5
SMALLEST_PX = 4.0
FAINT = 0.02
LEAST_CHANGE = 0.01  # log light


class WornRelief(Generator):
    """Marks of the part itself, printed or embossed, that are worn, scraped or doubled.

    Acts where the photo shows edges inside the part. Light is split into slow light and marks,
    ``log L = log L_slow + s``, finer than `detail` of the part's size. Wear takes a share of the
    marks, ``(1 - k) s``, in flakes; scraping besides leaves the streaks of what scraped; a double
    strike adds them again, ``s + k s(x - u)``.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> plain = make_surface()
    >>> pixels = plain.pixels.copy()
    >>> pixels[50:110, 60:140] //= 2  # a printed bar
    >>> layer = WornRelief(mode="worn").generate(replace(plain, pixels=pixels), stream(0))
    >>> layer.kind
    'worn_relief'
    """

    law: ClassVar[str] = "log L = log L_slow + s; s' = (1 - k) s, or s + k s(x - u)"
    source: ClassVar[str] = "homomorphic split of light (Oppenheim, Schafer & Stockham 1968)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("width", "radius", 2, measured="radius_px", measured_times=2),
    )

    kind: Literal["worn_relief"] = "worn_relief"
    mode: Literal["worn", "scraped", "doubled", "mixed"] = parameter(
        "mixed", "choice", "rubbed off, scraped off with streaks, or there twice"
    )
    radius: ShareRange = parameter((0.04, 0.3), "of part size", "radius of the affected region")
    aspect: SizeRange = parameter((1.0, 2.5), "ratio", "length over width of the region")
    detail: ShareRange = parameter((0.01, 0.05), "of part size", "marks are finer than this")
    lost: UnitRange = parameter((0.5, 1.0), "share", "worn, scraped: of the marks that is gone")
    ragged: UnitRange = parameter((0.3, 1.0), "relative", "how much flakes break up the region")
    shift: ShareRange = parameter((0.008, 0.08), "of part size", "doubled: how far off")
    strength: UnitRange = parameter((0.4, 1.0), "share", "doubled: of the marks there again")
    streak_light: UnitRange = parameter((0.05, 0.25), "log light", "scraped: spread of the streaks")
    streak_width: ShareRange = parameter((0.003, 0.02), "of part size", "scraped: width of one")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Spoil the marks of one place; raise PlacementError if the part shows none."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(4)
        sites = rims_of(surface).sites
        if len(sites) == 0:
            raise PlacementError("the part shows no print or embossing")
        mode = self.mode if self.mode != "mixed" else MODES[int(3 * coins[0])]
        size = surface.part_size_px
        radius = max(drawn.radius * size, SMALLEST_PX)
        row, col = (float(part) for part in sites[int(coins[1] * len(sites))])
        turn = 2 * math.pi * float(coins[2])
        marks = _split(surface, (row, col), drawn, radius)
        mask = _region(marks, drawn, turn, rng)
        if mode == "doubled":
            step = max(drawn.shift * size, 1.0)
            away = step * math.sin(turn), step * math.cos(turn)
            change = np.float32(drawn.strength) * _moved(marks.fine, away)
        else:
            change = np.float32(-drawn.lost) * marks.fine
        if mode == "scraped":
            width = max(drawn.streak_width * size, 1.0)
            scratches = Marks(math.pi * float(coins[3]), width, 2 * radius, 0.1, 0.3)
            drawn_over = streaks(marks.grid.box, scratches, rng) * np.float32(drawn.streak_light)
            change = change + drawn_over[..., None]
        change *= mask[..., None]
        support = np.abs(change).max(axis=2) > LEAST_CHANGE
        support &= surface.foreground[marks.grid.box.slices]
        if not support.any():
            raise PlacementError("no print or embossing in reach of the defect")
        return DefectLayer(
            kind="worn_relief",
            origin=(marks.grid.box.top, marks.grid.box.left),
            support=support,
            coverage=support.astype(np.float32),
            exposed=np.clip(marks.light * np.exp(change), 0, 1).astype(np.float32),
            thin=True,
            parameters=drawn.numbers,
            measured={"mode": float(MODES.index(mode)), "radius_px": radius},
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """The light around a place, and its marks in log light, (h, w, C) float32 each."""

    grid: Grid
    centre: tuple[float, float]
    radius: float
    light: Float32
    fine: Float32


def _split(
    surface: Surface, centre: tuple[float, float], drawn: WornRelief, radius: float
) -> _Split:
    """Split light into a median of the surroundings and what departs from it."""
    reach = 1.3 * radius * math.sqrt(drawn.aspect) + 2
    box = box_around(np.array([centre]), reach, surface.shape)
    light = np.maximum(surface.linear(box), np.float32(LEAST_LIGHT))
    sigma = max(drawn.detail * surface.part_size_px, 1.5)
    part = surface.foreground[box.slices].astype(np.float32)
    logs = np.log(light)
    # Off the part nothing counts: the outline is no mark.
    mass = cv2.GaussianBlur(part, (0, 0), sigma)
    total = cv2.GaussianBlur(logs * part[..., None], (0, 0), sigma).reshape(logs.shape)
    slow = total / np.maximum(np.asarray(mass), np.float32(1e-3))[..., None]
    fine = (logs - slow) * part[..., None]
    return _Split(Grid(box), centre, radius, light, fine.astype(np.float32))


def _region(marks: _Split, drawn: WornRelief, turn: float, rng: np.random.Generator) -> Float32:
    """Return where the marks are affected, (h, w) float32 in [0, 1], in flakes."""
    mouths = Mouths(
        radius=np.array([marks.radius]),
        aspect=np.array([drawn.aspect]),
        angle=np.array([turn]),
        relative=harmonic_rims(1, 0.15, RIM_HURST, rng),
    )
    _, outside = mouth_field(mouths, 0, marks.grid.offsets(*marks.centre))
    shape = outside.shape
    crumbs = value_noise(shape, max(0.2 * marks.radius, 2.0), rng, octaves=4, hurst=FLAKE_HURST)
    reach = np.float32(FLAKES * drawn.ragged * marks.radius)
    depth = -outside - reach * (1 + np.maximum(crumbs, -1))
    depth += np.float32(0.03 * marks.radius) * fbm(shape, RIM_HURST, rng)
    soft = np.float32(max(0.1 * marks.radius, 1.5))
    return np.clip(depth / soft + np.float32(0.5), 0, 1).astype(np.float32)


def _moved(fine: Float32, away: tuple[float, float]) -> Float32:
    """Return the marks shifted by (row, col) pixels, continued from the border of the box."""
    shift = np.array([[1, 0, away[1]], [0, 1, away[0]]], dtype=np.float64)
    moved = cv2.warpAffine(
        fine, shift, fine.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, dtype=np.float32).reshape(fine.shape)
