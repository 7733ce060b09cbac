"""What the camera added to the light: noise, blur, compression."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Camera, Float32, Jpeg, Mask, Pixels
from anomsynth.surface.compression import find_jpeg
from anomsynth.surface.sharpness import measure_blur
from anomsynth.surface.thumbnail import make_thumbnail
from anomsynth.surface.windows import edge_windows, spread_windows

Float64 = NDArray[np.float64]

BLOCK = 16
# Second differences along both axes: blind to planes, so that only noise and fine texture stay.
KERNEL = np.outer((1, -2, 1), (1, -2, 1)).astype(np.float32)
PER_SIGMA = float(np.sqrt(np.pi / 2)) / 6  # mean absolute response to sd: kernel norm is 6
ENVELOPE = 0.1  # share of the blocks of a brightness that are taken as free of texture
BIAS = {8: 0.76, 16: 0.88}  # that quantile of the block sd over the true sd, white noise
COARSER = 2.0  # variance of natural texture at twice the scale, relative; fBm with H = 0.5
DARKEST, LIGHTEST = 4.0, 250.0  # grey levels between which noise is not clipped
PAINTED = 0.6  # share of pixels without any response above which a block is no photograph
BINS = 6
PER_BIN = 12  # blocks


def measure_camera(
    pixels: Pixels,
    jpeg: Jpeg | None = None,
    inside: Mask | None = None,
    thumbnail: Pixels | None = None,
) -> Camera:
    """Measure noise, blur and compression of a photo.

    Parameters
    ----------
    pixels : (H, W, C) uint8 or uint16, C in {1, 3}
    jpeg : Jpeg, optional
        Compression named by the file; without it, traces of it in 8-bit pixels are looked for.
    inside : (H, W) bool, optional
        Where to measure noise on a large photo; everywhere if there is no such pixel.
    thumbnail : (h, w, C), optional
        If it is at hand; made where it is needed.

    Notes
    -----
    Noise: mean absolute response to second differences [1]_ in blocks of 16 x 16 (8 x 8 in small
    photos); its tenth percentile among blocks of like brightness is free of strong texture. What
    fine texture is left is told from noise by its growth with scale. Variance is fitted as a line
    in brightness [2]_ with slope and floor >= 0. It is the noise of luma; uncorrelated noise of the
    single channels is stronger. Even so it reads rough texture as noise: twice to three times the
    true sd where the texture's Hurst exponent nears 0.

    References
    ----------
    .. [1] J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding
       64, 1996.
    .. [2] A. Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for
       single-image raw-data", IEEE Transactions on Image Processing 17, 2008.
    """
    windows = spread_windows(pixels, inside)
    if jpeg is None and pixels.dtype == np.uint8:
        jpeg = find_jpeg(windows)
    return replace(_measure_optics(pixels, windows, thumbnail), jpeg=jpeg)


def measure_optics(pixels: Pixels, inside: Mask, thumbnail: Pixels) -> Camera:
    """Measure noise and blur only; see `measure_camera`."""
    return _measure_optics(pixels, spread_windows(pixels, inside), thumbnail)


def _measure_optics(pixels: Pixels, windows: Float32, thumbnail: Pixels | None) -> Camera:
    slope, floor = measure_noise(windows)
    edges = windows
    if windows[0].size < pixels.shape[0] * pixels.shape[1]:
        edges = edge_windows(pixels, make_thumbnail(pixels) if thumbnail is None else thumbnail)
    sd = float(np.sqrt(slope * 128 + floor))
    blur, sharpest = measure_blur(edges, sd)
    return Camera(slope, floor, blur, sharpest)


def measure_noise(windows: Float32) -> tuple[float, float]:
    """Return slope and floor of the noise variance over the grey level of (N, h, w) windows."""
    if min(windows.shape[1:]) < 10:
        return 0.0, 1.0
    block = BLOCK if windows.size > 128 * 128 else BLOCK // 2
    if min(windows.shape[1:]) < 2 * block + 2:
        block = 8
    level, fine, coarse, still = (
        np.concatenate(parts)
        for parts in zip(*(_block_noise(window, block) for window in windows), strict=True)
    )
    texture = np.clip((coarse - fine / 4) / (COARSER - 0.25), 0, 0.8 * fine)
    variance = (fine - texture) / BIAS[block] ** 2
    usable = (level > DARKEST) & (level < LIGHTEST)
    if np.count_nonzero(usable & (still < PAINTED)) > 0.2 * level.size:
        usable &= still < PAINTED
    if not usable.any():
        return 0.0, 0.0 if fine.max() == 0 else float(quantiles(variance))
    return fit_line(*_envelope(level[usable], variance[usable]))


def _block_noise(window: Float32, block: int) -> tuple[Float64, ...]:
    """Return of all blocks: level, variance, that at twice the scale, share without response."""
    rows, cols = ((n - 2) // block * block for n in window.shape)
    cells = cols // block, rows // block
    level = cv2.resize(window[1 : rows + 1, 1 : cols + 1], cells, interpolation=cv2.INTER_AREA)
    response = np.abs(cv2.filter2D(window, cv2.CV_32F, KERNEL)[1 : rows + 1, 1 : cols + 1])
    fine = cv2.resize(response, cells, interpolation=cv2.INTER_AREA)
    still = cv2.resize((response == 0).astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    half = cv2.resize(
        window[1 : rows + 1, 1 : cols + 1], (cols // 2, rows // 2), interpolation=cv2.INTER_AREA
    )
    response = np.abs(cv2.filter2D(half, cv2.CV_32F, KERNEL))
    coarse = cv2.resize(response, cells, interpolation=cv2.INTER_AREA)
    fine, coarse = ((PER_SIGMA * part.ravel().astype(np.float64)) ** 2 for part in (fine, coarse))
    return level.ravel().astype(np.float64), fine, coarse, still.ravel().astype(np.float64)


def quantiles(variance: Float64) -> float:
    """Return the variance below which the blocks count as free of texture."""
    return float(np.partition(variance, k := int(ENVELOPE * (variance.size - 1)))[k])


def _envelope(level: Float64, variance: Float64) -> tuple[Float64, Float64]:
    """Return mean level and lower envelope of the variance in bins of equal count."""
    order = np.argsort(level, kind="stable")
    parts = np.array_split(order, min(max(order.size // PER_BIN, 1), BINS))
    levels = np.array([level[part].mean() for part in parts])
    return levels, np.array([quantiles(variance[part]) for part in parts])


def fit_line(level: Float64, variance: Float64) -> tuple[float, float]:
    """Return slope and floor, both >= 0, of the line through the lower points."""
    weight = np.ones_like(level)
    slope, floor = 0.0, float(np.median(variance))
    if np.ptp(level) < 20:
        return 0.0, float(variance.min() if level.size < 3 else np.quantile(variance, 0.3))
    for _ in range(6):
        slope, floor = _weighted_line(level, variance, weight)
        # Texture only ever adds, so points above the line say less; relative, as spread is.
        weight = np.where(variance > slope * level + floor, 0.3, 1.0)
        weight /= np.maximum(variance, 0.05) ** 2
    return slope, floor


def _weighted_line(level: Float64, variance: Float64, weight: Float64) -> tuple[float, float]:
    total = weight.sum()
    mean_level, mean_variance = (weight * level).sum() / total, (weight * variance).sum() / total
    spread = (weight * (level - mean_level) ** 2).sum()
    slope = (weight * (level - mean_level) * (variance - mean_variance)).sum() / spread
    floor = mean_variance - slope * mean_level
    if slope < 0:
        return 0.0, float(mean_variance)
    if floor < 0:
        return float((weight * level * variance).sum() / (weight * level**2).sum()), 0.0
    return float(slope), float(floor)
