"""One defect of a picture and what surrounds it: the arrays that all terms measure on."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import delta_e, encoded_lab
from anomsynth.core.pixels import over_channels
from anomsynth.core.types import Box, Camera, Float32, Mask, Pixels
from anomsynth.fields.wavelets import STARLET_WHITE_SD, starlet
from anomsynth.surface.windows import grey_levels

MARGIN = 24  # pixels of surroundings
RING = (3.0, 18.0)  # pixels outside the mask: far enough from its blur, near enough to compare
FEWEST = 24  # pixels of a ring
LEAST_SD = 0.8  # lightness: about two grey levels, less cannot be seen as texture
FAR = 1e4
BANDS = 4
MOST = 2048  # pixels that a statistic is taken over: 2 % of error, less than between defects
CORE = (2.5, 1.5)  # pixels inside the outline, where its edge no longer counts
FEWEST_CORE = 12  # pixels
OUTLINE = 2.5  # pixels to either side in which the picture should change across the outline
QUANTUM = 1 / 12  # variance of rounding to levels
SMOOTHING = 1.0  # pixels, of the distance whose gradient is the outline's normal


@dataclass(frozen=True, slots=True)
class Sensed:
    """How far the defects of a sample rise over the noise of a depth sensor.

    Attributes
    ----------
    over_noise : float
        Rms height of the plainest one over the noise; infinite where points are missing.
    alone : bool
        True if depth is all there is: the picture was shaded from it, and no camera saw it.
    """

    over_noise: float
    alone: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A labelled picture as the terms see it.

    Attributes
    ----------
    pixels : (H, W, C) uint8 or uint16, C in {1, 3}
    mask : (H, W) bool
    part : (H, W) bool
        Where the part is.
    camera : Camera
        Noise and blur of the whole picture.
    original : (H, W, C) or None
        The good photo, of the type of `pixels`.
    residual : float or None
        Largest recorded physics residual.
    confined : bool
        True if it is known that no pixel outside the mask differs from the original.
    sensed : Sensed or None
        Of a sample in a scan, what its sensor sees.
    """

    pixels: Pixels
    mask: Mask
    part: Mask
    camera: Camera
    original: Pixels | None = None
    residual: float | None = None
    confined: bool = False
    sensed: Sensed | None = None

    @cached_property
    def part_area(self) -> int:
        """Pixels of the part, at least 1."""
        return max(int(np.count_nonzero(self.part)), 1)


