"""Edges inside the part: rims, steps, seams, the outlines of prints, where damage begins, too."""

import weakref
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encoded_lab
from anomsynth.core.types import Float32, Int32, Mask, Surface
from anomsynth.surface.sites import edge_at

SIDE = 512  # pixels a side at which edges are looked for
BLUR_PX = 1.6  # finer than that is texture
CLEAR_PX = 5  # what is closer to the outline of the part is the outline
LEAST_STEP = 2.0  # CIE units per pixel: the faintest edge
STRONG = 0.93  # quantile of the gradient on the part that an edge has to reach somewhere
WEAK = 0.5  # and keep everywhere, as a share of it
LEAST_LENGTH = 0.12  # of part size; shorter edges are texture


@dataclass(frozen=True, slots=True, eq=False)
class Rims:
    """Pixels on the edges inside a part.

    Attributes
    ----------
    sites : (N, 2) int32
        Rows and columns, allowed pixels.
    normals : (N, 2) float32
        Unit (row, col) vectors across the edge, towards its brighter side.
    """

    sites: Int32
    normals: Float32


def rims_of(surface: Surface) -> Rims:
    """Return the edges inside the part; found once for all samples of a photo."""
    global _last  # noqa: PLW0603 - several samples are made of each photo, one after another
    arrays = (surface.pixels, surface.foreground, surface.allowed)
    known = _last
    if known is not None and all(ref() is its for ref, its in zip(known[0], arrays, strict=True)):
        return known[1]
    found = _find(surface)
    _last = tuple(weakref.ref(array) for array in arrays), found
    return found


# What was found in the last photo. Its arrays are known by identity (they are read-only), and not
# kept alive: a program that holds a sample would hold the photo, too.
_last: tuple[tuple[weakref.ref[NDArray[np.generic]], ...], Rims] | None = None


def _find(photo: Surface) -> Rims:
    height, width = photo.foreground.shape
    step = max(-(-max(height, width) // SIDE), 1)
    size = (-(-width // step), -(-height // step))
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    colours = encoded_lab(np.ascontiguousarray(small).reshape(size[1], size[0], -1), photo.encoding)
    part = photo.foreground[::step, ::step]
    down, right = _gradient(colours)
    strength = np.hypot(down, right)
    reach = 2 * CLEAR_PX + 1
    framed = cv2.copyMakeBorder(part.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inner = cv2.erode(framed, np.ones((reach, reach), np.uint8))[1:-1, 1:-1] > 0
    if not inner.any():
        return _none()
    strong = max(float(np.quantile(strength[inner], STRONG)), LEAST_STEP)
    lines = _thin(down, right, strong) & inner
    lines = _long(lines, LEAST_LENGTH * float(np.sqrt(np.count_nonzero(part))))
    row, col = np.nonzero(lines)
    rows = np.minimum(row * step + step // 2, height - 1)
    cols = np.minimum(col * step + step // 2, width - 1)
    keep = photo.allowed[rows, cols]
    sites = np.stack([rows[keep], cols[keep]], axis=1).astype(np.int32)
    row, col = row[keep], col[keep]
    normals = np.stack([down[row, col], right[row, col]], axis=1) / strength[row, col][:, None]
    for array in (sites, normals):
        array.setflags(write=False)  # all samples of the photo share it
    return Rims(sites, np.asarray(normals, dtype=np.float32))


def _none() -> Rims:
    return Rims(np.zeros((0, 2), np.int32), np.zeros((0, 2), np.float32))


def _gradient(colours: Float32) -> tuple[Float32, Float32]:
    """Return the gradient of lightness, where colour changes more, of the colour, (h, w) each."""
    smooth = np.asarray(cv2.GaussianBlur(colours, (0, 0), BLUR_PX), dtype=np.float32)
    best_down, best_right, best = (np.zeros(colours.shape[:2], np.float32) for _ in range(3))
    for channel in range(colours.shape[2]):
        plane = np.ascontiguousarray(smooth.reshape(colours.shape)[..., channel])
        down, right = _slope(plane, 0, 1), _slope(plane, 1, 0)
        steep = down * down + right * right
        more = steep > best
        for kept, new in ((best_down, down), (best_right, right), (best, steep)):
            np.copyto(kept, new, where=more)
    return best_down, best_right


def _slope(plane: Float32, cols: int, rows: int) -> Float32:
    slope = cv2.Scharr(plane, cv2.CV_32F, cols, rows, scale=1 / 32)
    return np.asarray(slope, dtype=np.float32)


def _thin(down: Float32, right: Float32, strong: float) -> Mask:
    """Return the crests of the gradient that are strong somewhere (Canny 1986)."""
    scale = np.float32(64)  # OpenCV takes whole numbers
    edges = cv2.Canny(
        np.rint(right * scale).astype(np.int16),
        np.rint(down * scale).astype(np.int16),
        WEAK * strong * float(scale),
        strong * float(scale),
        L2gradient=True,
    )
    return np.asarray(edges > 0)


def _long(lines: Mask, least: float) -> Mask:
    """Return the lines that reach over at least so many pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(lines.view(np.uint8), connectivity=8)
    reach = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = reach >= least
    keep[0] = False
    return np.asarray(keep[labels]) if count > 1 else lines


def pick_rim_or_edge(
    surface: Surface, rim_probability: float, rng: np.random.Generator
) -> tuple[tuple[int, int], tuple[float, float], bool]:
    """Return a place where damage may begin: on an edge inside the part, or on its outline.

    Uses exactly one number of the stream. Where the part shows no edges, or has no outline, the
    other is taken.

    Returns
    -------
    (row, col), (down, right), inner
        An allowed pixel; the unit normal into the part, on a rim towards either side; whether it
        is a rim.

    Raises
    ------
    PlacementError
        If there is neither.
    """
    pick = float(rng.random())
    rims = rims_of(surface) if rim_probability > 0 else _none()
    inner = len(rims.sites) > 0 and pick < rim_probability
    if inner:
        share = pick / rim_probability * 2 * len(rims.sites)
        index = min(int(share / 2), len(rims.sites) - 1)
        site, normal = rims.sites[index], rims.normals[index]
        side = 1.0 if share % 2 < 1 else -1.0
        return (
            (int(site[0]), int(site[1])),
            (side * float(normal[0]), side * float(normal[1])),
            True,
        )
    if len(rims.sites):
        pick = (pick - rim_probability) / max(1 - rim_probability, 1e-9)
    place, inwards = edge_at(surface, pick)
    return place, inwards, False
