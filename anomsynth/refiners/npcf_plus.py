"""npcF++: local fidelity: texture that dents keep, edges as sharp as the camera, its noise."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from anomsynth.core.color import luminance, to_levels
from anomsynth.core.component import parameter
from anomsynth.core.layer import Change
from anomsynth.core.pixels import bands, blocks, channel_mean, on_channels, put_rows
from anomsynth.core.roles import Refiner
from anomsynth.core.types import Camera, Float32, Jpeg, Mask, Surface
from anomsynth.fields.regions import depth_inside
from anomsynth.fields.wavelets import split

OWN_BLUR_PX = 0.35  # an anti-aliased edge is this soft by itself
LEAST_BLUR_PX = 0.35  # less extra blur than this cannot be seen
THIN_FROM_PX = 1.0  # cracks and scratches soften only under optics blurrier than this
MOST_GAIN = 2.0
BLOCK = 8
RIM_PX = 4  # depth from which an edge softens no more
TILE = 128  # pixels a side that are blurred at a time
WINDOW = 128  # pixels a side of the windows in which texture is measured
MOST_WINDOWS = 3  # along a side
LEAST_RING = 64  # pixels from which a spread means something


class NpcfPlus(Refiner):
    """Local fidelity by wavelets and boundary synergy (the paper's npcF++, our equations).

    Dents and stains, under which the material survives, get back per wavelet band the variance
    that the surface around them has [1]_; voids and opaque layers get none. Edges become exactly
    as soft as the camera's, inwards only. Noise the defect took away returns: one field for all
    channels, variance from the local grey level [2]_, deficit only. Where the photo is a JPEG, the
    change goes through the same quantisation on the same grid.

    References
    ----------
    .. [1] J.-L. Starck, F. Murtagh, "Astronomical Image and Data Analysis", Springer, 2002.
    .. [2] A. Foi et al., "Practical Poissonian-Gaussian noise modeling", IEEE TIP 17:1737, 2008.
    """

    law: ClassVar[str] = (
        "v_add,j = v_ring,j - v_in,j;  sigma_edge = sigma_cam;  s_add^2 = s^2(L) - (1-a)^2 s^2(L0)"
    )
    source: ClassVar[str] = "Starck & Murtagh 2002; Foi et al. 2008"

    kind: Literal["npcf_plus"] = "npcf_plus"
    transform: Literal["starlet", "swt"] = parameter(
        "starlet", "choice", "wavelets: starlet (fast) or PyWavelets' stationary transform (swt)"
    )
    levels: Annotated[int, Field(ge=1, le=5)] = parameter(3, "count", "wavelet bands")
    match_texture: bool = parameter(
        True, "choice", "give dents and stains the band variance they miss"
    )
    match_edges: bool = parameter(True, "choice", "soften edges to the camera's blur")
    match_noise: bool = parameter(True, "choice", "give back noise that the defect hides")
    match_jpeg: bool = parameter(True, "choice", "compress the change like the photo")

    def refine(self, change: Change, surface: Surface, rng: np.random.Generator) -> Change:
        """Match texture and edges; residuals say how much was missing."""
        del rng
        residuals = dict(change.residuals)
        after = change.after
        layer = change.layer
        survives = layer.coverage is None and not layer.thin
        if self.match_texture and survives and change.index.size >= LEAST_RING:
            after, residuals["band_deficit"] = self._with_texture(change, surface)
        moved = layer.has_noise and not layer.thin  # edges of the photo came along with its noise
        if self.match_edges and not moved:
            extra = _extra_blur(surface.camera, thin=layer.thin)
            residuals["edge_blur_px"] = extra
            if extra > 0:
                bared = layer.void and layer.exposed is not None
                after = _soften_edges(change.before, after, layer.support, extra, bared=bared)
        return replace(change, after=after, residuals=residuals)

    def finish(
        self, levels: Float32, change: Change, surface: Surface, rng: np.random.Generator
    ) -> Float32:
        """Add the noise that is missing, then the compression."""
        index = change.index
        if self.match_noise:
            levels = _with_noise(levels, change, surface, rng)
        jpeg = surface.camera.jpeg
        if self.match_jpeg and jpeg is not None:
            picture = to_levels(surface.pixels[change.box.slices])
            put_rows(picture.reshape(-1, picture.shape[2]), index, levels)
            origin = (change.box.top, change.box.left)
            through = _compress(picture, change.layer.support, jpeg, origin)
            levels = through.reshape(-1, levels.shape[1]).take(index, axis=0)
        return levels

    def _with_texture(self, change: Change, surface: Surface) -> tuple[Float32, float]:
        """Add to each band of the changed surface the variance that the ring around it has more."""
        gains, missing, own = self._measure_gains(change, surface)
        if not any(gains):
            return change.after, missing
        if own is None:
            last = max(level for level, gain in enumerate(gains, 1) if gain)
            own = split(_logarithm(change.before), last, self.transform)
        support = change.layer.support
        after = np.empty_like(change.after)
        for rows in bands(*support.shape):
            added = sum(
                np.float32(gain) * band[rows] for gain, band in zip(gains, own, strict=False)
            )
            factor = np.exp(np.asarray(added).clip(-0.5, 0.5) * support[rows])
            light = change.after[rows]
            np.multiply(light, on_channels(factor, light.shape[2]), out=after[rows])
            after[rows].clip(0, 1, out=after[rows])
        return after, missing

    def _measure_gains(
        self, change: Change, surface: Surface
    ) -> tuple[list[float], float, Sequence[Float32] | None]:
        """Return how much of each of the photo's bands to add, and the largest share missing.

        Wide boxes are measured in windows; else the photo's bands are the third result.
        """
        part = surface.foreground[change.box.slices]
        around, own, now = ([np.empty((self.levels, 0), np.float32)] for _ in range(3))
        bands_before: Sequence[Float32] | None = None
        windows = _windows(part.shape)
        for window in windows:
            support = change.layer.support[window]
            reach = cv2.distanceTransform((~support).view(np.uint8), cv2.DIST_L2, 3)
            ring = np.flatnonzero((reach >= 3) & (reach <= 16) & part[window])
            inside = np.flatnonzero(support)
            if ring.size + inside.size == 0:
                continue
            # The defect's own signal is smooth here; what it takes from the texture shows in sum.
            before = split(_logarithm(change.before[window]), self.levels, self.transform)[:-1]
            around.append(_at(before, ring))
            if inside.size:
                after = split(_logarithm(change.after[window]), self.levels, self.transform)[:-1]
                own.append(_at(before, inside))
                now.append(_at(after, inside))
            bands_before = before if len(windows) == 1 else None
        ring_bands, own_bands, now_bands = (np.hstack(part) for part in (around, own, now))
        gains, missing = [0.0] * self.levels, 0.0
        if min(ring_bands.shape[1], own_bands.shape[1]) < LEAST_RING:
            return gains, missing, bands_before
        spreads = (part.std(axis=1) for part in (ring_bands, own_bands, now_bands))
        for level, (ring_sd, own_sd, now_sd) in enumerate(zip(*spreads, strict=True)):
            # Never more than the photo had in this very place: its texture is not everywhere alike.
            wanted = float(min(ring_sd, own_sd))
            if now_sd < wanted:
                first, second = own_bands[level], now_bands[level]
                shared = float(np.mean(first * second)) - float(first.mean() * second.mean())
                gain = _missing_gain(float(own_sd), float(now_sd), shared, wanted)
                gains[level] = min(gain, MOST_GAIN - 1)
                missing = max(missing, 1 - float(now_sd) / wanted)
        return gains, missing, bands_before


def _at(bands: Sequence[Float32], index: NDArray[np.intp]) -> Float32:
    return np.stack([band.ravel().take(index) for band in bands])


def _logarithm(light: Float32) -> Float32:
    return np.log(luminance(light) + np.float32(1e-4))


def _windows(shape: tuple[int, int]) -> list[tuple[slice, slice]]:
    """Return the whole of a small box, or windows spread over a large one, edges included."""
    if max(shape) <= 3 * WINDOW:
        return [(slice(None), slice(None))]
    rows, cols = (
        [
            slice(int(start), int(start) + WINDOW)
            for start in np.linspace(
                0, max(side - WINDOW, 0), min(-(-side // WINDOW), MOST_WINDOWS)
            )
        ]
        for side in shape
    )
    return [(row, col) for row in rows for col in cols]


def _missing_gain(own: float, now: float, shared: float, wanted: float) -> float:
    """Return g with ``Var(now + g own) = wanted**2``, given deviations and their covariance."""
    power = own * own
    return (float(np.sqrt(shared**2 + power * (wanted**2 - now**2))) - shared) / power


def _extra_blur(camera: Camera, *, thin: bool) -> float:
    """Return the Gaussian, in px, that an anti-aliased edge lacks to be as soft as the camera's."""
    wanted = camera.blur_px
    if thin:
        wanted = camera.sharpest_px if camera.sharpest_px > THIN_FROM_PX else 0.0
    extra = float(np.sqrt(max(wanted**2 - OWN_BLUR_PX**2, 0)))
    return extra if extra >= LEAST_BLUR_PX else 0.0


def _soften_edges(
    before: Float32, after: Float32, support: Mask, sigma: float, *, bared: bool
) -> Float32:
    """Blur the change within 3 px of the support's rim, inside the support only.

    Where a background is `bared` beside the old outline of the part, which was sharp itself, the
    blur must not make anything darker or brighter than it is before and after.
    """
    height, width = support.shape
    reach = max(math.ceil(4 * sigma) + 1, RIM_PX + 1)  # of the blur, and of the measured depth
    result = after.copy()
    # Tile by tile: most of a wide defect is far from its rim.
    for first, left in product(range(0, height, TILE), range(0, width, TILE)):
        top, start = max(first - reach, 0), max(left - reach, 0)
        wide = slice(top, first + TILE + reach), slice(start, left + TILE + reach)
        around = np.ascontiguousarray(support[wide])
        inner = slice(first - top, first - top + TILE), slice(left - start, left - start + TILE)
        last = top == 0 or start == 0 or wide[0].stop > height or wide[1].stop > width
        if not around[inner].any() or (around.all() and not last):
            continue
        near = (RIM_PX - depth_inside(around)[inner]).clip(0, 1)
        near *= around[inner]
        step = after[wide] - before[wide]
        blurred = cv2.GaussianBlur(step, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        soft = np.asarray(blurred, dtype=np.float32).reshape(step.shape)
        soft -= step
        light = soft[inner]
        light *= on_channels(near, light.shape[2])
        here = slice(first, first + TILE), slice(left, left + TILE)
        light += after[here]
        if bared:
            old, new = before[here], after[here]
            light = light.clip(np.minimum(old, new), np.maximum(old, new))
        light.clip(0, 1, out=result[here])
    return result


def _with_noise(
    levels: Float32, change: Change, surface: Surface, rng: np.random.Generator
) -> Float32:
    """Return grey levels (n, C) of the change's pixels with the noise that they lack."""
    here = surface.pixels[change.box.slices]
    photo, hidden = here.reshape(-1, here.shape[2]), change.hidden.ravel()
    noisy = np.empty_like(levels)
    for part in blocks(len(levels)):
        index = change.index[part]
        missing = _missing_noise(
            to_levels(photo.take(index, axis=0)), levels[part], hidden.take(index), surface.camera
        )
        missing *= rng.standard_normal(missing.shape, dtype=np.float32)
        np.add(levels[part], on_channels(missing, levels.shape[1]), out=noisy[part])
    return noisy


def _missing_noise(before: Float32, after: Float32, hidden: Float32, camera: Camera) -> Float32:
    """Return the standard deviation, grey levels, of noise to add to each of n pixels, (n,).

    `before` and `after` are (n, C) grey levels, `hidden` (n,) the share of old noise that is gone.
    """
    level_before = channel_mean(before)
    level_after = channel_mean(after)
    scaled = np.minimum(level_after / np.maximum(level_before, 1), 1)
    kept = (1 - hidden) * scaled * camera.noise_sd(level_before)
    wanted = camera.noise_sd(level_after)
    return np.sqrt(np.maximum(wanted * wanted - kept * kept, 0))


def _compress(levels: Float32, support: Mask, jpeg: Jpeg, origin: tuple[int, int]) -> Float32:
    """Quantise grey levels (h, w, C) like a JPEG whose 8x8 grid starts at (jpeg.row, jpeg.col).

    Works in the blocks' cosine transform directly, on blocks that the support touches, and without
    chroma subsampling: what the change loses must not depend on which encoder made the photo.
    """
    height, width, channels = levels.shape
    size = BLOCK
    top, left = (origin[0] - jpeg.row) % size, (origin[1] - jpeg.col) % size
    frame = ((top, -(top + height) % size), (left, -(left + width) % size))
    rows, cols = (top + height + frame[0][1]) // size, (left + width + frame[1][1]) // size
    touched = np.pad(support, frame).reshape(rows, size, cols, size).any(axis=(1, 3))
    planes = levels if channels == 1 else cv2.cvtColor(levels, cv2.COLOR_RGB2YCrCb)
    planes = planes.reshape(height, width, channels)
    out: Float32 = np.empty(planes.shape, dtype=np.float32)
    for index in range(channels):
        table = np.array(jpeg.luma if index == 0 else jpeg.chroma, dtype=np.float32)
        table = table.reshape(size, size)
        # OpenCV centres float chroma on 0.5, whatever the scale of the values.
        centre = np.float32(128 if index == 0 else 0.5)
        framed = np.pad(planes[..., index], frame, mode="edge")
        blocks = framed.reshape(rows, size, cols, size).transpose(0, 2, 1, 3).copy()
        used = blocks[touched] - centre
        kept = np.rint(_COSINE @ used @ _COSINE.T / table) * table
        blocks[touched] = _COSINE.T @ kept @ _COSINE + centre
        whole = blocks.transpose(0, 2, 1, 3).reshape(framed.shape)
        out[..., index] = whole[top : top + height, left : left + width]
    if channels == 3:
        out = np.asarray(cv2.cvtColor(out, cv2.COLOR_YCrCb2RGB), dtype=np.float32)
    return out


def _cosine_matrix(size: int) -> Float32:
    order = np.arange(size)
    matrix = np.cos(np.pi * (2 * order[None, :] + 1) * order[:, None] / (2 * size)) * np.sqrt(
        2 / size
    )
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


_COSINE = _cosine_matrix(BLOCK)
