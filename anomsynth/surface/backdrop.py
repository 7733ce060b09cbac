"""The background behind a part: calm, seen at the border of the picture, ending in a step."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Float32, Mask

Float64 = NDArray[np.float64]

SAME_COLOUR = 7.0  # CIE 1976 difference below which two border colours are one candidate
CALM = (4.0, 16.0)  # CIE differences a background may vary by around its own slow gradient
CONTRAST = 10.0  # CIE difference that a part must show against its background
SHARP = 0.93  # share of the outline that must be a real step in colour
CLEAR = 0.05  # least score; less is a mark on the part rather than a part
SPECK = 0.002  # parts and holes below this share of the picture are no parts and no holes
SHADOWS = (1.0, 1.7, 2.8)  # a part's soft shadow ends in no step: it may be background too
REACH = 6  # pixels around an outline in which the part's own contrast is looked up
TERMS = 6  # constant, plane, paraboloid
MOST_CANDIDATES = 3
MOST_RUNS = 4  # stretches of the picture's border on which the part may stand


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A background and the part before it.

    Attributes
    ----------
    part : (h, w) bool
    weights : (6, C) float32
        Colour of the background as a polynomial of the position, row and column in [-0.5, 0.5].
    threshold : float
        Distance in colour where the part begins.
    score : float
        How much the part keeps to the middle and how sharp its outline is, in [0, 1].
    """

    part: Mask
    weights: Float32
    threshold: float
    score: float

    def distance(self, colours: Float32, row: Float32, col: Float32) -> Float32:
        """Return how far (N, C) colours at (N,) rows and columns are from the background."""
        return distance_from(colours, self.weights, row, col)


def distance_from(colours: Float32, weights: Float32, row: Float32, col: Float32) -> Float32:
    """Return the Euclidean difference of colours from a polynomial of the position.

    Parameters
    ----------
    colours : (..., C) float32
    weights : (6, C) float32
    row, col : float32 that broadcast to the shape of `colours` without C, in [-0.5, 0.5]
    """
    total = np.zeros(colours.shape[:-1], dtype=np.float32)
    for channel, (flat, down, across, bent, curved, mixed) in enumerate(weights.T):
        difference = colours[..., channel] - (flat + row * down + row**2 * bent)
        if across or curved:
            difference -= col * across + col**2 * curved
        if mixed:
            difference -= mixed * row * col
        total += np.multiply(difference, difference, out=difference)
    return np.sqrt(total, out=total)


def distances(colours: Float32, weights: Float32) -> Float32:
    """Return how far the colours of a whole picture are from a background, (h, w)."""
    row, col = centres(colours.shape[0])[:, None], centres(colours.shape[1])[None]
    return distance_from(colours, weights, row, col)


@lru_cache(maxsize=16)
def centres(length: int) -> Float32:
    """Return the positions of pixels along a side, in [-0.5, 0.5]."""
    return ((np.arange(length) + 0.5) / length - 0.5).astype(np.float32)


def find_backdrop(colours: Float32) -> Backdrop | None:
    """Return the clearest background of (h, w, C) L*a*b* colours, None if none is clear."""
    blurred = cv2.GaussianBlur(colours, (3, 3), 0.6, borderType=cv2.BORDER_REPLICATE)
    smooth = np.asarray(blurred, dtype=np.float32).reshape(colours.shape)
    border = border_of(colours.shape[:2])
    best: Backdrop | None = None
    explained = np.zeros_like(border)
    for colour in border_colours(smooth):
        similar = border & (distances(smooth, constant_colour(colour)) < SAME_COLOUR)
        if np.count_nonzero(similar & ~explained) < 0.5 * np.count_nonzero(similar):
            continue  # another shade of a background that was tried before
        grown = _grow(smooth, colour, border)
        if grown is None:
            continue
        explained |= distances(smooth, grown.weights) < grown.threshold
        if grown.score >= CLEAR and (best is None or grown.score > best.score):
            best = grown
    return best


def smoothed(colours: Float32, deviation: float) -> Float32:
    """Return (h, w, C) colours blurred by a Gaussian, pixels."""
    blurred = cv2.GaussianBlur(colours, (0, 0), deviation, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32).reshape(colours.shape)


