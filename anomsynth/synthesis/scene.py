"""What the renderer needs to know about a defect's region of interest."""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import lightness
from anomsynth.core.layer import DefectLayer
from anomsynth.core.pixels import averaged, on_channels
from anomsynth.core.statistics import deviation, median
from anomsynth.core.types import Box, Float32, Light, Mask, Surface
from anomsynth.recipe.models import Material
from anomsynth.synthesis.transmission import Rays

Resized = NDArray[np.integer | np.floating]  # what OpenCV says that it returns

CELLS = 24  # the local mean light is computed on at most this many cells a side
TALL = 16  # rows of pixels in a row of cells from which rows are summed up first
SD_PIXELS = 2048  # the standard deviation is measured on about this many pixels
# Lightness units, the least that counts as texture: on the smoothest surface a defect of visibility
# 1.5, where the usual range of strengths begins, is just noticeable (2.3, Mahy et al. 1994). Real
# defects that people marked are no fainter there.
LEAST_SD = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A box of the surface, ready to be rendered upon.

    Attributes
    ----------
    box : Box
    before : (h, w, C) float32 linear light
    cells : (rows, cols, C) float32
        Local mean light, see `mean`, on at most `CELLS` cells a side.
    normal_sd : float
        Local standard deviation of the normal surface's lightness, L* units.
    light : Light
        As drawn for this image.
    material : Material
    mm_per_px : float
    rays : Rays or None
        What draws the picture if it is a radiograph, instead of light and material.
    """

    box: Box
    before: Float32
    cells: Float32
    normal_sd: float
    light: Light
    material: Material
    mm_per_px: float
    rays: Rays | None = None

    @property
    def mean(self) -> Float32:
        """Light that a flat, average piece of the part would send back here, (h, w, C)."""
        return _enlarged(self.cells, self.box.shape)


def crop_layer(layer: DefectLayer, surface: Surface, margin: int) -> tuple[DefectLayer, Box] | None:
    """Cut a layer to the picture and to where defects may go, with some room around.

    Returns the layer on its new box (fields neutral outside the support), or None if nothing of
    it is left.
    """
    shape = surface.shape
    place = layer.box
    inner = Box(
        max(place.top, 0),
        max(place.left, 0),
        min(place.bottom, shape[0]),
        min(place.right, shape[1]),
    )
    if inner.bottom <= inner.top or inner.right <= inner.left:
        return None
    rows = slice(inner.top - place.top, inner.bottom - place.top)
    cols = slice(inner.left - place.left, inner.right - place.left)
    room = surface.room(overhang=layer.overhang)
    support = layer.support[rows, cols] & room[inner.slices]
    tight = Box.around(support)
    if tight is None:
        return None
    used = Box(
        inner.top + tight.top,
        inner.left + tight.left,
        inner.top + tight.bottom,
        inner.left + tight.right,
    )
    box = used.grown(margin, shape)
    if box != place or np.count_nonzero(support) != np.count_nonzero(layer.support):
        return _moved(layer, box, used, room), box
    return layer, box


def on_box(layer: DefectLayer, box: Box, surface: Surface) -> DefectLayer:
    """Return a layer that was cut to the picture on a larger box of it, neutral around."""
    return _moved(layer, box, layer.box, surface.room(overhang=layer.overhang))


def _moved(layer: DefectLayer, box: Box, used: Box, room: Mask) -> DefectLayer:
    """Copy the used part of a layer onto `box`, neutral outside the support."""
    row, col = layer.origin
    source = (slice(used.top - row, used.bottom - row), slice(used.left - col, used.right - col))
    target = (
        slice(used.top - box.top, used.bottom - box.top),
        slice(used.left - box.left, used.right - box.left),
    )
    support = np.zeros(box.shape, dtype=bool)
    support[target] = layer.support[source] & room[used.slices]
    inside = support[target].view(np.uint8)
    table = layer.channels()
    fields: dict[str, Float32] = {}
    for name, array in layer.fields().items():
        rest = table[name].neutral
        moved = np.full((*box.shape, *array.shape[2:]), rest, dtype=np.float32)
        if table[name].seen_alone:
            cv2.copyTo(array[source], inside, moved[target])
        else:
            moved[target] = array[source]
        fields[name] = moved
    return layer.with_fields(fields, support, (box.top, box.left))


def make_scene(
    surface: Surface, before: Float32, box: Box, light: Light, material: Material
) -> Scene:
    """Measure the box: local mean light and standard deviation of the normal surface.

    Parameters
    ----------
    surface : Surface
    before : (h, w, C) float32
        Linear light of the box as it is now (earlier defects included).
    box : Box
    light : Light
    material : Material
    """
    part = surface.foreground[box.slices]
    whole = bool(part.all())
    cells = local_mean(before, None if whole else part)
    sd = _local_sd(before, cells, None if whole else part)
    return Scene(box, before, cells, sd, light, material, surface.mm_per_px)


def _enlarged(cells: Float32, shape: tuple[int, int]) -> Float32:
    full = cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32).reshape(*shape, -1)


def local_mean(light: Float32, part: Mask | None) -> Float32:
    """Return the mean light around over pixels of the part, (rows, cols, C) float32 on cells.

    `part` is (h, w) bool, None where all of it is part.
    """
    height, width = light.shape[:2]
    rows, cols = min(height, CELLS), min(width, CELLS)
    weighted = light
    if part is None or not part.any():
        share, even = 1.0, _even_weight(rows, cols)
    else:
        weight = part.astype(np.float32)
        weighted = light * on_channels(weight, light.shape[2])
        small_weight = _cell_means(weight, rows, cols)
        share, even = float(small_weight.mean()), _spread(small_weight)
    small = _cell_means(weighted, rows, cols)
    # A trace of the box's mean keeps cells far from any part pixel defined.
    rest = small.mean(axis=(0, 1)) / max(share, 1e-6)
    trace = np.float32(1e-3)
    mean = (_spread(small) + trace * rest) / (even[..., None] + trace)
    return mean.astype(np.float32, copy=False)


def _cell_means(array: Float32, rows: int, cols: int) -> Float32:
    """Average (h, w) or (h, w, C) over so many rows and columns of cells."""
    height = len(array)
    if height >= TALL * rows:
        # Sums of rows take a quarter of the time; a cell's edge is rounded to a row for it.
        edges = np.linspace(0, height, rows + 1).astype(int).tolist()
        array = np.concatenate(
            [
                cv2.reduce(array[first:last], 0, cv2.REDUCE_AVG).reshape(1, *array.shape[1:])
                for first, last in pairwise(edges)
            ]
        )
    return averaged(array, (rows, cols))


def _spread(cells: Resized) -> Float32:
    array = np.asarray(cells, dtype=np.float32)
    blur = max(min(array.shape[:2]) / 8, 0.5)
    out = cv2.GaussianBlur(array, (0, 0), blur, borderType=cv2.BORDER_REFLECT)
    return np.asarray(out, dtype=np.float32).reshape(array.shape)


@lru_cache(maxsize=256)
def _even_weight(rows: int, cols: int) -> Float32:
    """Return what spreading leaves of a weight of one: one, but for rounding."""
    return _spread(np.ones((rows, cols), dtype=np.float32))


def _local_sd(light: Float32, cells: Float32, part: Mask | None) -> float:
    """Return the standard deviation of lightness about its local mean over the part, >= LEAST_SD.

    Deviations are cut at three median deviations, so that an edge of the part or a speck in the
    box does not count as texture.
    """
    step = max(int(math.sqrt(light.shape[0] * light.shape[1] / SD_PIXELS)), 1)
    sub = (slice(step // 2, None, step), slice(step // 2, None, step))
    texture = lightness(np.ascontiguousarray(light[sub]))
    texture = texture - _enlarged(lightness(cells), texture.shape)[..., 0]
    off = texture.ravel() if part is None else texture[part[sub]]
    if off.size < 16:
        return LEAST_SD
    off -= median(off)
    reach = 3 * 1.4826 * float(median(np.abs(off)))
    if reach > 0:
        off = off.clip(-reach, reach)
    return max(float(deviation(off)), LEAST_SD)
