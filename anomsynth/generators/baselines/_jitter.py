"""Small random changes of colour, and the large ones that make a texture foreign."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from anomsynth.core.types import Float32

Levels8 = NDArray[np.uint8]

WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # grey of encoded colours, BT.601
MOST_STEPS = 3  # changes made to a texture
GREY_STEPS = 8  # kinds of changes for grey pictures; the last of all needs colour
HUE_TURN = 50  # most the hue turns, on the 180 levels of OpenCV, as imgaug does it for DRAEM


def jitter_colours(levels: Float32, strength: float, rng: np.random.Generator) -> Float32:
    """Change brightness, contrast, saturation and hue a little, as torchvision's ColorJitter does.

    Parameters
    ----------
    levels : (h, w, C) float32, 0..255, encoded
    strength : float in [0, 1]
        Largest relative change of each; hue turns by at most this share of the circle.
    rng : Generator
        Four numbers are used whatever the channels.

    Returns
    -------
    (h, w, C) float32 in [0, 255]
    """
    brightness, contrast, saturation, hue = rng.uniform(-1, 1, 4) * strength
    out = levels * np.float32(1 + brightness)
    grey = out[..., 0] if out.shape[2] == 1 else out @ WEIGHTS
    middle = np.float32(grey.mean(dtype=np.float64))
    out = middle + (out - middle) * np.float32(1 + contrast)
    if out.shape[2] == 3:
        own = (out @ WEIGHTS)[..., None]
        out = own + (out - own) * np.float32(1 + saturation)
        out = _hue_turned(np.clip(out, 0, 255), 6 * float(hue))
    return np.clip(out, 0, 255).astype(np.float32, copy=False)


def _hue_turned(levels: Float32, sextants: float) -> Float32:
    """Turn the hue of (h, w, 3) levels by so many sixths of the circle, value and chroma kept."""
    red, green, blue = (levels[..., channel] for channel in range(3))
    top = np.maximum(np.maximum(red, green), blue)
    chroma = top - np.minimum(np.minimum(red, green), blue)
    scale = 1 / np.maximum(chroma, np.float32(1e-6))
    hue = np.where(
        top == red,
        (green - blue) * scale,
        np.where(top == green, (blue - red) * scale + 2, (red - green) * scale + 4),
    )
    hue += np.float32(sextants)
    planes = []
    for first in (5.0, 3.0, 1.0):  # HSV to RGB: v - c * max(0, min(k, 4 - k, 1)), k = n + hue mod 6
        turn = (hue + np.float32(first)) % np.float32(6)
        planes.append(top - chroma * np.clip(np.minimum(turn, 4 - turn), 0, 1))
    return np.stack(planes, axis=2).astype(np.float32, copy=False)


def estrange(texture: Levels8, rng: np.random.Generator) -> tuple[Levels8, Levels8]:
    """Make a texture foreign by three different changes out of nine, as DRAEM does [1]_.

    Gamma, brightness, solarising, posterising, inversion, stretched and equalised contrast,
    sharpness, and, for colour, hue and saturation.

    Parameters
    ----------
    texture : (h, w, C) uint8
    rng : Generator

    Returns
    -------
    texture : (h, w, C) uint8
        The same where no pixel's change depends on others.
    tables : (256, C) uint8
        What is left to do is to look the pixels that are wanted up in these, see `looked_up`.

    References
    ----------
    .. [1] V. Zavrtanik, M. Kristan, D. Skocaj, "DRAEM - a discriminatively trained reconstruction
       embedding for surface anomaly detection", ICCV 2021.
    """
    channels = texture.shape[2]
    kinds = GREY_STEPS + (channels == 3)
    out, table = texture, _unchanged(channels)
    for kind in rng.permutation(kinds)[:MOST_STEPS].tolist():
        amount = float(rng.random())
        if kind < 5:
            table = _toned(table, kind, amount)
            continue
        out, table = looked_up(out, table), _unchanged(channels)
        if kind == 8:
            out = _coloured(out, amount, float(rng.uniform(-HUE_TURN, HUE_TURN)))
        elif kind == 7:
            out = _sharpened(out, amount)
        else:
            out = _stretched(out, equal=kind == 6)
    return out, table


def _unchanged(channels: int) -> Levels8:
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], channels, axis=1)


def looked_up(texture: Levels8, tables: Levels8) -> Levels8:
    """Return (..., C) pixels looked up in (256, C) tables, one each channel; maybe the same."""
    first = tables[:, 0]
    alike = (tables == first[:, None]).all()
    if alike and (first == np.arange(256)).all():
        return texture
    # One table for all channels takes OpenCV half the time.
    table = np.ascontiguousarray(first if alike else tables)[None]
    out = cv2.LUT(texture.reshape(1, -1, texture.shape[-1]), table)
    return np.asarray(out, dtype=np.uint8).reshape(texture.shape)


def _toned(table: Levels8, kind: int, amount: float) -> Levels8:
    """Return levels after a change that treats all pixels alike."""
    image = Image.fromarray(table)
    if kind == 2:
        image = ImageOps.solarize(image, 255 - (32 + 96 * amount))  # type: ignore[arg-type]  # any number
    elif kind == 3:
        image = ImageOps.posterize(image, 3 + int(amount * 3))
    elif kind == 4:
        image = ImageOps.invert(image)
    else:
        level = np.arange(256, dtype=np.float64)
        if kind == 0:  # gamma 0.5 to 2, even in both directions
            level = 255 * (level / 255) ** (2.0 ** (2 * amount - 1))
        else:
            level = level * (0.8 + 0.4 * amount) + 60 * (amount * 7 % 1) - 30
        return np.clip(np.rint(level), 0, 255).astype(np.uint8)[table]
    return np.asarray(image, dtype=np.uint8)


def _stretched(texture: Levels8, *, equal: bool) -> Levels8:
    """Stretch each channel's contrast fully, or equalise its histogram."""
    image = Image.fromarray(texture[..., 0] if texture.shape[2] == 1 else texture)
    out = ImageOps.equalize(image) if equal else ImageOps.autocontrast(image)
    return np.asarray(out, dtype=np.uint8).reshape(texture.shape)


def _sharpened(texture: Levels8, amount: float) -> Levels8:
    """Blur or sharpen by a 3 x 3 kernel: amount 0 is blurred, 1 doubly sharp.

    As Pillow's ImageEnhance.Sharpness, which takes seven times as long and leaves out the rim.
    """
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=np.float64) / 13
    share = 2 * amount
    mixed = (1 - share) * kernel
    mixed[1, 1] += share
    out = cv2.filter2D(texture, -1, mixed, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(out, dtype=np.uint8).reshape(texture.shape)


def _coloured(texture: Levels8, amount: float, turn: float) -> Levels8:
    """Turn the hue and shift the saturation, both on 8-bit HSV."""
    level = np.arange(256)
    hue = (level + int(turn)) % 180
    saturation = np.clip(level + int(100 * amount - 50), 0, 255)
    tables = np.stack([hue, saturation, level], axis=1).astype(np.uint8)
    hsv = np.asarray(cv2.cvtColor(texture, cv2.COLOR_RGB2HSV), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(looked_up(hsv, tables), cv2.COLOR_HSV2RGB), dtype=np.uint8)
