"""One marked defect, real or synthetic: where it is, what of its mask changed, what is around."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from anomsynth.core.types import Box, Float32, Int32, Mask, Pixels, Surface
from anomsynth.sqe.region import MARGIN, Region

LEAST_GAP = 6  # pixels: pieces of a mask closer than this are one defect
MOST = 4  # defects of a picture that are measured, the largest
SMALLEST = 4  # pixels of a mask that are a defect
SMOOTHING = 0.7  # pixels, of the departure that tells what changed
AROUND = 0.95  # quantile of the surroundings' departure that a change must top
OF_PEAK = 0.3  # share of the defect's own peak that a change must reach
PEAK = 0.95  # quantile of the departure that counts as its peak
LEAST_CORE = 0.04  # share of the mask; less is chance, and the whole mask is taken


@dataclass(frozen=True, eq=False)
class Defect:
    """A defect that somebody marked.

    Attributes
    ----------
    region : Region
        A window around it, whose `inside` is the core: what of the mask visibly differs from the
        surroundings. Masks drawn by hand are wider than the change.
    outline : (h, w) bool
        The mask as it was drawn, in the window.
    edge : (h, w) float32
        Distance to the part's outline, pixels; the picture's border counts as outline.
    deepest : float
        Largest distance to the outline on the part, pixels.
    part_size : float
        Square root of the part's area, pixels.
    mm_per_px : float
    grain : (angle, coherence)
        Direction along the part's texture at the defect, radians; how parallel it is, in [0, 1].
    groups : int
        Defects in the same picture, this one included.
    gap : float
        Pixels to the nearest other one; infinite without any.
    """

    region: Region
    outline: Mask
    edge: Float32
    deepest: float
    part_size: float
    mm_per_px: float
    grain: tuple[float, float]
    groups: int
    gap: float

    @property
    def core(self) -> Mask:
        """What visibly changed, (h, w) bool."""
        return self.region.inside

    @cached_property
    def area(self) -> int:
        """Pixels of the core."""
        return int(np.count_nonzero(self.core))

    @cached_property
    def depth(self) -> Float32:
        """Distance to the core's border inside of it, (n,) pixels, one a pixel of the core."""
        return self.region.depth[self.core] + np.float32(0.5)

    @cached_property
    def axes(self) -> tuple[float, float, float]:
        """Length and width of the box that fits tightest, pixels, and the length's direction.

        The direction is in radians in [0, pi), 0 along columns, measured towards +row.
        """
        rows, cols = np.nonzero(self.core)
        points = np.stack([cols, rows], axis=1).astype(np.float32)
        (_, _), (first, second), angle = cv2.minAreaRect(points)
        turn = angle if first >= second else angle + 90
        return max(first, second) + 1, min(first, second) + 1, float(np.deg2rad(turn) % np.pi)

    @cached_property
    def thickness(self) -> float:
        """Mean width of its strokes, pixels: a strip's pixels lie a quarter of it deep."""
        return 4 * float(np.mean(self.depth))

    @cached_property
    def difference(self) -> Float32:
        """Colour against that of the surroundings, (n, 1 or 3) CIE units, of the core's pixels."""
        return self.region.colour[self.core] - self.region.background[self.core]


def find_defects(surface: Surface, pixels: Pixels, mask: Mask) -> tuple[Defect, ...]:
    """Return the defects of a picture, the largest first, at most `MOST` of them.

    Pieces of the mask are one defect if the gap between them is smaller than they are.

    Parameters
    ----------
    surface : Surface
        Of the part without the defects: of the photo before, or of the picture with them filled.
    pixels : (H, W, C) uint8 or uint16
        The picture.
    mask : (H, W) bool
    """
    groups = _groups(mask)
    if not groups:
        return ()
    part = surface.foreground
    framed = cv2.copyMakeBorder(part.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    edge = np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1]
    found = []
    for place, own in groups[:MOST]:
        box = place.grown(MARGIN, surface.shape)
        here = box.slices
        outline = np.zeros(box.shape, dtype=np.bool_)
        outline[
            place.top - box.top : place.bottom - box.top,
            place.left - box.left : place.right - box.left,
        ] = own
        area = int(np.count_nonzero(own))
        region = Region(
            box=box,
            pixels=np.ascontiguousarray(pixels[here]),  # type: ignore[arg-type]  # keeps its type
            inside=outline,
            clear=part[here] & ~mask[here],
            part=part[here],
            camera=surface.camera,
            weight=1.0,
            area=area,
            share=area / max(surface.part_area_px, 1),
        )
        middle = (place.top + place.bottom) / 2, (place.left + place.right) / 2
        found.append(
            Defect(
                region=_with_core(region, changed_core(region), surface),
                outline=outline,
                edge=edge[here],
                deepest=max(float(edge.max()), 1.0),
                part_size=max(surface.part_size_px, 1.0),
                mm_per_px=surface.mm_per_px,
                grain=surface.grain.at(*middle),
                groups=len(groups),
                gap=_gap(place, [other for other, _ in groups if other is not place]),
            )
        )
    return tuple(found)


def changed_core(region: Region) -> Mask:
    """Return what of a loosely drawn mask differs from the surroundings, (h, w) bool.

    A pixel belongs to it if its smoothed departure tops nearly all of the surroundings' and a
    share of the defect's own peak. Where that leaves next to nothing, only texture has changed,
    and the core is the mask.
    """
    smooth = cv2.GaussianBlur(region.departure, (0, 0), SMOOTHING)
    inside = smooth[region.inside]
    limit = OF_PEAK * float(np.quantile(inside, PEAK))
    if region.ring_at.size:
        limit = max(limit, float(np.quantile(smooth.take(region.ring_at), AROUND)))
    core = region.inside & (smooth >= limit)
    least = max(SMALLEST, LEAST_CORE * inside.size)
    return core if np.count_nonzero(core) >= least else region.inside


def _with_core(region: Region, core: Mask, surface: Surface) -> Region:
    """Return a fresh region whose inside is the core; what is measured on it starts anew."""
    area = int(np.count_nonzero(core))
    return replace(region, inside=core, area=area, share=area / max(surface.part_area_px, 1))


def _groups(mask: Mask) -> list[tuple[Box, Mask]]:
    """Return box and pixels of the defects of a mask, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    if count < 2:
        return []
    size = float(np.median(np.sqrt(stats[1:, cv2.CC_STAT_AREA])))
    numbers = np.asarray(labels, dtype=np.int32)
    if count > 2:
        side = max(LEAST_GAP, round(size)) | 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        grown = cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), disc)
        count, labels = cv2.connectedComponents(grown, connectivity=8, ltype=cv2.CV_32S)
        numbers = np.asarray(labels, dtype=np.int32) * mask
    found = list(_boxes(numbers, count))
    return sorted(found, key=lambda item: -int(np.count_nonzero(item[1])))


def _boxes(numbers: Int32, count: int) -> Iterator[tuple[Box, Mask]]:
    for number in range(1, count):
        own = numbers == number
        box = Box.around(own)
        if box is not None and np.count_nonzero(own) >= SMALLEST:
            yield box, own[box.slices]


def _gap(place: Box, others: list[Box]) -> float:
    """Return the least distance between a box and others, infinite without others."""
    gaps = [
        np.hypot(
            max(other.top - place.bottom, place.top - other.bottom, 0),
            max(other.left - place.right, place.left - other.right, 0),
        )
        for other in others
    ]
    return float(min(gaps, default=np.inf))
