"""DRAEM's defects: random shapes cut from Perlin noise, filled with a foreign texture."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import field_validator

from anomsynth.core.color import to_levels
from anomsynth.core.component import (
    Count,
    CountRange,
    SignedRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.pixels import by_blocks, put_rows
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Pixels, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.generators.baselines._jitter import estrange, looked_up
from anomsynth.generators.baselines._perlin import gradient_noise
from anomsynth.generators.baselines._swatches import Levels8, as_light, texture_swatch

MOST_CELLS = 256  # the noise is computed on at most so many cells a side
THRESHOLD = 0.5
TRIES = 20
MOST_OCTAVES = 7  # finer cells than two of the grid's are no noise any more
LEAST_PIXELS = 16  # or less on pictures that are hardly larger


class PerlinTexture(Generator):
    """Thresholded Perlin noise as the shape, an augmented foreign texture as the content [1]_.

    ``I' = (1 - M) I + M ((1 - b) I + b A)`` on the encoded levels, with the noise's lattice
    2**0..2**6 per axis, the angle within 90 degrees either way, the threshold 0.5 and the opacity
    b = 1 - beta of the authors' code. Textures are the user's; without any, the texture is a
    mirrored and magnified crop of the photo, augmented just as strongly. Unlike in the paper, a
    shape that misses the part is drawn again, and the mask is measured.

    References
    ----------
    .. [1] V. Zavrtanik, M. Kristan, D. Skocaj, "DRAEM - a discriminatively trained reconstruction
       embedding for surface anomaly detection", ICCV 2021.
    """

    law: ClassVar[str] = "I' = (1 - M) I + M ((1 - b) I + b A), M = (Perlin > 0.5)"
    source: ClassVar[str] = "Zavrtanik et al. 2021; Perlin 2002"

    kind: Literal["perlin_texture"] = "perlin_texture"
    opacity: UnitRange = parameter((0.2, 1), "share", "b, how much of the texture shows")
    row_octaves: Count = parameter((0, 6), "exponent", "2^n cells of the noise down a side")
    col_octaves: Count = parameter((0, 6), "exponent", "2^n cells of the noise across")
    turn_deg: SignedRange = parameter((-90, 90), "degrees", "angle of the noise's lattice")
    crop_size: UnitBounds = parameter(
        (0.5, 1.0), "of picture side", "piece of the photo that stands for a foreign texture"
    )

    @field_validator("row_octaves", "col_octaves")
    @classmethod
    def _resolved(cls, value: CountRange) -> CountRange:
        if value.high > MOST_OCTAVES:
            msg = f"must be at most {MOST_OCTAVES}, got {value.high:g}"
            raise ValueError(msg)
        return value

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Fill one random shape; raise PlacementError if none meets the part."""
        drawn = self.draw_ranges(rng)
        allowed = int(np.count_nonzero(surface.allowed))
        least = min(LEAST_PIXELS, allowed)
        if allowed == 0:
            raise PlacementError("no pixel is allowed for a defect")
        shape = _shape(surface, drawn, least, rng)
        box = Box.around(shape & surface.allowed) or Box(0, 0, 1, 1)
        inside = shape[box.slices]
        texture, tables = estrange(texture_swatch(surface, box, self.crop_size, rng), rng)
        index = np.flatnonzero(inside)
        foreign = looked_up(texture.reshape(-1, surface.channels).take(index, axis=0), tables)
        return DefectLayer(
            kind="perlin_texture",
            origin=(box.top, box.left),
            support=inside,
            coverage=inside.astype(np.float32),
            exposed=_blended(surface, box, index, foreign, drawn.opacity),
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={"area_px": float(np.count_nonzero(inside))},
        )


def _shape(surface: Surface, drawn: PerlinTexture, least: int, rng: np.random.Generator) -> Mask:
    """Return where the turned noise is above the threshold, (H, W) bool."""
    grid = Grid.over(Box(0, 0, *surface.shape), MOST_CELLS)
    down, right = grid.offsets(0, 0)
    rows, cols = grid.shape
    middle = ((cols - 1) / 2, (rows - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, drawn.turn_deg, 1.0)
    lattice = (2 ** int(drawn.row_octaves), 2 ** int(drawn.col_octaves))
    every = (slice(grid.step // 2, None, grid.step),) * 2
    for _ in range(TRIES):
        noise = gradient_noise(
            down * np.float32(lattice[0] / surface.shape[0]),
            right * np.float32(lattice[1] / surface.shape[1]),
            lattice,
            rng,
        )
        turned = cv2.warpAffine(noise, turn, (cols, rows), flags=cv2.INTER_LINEAR)
        field = np.asarray(turned, dtype=np.float32).reshape(rows, cols)
        part = surface.allowed[every]
        coarse = (field > THRESHOLD)[: part.shape[0], : part.shape[1]] & part
        if np.count_nonzero(coarse) * grid.step**2 < least:
            continue
        shape: Mask = grid.refine(field) > THRESHOLD
        if np.count_nonzero(shape & surface.allowed) >= least:
            return shape
    raise PlacementError("no shape of the noise meets the allowed area")


def _blended(
    surface: Surface, box: Box, index: NDArray[np.intp], foreign: Levels8, opacity: float
) -> Float32:
    """Blend (n, C) pixels with the photo in encoded levels, (h, w, C) linear light of the box."""
    channels = surface.channels
    own = surface.pixels[box.slices].reshape(-1, channels).take(index, axis=0)
    share = np.float32(opacity)

    def blend(first: Pixels, second: Levels8) -> Float32:
        mixed = to_levels(first)
        mixed *= 1 - share
        mixed += share * second
        return as_light(mixed, surface.encoding)

    light = np.zeros((*box.shape, channels), dtype=np.float32)
    put_rows(light.reshape(-1, channels), index, by_blocks(blend, own, foreign))
    return light
