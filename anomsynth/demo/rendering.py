"""Rendering: shapes, surfaces and a camera model for pictures that no camera took."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encode_levels, quantise
from anomsynth.core.types import Box, Float32

SIZE = 256  # pixels of a finished picture's side
Fibers = NDArray[np.uint8] | Float32
Colour = tuple[float, float, float]  # linear light
OPEN_BEAM = 0.92  # of full scale, where nothing is in the way
QUANTA = 2500.0  # that a pixel of a radiograph counts there
UNSHARP = 0.8  # pixels, of the source and the screen
FINER = 2  # scenes are rendered on a finer grid, so that outlines are anti-aliased


def rounded_box(
    across: Float32, along: Float32, half: NDArray[np.float64], radius: float
) -> Float32:
    """Return the distance to the outline of a rounded rectangle, pixels, positive inside."""
    row = np.abs(across) - np.float32(half[0] - radius)
    col = np.abs(along) - np.float32(half[1] - radius)
    outer = np.hypot(np.maximum(row, 0), np.maximum(col, 0))
    return (radius - outer - np.minimum(np.maximum(row, col), 0)).astype(np.float32)


def ellipse(across: Float32, along: Float32, half: tuple[float, float]) -> Float32:
    """Return roughly the distance to the outline of an ellipse, pixels, positive inside."""
    share = np.hypot(across / np.float32(half[0]), along / np.float32(half[1]))
    return ((1 - share) * np.float32(min(half))).astype(np.float32)


def axes(centre: tuple[float, float], turn_deg: float) -> tuple[Float32, Float32]:
    """Return the fine grid's coordinates across and along a turned object, pixels."""
    grid = (np.arange(SIZE * FINER, dtype=np.float32) + np.float32(0.5)) / np.float32(FINER)
    rows, cols = grid[:, None] - np.float32(centre[0]), grid[None, :] - np.float32(centre[1])
    sin, cos = np.float32(np.sin(np.deg2rad(turn_deg))), np.float32(np.cos(np.deg2rad(turn_deg)))
    return rows * cos - cols * sin, cols * cos + rows * sin


def solid(inside: Float32) -> Float32:
    """Return the share of each fine pixel that lies inside an outline, in [0, 1]."""
    return np.clip(inside * np.float32(FINER) + np.float32(0.5), 0, 1)


def smooth_noise(rng: np.random.Generator, sigma: float) -> Float32:
    """Return a field of unit variance on the fine grid, smooth over `sigma` fine pixels."""
    noise = rng.standard_normal((SIZE * FINER, SIZE * FINER)).astype(np.float32)
    field = cv2.GaussianBlur(noise, (0, 0), sigma)
    return np.asarray(field / field.std(), dtype=np.float32)


def lit(tone: NDArray[np.floating], colour: Colour | NDArray[np.floating]) -> Float32:
    """Return a surface of a colour, darker and brighter by `tone`, in linear light."""
    return (tone[..., None] * np.asarray(colour)).astype(np.float32)


def laid_over(
    scene: Float32, inside: Float32, tone: NDArray[np.floating], colour: Colour | Float32
) -> Float32:
    """Return the scene with a piece on it; only the piece's own box is worked on."""
    share = solid(inside)
    box = Box.around(share > 0)
    if box is None:
        return scene
    here = box.slices
    part = share[here][..., None]
    covered = scene.copy()
    own = lit(tone[here], colour if isinstance(colour, tuple) else colour[here])
    covered[here] = scene[here] * (1 - part) + part * own
    return covered


def radiograph(thickness: Float32, attenuation: float, rng: np.random.Generator) -> Float32:
    """Return what a detector behind a part of so many millimeters counts, (256, 256) in [0, 1].

    Parameters
    ----------
    thickness : (512, 512) float32, millimeters
        On the fine grid.
    attenuation : float, per millimeter
    rng : random stream of the quanta
    """
    passed = np.exp(-np.float32(attenuation) * np.maximum(thickness, 0))
    blurred = cv2.GaussianBlur(passed, (0, 0), UNSHARP * FINER)
    rays = cv2.resize(blurred, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    quanta = rng.poisson(np.asarray(rays, dtype=np.float64) * QUANTA) / QUANTA
    return np.clip(np.float32(OPEN_BEAM) * quanta, 0, 1).astype(np.float32)


def photograph(scene: Float32, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the scene as a camera saves it: pixels, optics, shot and read noise, sRGB."""
    optics = cv2.GaussianBlur(scene, (0, 0), 0.6 * FINER)
    light = cv2.resize(optics, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    noise = rng.standard_normal((SIZE, SIZE, 3)).astype(np.float32)
    shot = np.sqrt(6e-5 * np.maximum(light, 0) + 4e-8)
    levels = encode_levels((light + noise * shot).astype(np.float32))
    return np.asarray(quantise(levels, np.dtype(np.uint8)), dtype=np.uint8)


def lay_fibers(ground: Fibers, tones: tuple[float, float], rng: np.random.Generator) -> Float32:
    """Draw short fibres that lie every way on a dark ground; return them softened, (h, w) float32.

    Parameters
    ----------
    ground : (h, w) uint8 or float32
        Is drawn on.
    tones : (low, high)
        Of a fibre, in units of `ground`.
    rng : Generator
    """
    height, width = ground.shape
    count = height * width // 160
    starts, turns = rng.random((count, 2)) * (width, height), rng.uniform(0, np.pi, count)
    ends = starts + 12 * np.column_stack([np.cos(turns), np.sin(turns)])
    for start, end, tone in zip(
        starts.astype(int), ends.astype(int), rng.uniform(*tones, count), strict=True
    ):
        cv2.line(ground, start.tolist(), end.tolist(), float(tone), 1)
    return np.asarray(cv2.GaussianBlur(ground, (0, 0), 0.6), np.float32)
