"""Where spots of paint lie, and how much of it lies in each pixel of them."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.types import Box, Float32, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.paths import Float64, arc_length, smooth_noise
from anomsynth.fields.regions import box_around
from anomsynth.fields.strokes import Stroke
from anomsynth.fields.tracing import trace
from anomsynth.generators.colour._blobs import Blob, blob_share, edged
from anomsynth.surface.sites import pick_edge_site, pick_site

SMALLEST_PX = 1.0
EDGE_PX = 1.4  # width of the sharpest rim
REACH = 1.6  # radii within which a spot lies
GRID = 56  # cells along a spot
RAGGED = 0.2  # finer detail of an outline over its first harmonic
RESOLVED_PX = 8.0  # radius from which that detail is seen
LOBES = (0.6, 0.88)  # shares of the spots that are one drop, that are at most two
HEADING = 0.35  # radians by which a row's steps leave its line per unit of unevenness
ASIDE = 0.5  # radii by which spots leave it, per unit of unevenness
INSIDE = 0.9  # radii that spots lie inside the outline they follow, at most
CROWD = 0.9  # sum of radii: spots of a cluster hardly overlap
SCATTER = 1.6  # radii per spot over which a cluster lies, standard deviation
TRIES = 4  # at a place in a cluster
AGAIN = 0.4  # share of more dye that pores take up which are wet already
STROKE_STEP = 0.5  # radii between the vertices of a stroke
LEAST_STEP_PX = 2.0
STROKE_EDGE = 0.06  # radii by which a stroke's edge wavers, standard deviation
STOP = 2.5  # standard deviations more paint lie where a pen stood still
ROUND_END = np.array([0.0, 0.03, 0.12, 0.27, 0.5, 0.75])  # radii from an end: vertices of its cap
DISC_FACTOR = 3.0  # of q**4, so that its mean over a disc is one
BAND_FACTOR = 5.0  # the same over a band


@dataclass(frozen=True, slots=True)
class DropShape:
    """What all spots of a kind have in common.

    Attributes
    ----------
    aspect : float
        Largest length over width.
    irregularity : float
        First harmonic of their outline, share of the radius.
    softness : float
        Width over which paint that sinks in fades at the rim, share of the radius.
    rim : float
        How much more paint dried at the rim; below 0 in the middle.
    unalike : float
        Standard deviation of the logarithm of how much paint a spot got, or a place of a stroke.
    """

    aspect: float
    irregularity: float
    softness: float
    rim: float
    unalike: float


@dataclass(frozen=True, slots=True, eq=False)
class Deposit:
    """Paint on a box, (h, w) float32, one where a spot of the usual thickness lies.

    `film` ends where the drop ended, and is no thicker where drops ran together; `sunk` spread in
    the pores, and there is more of it.
    """

    box: Box
    film: Float32
    sunk: Float32


def row_of_places(
    surface: Surface,
    radii: Float64,
    steps: tuple[float, float, float],
    rng: np.random.Generator,
) -> Float64:
    """Return places along an arc, (N, 2) rows and columns.

    Parameters
    ----------
    surface : Surface
    radii : (N,) float64, pixels
    steps : (spacing, bend, unevenness)
        From spot to spot in mean radii, radians from end to end, and the standard deviation of
        the logarithm of the steps.
    rng : Generator
    """
    spacing, bend, uneven = steps
    row, col = pick_site(surface, rng)
    start, side = 2 * math.pi * float(rng.random()), 1 if rng.random() < 0.5 else -1
    count = len(radii)
    turns = start + side * bend * np.linspace(0, 1, count)
    turns = turns + HEADING * uneven * rng.standard_normal(count)
    length = spacing * 0.5 * (radii[1:] + radii[:-1])
    length = length * np.exp(uneven * rng.standard_normal(count - 1) - uneven * uneven / 2)
    moves = length[:, None] * np.stack([np.sin(turns[1:]), np.cos(turns[1:])], axis=1)
    line = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    line += np.array([row, col]) - line[len(line) // 2]
    aside = ASIDE * uneven * radii[:, None] * rng.standard_normal(line.shape)
    return np.asarray(line + aside)


def places_along_edge(
    surface: Surface, radii: Float64, steps: tuple[float, float], rng: np.random.Generator
) -> Float64:
    """Return places just inside the part's outline, one after another along it.

    `steps` has the spacing in radii and its unevenness, as in `row_of_places`.
    """
    spacing, uneven = steps
    site, _ = pick_edge_site(surface, rng)
    side = 1 if rng.random() < 0.5 else -1
    outline = surface.edge_sites.astype(np.float64)
    place = np.array(site, dtype=np.float64)
    factors = np.exp(uneven * rng.standard_normal(len(radii)) - uneven * uneven / 2)
    places = []
    for radius, factor in zip(radii, factors, strict=True):
        nearest = int(((outline - place) ** 2).sum(axis=1).argmin())
        normal = surface.edge_normals[nearest].astype(np.float64)
        places.append(outline[nearest] + normal * radius * INSIDE * float(rng.random()))
        step = side * spacing * radius * factor
        place = outline[nearest] + step * np.array([normal[1], -normal[0]])
    return np.array(places)


def places_about(surface: Surface, radii: Float64, rng: np.random.Generator) -> Float64:
    """Return places about a site, the first on it; of a few the one with most room is taken."""
    site = np.array(pick_site(surface, rng), dtype=np.float64)
    count = len(radii)
    spread = SCATTER * float(radii.mean()) * math.sqrt(max(count - 1, 1))
    tried = site + spread * rng.standard_normal((count, TRIES, 2))
    places = np.empty((count, 2))
    places[0] = site
    for index in range(1, count):
        away = tried[index][:, None] - places[None, :index]
        room = np.hypot(away[..., 0], away[..., 1]) / (radii[index] + radii[:index])
        free = np.minimum(room.min(axis=1), CROWD)
        places[index] = tried[index][int(free.argmax())]
    return places


def deposit_spots(
    surface: Surface,
    places: Float64,
    radii: Float64,
    shape: DropShape,
    rng: np.random.Generator,
) -> Deposit:
    """Lay one drop at each place.

    Parameters
    ----------
    surface : Surface
    places : (N, 2) float64
        Rows and columns.
    radii : (N,) float64, pixels
    shape : DropShape
    rng : Generator
    """
    count = len(radii)
    radii = np.maximum(radii, SMALLEST_PX)
    aspects = 1 + (shape.aspect - 1) * rng.random(count)
    lobes = 1 + (shape.irregularity > 0) * np.searchsorted(LOBES, rng.random(count))
    doses = np.exp(shape.unalike * rng.standard_normal(count))
    reach = (REACH + shape.softness) * np.sqrt(aspects) * radii
    corners = np.concatenate([places - reach[:, None], places + reach[:, None]])
    box = box_around(corners, 3.0, surface.shape)
    film, sunk = np.zeros(box.shape, np.float32), np.zeros(box.shape, np.float32)
    for index in range(count):
        blob = Blob(
            centre=(float(places[index, 0]), float(places[index, 1])),
            radius=float(radii[index]),
            aspect=float(aspects[index]),
            angle=float(rng.uniform(0, np.pi)),
            lobes=int(lobes[index]),
            irregularity=shape.irregularity,
            ragged=RAGGED * shape.irregularity if radii[index] > RESOLVED_PX else 0.0,
        )
        near = blob.box(REACH + shape.softness, surface.shape)
        grid = Grid.over(near, GRID)
        share = grid.refine(blob_share(blob, grid, rng))
        crisp, bled = _laid(share, float(radii[index]), shape, DISC_FACTOR)
        here = (
            slice(near.top - box.top, near.bottom - box.top),
            slice(near.left - box.left, near.right - box.left),
        )
        dose = np.float32(doses[index])
        np.maximum(film[here], dose * crisp, out=film[here])
        laid, more = sunk[here], dose * bled
        sunk[here] = np.maximum(laid, more) + np.float32(AGAIN) * np.minimum(laid, more)
    return Deposit(box, film, sunk)


def deposit_stroke(
    surface: Surface, places: Float64, radius: float, shape: DropShape, rng: np.random.Generator
) -> Deposit | None:
    """Draw one stroke through the places; None if it lies outside the allowed area.

    Parameters
    ----------
    surface : Surface
    places : (N, 2) float64
        Rows and columns.
    radius : float, pixels
        Half its width.
    shape : DropShape
    rng : Generator
    """
    radius = max(radius, SMALLEST_PX)
    knots = arc_length(places)
    length = max(float(knots[-1]), radius)
    ends = radius * ROUND_END
    step = max(STROKE_STEP * radius, LEAST_STEP_PX)
    middle = np.linspace(radius, max(length - radius, radius), max(int(length / step), 2))
    along = np.unique(np.concatenate([ends, middle, length - ends]))
    points = np.column_stack([np.interp(along, knots, places[:, axis]) for axis in (0, 1)])
    near_end = np.clip(np.minimum(along, length - along) / radius, 0, 1)
    waver = 1 + STROKE_EDGE * smooth_noise(len(along), 3.0, rng)
    half = radius * np.sqrt(near_end * (2 - near_end)) * waver
    dose = np.exp(shape.unalike * smooth_noise(len(along), 4.0, rng))
    dose = dose * (1 + STOP * shape.unalike * np.exp(-along / (2 * radius)))
    margin = shape.softness * radius + EDGE_PX
    band = trace([Stroke(points, half, half)], surface.allowed, margin)
    if band is None:
        return None
    outside = np.abs(band.offset) - (band.left + band.right) / 2
    share = np.maximum(1 + outside / radius, 0).astype(np.float32)
    crisp, bled = _laid(share, radius, shape, BAND_FACTOR)
    thick = band.at(dose)
    box = band.box
    return Deposit(box, band.spread(thick * crisp, box), band.spread(thick * bled, box))


def _laid(
    share: Float32, radius: float, shape: DropShape, factor: float
) -> tuple[Float32, Float32]:
    """Return the thickness of paint by the distance from the middle in units of the outline.

    ``c = 1 + rim (factor q**4 - 1)`` has the mean one, whatever dried at the rim. The first result
    ends as sharply as optics show, the second over the softness.
    """
    q = np.minimum(share, 1)
    q *= q
    thick = 1 + np.float32(shape.rim) * (np.float32(factor) * q * q - 1)
    sharp = EDGE_PX / radius
    return thick * edged(share, 1.0, sharp), thick * edged(share, 1.0, max(sharp, shape.softness))
