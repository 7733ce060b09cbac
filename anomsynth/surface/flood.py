"""Flooding: the part is what the border of the picture reaches only over a step.

A flood rises from the border over a landscape of steps in colour. Soft shadows and slow light are
slopes that it climbs early; the outline of a part is a wall. The best part is the one whose wall
stands highest over the waves of the ground that lies outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Float32, Mask
from anomsynth.surface.backdrop import (
    SAME_COLOUR,
    SPECK,
    border_colours,
    border_of,
    border_runs,
    centres,
    constant_colour,
    disc,
    distances,
    slow_colour,
    smoothed,
)

SMOOTH = 0.8  # deviation, coarse pixels, of the blur that takes noise from the steps
DRIFT = 0.08  # cost of standing on another colour, per CIE difference; a step costs its height
LOWEST = 1.2  # CIE per pixel, the lowest wall that is tried
LEVELS = 12  # walls that are tried at most, the highest ones
PLATEAU = 0.002  # share of the picture that is flooded at one height where a wall is overcome
AREAS = (0.01, 0.8)  # of the picture: a part may cover
TRIES = 3  # levels whose outline is measured, the highest lead first
MOST_RUNS = 4  # stretches of the picture's border on which the part may stand
LOOK = 2.5  # deviation, coarse pixels, of the window in which both sides' colours are averaged

STRONG = 2.6  # lead from which one photo alone is believed
WEAK = 1.6  # lead from which it is, where the category's other photos agree
CONTRAST = 8.0  # CIE difference between the two sides of the outline, median
INNER = 0.3  # least contrast, as a share of how far the part's inside is from the ground
ALL_ROUND = 0.85  # share of the outline that must show a difference
CALM = 0.6  # most that the ground may vary, as a share of the contrast
SMALLEST = 0.06  # least area of a part that one photo alone may show; less may be a mark on it
THIN, THICK = 0.08, 0.3  # share of the part that is left after two erosions: strong, weak

COLOURED = 10.0  # chroma of a ground from which darker is told from different
SHADOW = 0.3  # of a darkening along the ground's own colour counts: it is mostly shadow
HOLE = 0.4  # of the contrast: holes are this near to the ground's colour,
HOLE_CORE = 0.3  # their middle even nearer,
HOLE_RIM = 0.7  # and the material around them is this far from it
SMALLEST_HOLE = 0.003  # of the picture
ENCLOSED = 0.8  # of what a flood leaves dry: more of it in a hole of another part is that hole
FAINT = np.float32(1e-6)  # CIE difference below which two colours are one

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Flooded:
    """What a flood from the border leaves dry.

    Attributes
    ----------
    part : (h, w) bool
    lead : float
        Height of the wall around it over the waves of the ground outside.
    contrast : float
        CIE difference between the two sides of the outline, median.
    all_round : float in [0, 1]
        Share of the outline that shows it.
    waves : float
        CIE differences that the ground varies by, its 90 % quantile.
    depth : float
        Median CIE difference of the part from the ground.
    thickness : float in [0, 1]
        Share of the part that two erosions leave.
    compact : float in [0, 1]
        Area of the largest piece over that of its convex hull, 0 if there are several.
    """

    part: Mask
    lead: float
    contrast: float
    all_round: float
    waves: float
    depth: float
    thickness: float
    compact: float

    @property
    def area(self) -> float:
        """Share of the picture that the part covers."""
        return np.count_nonzero(self.part) / self.part.size

    @property
    def strong(self) -> bool:
        """Whether one photo alone shows this part."""
        return self.lead >= STRONG and self.area >= SMALLEST and self._has_two_sides(THIN)

    @property
    def likely(self) -> bool:
        """Whether this is the part if other photos of the category show one."""
        # A clear part has no colour of its own, only its rim: round, thick, not a mark.
        outlined = self.compact >= 0.95 and self.thickness > 0.8 and 0.04 < self.area < 0.7
        return self.strong or (self.lead >= WEAK and (self._has_two_sides(THICK) or outlined))

    def _has_two_sides(self, thickness: float) -> bool:
        return (
            self.contrast >= max(CONTRAST, INNER * self.depth)
            and self.all_round >= ALL_ROUND
            and self.waves < CALM * self.contrast
            and self.thickness > thickness
        )


def find_flooded(colours: Float32, area: float | None = None) -> Flooded | None:
    """Return the part that stands out best from what the border reaches, None without one.

    Parameters
    ----------
    colours : (h, w, C) float32, L*a*b* or L*
        Of a small picture: a hundred pixels are enough.
    area : float, optional
        Share of the picture that the part usually covers. Where nothing is likely by itself, what
        is about as large is taken for the part.
    """
    smooth = smoothed(colours, SMOOTH)
    best: Flooded | None = None
    for ground in _grounds(smooth):
        walls = _walls(smooth, ground, TRIES if area is None else LEVELS)
        for found in walls:
            if best is None or _rank(found, area) > _rank(best, area):
                best = found
            if found.likely:
                around = next((wall for wall in walls if _is_hole_of(found, wall)), None)
                if best is found and around is not None:
                    best = around
                break
    return best


def _is_hole_of(inner: Flooded, outer: Flooded) -> bool:
    """Tell whether a part is ground that shows through another one: two walls stand around it."""
    if not outer.likely or outer.area < inner.area:
        return False
    outlines, _ = cv2.findContours(
        outer.part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(outer.part.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    holes = (filled > 0) & ~outer.part
    inside = int(np.count_nonzero(inner.part & holes))
    return inside > ENCLOSED * int(np.count_nonzero(inner.part))


def _rank(found: Flooded, area: float | None) -> tuple[bool, float]:
    if area is None or found.likely:
        return found.likely, found.lead
    ratio = found.area / area
    alike = ratio if ratio < 1 else 1 / ratio
    return False, found.lead * alike if alike > 0.5 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """One colour of the border, slowly changing, and what it costs to walk away from it."""

    seeds: Mask
    distance: Float32
    cost: Float32


def _grounds(smooth: Float32) -> Iterator[_Ground]:
    """Yield the grounds that a fair share of the border may belong to."""
    steps, border = _slope(smooth), border_of(smooth.shape[:2])
    explained = np.zeros_like(border)
    for colour in border_colours(smooth):
        distance = distances(smooth, constant_colour(colour))
        seeds = border & (distance < 2 * SAME_COLOUR)
        count = np.count_nonzero(seeds)
        if count < 0.15 * np.count_nonzero(border):
            continue
        if np.count_nonzero(seeds & ~explained) < 0.5 * count:
            continue  # another shade of a ground that was tried before
        explained |= seeds
        near = seeds & (distance < SAME_COLOUR)
        weights = slow_colour(smooth, near) if near.sum() > 8 else constant_colour(colour)
        distance = distances(smooth, weights)
        lit = _past_shadow(smooth, weights)
        if lit is not None:
            distance = np.minimum(distance, lit)
            # Where only the light falls off, colour has no step, whatever lightness does.
            own = np.minimum(steps, np.float32(1.5) * _slope(distance[..., None]))
        else:
            own = steps
        wall = cv2.dilate(own, np.ones((3, 3), np.uint8))
        yield _Ground(seeds, distance, wall + np.float32(DRIFT) * distance)


def _slope(colours: Float32) -> Float32:
    """Return the size of the gradient over all channels, (h, w), per pixel."""
    total = np.zeros(colours.shape[:2], dtype=np.float32)
    for channel in range(colours.shape[2]):
        plane = np.ascontiguousarray(colours[..., channel])
        for down, across in ((1, 0), (0, 1)):
            slope = cv2.Sobel(
                *(plane, cv2.CV_32F, across, down),
                ksize=3,
                scale=1 / 8,
                borderType=cv2.BORDER_REPLICATE,
            )
            total += slope * slope
    return np.sqrt(total, out=total)


def _past_shadow(colours: Float32, weights: Float32) -> Float32 | None:
    """Return how far colours are from a coloured ground when shadow counts little, (h, w).

    A shadow takes the colour along the ray to black; the way across the ray is a real difference.
    None where the ground has too little colour to tell.
    """
    if colours.shape[2] == 1:
        return None
    row = np.broadcast_to(centres(colours.shape[0])[:, None], colours.shape[:2])
    col = np.broadcast_to(centres(colours.shape[1])[None], colours.shape[:2])
    basis = np.stack([np.ones_like(row), row, col, row * row, col * col, row * col], axis=2)
    black = np.array([16, -128, -128], dtype=np.float32)  # L* + 16, a* and b* as OpenCV codes them
    ground, seen = basis @ weights + black, colours + black
    if float(np.hypot(ground[..., 1], ground[..., 2]).mean()) < COLOURED:
        return None
    length = np.sqrt((ground * ground).sum(axis=2))
    along = (seen * ground).sum(axis=2) / length
    across = np.maximum((seen * seen).sum(axis=2) - along * along, 0)
    change = (along - length) * np.where(along < length, np.float32(SHADOW), np.float32(1))
    return np.asarray(np.sqrt(across + change * change), dtype=np.float32)


def _walls(smooth: Float32, ground: _Ground, tries: int) -> Iterator[Flooded]:
    """Yield parts that the flood leaves dry at some level, measured, the highest lead first."""
    border = border_of(ground.cost.shape)
    top = float(ground.cost.max())
    if top < LOWEST:
        return
    found: list[tuple[float, Mask]] = []
    height = _flood_height(ground)
    # Enclosed ground is flooded at once, when the flood comes over the lowest point of its wall.
    levels, counts = np.unique(height, return_counts=True)
    enclosed = levels[(counts >= PLATEAU * height.size) & (levels >= LOWEST)]
    for level in enclosed[-LEVELS:]:
        part = height >= level
        share = np.count_nonzero(part) / part.size
        if not AREAS[0] < share < AREAS[1] or border_runs(part) > MOST_RUNS:
            continue
        part = _without_specks(part)
        share = np.count_nonzero(part) / part.size
        inner = part[1:-1, 1:-1].mean()
        if not AREAS[0] < share < AREAS[1] or part[border].mean() > 0.85 * inner:
            continue
        waves = ground.cost[grown(part, 1) == 0]
        if waves.size < 0.1 * part.size:
            continue
        found.append((float(level) / max(float(np.mean(waves**4)) ** 0.25, 0.2), part))
    found.sort(key=lambda pair: -pair[0])
    for lead, part in found[:tries]:
        core = shrunk(part, 1) > 0  # without the wall, one pixel wide
        measured = _measured(smooth, core if core.any() else part, lead, ground)
        if measured is not None:
            yield measured


def _flood_height(ground: _Ground) -> Float32:
    """Return how high the flood stands when it reaches each pixel: least over all ways, (h, w)."""
    from skimage.morphology import reconstruction  # noqa: PLC0415 - slow to import, seldom needed

    start = np.where(ground.seeds, ground.cost, ground.cost.max())
    height = reconstruction(start, ground.cost, method="erosion")  # type: ignore[no-untyped-call]  # scikit-image has no types
    return np.asarray(height, dtype=np.float32)


def _without_specks(part: Mask) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part.view(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    area[0] = 0
    keep = area >= max(0.02 * int(area.max()), 1.5 * SPECK * part.size)
    return part if keep.sum() == count - 1 else keep[labels]


def _measured(smooth: Float32, part: Mask, lead: float, ground: _Ground) -> Flooded | None:
    """Compare the colours on both sides of the outline; None where there is no other side."""
    deep = shrunk(part, 2) > 0
    inside = deep if deep.sum() >= 0.2 * part.sum() else shrunk(part, 1) > 0
    near, far = grown(part, 1) > 0, grown(part, 2) == 0
    if not inside.any() or np.count_nonzero(far) <= 30:
        return None
    within, enough = local_mean(smooth, inside)
    beyond, also = local_mean(smooth, ~near)
    outline = near & (shrunk(part, 1) == 0) & (enough > 0.01) & (also > 0.01)
    if np.count_nonzero(outline) < 8:
        return None
    steps = np.sqrt(((within[outline] - beyond[outline]) ** 2).sum(axis=1))
    contrast = float(np.median(steps))
    rest = distances(smooth, slow_colour(smooth, far))
    part = _without_holes(part, ground.distance, contrast)
    return Flooded(
        part=part,
        lead=lead,
        contrast=contrast,
        all_round=float(np.mean(steps > max(0.3 * contrast, 3.0))),
        waves=order_statistic(rest[far], 0.9),
        depth=order_statistic(rest[part], 0.5),
        thickness=float(deep.sum() / part.sum()),
        compact=_compactness(part),
    )


def local_mean(colours: Float32, where: Mask) -> tuple[Float32, Float32]:
    """Return the mean colour near each pixel over the pixels of `where`, and their share."""
    weight = where.astype(np.float32)
    share = cv2.GaussianBlur(weight, (0, 0), LOOK) + FAINT
    total = cv2.GaussianBlur(colours * weight[..., None], (0, 0), LOOK).reshape(colours.shape)
    return total / share[..., None], np.asarray(share, dtype=np.float32)


def _compactness(part: Mask) -> float:
    outlines, _ = cv2.findContours(part.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)
    area = cv2.contourArea(largest)
    if area <= 0.9 * np.count_nonzero(part):
        return 0.0
    return float(area / max(cv2.contourArea(cv2.convexHull(largest)), 1.0))


def _without_holes(part: Mask, distance: Float32, contrast: float) -> Mask:
    """Take the holes out of a part through which the ground shows, in shadow or not."""
    low: Bytes = (part & (distance < HOLE * contrast)).view(np.uint8)
    least = SMALLEST_HOLE * part.size
    if cv2.countNonZero(low) < least:
        return part
    opened = cv2.morphologyEx(low, cv2.MORPH_OPEN, disc(1))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    whole = part.copy()
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < least:
            continue
        hole = labels == label
        rim = (grown(hole, 3) > grown(hole, 2)) & part
        core = shrunk(hole, 1) > 0
        middle = distance[core if core.any() else hole]
        if rim.any() and (
            np.quantile(distance[rim], 0.2) > HOLE_RIM * contrast
            and np.median(middle) < HOLE_CORE * contrast
        ):
            whole &= ~hole
    return whole


def grown(mask: Mask, radius: int) -> Bytes:
    """Return a mask widened by a disc, as bytes."""
    wide = cv2.dilate(coded(mask), disc(radius), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(wide, dtype=np.uint8)


def shrunk(mask: Mask, radius: int) -> Bytes:
    """Return a mask narrowed by a disc, as bytes."""
    narrow = cv2.erode(coded(mask), disc(radius), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(narrow, dtype=np.uint8)


def coded(mask: Mask) -> Bytes:
    """Return a mask as bytes for OpenCV."""
    return np.ascontiguousarray(mask).view(np.uint8)
