"""Photos for a first try: textures that scikit-image ships, and a rendered metal plate."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.rng import stream
from anomsynth.core.types import Float32
from anomsynth.demo.rendering import FINER, SIZE, photograph, rounded_box, smooth_noise

PHOTOS = 8
TONE = np.array([1.0, 0.985, 0.955], dtype=np.float32)  # stainless steel under warm white light
BACKGROUND = np.array([0.010, 0.011, 0.013], dtype=np.float32)  # black felt, linear light


def demo_photos() -> dict[str, list[NDArray[np.uint8]]]:
    """Return 8 photos of each demo surface, the same on every call.

    Returns
    -------
    dict of list
        ``brick``, ``gravel`` and ``grass``, (256, 256) uint8, are cut from photos of scikit-image
        (CC0, inside its wheel, nothing is downloaded); ``metal``, (256, 256, 3) uint8, is a
        rendered brushed plate on a dark background.

    Examples
    --------
    >>> photos = demo_photos()
    >>> sorted(photos), photos["metal"][0].shape
    (['brick', 'grass', 'gravel', 'metal'], (256, 256, 3))
    """
    from skimage import data  # noqa: PLC0415 - half a second that only the demo needs

    sources: dict[str, Callable[[], NDArray[np.uint8]]] = {
        "brick": data.brick,
        "grass": data.grass,
        "gravel": data.gravel,
    }
    photos = {name: _cut(read(), name) for name, read in sources.items()}
    photos["metal"] = [brushed_plate(index) for index in range(PHOTOS)]
    return photos


def brushed_plate(index: int) -> NDArray[np.uint8]:
    """Render one brushed-metal plate on dark felt, (256, 256, 3) uint8, as a camera saves it."""
    rng = stream(0, "demo", "metal", index)
    turn = float(rng.uniform(-6, 6))
    place = rng.uniform(-5, 5, size=2) + SIZE / 2
    half = np.array([84.0, 106.0]) * rng.uniform(0.97, 1.03)

    grid = (np.arange(SIZE * FINER) + 0.5) / FINER
    rows, cols = np.meshgrid(grid - place[0], grid - place[1], indexing="ij")
    sin, cos = np.sin(np.deg2rad(turn)), np.cos(np.deg2rad(turn))
    along = (cols * cos + rows * sin).astype(np.float32)
    across = (rows * cos - cols * sin).astype(np.float32)
    inside = rounded_box(across, along, half, radius=16.0)

    light = _sheen(across, along, rng) * np.exp(_brushing(turn, rng))
    # A chamfer of 2 pixels: bright where it faces the light at the top left, dark opposite.
    slope_row, slope_col = np.gradient(cv2.GaussianBlur(inside, (0, 0), 3.0))
    facing = (slope_row + slope_col) / np.float32(np.sqrt(2) * max(float(slope_row.max()), 1e-6))
    chamfer = np.clip(1 - np.abs(inside - 1.2) / 1.2, 0, 1)
    light = light * (1 + chamfer * (0.75 * facing - 0.1))

    solid = np.clip(inside * FINER + 0.5, 0, 1)[..., None]
    felt = 1 + 0.25 * smooth_noise(rng, 1.2) + 0.15 * smooth_noise(rng, 8.0)
    # The plate's shadow falls to the bottom right of it, the light comes from the top left.
    shadow = cv2.GaussianBlur(np.roll(solid[..., 0], (10, 10), axis=(0, 1)), (0, 0), 8.0)
    dark = BACKGROUND * (felt * (1 - 0.5 * shadow))[..., None]
    scene = solid * light[..., None] * TONE + (1 - solid) * dark
    return photograph(scene.astype(np.float32), rng)


def _cut(texture: NDArray[np.uint8], name: str) -> list[NDArray[np.uint8]]:
    """Return parts of one photo: every other one mirrored, no two from the same place."""
    rng = stream(0, "demo", name)
    room = np.array(texture.shape[:2]) - SIZE
    corners = [(0, 0), (0, 1), (1, 0), (1, 1), *rng.uniform(0.15, 0.85, size=(PHOTOS - 4, 2))]
    parts = []
    for index, corner in enumerate(corners):
        top, left = (np.asarray(corner) * room).astype(int)
        part = texture[top : top + SIZE, left : left + SIZE]
        parts.append(np.ascontiguousarray(part[:, ::-1] if index % 2 else part))
    return parts


def _brushing(turn: float, rng: np.random.Generator) -> Float32:
    """Return the relative log brightness of brush marks that run along the plate.

    White noise smeared along the marks; hairlines of several lengths and widths are mixed, as
    abrasive grains of several sizes leave them, with a few deeper marks among them.
    """
    side = SIZE * FINER
    reach = int(side * 1.13)  # room to turn the field by 6 degrees without an empty corner
    field = np.zeros((reach, reach), np.float32)
    for length, width, contrast in ((24, 0.6, 0.10), (70, 0.8, 0.09), (150, 1.6, 0.035)):
        field += contrast * _streaks(rng.standard_normal((reach, reach // 8)), length, width)
    sparse = _streaks(rng.random((reach, reach // 8)) < 1.2e-3, 36, 0.7)
    field -= 0.05 * np.clip(sparse - 1, 0, 4)
    matrix = cv2.getRotationMatrix2D((reach / 2, reach / 2), -turn, 1.0)
    turned = cv2.warpAffine(field, matrix, (reach, reach))
    start = (reach - side) // 2
    return np.ascontiguousarray(turned[start : start + side, start : start + side])


def _streaks(seeds: NDArray[np.generic], length: float, width: float) -> Float32:
    """Return (h, h) streaks of unit variance along columns from (h, h / 8) seeds."""
    side = seeds.shape[0]
    smeared = cv2.GaussianBlur(seeds.astype(np.float32), (0, 0), sigmaX=length / 8, sigmaY=width)
    field = cv2.resize(smeared, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray((field - field.mean()) / field.std(), dtype=np.float32)


def _sheen(across: Float32, along: Float32, rng: np.random.Generator) -> Float32:
    """Return the light off the plate without its marks: brushing spreads a lamp into a band.

    The band of an anisotropic surface runs across the marks (Ward 1992), here broad and soft.
    """
    centre = float(rng.uniform(-45, 15))
    band = np.exp(-(((along - centre + 0.25 * across) / 95.0) ** 2))
    fall = 1 - 0.0006 * across
    return ((0.20 + 0.16 * band) * fall).astype(np.float32)
