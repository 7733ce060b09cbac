"""Where the part is in a photo, as a person would outline it."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode, lab
from anomsynth.core.pixels import averaged
from anomsynth.core.statistics import order_statistic
from anomsynth.core.types import Box, Float32, Mask, Pixels
from anomsynth.surface.backdrop import Backdrop, centres, find_backdrop
from anomsynth.surface.flood import THICK, WEAK, Flooded, find_flooded
from anomsynth.surface.margins import find_margins
from anomsynth.surface.mass import find_mass
from anomsynth.surface.outline import place_outline
from anomsynth.surface.thumbnail import enlarge, make_thumbnail
from anomsynth.surface.windows import grey_levels

Method = Literal["backdrop", "flood", "mass", "picture"]

CUT_OUT = 0.01  # share of transparent pixels from which alpha itself is the outline
SMALLEST_SIDE = 24  # thumbnails with a shorter side hold no background worth telling apart
COARSE = 102  # longer side of the picture in which the background is found
FLOODED = 128  # longer side of the picture that is flooded
ALIKE = 0.85  # overlap from which a flood has nothing to add to a background
SIZED = 0.8  # share of the least lead of a likely part, where its size is known


@dataclass(frozen=True, slots=True)
class PartFinder:
    """How the part of a category is found.

    Attributes
    ----------
    method : {"backdrop", "flood", "mass", "picture"}
        A calm background that ends in a step; a flood from the border that a step stops; a solid
        mass on a patterned ground; or the whole picture, but for dark margins.
    area : float in [0, 1]
        Share of the picture that the part usually covers, 0 where it is unknown.
    photos : int
        How many photos the decision was made from.
    backdrop, flood, mass : float in [0, 1]
        Share of them in which each method saw a part.
    captions : tuple of Box
        Text and scale bars that the camera burned into all photos: no defect goes there.
    size : (int, int)
        Height and width of the photos with these captions.
    """

    method: Method
    area: float = 0.0
    photos: int = 0
    backdrop: float = 0.0
    flood: float = 0.0
    mass: float = 0.0
    captions: tuple[Box, ...] = ()
    size: tuple[int, int] = (0, 0)

    def avoided(self, shape: tuple[int, int]) -> Mask | None:
        """Return the (H, W) mask of the captions of a photo of this shape, None without any."""
        if not self.captions or shape != self.size:
            return None
        mask = np.zeros(shape, dtype=np.bool_)
        for box in self.captions:
            mask[box.slices] = True
        return mask


def find_foreground(
    pixels: Pixels,
    alpha: Pixels | None = None,
    thumbnail: Pixels | None = None,
    finder: PartFinder | None = None,
) -> Mask:
    """Return the (H, W) mask of the part; the whole picture where there is no clear background.

    A background is calm, reaches the border of the picture and ends in a step of colour; it may be
    slightly uneven, and shadows on it are background. Holes through which it shows count as
    background if they are large. A picture cut out by its alpha channel is taken as cut.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16, C in {1, 3}
    alpha : (H, W) of the same dtype, or None
        Pixels with alpha 0 are never part.
    thumbnail : (h, w, C), optional
        If it is at hand; made where it is needed.
    finder : PartFinder, optional
        What was decided for the photo's category. Without one, the photo speaks for itself.
    """
    shape = pixels.shape[0], pixels.shape[1]
    opaque = None if alpha is None else alpha > 0
    if opaque is not None and np.count_nonzero(opaque) < (1 - CUT_OUT) * opaque.size:
        return opaque
    soft = find_outline(make_thumbnail(pixels) if thumbnail is None else thumbnail, finder)
    part = np.ones(shape, dtype=bool) if soft is None else enlarge(soft, shape)
    return part if opaque is None else part & opaque


def find_outline(thumbnail: Pixels, finder: PartFinder | None = None) -> Float32 | None:
    """Return a (h, w) field in [0, 1] that crosses a half on the outline, None without one.

    Parameters
    ----------
    thumbnail : (h, w, C) uint8 or uint16, C in {1, 3}
    finder : PartFinder, optional
        As for `find_foreground`.
    """
    if min(thumbnail.shape[:2]) < SMALLEST_SIDE:
        return None
    found = _alone(thumbnail) if finder is None else _decided(thumbnail, finder)
    return find_margins(grey_levels(thumbnail)) if found is None else found


def _decided(thumbnail: Pixels, finder: PartFinder) -> Float32 | None:
    """Return the outline that the category's way finds; where it fails, one that fits the others.

    A photo may be unlike the rest of its category: the part may still stand out where its ground
    is not calm, and the ground may be calm where the outline is broken.
    """
    ways = {
        "backdrop": (_calm, _flood),
        "flood": (_flood, _calm),
        "mass": (_solid, _calm),
        "picture": (),
    }
    known = finder.area > 0  # a flood saw a part in others of the category
    tried = (way for way in ways[finder.method] if known or way is not _flood)
    outlines = (way(thumbnail, finder) for way in tried)
    return next((outline for outline in outlines if outline is not None), None)


def _alone(thumbnail: Pixels) -> Float32 | None:
    """Return the outline that a photo shows by itself."""
    colours, exposure = coarse_colours(thumbnail, COARSE)
    backdrop = find_backdrop(colours)
    colours, fine = coarse_colours(thumbnail, FLOODED)
    flooded = find_flooded(colours)
    if flooded is not None and flooded.strong and not _alike(backdrop, flooded):
        return place_outline(flooded.part, perceived(thumbnail, fine))
    return None if backdrop is None else _soften(backdrop, thumbnail, exposure)


def _calm(thumbnail: Pixels, finder: PartFinder) -> Float32 | None:
    """Return the outline of the part on a calm background."""
    del finder  # a calm background needs no size
    colours, exposure = coarse_colours(thumbnail, COARSE)
    backdrop = find_backdrop(colours)
    return None if backdrop is None else _soften(backdrop, thumbnail, exposure)


def _solid(thumbnail: Pixels, finder: PartFinder) -> Float32 | None:
    """Return the outline of a solid mass on a patterned ground."""
    del finder
    colours, exposure = coarse_colours(thumbnail, FLOODED)
    mass = find_mass(colours)
    return None if mass is None else place_outline(mass.part, perceived(thumbnail, exposure))


def _flood(thumbnail: Pixels, finder: PartFinder) -> Float32 | None:
    """Return the outline of the part that a flood finds, if it fits the category's."""
    colours, exposure = coarse_colours(thumbnail, FLOODED)
    flooded = find_flooded(colours, finder.area or None)
    if flooded is None or not _belongs(flooded, finder):
        return None
    return place_outline(flooded.part, perceived(thumbnail, exposure))