def border_of(shape: tuple[int, ...]) -> Mask:
    """Return the outermost pixels of a picture, (h, w) bool."""
    border = np.ones(shape, dtype=bool)
    border[1:-1, 1:-1] = False
    return border


def border_colours(colours: Float32) -> list[Float32]:
    """Return distinct colours of the sides and corners, the most common on the border first."""
    strips = (colours[:2], colours[-2:], colours[:, :2], colours[:, -2:])
    corners = [strip[:, cols] for strip in strips[:2] for cols in (slice(3), slice(-3, None))]
    areas = [area.reshape(-1, colours.shape[2]) for area in (*strips, *corners)]
    medians = np.stack([np.sort(area, axis=0)[len(area) // 2] for area in areas])
    line = np.concatenate(areas[:4])[::2]
    share = (np.linalg.norm(line - medians[:, None], axis=2) < SAME_COLOUR).mean(axis=1)
    chosen: list[Float32] = []
    for index in np.argsort(-share, kind="stable"):
        colour = medians[index]
        if all(np.linalg.norm(colour - other) > SAME_COLOUR for other in chosen):
            chosen.append(colour)
    return chosen[:MOST_CANDIDATES]


def _grow(colours: Float32, colour: Float32, border: Mask) -> Backdrop | None:
    """Grow a background from one border colour; its score is 0 unless it ends in a step."""
    distance = distances(colours, constant_colour(colour))
    near = distance[border]
    near = near[near < 2 * SAME_COLOUR]
    if near.size < 0.03 * np.count_nonzero(border):
        return None
    limit = float(np.clip(4 * order_statistic(near, 0.5), *CALM))
    for _ in range(2):
        seeds = reached(distance < limit, border)
        if np.count_nonzero(seeds) < 8:
            return None
        weights = slow_colour(colours, seeds)
        distance = distances(colours, weights)
    seeds = reached(distance < limit, border)
    if border_runs(seeds) > 3 * MOST_RUNS:
        return None  # a texture, seen before the costly steps
    threshold = max(0.5 * _ring_level(distance, seeds), 0.6 * limit)
    found = None
    for factor in SHADOWS:
        higher = factor * threshold
        part = _clean(distance, higher, border)
        score = _score(part, distance, border)
        if score > 0 and not _calm(part, distance, higher):
            score = 0.0
        found = Backdrop(part, weights, higher, score)
        if score > 0:
            break
    return found


def constant_colour(colour: Float32) -> Float32:
    """Return the polynomial of a background of one colour, (6, C)."""
    return np.concatenate([colour[None], np.zeros((TERMS - 1, colour.size), np.float32)])


def reached(similar: Mask, border: Mask) -> Mask:
    """Return the connected regions of `similar` that touch the border."""
    count, labels = cv2.connectedComponents(similar.view(np.uint8), connectivity=4)
    touching = np.zeros(count, dtype=bool)
    touching[labels[border]] = True
    touching[0] = False
    return touching[labels]


def slow_colour(colours: Float32, seeds: Mask) -> Float32:
    """Fit the background's slow change: a plane, bent where the background is seen all around."""
    index = np.flatnonzero(seeds)
    index = index[:: max(index.size // 500, 1)]
    rows, cols = np.divmod(index, seeds.shape[1])
    row, col = centres(seeds.shape[0])[rows], centres(seeds.shape[1])[cols]
    basis = np.stack([np.ones_like(row), row, col, row**2, col**2, row * col], axis=1)
    span = float(np.ptp(basis[:, 1:3], axis=0).min())
    terms = 1 if span < 0.3 else 3 if span < 0.8 else TERMS
    basis = basis[:, :terms]
    # A little ridge keeps thin strips from tilting the plane they cannot see.
    ridge = np.diag([0.0] + [0.005 * index.size] * (terms - 1)).astype(np.float32)
    target = basis.T @ colours.reshape(-1, colours.shape[2])[index]
    weights = np.zeros((TERMS, colours.shape[2]), dtype=np.float32)
    weights[:terms] = np.linalg.solve(basis.T @ basis + ridge, target)
    return weights


def _ring_level(distance: Float32, seeds: Mask) -> float:
    """Return how far the colour is from the background just beyond it."""
    coded = seeds.view(np.uint8)
    ring = distance[cv2.dilate(coded, disc(3)) > cv2.dilate(coded, disc(1))]
    return order_statistic(ring, 0.4) if ring.size else 0.0


@lru_cache(maxsize=8)
def disc(radius: int) -> NDArray[np.uint8]:
    """Return a disc for dilations and erosions."""
    size = 2 * radius + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)


def _clean(distance: Float32, threshold: float, border: Mask) -> Mask:
    """Return the part: what the background does not reach, small holes filled, specks gone."""
    similar = (distance < threshold).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(similar, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    background = np.zeros(count, dtype=bool)
    background[labels[border]] = True
    for label in np.flatnonzero(~background & (area >= 3 * SPECK * similar.size)):
        background[label] = bool(np.mean(distance[labels == label]) < 0.4 * threshold)
    background[0] = False
    part = (~background[labels]).view(np.uint8)
    part = cv2.morphologyEx(part, cv2.MORPH_OPEN, disc(1), borderType=cv2.BORDER_REPLICATE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    area[0] = 0
    keep = area >= max(SPECK * part.size, 0.02 * int(area.max()), 1)
    return part.view(np.bool_) if keep.sum() == count - 1 else keep[labels]


def _calm(part: Mask, distance: Float32, threshold: float) -> bool:
    """Tell whether the background varies little beside the step, and the part is thick."""
    coded = part.view(np.uint8)
    ground = distance[cv2.dilate(coded, disc(1), borderType=cv2.BORDER_REPLICATE) == 0]
    thick = cv2.erode(coded, disc(2), borderType=cv2.BORDER_REPLICATE)
    if cv2.countNonZero(thick) < 0.1 * cv2.countNonZero(coded):
        return False
    return ground.size == 0 or order_statistic(ground, 0.9) < 0.75 * threshold


def border_runs(part: Mask) -> int:
    """Return on how many separate stretches of the picture's border the part stands."""
    ring = np.concatenate([part[0], part[1:, -1], part[-1, -2::-1], part[-2:0:-1, 0]])
    return int(np.count_nonzero(ring != np.roll(ring, 1))) // 2


def _score(part: Mask, distance: Float32, border: Mask) -> float:
    """Return how clearly a person would see this part before a background, 0 = not at all."""
    inner = np.count_nonzero(part[1:-1, 1:-1]) / max((part.shape[0] - 2) * (part.shape[1] - 2), 1)
    outer = np.count_nonzero(part[border]) / np.count_nonzero(border)
    if inner < SPECK or outer > 0.85 * inner or border_runs(part) > MOST_RUNS:
        return 0.0
    coded = part.view(np.uint8)
    core = cv2.erode(coded, disc(1), borderType=cv2.BORDER_REPLICATE)
    near = cv2.erode(core, disc(1), borderType=cv2.BORDER_REPLICATE)
    deep = cv2.erode(near, disc(2), borderType=cv2.BORDER_REPLICATE)
    wide = cv2.dilate(coded, disc(1), borderType=cv2.BORDER_REPLICATE)
    rim, outline = distance[near > deep], wide > core
    if rim.size == 0 or not outline.any():
        return 0.0
    # Well inside, where a slow fade would have gone on, but an edge has ended.
    contrast = order_statistic(rim, 0.5)
    box = np.ones((3, 3), np.uint8)
    # The largest step nearby: the outline may be half a pixel off the edge.
    jump = cv2.dilate(cv2.dilate(distance, box) - cv2.erode(distance, box), box)
    # Thin leads of another colour than the body have smaller steps of their own.
    local = np.minimum(cv2.dilate(np.where(part, distance, np.float32(0)), disc(REACH)), contrast)
    sharp = float(np.mean(jump[outline] > 0.5 * local[outline]))
    if contrast < CONTRAST or sharp < SHARP:
        return 0.0
    return (inner - outer) * sharp
