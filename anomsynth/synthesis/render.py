"""What the camera sees of a defect: one renderer, in linear light, for every mechanism.

Relative re-lighting keeps the photo's own albedo and illumination: where nothing happens the ratio
is exactly one. Lambert 1760; Blinn 1977 in ratio form; Beer-Lambert for films.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.pixels import (
    blocks,
    look_up,
    on_channels,
    over_channels,
    power,
    put_rows,
    slope_of,
)
from anomsynth.core.types import Float32
from anomsynth.synthesis.scene import Scene

STEEPEST = 2.0  # slopes are cut here: beyond, one bounce of light no longer describes a surface
SHADE_RANGE = (0.1, 4.0)
LOST_BY_WARP = 0.15  # share of noise that bicubic interpolation takes, mean over sub-pixel shifts
TALLEST = 2.0  # most amplitude of a chord: taller voids would be columns, not pores
NO_FOLD = 0.9  # largest gradient of an inverse map that surely keeps it one-to-one


@dataclass(frozen=True, slots=True, eq=False)
class Ingredients:
    """A layer and its scene as lists of pixels, (n, 1, C) or (n, 1): the support, or part of it.

    Work follows the defect: a crack across the picture costs its own pixels, not its box. `index`
    has the pixels' flat index in the box, `layer` its channels there. Of relief only the gradient
    (row, col) at gain one is needed: `slope`. `mean` is the scene's where material is exposed or
    gloss changes.
    """

    scene: Scene
    index: NDArray[np.intp]
    before: Float32
    mean: Float32 | None
    layer: DefectLayer
    slope: tuple[Float32, Float32] | None
    most_gain: float

    def take(self, index: NDArray[np.intp] | slice) -> "Ingredients":
        """Return the ingredients of some of the pixels."""
        layer, slope = self.layer, self.slope
        fields = {name: _pick(array, index) for name, array in layer.fields().items()}
        chosen = self.index[index]
        everywhere = np.ones((chosen.size, 1), dtype=np.bool_)
        return Ingredients(
            scene=self.scene,
            index=chosen,
            before=_pick(self.before, index),
            mean=None if self.mean is None else _pick(self.mean, index),
            layer=layer.with_fields(fields, everywhere, layer.origin),
            slope=None if slope is None else (slope[0][index], slope[1][index]),
            most_gain=self.most_gain,
        )


def _pick(array: Float32, index: NDArray[np.intp] | slice) -> Float32:
    return array[index] if isinstance(index, slice) else array.take(index, axis=0)


def prepare(layer: DefectLayer, scene: Scene) -> Ingredients:
    """Bring the pixels of a layer, already on the scene's box, and the scene together."""
    index = np.flatnonzero(layer.support)

    def pick(array: Float32) -> Float32:
        return array.reshape(-1, *array.shape[2:]).take(index, axis=0)[:, None]

    slope = None
    if layer.height is not None:
        relief = layer.height / np.float32(scene.mm_per_px)
        down, right = (slope_of(relief, axis).ravel().take(index)[:, None] for axis in (0, 1))
        slope = (down, right)
    most_gain = np.inf
    if layer.displacement is not None:
        most_gain = NO_FOLD / max(_steepest_stretch(layer.displacement), 1e-6)
    if layer.exposed is not None:
        most_gain = min(most_gain, 1.0)
    if layer.chord is not None:
        most_gain = min(most_gain, TALLEST)
    flat = layer.albedo is None and layer.roughness is None
    fields = {name: pick(array) for name, array in layer.fields().items() if name != "height"}
    everywhere = np.ones((index.size, 1), dtype=np.bool_)
    return Ingredients(
        scene=scene,
        index=index,
        before=scene.before.reshape(-1, 1, scene.before.shape[2]).take(index, axis=0),
        mean=None if flat else pick(scene.mean),
        layer=layer.with_fields(fields, everywhere, layer.origin),
        slope=slope,
        most_gain=most_gain,
    )


def compose(item: Ingredients, gain: float) -> Float32:
    """Return linear light in [0, 1] of the surface with the defect at amplitude `gain`.

    ``L = (1 - a) L_in(x - g u) R T^g exp(-2 g tau) V^g + a E rho^g R V^g`` with a coverage, R the
    relative shading of relief g h, T tint, tau optical depth, V openness, E local mean light and
    rho the relative albedo of the material that shows. Light that is `exposed` as it is replaces
    E rho^g, with the coverage a min(g, 1). A radiograph knows chords alone: `Rays.through`.
    """
    g = np.float32(gain)
    layer = item.layer
    if layer.chord is not None and item.scene.rays is not None:
        return item.scene.rays.through(item.before, layer.chord, gain).clip(0, 1)
    light = item.before if layer.displacement is None else _displaced(item, gain)
    if layer.roughness is not None and item.mean is not None:
        light = _roughened(light, item.mean, layer.roughness * g)
    factor: Float32 | None = None
    if item.slope is not None:
        factor = _shade(item.slope[0] * g, item.slope[1] * g, item.scene)
    if layer.openness is not None:
        open_sky = power(layer.openness, gain)
        factor = open_sky if factor is None else factor * open_sky
    film: Float32 | None = None
    if layer.absorbance is not None:
        film = _like(light, np.exp(-2 * g * layer.absorbance))
    if layer.tint is not None:
        gained = power(layer.tint, gain)
        film = gained if film is None else film * gained
    base = light if film is None else light * film
    if layer.coverage is not None and layer.albedo is not None and item.mean is not None:
        cover = _like(light, layer.coverage)
        new = item.mean * _like(light, power(layer.albedo, gain))
        base = base + cover * (new - base)
    elif layer.coverage is not None and layer.exposed is not None:
        cover = _like(light, layer.coverage * min(g, np.float32(1)))
        base = base + cover * (layer.exposed - base)
    if factor is not None:
        base = base * _like(base, factor)
    return base.clip(0, 1)