@dataclass(frozen=True, eq=False)
class Region:
    """A window around one defect, or around a piece of a large one.

    Attributes
    ----------
    box : Box
        Where in the picture.
    pixels, original : (h, w, C) uint8 or uint16
    inside : (h, w) bool
        The defect.
    clear : (h, w) bool
        On the part and of no defect.
    part : (h, w) bool
    camera : Camera
    weight : float
        In the mean over regions: square root of the area.
    area : int
        Pixels of the whole defect.
    share : float
        Of the part's area.
    stray : float
        Pixels that changed far from any defect, shared out among the regions.
    residual : float or None
    sensed : Sensed or None
        Of the whole picture.
    """

    box: Box
    pixels: Pixels
    inside: Mask
    clear: Mask
    part: Mask
    camera: Camera
    weight: float
    area: int
    share: float
    original: Pixels | None = None
    stray: float = 0.0
    residual: float | None = None
    sensed: Sensed | None = None

    @cached_property
    def levels(self) -> Float32:
        """Luma, (h, w), grey levels 0..255."""
        return grey_levels(self.pixels)

    @cached_property
    def colour(self) -> Float32:
        """CIE L* or L*a*b*, (h, w, 1 or 3)."""
        return encoded_lab(self.pixels)

    @cached_property
    def depth(self) -> Float32:
        """Signed distance to the outline, (h, w), pixels, positive inside."""
        inner = cv2.distanceTransform(self.inside.view(np.uint8), cv2.DIST_L2, 5)
        outer = cv2.distanceTransform((~self.inside).view(np.uint8), cv2.DIST_L2, 5)
        signed = np.asarray(inner - outer, dtype=np.float32)  # one of them is 0 everywhere
        signed += np.float32(0.5) - self.inside
        return signed.clip(-FAR, FAR, out=signed)

    @cached_property
    def ring(self) -> Mask:
        """Normal surface next to the defect, (h, w) bool; may be empty."""
        near = (self.depth <= -RING[0]) & (self.depth >= -RING[1]) & self.clear
        if np.count_nonzero(near) >= FEWEST:
            return near
        return (self.depth < -1) & self.clear

    @cached_property
    def inside_at(self) -> NDArray[np.intp]:
        """Flat positions of pixels inside, (n,), at most `MOST`."""
        return thinned(self.inside)

    @cached_property
    def ring_at(self) -> NDArray[np.intp]:
        """The same of `ring`."""
        return thinned(self.ring)

    @cached_property
    def core_at(self) -> NDArray[np.intp]:
        """Flat positions of pixels well inside, (n,), at most `MOST`; none if there are few."""
        for depth in CORE:
            deep = thinned(self.depth >= depth)
            if deep.size >= FEWEST_CORE:
                return deep
        return np.empty(0, dtype=np.intp)

    @cached_property
    def gradient(self) -> tuple[Float32, Float32]:
        """Change of the luma along rows and columns, levels per pixel."""
        down, across = (
            cv2.Sobel(self.levels, cv2.CV_32F, *order, ksize=3, scale=0.125)
            for order in ((0, 1), (1, 0))
        )
        return np.asarray(down, dtype=np.float32), np.asarray(across, dtype=np.float32)

    @cached_property
    def bands(self) -> list[Float32]:
        """Starlet details of the luma, fine to coarse, four of (h, w)."""
        return starlet(self.levels, BANDS)[:-1]

    @cached_property
    def band_ratios(self) -> NDArray[np.float64] | None:
        """ln(energy inside / energy around) of the bands, (4,).

        None for thin defects and where there are no surroundings. The rounding of the file is
        added to both energies, so that nothing over nothing is 1.
        """
        if not self.core_at.size or not self.ring_at.size:
            return None
        ratios = []
        for band, white in zip(self.bands, STARLET_WHITE_SD, strict=False):
            deep, around = band.take(self.core_at), band.take(self.ring_at)
            least = QUANTUM * white**2
            inside = float(np.dot(deep, deep)) / deep.size + least
            ratios.append(np.log(inside / (float(np.dot(around, around)) / around.size + least)))
        return np.array(ratios, dtype=np.float64)

    @cached_property
    def background(self) -> Float32:
        """Colour that the normal surface would have, (h, w, 1 or 3), smooth."""
        return self._background_at(np.arange(self.inside.size)).reshape(self.colour.shape)

    def _background_at(self, at: NDArray[np.intp]) -> Float32:
        """Return `background` at flat positions, (n, 1 or 3)."""
        if not self.clear.any():
            return np.broadcast_to(self.colour.mean(axis=(0, 1)), (at.size, self.colour.shape[2]))
        around = self.ring_at if self.ring_at.size else thinned(self.clear)
        far = np.float32(0.02) * _colours(self.colour, around).mean(axis=0)
        known, total = self._near
        mean = _colours(known, at) + far
        mean /= (total.take(at) + np.float32(0.02))[:, None]
        return mean

    @cached_property
    def _near(self) -> tuple[Float32, Float32]:
        """Colour, (h, w, 1 or 3), and share, (h, w), of normal surface in the square around."""
        side = 2 * MARGIN + 1, 2 * MARGIN + 1
        known = cv2.copyTo(self.colour, self.clear.view(np.uint8))
        colour, share = (
            cv2.blur(field, side, borderType=cv2.BORDER_CONSTANT)
            for field in (known, self.clear.astype(np.float32))
        )
        return np.asarray(colour, np.float32).reshape(self.colour.shape), np.asarray(share)

    @cached_property
    def normal_sd(self) -> float:
        """Local standard deviation of the normal surface, CIE units, >= `LEAST_SD`."""
        if not self.ring_at.size:
            return LEAST_SD
        off = _colours(self.colour, self.ring_at) - self._background_at(self.ring_at)
        return max(float(np.sqrt(np.square(off).sum() / len(off))), LEAST_SD)

    @cached_property
    def departure(self) -> Float32:
        """How far each pixel is from the normal surface's mean, (h, w), in its own sd."""
        return delta_e(self.colour, self.background) / np.float32(self.normal_sd)

    @cached_property
    def change(self) -> Float32 | None:
        """CIE 1976 difference to the good photo, (h, w), None without it."""
        if self.original is None:
            return None
        change = np.zeros(self.inside.shape, dtype=np.float32)
        step = over_channels(np.bitwise_or, np.bitwise_xor(self.pixels, self.original))
        at = np.flatnonzero(step)
        if at.size:
            photo = self.original.reshape(-1, 1, self.original.shape[2]).take(at, axis=0)
            before = encoded_lab(photo).reshape(at.size, -1)
            change.ravel()[at] = delta_e(_colours(self.colour, at), before)
        return change

    @cached_property
    def coherence(self) -> float | None:
        """Share of the gradient energy at the outline that is normal to it, None without any."""
        band = thinned(np.abs(self.depth) <= OUTLINE)
        smooth = cv2.GaussianBlur(np.clip(self.depth, -8, 8), (0, 0), SMOOTHING)
        rows = cv2.Sobel(smooth, cv2.CV_32F, 0, 1).take(band)
        cols = cv2.Sobel(smooth, cv2.CV_32F, 1, 0).take(band)
        down, across = (part.take(band) for part in self.gradient)
        energy = float(np.dot(down, down) + np.dot(across, across))
        if energy <= 1e-3 * band.size:
            return None
        normal = np.square(down * rows + across * cols)
        normal /= rows * rows + cols * cols + np.float32(1e-6)
        return float(normal.sum()) / energy


def thinned(place: Mask) -> NDArray[np.intp]:
    """Return the flat positions where a mask is set, evenly thinned to at most `MOST`."""
    at = np.flatnonzero(place)
    return at[:: -(-at.size // MOST)] if at.size > MOST else at


def _colours(plane: Float32, at: NDArray[np.intp]) -> Float32:
    """Return the (n, C) colours of a (h, w, C) picture at flat positions."""
    return plane.reshape(-1, plane.shape[2]).take(at, axis=0)
