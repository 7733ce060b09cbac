"""Negative controls: samples spoilt on purpose, to fit and to test the terms.

Each family takes a good sample (image, mask, good photo) and a strength in (0, 1], and keeps dtype
and size. They are what careless synthesis does: paste with scissors, fill, borrow another
material's texture, blur, add noise, label the wrong place.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask

STRENGTHS = (1 / 3, 2 / 3, 1.0)
BLURS = 6.0  # pixels, standard deviation at full strength
NOISES = 5.0  # times the surroundings' fine structure, at full strength
STEPS = 5.0  # standard deviations of the surface, step of a paste at full strength
LEAST_STEP = 24.0  # levels, the same at least


@dataclass(frozen=True, slots=True, eq=False)
class ControlBase:
    """What a control is made of: a labelled image and the good photo it was made of.

    Attributes
    ----------
    image, original : (H, W, C) uint8 or uint16
    mask : (H, W) bool
    foreign : (H', W', C') uint8
        Photo of another material.
    """

    image: NDArray[np.generic]
    mask: Mask
    original: NDArray[np.generic]
    foreign: NDArray[np.uint8]


Spoil = Callable[[ControlBase, float, np.random.Generator], tuple[NDArray[np.generic], Mask]]


def hard_paste(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Lighten or darken the surface inside the mask, cut off at the very pixel."""
    levels = _levels(base.original)
    step = max(STEPS * _sd(levels, base.mask), LEAST_STEP) * (0.25 + 0.75 * strength)
    up = rng.random() < 0.5 if 60 < float(levels[base.mask].mean()) < 190 else None
    if up is None:
        up = float(levels[base.mask].mean()) < 128
    return _write(base, levels + np.float32(step if up else -step))


def flat_fill(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Cover the surface inside the mask with one tone; strength is its opacity from a half on."""
    levels = _levels(base.original)
    middle = levels[base.mask].mean(axis=0)
    step = max(STEPS * _sd(levels, base.mask), LEAST_STEP)
    tone = np.clip(middle + np.float32(step if rng.random() < 0.5 else -step), 16, 240)
    opacity = np.float32(0.5 + 0.5 * strength)
    return _write(base, levels * (1 - opacity) + tone * opacity)


def foreign(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Show another material, lighter or darker, inside the mask; strength is its opacity."""
    levels = _levels(base.original)
    height, width, channels = levels.shape
    other = base.foreign.reshape(*base.foreign.shape[:2], -1).astype(np.float32)
    if other.shape[2] != channels:
        other = np.repeat(other.mean(axis=2, keepdims=True), channels, axis=2)
    repeats = -(-height // other.shape[0]) + 1, -(-width // other.shape[1]) + 1
    row, col = (int(rng.integers(0, side)) for side in other.shape[:2])
    tiled = np.tile(other, (*repeats, 1))[row : row + height, col : col + width]
    inside = base.mask
    step = max(STEPS / 2 * _sd(levels, inside), LEAST_STEP)
    middle = levels[inside].mean(axis=0)
    up = float(middle.mean()) < 128 if rng.random() < 0.7 else float(middle.mean()) >= 128
    target = np.clip(middle + np.float32(step if up else -step), 30, 225)
    pasted = tiled - tiled[inside].mean(axis=0) + target
    opacity = np.float32(0.4 + 0.6 * strength)
    return _write(base, levels * (1 - opacity) + pasted * opacity)


def blurred(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Blur the defect and its rim, without a seam."""
    del rng
    levels = _levels(base.image)
    sigma = BLURS * strength
    smooth = cv2.GaussianBlur(levels, (0, 0), sigma).reshape(levels.shape)
    side = 2 * round(sigma) + 3
    wide = cv2.dilate(base.mask.view(np.uint8), np.ones((side, side), np.uint8))
    share = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), max(sigma / 2, 1.0))[..., None]
    return _encode(levels + share * (smooth - levels), base.image), base.mask


def noisy(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Add white noise inside the mask, a multiple of the surroundings' fine structure."""
    levels = _levels(base.image)
    fine = levels - cv2.GaussianBlur(levels, (0, 0), 1.0).reshape(levels.shape)
    sd = max(float(fine[~base.mask].std()), 1.0) * NOISES * strength
    noise = rng.standard_normal((*levels.shape[:2], 1)).astype(np.float32)
    mask = base.mask[..., None]
    return _encode(levels + mask * np.float32(sd) * noise, base.image), base.mask


def shifted(
    base: ControlBase, strength: float, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Move the mask by a share of its own extent, as far as the picture has room."""
    box = Box.around(base.mask)
    if box is None:
        return base.image, base.mask
    height, width = base.mask.shape
    wanted = [round(strength * max(side, 8)) for side in box.shape]
    room = (box.top, height - box.bottom), (box.left, width - box.right)
    steps = [(row, col) for row in (-1, 0, 1) for col in (-1, 0, 1) if (row, col) != (0, 0)]
    ways = [
        tuple(
            _step(sign, length, free) for sign, length, free in zip(step, wanted, room, strict=True)
        )
        for step in steps
    ]
    # Of the ways that leave least of the mask where it was, one is drawn.
    left = [_overlap(rows, cols, box.shape) for rows, cols in ways]
    best = [way for way, share in zip(ways, left, strict=True) if share <= min(left) + 0.01]
    rows, cols = best[int(rng.integers(len(best)))]
    moved = np.zeros_like(base.mask)
    moved[box.top + rows : box.bottom + rows, box.left + cols : box.right + cols] = base.mask[
        box.slices
    ]
    return base.image, moved


FAMILIES: dict[str, Spoil] = {
    "hard_paste": hard_paste,
    "flat_fill": flat_fill,
    "foreign": foreign,
    "blurred": blurred,
    "noisy": noisy,
    "shifted": shifted,
}


def _step(sign: int, length: int, room: tuple[int, int]) -> int:
    """Return a shift towards `sign`, as far as there is room."""
    return -min(length, room[0]) if sign < 0 else sign * min(length, room[1])


def _overlap(rows: int, cols: int, shape: tuple[int, int]) -> float:
    """Return the share of a box that a shifted copy of it still covers."""
    height, width = shape
    return max(height - abs(rows), 0) * max(width - abs(cols), 0) / (height * width)


def _levels(pixels: NDArray[np.generic]) -> Float32:
    scale = np.float32(255 / top_level(pixels))
    return pixels.reshape(*pixels.shape[:2], -1).astype(np.float32) * scale


def top_level(pixels: NDArray[np.generic]) -> int:
    """Return the largest value of an 8-bit or 16-bit picture."""
    return 255 if pixels.dtype == np.uint8 else 65535


def _sd(levels: Float32, mask: Mask) -> float:
    return float(levels[~mask].std(axis=0).mean()) if not mask.all() else 0.0


def _write(base: ControlBase, levels: Float32) -> tuple[NDArray[np.generic], Mask]:
    """Return the good photo with these levels inside the mask."""
    image = base.original.reshape(*base.original.shape[:2], -1).copy()
    image[base.mask] = _encode(levels, image)[base.mask]
    return image.reshape(base.original.shape), base.mask


def _encode(levels: Float32, like: NDArray[np.generic]) -> NDArray[np.generic]:
    top = top_level(like)
    rounded = np.clip(np.rint(levels * np.float32(top / 255)), 0, top)
    return rounded.astype(like.dtype).reshape(like.shape)