def render(item: Ingredients, layer: DefectLayer, gain: float) -> Change:
    """Render a layer on its box; outside the support the result equals the surface exactly.

    Parameters
    ----------
    item : Ingredients
        All pixels of the support, from `prepare`.
    layer : DefectLayer
    gain : float
    """
    after = item.scene.before.copy()
    pixels = after.reshape(-1, after.shape[2])
    parts = list(blocks(len(item.index)))
    for part in parts:
        block = item.take(part) if len(parts) > 1 else item
        put_rows(pixels, block.index, compose(block, gain)[:, 0])
    hidden = np.zeros(layer.support.shape, dtype=np.float32)
    if layer.coverage is not None and not layer.has_noise:
        hidden = layer.coverage
        if layer.exposed is not None and gain < 1:
            hidden = hidden * np.float32(gain)
    if layer.roughness is not None:
        hidden = np.maximum(hidden, np.clip(layer.roughness * np.float32(0.7 * gain), 0, 1))
    if layer.displacement is not None:
        moved = over_channels(np.logical_or, np.abs(layer.displacement) > 0.05)
        hidden = np.maximum(hidden, np.float32(LOST_BY_WARP) * moved)
    return Change(
        box=item.scene.box,
        layer=layer,
        index=item.index,
        gain=gain,
        before=item.scene.before,
        after=after,
        hidden=hidden,
    )


def _like(light: Float32, array: Float32) -> Float32:
    """Return values with or without channels, ready to be combined with light (n, 1, C)."""
    return array if array.ndim == 3 else on_channels(array, light.shape[2])


def _displaced(item: Ingredients, gain: float) -> Float32:
    displacement = item.layer.displacement
    if displacement is None:
        return item.before
    place = np.divmod(item.index, item.scene.before.shape[1])
    rows, cols = (
        part.astype(np.float32)[:, None] - np.float32(gain) * displacement[..., axis]
        for axis, part in enumerate(place)
    )
    return look_up(item.scene.before, rows, cols, cv2.INTER_CUBIC)


def _steepest_stretch(displacement: Float32) -> float:
    """Return the largest spectral norm of grad u: g times it below 1 keeps the map one-to-one."""
    if min(displacement.shape[:2]) < 2:
        return 0.0
    squares = over_channels(np.add, _squared_step(displacement, 0))
    squares = squares + over_channels(np.add, _squared_step(displacement, 1))
    return float(np.sqrt(squares.max()))


def _squared_step(displacement: Float32, axis: int) -> Float32:
    step = np.gradient(displacement, axis=axis)
    return np.asarray(step * step, dtype=np.float32)


def _roughened(light: Float32, mean: Float32, change: Float32) -> Float32:
    """Kill gloss: highlights spread into the surroundings, and diffuse light gains a little."""
    rough = _like(light, change.clip(-1, 1))
    return mean + (light - mean) * (1 - np.float32(0.7) * rough) + np.float32(0.12) * rough * mean


def _shade(row_slope: Float32, col_slope: Float32, scene: Scene) -> Float32:
    """Return the relative re-lighting by slopes dh/drow and dh/dcol, 1 where flat."""
    row_slope = row_slope.clip(-STEEPEST, STEEPEST)
    col_slope = col_slope.clip(-STEEPEST, STEEPEST)
    to_row, to_col, to_up = (np.float32(part) for part in scene.light.vector)
    norm = 1 / np.sqrt(1 + row_slope * row_slope + col_slope * col_slope)
    facing = (to_up - row_slope * to_row - col_slope * to_col) * norm
    diffuse = np.maximum(facing, 0) / to_up
    material = scene.material
    total = diffuse
    if material.specular > 0:
        # Half vector between light and a camera straight above.
        half_up = np.sqrt((1 + to_up) / 2)
        half_row, half_col = to_row / (2 * half_up), to_col / (2 * half_up)
        exponent = max(2 / material.gloss_width**2 - 2, 1.0)
        mirror = (half_up - row_slope * half_row - col_slope * half_col) * norm
        shine = power(np.maximum(mirror, 0) / half_up, exponent)
        total = (1 - material.specular) * diffuse + material.specular * shine
    shade = material.ambient + (1 - material.ambient) * total
    return shade.clip(*SHADE_RANGE).astype(np.float32, copy=False)
