"""Texture swap: a finish that belongs elsewhere on the part, or to another part."""

import math
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.color import decode, luminance
from anomsynth.core.component import ShareRange, SignedRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.surface.patches import Patch, draw_patch

TRIES = 8  # places looked at for the source
SAMPLES = 500  # pixels by which a place is judged
SLOW_CELLS = 8  # shading is what changes over this many cells of the region or slower
LIGHT_RANGE = (0.25, 4.0)  # most a foreign texture is brightened or darkened to match
Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class TextureSwap(Generator):
    """A region shows the finish of another place, turned, mirrored and scaled.

    The source is a place of the same photo that differs from the target, or a picture the user
    gave. Where the light is matched, the region keeps the slow shading of its own place and only
    the texture betrays it: ``L' = T m / m_T`` with m, m_T the slow light of target and source.
    """

    law: ClassVar[str] = "L' = T(A x) (m / m_T)^match, A a similarity; T from elsewhere"
    source: ClassVar[str] = "as cut-and-paste (Li et al. 2021), with plausible outlines and light"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (SizeMeasure("area", "area_share"),)

    kind: Literal["texture_swap"] = "texture_swap"
    shape: Literal["blob", "band", "edge", "mixed"] = parameter(
        "mixed", "choice", "uneven patch, band across the part, strip along its outline, or any"
    )
    area_share: ShareRange = parameter((0.001, 0.3), "of part area", "area of the region")
    foreign_probability: UnitRange = parameter(
        0.5,
        "probability",
        "that a picture of the texture folder is used, if there is one",
        was="foreign_share",
    )
    turn_deg: SignedRange = parameter((-180, 180), "degrees", "how far the source is turned")
    zoom: SizeRange = parameter((0.6, 1.7), "ratio", "size of its texture over the original's")
    flip_probability: UnitRange = parameter(
        0.5, "probability", "that it is mirrored", was="flip_share"
    )
    match: UnitRange = parameter((0, 1), "share", "how much of the light's difference is removed")
    contrast: SizeRange = parameter(
        (0.6, 1.9), "ratio", "contrast of the texture over the original's"
    )
    shift: SignedRange = parameter((-0.25, 0.25), "log light", "how much brighter it is besides")
    opacity: UnitRange = parameter((0.75, 1.0), "share", "how much of the surface it replaces")
    softness: UnitRange = parameter((0, 0.35), "of radius", "widest place of the seam")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Return one region; raise PlacementError if nothing is allowed."""
        drawn = self.draw_ranges(rng)
        coins = rng.random(2)
        patch = draw_patch(surface, drawn.area_share, self.shape, None, rng)
        cover = patch.inner(drawn.softness * patch.size, rng) * np.float32(drawn.opacity)
        box = patch.box
        target = surface.linear(box)
        turn = _turn(drawn, mirrored=bool(coins[0] < drawn.flip_probability))
        foreign = surface.textures is not None and coins[1] < drawn.foreign_probability
        if foreign and surface.textures is not None:
            source = _like(decode(surface.textures.pick(rng)), surface.channels)
            matrix = _somewhere(source.shape[:2], box, turn, rng)
        else:
            matrix = _elsewhere(surface, target, patch, turn, rng)
            source, matrix = _cut_out(surface, box, matrix)
        texture = _warped(source, matrix, box.shape)
        shown = _lit(texture, target, surface.foreground[box.slices], drawn)
        return DefectLayer(
            kind="texture_swap",
            origin=(box.top, box.left),
            support=cover > 0,
            coverage=cover,
            exposed=shown,
            parameters=drawn.numbers,
            measured={
                "area_share": float(
                    (cover > 0.5 * drawn.opacity)[surface.foreground[box.slices]].sum(
                        dtype=np.float64
                    )
                )
                / max(surface.part_area_px, 1),
                "scale": math.sqrt(abs(float(np.linalg.det(matrix[:, :2])))),
                "foreign": float(foreign),
            },
        )


def _turn(drawn: TextureSwap, *, mirrored: bool) -> Matrix:
    """Return the (2, 2) map from offsets (col, row) in the region to offsets in the source."""
    angle, zoom = math.radians(drawn.turn_deg), drawn.zoom
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    sign = -1.0 if mirrored else 1.0
    return np.array([[sign * cos, -sin], [sign * sin, cos]])


def _centred(turn: Matrix, middle: tuple[float, float], shape: tuple[int, int]) -> Matrix:
    """Return the (2, 3) map of patch pixels to source pixels around a (col, row) middle."""
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    return np.column_stack([turn, np.array(middle) - turn @ centre])


def _somewhere(shape: tuple[int, int], box: Box, turn: Matrix, rng: np.random.Generator) -> Matrix:
    """Lie anywhere in a foreign picture; it is mirrored at its borders."""
    down, right = rng.random(2)
    return _centred(turn, (right * (shape[1] - 1), down * (shape[0] - 1)), box.shape)


def _elsewhere(
    surface: Surface, target: Float32, patch: Patch, turn: Matrix, rng: np.random.Generator
) -> Matrix:
    """Find a place of the part that differs from the target, among a few."""
    box = patch.box
    picks = rng.random(TRIES)
    cells = np.argwhere(patch.depth > 0)
    cells = cells[:: max(len(cells) // SAMPLES, 1)]
    ends = np.minimum(cells * patch.grid.step, np.array(box.shape) - 1)[:, ::-1]
    light = luminance(target[ends[:, 1], ends[:, 0]][None])[0]
    best, highest = _centred(turn, (0.0, 0.0), box.shape), -np.inf
    for pick in picks:
        row, col = surface.sites[int(pick * len(surface.sites))]
        matrix = _centred(turn, (float(col), float(row)), box.shape)
        place = np.rint(ends @ matrix[:, :2].T + matrix[:, 2]).astype(int)
        row_index = np.clip(place[:, 1], 0, surface.shape[0] - 1)
        col_index = np.clip(place[:, 0], 0, surface.shape[1] - 1)
        on_part = surface.foreground[row_index, col_index]
        within = (place == np.stack([col_index, row_index], axis=1)).all(axis=1) & on_part
        pixels = surface.pixels[row_index, col_index]
        other = luminance(decode(pixels, surface.encoding)[None])[0]
        differs = float(np.mean(np.abs(other - light)) / max(float(light.mean()), 1e-3))
        score = 2 * float(within.mean()) + 0.5 * min(differs, 1.0)
        if score > highest:
            best, highest = matrix, score
    return best


def _cut_out(surface: Surface, box: Box, matrix: Matrix) -> tuple[Float32, Matrix]:
    """Return the linear light that the map reads, and the map into that piece.

    Off the part the source is filled with what lies next to it, or background would be pasted.
    """
    corners = np.array([[col, row] for row in (0, box.shape[0]) for col in (0, box.shape[1])])
    ends = corners @ matrix[:, :2].T + matrix[:, 2]
    low = np.clip(np.floor(ends.min(axis=0)).astype(int) - 2, 0, None)
    high = np.ceil(ends.max(axis=0)).astype(int) + 3
    top, left = min(low[1], surface.shape[0] - 1), min(low[0], surface.shape[1] - 1)
    cut = Box(
        int(top),
        int(left),
        int(np.clip(high[1], top + 1, surface.shape[0])),
        int(np.clip(high[0], left + 1, surface.shape[1])),
    )
    light = surface.linear(cut)
    part = surface.foreground[cut.slices]
    if not part.all() and part.any():
        light = _filled(light, part)
    shifted = matrix.copy()
    shifted[:, 2] -= (cut.left, cut.top)
    return light, shifted


def _filled(light: Float32, part: Mask) -> Float32:
    """Replace pixels off the part by the nearest ones on it."""
    _, labels = cv2.distanceTransformWithLabels(
        (~part).view(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(int(labels.max()) + 1, dtype=np.intp)
    nearest[labels[part]] = np.flatnonzero(part)
    flat = light.reshape(-1, light.shape[2])
    return np.ascontiguousarray(flat[nearest[labels.ravel()]].reshape(light.shape))


def _warped(source: Float32, matrix: Matrix, shape: tuple[int, int]) -> Float32:
    scale = math.sqrt(abs(float(np.linalg.det(matrix[:, :2]))))
    if scale > 1.2:  # shrunk textures are averaged first, or they would sparkle
        blurred = cv2.GaussianBlur(source, (0, 0), 0.4 * scale).reshape(source.shape)
        source = np.asarray(blurred, dtype=np.float32)
    moved = cv2.warpAffine(
        source,
        matrix,
        (shape[1], shape[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101 if min(source.shape[:2]) > 1 else cv2.BORDER_REPLICATE,
    )
    return np.clip(np.asarray(moved, dtype=np.float32).reshape(*shape, -1), 0, 1)


def _lit(texture: Float32, target: Float32, part: Mask, drawn: TextureSwap) -> Float32:
    """Bring the texture's slow light towards the target's and change its contrast."""
    own, wanted = _slow(texture, np.ones_like(part)), _slow(target, part)
    ratio = np.clip(wanted / np.maximum(own, 1e-4), *LIGHT_RANGE)
    gain = np.power(ratio, np.float32(drawn.match)) * np.float32(math.exp(drawn.shift))
    mean, factor = _spread(own, part.shape), _spread(gain.astype(np.float32), part.shape)
    shown = texture - mean
    shown *= np.float32(drawn.contrast)
    shown += mean
    shown *= factor
    return np.clip(shown, 0, 1, out=shown)


def _slow(light: Float32, part: Mask) -> Float32:
    """Return the mean light of pixels on the part, on a few cells, (rows, cols, C)."""
    size = (min(SLOW_CELLS, part.shape[1]), min(SLOW_CELLS, part.shape[0]))
    weight = part.astype(np.float32)[..., None]
    mass = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], 1)
    total = cv2.resize(light * weight, size, interpolation=cv2.INTER_AREA)
    total = total.reshape(size[1], size[0], -1)
    rest = total.mean(axis=(0, 1)) / max(float(mass.mean()), 1e-6)
    return np.asarray((total + 1e-2 * rest) / (mass + 1e-2), dtype=np.float32)


def _spread(cells: Float32, shape: tuple[int, int]) -> Float32:
    full = cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32).reshape(*shape, -1)


def _like(light: Float32, channels: int) -> Float32:
    """Return the picture with as many channels as the photo: a grey photo stays grey."""
    if light.shape[2] == channels:
        return light
    return luminance(light)[..., None] if channels == 1 else np.repeat(light, 3, axis=2)