def _belongs(flooded: Flooded, finder: PartFinder) -> bool:
    """Tell whether a flood's answer is the part: by itself, or as large as the category's."""
    if flooded.likely:
        return True
    sized = finder.area > 0 and 0.4 < flooded.area / finder.area < 2.5
    return sized and flooded.lead >= SIZED * WEAK and flooded.thickness > THICK


def _alike(backdrop: Backdrop | None, flooded: Flooded) -> bool:
    return backdrop is not None and overlap(backdrop.part, flooded.part) > ALIKE


def overlap(one: Mask, other: Mask) -> float:
    """Return the intersection over the union of two (h, w) masks; sizes may differ."""
    if one.shape != other.shape:
        size = (one.shape[1], one.shape[0])
        other = cv2.resize(other.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    together = int(np.count_nonzero(one | other))
    return int(np.count_nonzero(one & other)) / max(together, 1)


def coarse_colours(thumbnail: Pixels, side: int) -> tuple[Float32, NDArray[np.uint8]]:
    """Return the (h, w, C) colours of a picture of at most `side` pixels, and its exposure."""
    height, width = thumbnail.shape[:2]
    scale = min(side / max(height, width), 1.0)
    coarse = averaged(thumbnail, (max(round(height * scale), 1), max(round(width * scale), 1)))
    exposure = find_exposure(coarse)
    return perceived(coarse, exposure), exposure


def perceived(pixels: Pixels, exposure: NDArray[np.uint8]) -> Float32:
    """Return the (h, w, C) L*a*b* (or L*) of pixels after the table of `find_exposure`."""
    grey = pixels.shape[2] == 1
    table = _lightness()[exposure] if grey else exposure
    coded = cv2.LUT(pixels, table) if pixels.dtype == np.uint8 else table[pixels]
    if not grey:
        coded = cv2.cvtColor(coded, cv2.COLOR_RGB2Lab)
    colours = coded.reshape(pixels.shape).astype(np.float32)
    colours[..., 0] *= np.float32(100 / 255)
    return colours


def find_exposure(pixels: Pixels) -> NDArray[np.uint8]:
    """Return the table from encoded pixels to 8-bit sRGB that makes a dark photo light."""
    top = np.iinfo(pixels.dtype).max
    bright = max(order_statistic(pixels[::2, ::2].ravel(), 0.99) / top, 0.02)
    # In encoded values a longer exposure is very nearly a factor.
    gain = min(max(0.85 / bright, 1.0), 2.2)
    encoded = np.arange(top + 1, dtype=np.float32) * np.float32(255 * gain / top)
    return np.minimum(np.rint(encoded), 255).astype(np.uint8)


@cache
def _lightness() -> NDArray[np.uint8]:
    """Return 8-bit L* of 8-bit sRGB grey."""
    levels = lab(decode(np.arange(256, dtype=np.uint8)[:, None]))[:, 0]
    return np.rint(levels * np.float32(2.55)).astype(np.uint8)


def _soften(backdrop: Backdrop, thumbnail: Pixels, exposure: NDArray[np.uint8]) -> Float32:
    """Place the outline to fractions of a pixel; away from it the part is as found."""
    shape = thumbnail.shape[0], thumbnail.shape[1]
    part = cv2.resize(
        backdrop.part.view(np.uint8) * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    reach = round(shape[0] / backdrop.part.shape[0]) + 1  # the outline may move a coarse pixel
    band = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    inside = cv2.erode(part, band, borderType=cv2.BORDER_REPLICATE) > 127
    within = cv2.dilate(part, band, borderType=cv2.BORDER_REPLICATE) > 127
    rows, cols = np.nonzero(within & ~inside)
    blurred = cv2.GaussianBlur(thumbnail, (5, 5), 0.9, borderType=cv2.BORDER_REPLICATE)
    smooth = cast("Pixels", blurred.reshape(thumbnail.shape))
    colours = perceived(smooth[rows, cols][:, None], exposure)[:, 0]
    distance = backdrop.distance(colours, centres(shape[0])[rows], centres(shape[1])[cols])
    soft = np.where(inside, np.float32(0.8), np.float32(0.2))
    soft[rows, cols] = np.clip(distance * np.float32(0.5 / backdrop.threshold), 0.2, 0.8)
    return np.asarray(
        cv2.GaussianBlur(soft, (0, 0), 1.2, borderType=cv2.BORDER_REPLICATE), dtype=np.float32
    )
