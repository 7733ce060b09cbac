"""Where a part is fibrous: bristles, pile, fringes, threads that stand every way."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encoded_lightness
from anomsynth.core.types import Float32, Int32, Mask, Pixels, Surface
from anomsynth.surface.identity import ByIdentity, found_once

SIDE = 448  # pixels a side at which fibres are looked for
FINE_PX = 0.8  # finer than that is noise
INSIDE_PX = 4  # what lies nearer to the outline of the part may be the outline
STEEP = 4.0  # L* per pixel**2 that a fibre's crest is curved across
SLENDER = 1.5  # times as much as along it
# Below this lies the sum of a crest's two curvatures, at most -STEEP (1 - 1 / SLENDER).
LEAST_BOTH = -0.3 * STEEP
SHORTEST, LONGEST = 7.0, 60.0  # pixels; a longer line is an edge or a groove
WIDEST = 2.2  # pixels of a line over its length
AROUND = 31  # pixels a side over which fibres are counted
LEAST_SHARE = 0.02  # of the pixels around, that crests of fibres are
MOST_ALIGNED = 0.6  # beyond, lines that run one way are grooves or brushing
LEAST_PLACES = 0.3  # of the part; fewer such places are threads that cross, or scratches


def fibrous_sites(surface: Surface) -> Int32:
    """Return allowed pixels at which the part is fibrous, (N, 2) int32 rows and columns, often 0.

    Fibres are short, thin, bright lines, many together, that run in several directions; grooves,
    threads and brushing run in one. Found once for all samples of a photo.
    """
    return _find(_SeenPart(surface.pixels, surface.foreground, surface.allowed, surface.encoding))


@dataclass(frozen=True, slots=True, eq=False)
class _SeenPart(ByIdentity):
    pixels: Pixels
    foreground: Mask
    allowed: Mask
    encoding: str


@found_once()
def _find(photo: _SeenPart) -> Int32:
    height, width = photo.foreground.shape
    step = max(-(-max(height, width) // SIDE), 1)
    size = (-(-width // step), -(-height // step))
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    small = np.ascontiguousarray(small).reshape(size[1], size[0], -1)
    tone = encoded_lightness(small, photo.encoding)
    part = np.ascontiguousarray(photo.foreground[::step, ::step])
    kernel = np.ones((2 * INSIDE_PX + 1,) * 2, np.uint8)
    inner = np.asarray(cv2.erode(part.view(np.uint8), kernel, borderValue=1), np.uint8)
    found = _fibrous(tone, inner)
    none = np.zeros((0, 2), np.int32)
    if np.count_nonzero(found) < LEAST_PLACES * max(int(np.count_nonzero(part)), 1):
        none.setflags(write=False)
        return none
    row, col = np.nonzero(found)
    rows = np.minimum(row * step + step // 2, height - 1)
    cols = np.minimum(col * step + step // 2, width - 1)
    keep = photo.allowed[rows, cols]
    sites = np.stack([rows[keep], cols[keep]], axis=1).astype(np.int32)
    sites.setflags(write=False)  # all samples of the photo share it
    return sites


def _fibrous(tone: Float32, inner: NDArray[np.uint8]) -> Mask:
    """Return where many thin lines of several directions lie, (h, w) bool."""
    smooth = np.asarray(cv2.GaussianBlur(tone, (0, 0), FINE_PX), np.float32)
    across_row, across_col, mixed = (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=0.25), np.float32)
        for order in ((0, 2), (2, 0), (1, 1))
    )
    both, unlike = across_col + across_row, across_col - across_row
    crest = np.zeros(tone.shape, dtype=np.bool_)
    at = np.flatnonzero((both < LEAST_BOTH) & (inner > 0))
    crest.ravel()[at] = _is_crest(*(part.take(at) for part in (both, unlike, mixed)))
    least = LEAST_PLACES * np.count_nonzero(inner)
    if np.count_nonzero(crest) < LEAST_SHARE * least:
        return np.zeros_like(crest)  # too few in all, so that most photos end here
    _, labels, stats, _ = cv2.connectedComponentsWithStats(crest.view(np.uint8), connectivity=8)
    length = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    thin = stats[:, cv2.CC_STAT_AREA] < WIDEST * length
    fibre = (length >= SHORTEST) & (length < LONGEST) & thin
    fibre[0] = False
    line = fibre[labels].astype(np.float32)
    room, share = _around(inner.astype(np.float32)), _around(line)
    dense = (share >= LEAST_SHARE * np.maximum(room, np.float32(0.1))) & (inner > 0)
    if np.count_nonzero(dense) < least:
        return np.zeros_like(dense)  # nor do directions matter then
    apart = np.maximum(_apart(unlike, mixed), np.float32(1e-6))
    cosine, sine = _around(line * unlike / apart), _around(line * 2 * mixed / apart)
    aligned = np.hypot(cosine, sine) / np.maximum(share, np.float32(1e-4))
    return np.asarray(dense & (aligned <= MOST_ALIGNED))


def _around(field: Float32) -> Float32:
    return np.asarray(cv2.blur(field, (AROUND, AROUND)), np.float32)


def _apart(unlike: Float32, mixed: Float32) -> Float32:
    """Return how far the eigenvalues of a Hessian are apart."""
    return np.asarray(np.sqrt(unlike**2 + 4 * mixed * mixed), np.float32)


def _is_crest(both: Float32, unlike: Float32, mixed: Float32) -> Mask:
    """Tell where the eigenvalues are strongly negative across, and about nothing along."""
    apart = _apart(unlike, mixed)
    low, high = (both - apart) / 2, (both + apart) / 2
    return np.asarray((-low > STEEP) & (-low > SLENDER * np.abs(high)))
