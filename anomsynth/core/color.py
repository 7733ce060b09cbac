"""Between encoded pixels, linear light and lightness.

sRGB is IEC 61966-2-1; lightness and differences are CIE 1976 L*a*b* (D65).
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.pixels import over_channels, power

Float32 = NDArray[np.float32]


def srgb_to_linear(encoded: NDArray[np.floating]) -> NDArray[np.floating]:
    """Decode sRGB values in [0, 1] to linear light in [0, 1]."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(light: NDArray[np.floating]) -> NDArray[np.floating]:
    """Encode linear light in [0, 1] as sRGB in [0, 1]."""
    low = light * 12.92
    return np.where(light <= 0.0031308, low, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


@cache
def _decoding(dtype: np.dtype[np.generic], encoding: str) -> Float32:
    top = 255 if dtype == np.uint8 else 65535
    encoded = np.arange(top + 1) / top
    table = encoded if encoding == "linear" else srgb_to_linear(encoded)
    return table.astype(np.float32)


def decode(pixels: NDArray[np.generic], encoding: str = "srgb") -> Float32:
    """Return linear light in [0, 1] of encoded uint8 or uint16 pixels, same shape, float32."""
    return _looked_up(_decoding(pixels.dtype, encoding), pixels)


def _looked_up(table: Float32, pixels: NDArray[np.generic]) -> Float32:
    if pixels.dtype == np.uint8 and pixels.ndim >= 2 and pixels.size > 0:
        # Several times faster than indexing, above all in one row.
        row = np.ascontiguousarray(pixels).reshape(1, -1)
        return np.asarray(cv2.LUT(row, table), dtype=np.float32).reshape(pixels.shape)
    return table[pixels]


def encode_levels(light: Float32, encoding: str = "srgb") -> Float32:
    """Encode linear light as grey levels, not rounded.

    Parameters
    ----------
    light : float32 of any shape
        Clipped to [0, 1].
    encoding : {"srgb", "linear"}

    Returns
    -------
    float32 in [0, 255], same shape
    """
    clipped = light.clip(0, 1)
    if encoding == "linear":
        return clipped * np.float32(255)
    levels = power(clipped, 1 / 2.4)
    levels *= np.float32(255 * 1.055)
    levels -= np.float32(255 * 0.055)
    dark = clipped <= 0.0031308
    if dark.any():
        at = np.flatnonzero(dark)
        levels.ravel()[at] = clipped.take(at) * np.float32(255 * 12.92)
    return levels


def quantise(levels: Float32, dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    """Round grey levels to the file's integer type.

    Parameters
    ----------
    levels : float32 of any shape
        On a 0..255 scale for both types; clipped to it.
    dtype : uint8 or uint16

    Returns
    -------
    array of `dtype`, same shape; uint16 holds 257 times the level
    """
    if dtype == np.uint8:
        return np.rint(levels).clip(0, 255).astype(np.uint8)
    return np.rint(levels * np.float32(257)).clip(0, 65535).astype(np.uint16)


def to_levels(pixels: NDArray[np.generic]) -> Float32:
    """Return encoded uint8 or uint16 pixels of any shape as float32 grey levels in [0, 255]."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32)
    return pixels.astype(np.float32) / np.float32(257)


# Linear sRGB to XYZ over the D65 white point, IEC 61966-2-1.
_TO_XYZ = np.array(
    [
        [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883],
    ],
    dtype=np.float32,
)
# From cube roots, with the constant term.
_TO_LAB = np.array([[0, 116, 0, -16], [500, -500, 0, 0], [0, 200, -200, 0]], dtype=np.float32)
_TO_LIGHTNESS = np.array([[116, -16]], dtype=np.float32)
_TO_LUMINANCE = np.array([[0.2126, 0.7152, 0.0722]], dtype=np.float32)


def lab(light: Float32) -> Float32:
    """Return CIE L*a*b* of (..., 3) linear RGB, or (..., 1) L* of (..., 1) grey; float32."""
    if light.shape[-1] == 1 or light.size == 0:
        return _scaled_root(light)
    roots = _lab_root(cv2.transform(light.reshape(-1, 1, 3), _TO_XYZ))
    return np.asarray(cv2.transform(roots, _TO_LAB), dtype=np.float32).reshape(light.shape)


def encoded_lab(pixels: NDArray[np.generic], encoding: str = "srgb") -> Float32:
    """Return ``lab(decode(pixels, encoding))`` of (..., C) encoded uint8 or uint16 pixels."""
    if pixels.shape[-1] == 1:
        return _looked_up(_encoded_lightness(pixels.dtype, encoding), pixels)
    return lab(decode(pixels, encoding))


def encoded_lightness(pixels: NDArray[np.generic], encoding: str = "srgb") -> Float32:
    """Return the L* of `encoded_lab` alone, (...), in a third of the time."""
    if pixels.shape[-1] == 1 or pixels.size == 0:
        return encoded_lab(pixels, encoding)[..., 0]
    light = decode(pixels, encoding).reshape(-1, 1, 3)
    roots = _lab_root(np.ascontiguousarray(cv2.transform(light, _TO_XYZ)[..., 1]))
    return np.asarray(cv2.transform(roots, _TO_LIGHTNESS), np.float32).reshape(pixels.shape[:-1])


@cache
def _encoded_lightness(dtype: np.dtype[np.generic], encoding: str) -> Float32:
    return lab(_decoding(dtype, encoding)[:, None])[:, 0]


def lightness(light: Float32) -> Float32:
    """Return CIE L* of (h, w, C) linear light as (h, w); the first plane of `lab`."""
    return _scaled_root(luminance(light))


def _scaled_root(light: Float32) -> Float32:
    lightness = _lab_root(light)
    lightness *= np.float32(116)
    lightness -= np.float32(16)
    return lightness


def _lab_root(light: NDArray[np.generic]) -> Float32:
    clipped = np.asarray(light, dtype=np.float32).clip(0, 1)
    root = power(clipped, 1 / 3)
    dark = clipped <= 216 / 24389
    if dark.any():
        at = np.flatnonzero(dark)
        low = clipped.take(at) * np.float32(841 / 108)
        low += np.float32(4 / 29)
        root.ravel()[at] = low
    return root


def delta_e(first: Float32, second: Float32) -> Float32:
    """Return the CIE 1976 difference of two `lab` arrays, shape without the last axis."""
    step = first - second
    if step.shape[-1] == 1:
        return np.abs(step[..., 0])
    step *= step
    squares = over_channels(np.add, step)
    return np.sqrt(squares, out=squares)


def luminance(light: Float32) -> Float32:
    """Return relative luminance (Rec. 709) of (h, w, C) linear light as (h, w)."""
    if light.shape[-1] == 1:
        return light[..., 0]
    return np.asarray(cv2.transform(light, _TO_LUMINANCE), dtype=np.float32)
