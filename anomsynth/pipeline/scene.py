"""What the renderer needs to know about a defect's region of interest."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import lightness
from anomsynth.core.layer import DefectLayer
from anomsynth.core.material import Material
from anomsynth.core.types import Box, Float32, Light, Mask, Surface

Resized = NDArray[np.integer | np.floating]  # what OpenCV says that it returns

CELLS = 24  # the local mean light is computed on at most this many cells a side
SD_PIXELS = 2048  # the standard deviation is measured on about this many pixels
LEAST_SD = 0.8  # lightness units: about two grey levels, less cannot be seen as texture


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
    """

    box: Box
    before: Float32
    cells: Float32
    normal_sd: float
    light: Light
    material: Material
    mm_per_px: float

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
    fields: dict[str, Float32] = {}
    for name, array in layer.fields().items():
        rest = NEUTRAL.get(name, 0.0)
        moved = np.full((*box.shape, *array.shape[2:]), rest, dtype=np.float32)
        moved[target] = array[source]
        if name not in UNSEEN:
            moved[~support] = rest
        fields[name] = moved
    return replace_fields(layer, support, fields, (box.top, box.left))


NEUTRAL = {"openness": 1.0, "tint": 1.0, "albedo": 1.0}
UNSEEN = frozenset({"albedo", "exposed"})  # of no effect where the coverage is zero


def replace_fields(
    layer: DefectLayer, support: Mask, fields: dict[str, Float32], origin: tuple[int, int]
) -> DefectLayer:
    """Return the layer with other arrays; what `fields` does not name is absent."""
    return DefectLayer(
        kind=layer.kind,
        origin=origin,
        support=support,
        coverage=fields.get("coverage"),
        albedo=fields.get("albedo"),
        exposed=fields.get("exposed"),
        height=fields.get("height"),
        openness=fields.get("openness"),
        displacement=fields.get("displacement"),
        absorbance=fields.get("absorbance"),
        tint=fields.get("tint"),
        roughness=fields.get("roughness"),
        thin=layer.thin,
        rigid=layer.rigid,
        overhang=layer.overhang,
        parameters=layer.parameters,
        laws=layer.laws,
    )


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
    cells = local_mean(before, part)
    sd = _local_sd(before, cells, part)
    return Scene(box, before, cells, sd, light, material, surface.mm_per_px)


def _enlarged(cells: Float32, shape: tuple[int, int]) -> Float32:
    full = cv2.resize(cells, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32).reshape(*shape, -1)


def local_mean(light: Float32, part: Mask) -> Float32:
    """Return the mean light around over pixels of the part, (rows, cols, C) float32 on cells."""
    height, width = part.shape
    rows, cols = min(height, CELLS), min(width, CELLS)
    weight = np.ones((1, 1), dtype=np.float32)
    weighted = light
    if part.any() and not part.all():
        weight = part.astype(np.float32)
        weighted = light * weight[..., None]
    small_weight = cv2.resize(weight, (cols, rows), interpolation=cv2.INTER_AREA)
    small = cv2.resize(weighted, (cols, rows), interpolation=cv2.INTER_AREA)
    small = small.reshape(rows, cols, -1)
    blur = max(min(rows, cols) / 8, 0.5)

    def spread(cells: Resized) -> Float32:
        array = np.asarray(cells, dtype=np.float32)
        out = cv2.GaussianBlur(array, (0, 0), blur, borderType=cv2.BORDER_REFLECT)
        return np.asarray(out, dtype=np.float32).reshape(array.shape)

    # A trace of the box's mean keeps cells far from any part pixel defined.
    rest = small.mean(axis=(0, 1)) / max(float(small_weight.mean()), 1e-6)
    trace = np.float32(1e-3)
    mean = (spread(small) + trace * rest) / (spread(small_weight)[..., None] + trace)
    return mean.astype(np.float32, copy=False)


def _local_sd(light: Float32, cells: Float32, part: Mask) -> float:
    """Return the standard deviation of lightness about its local mean over the part, >= LEAST_SD.

    Deviations are cut at three median deviations, so that an edge of the part or a speck in the
    box does not count as texture.
    """
    step = max(int(np.sqrt(part.size / SD_PIXELS)), 1)
    sub = (slice(step // 2, None, step), slice(step // 2, None, step))
    inside = part[sub]
    texture = lightness(np.ascontiguousarray(light[sub]))
    deviation = (texture - _enlarged(lightness(cells)[..., None], inside.shape)[..., 0])[inside]
    if deviation.size < 16:
        return LEAST_SD
    deviation -= np.median(deviation)
    reach = 3 * 1.4826 * float(np.median(np.abs(deviation)))
    if reach > 0:
        deviation = np.clip(deviation, -reach, reach)
    return max(float(deviation.std()), LEAST_SD)
