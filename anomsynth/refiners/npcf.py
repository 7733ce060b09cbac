"""npcF: the defect's own fields come to rest under their governing equations, with the part."""

from dataclasses import replace
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from anomsynth.core.color import decode, lightness
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.pixels import bands, over_channels
from anomsynth.core.roles import Refiner
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.diffusion import (
    Tensor,
    along,
    diffuse,
    diffuse_list,
    edge_enhancing,
    structure_tensor,
)
from anomsynth.fields.distance import depth_inside
from anomsynth.fields.poisson import laplacian, plate_residual, solve_plate, solve_screened_poisson

Resized = NDArray[np.integer | np.floating]  # what OpenCV says that it returns

COVERED = 0.5  # coverage from which the exposed material counts as continuous
LEAST_SLOPE = 0.03  # change of coverage per pixel below which it counts as even
MOST_GROWTH = 1.25  # of a pixel's coverage when a line evens out
PLATE_CELLS = 256  # cells a side on which wide relief comes to rest
LOCK_CELLS = 256  # cells a side on which the offset fades towards the rim
WIDEST = 64  # fields come to rest on at most this many cells a side: they are smooth


class Npcf(Refiner):
    """Global consistency by partial differential equations (the paper's npcF, our equations).

    Relief obeys the plate equation; films and exposed material diffuse along the photo's own
    structure, so that they respect grain, edges and grooves, with mass conserved; lines of
    coverage even out along themselves only. Finished pixels are not smeared: what is added to
    them is a slow shading offset, the screened-Poisson response to the defect's own change.
    Supports never grow.

    Notes
    -----
    The paper (arXiv 2504.12970) names the refiner; its equations are not public. These are ours:
    Kirchhoff plate on an elastic foundation [1]_, edge-enhancing diffusion [2]_ by fast explicit
    steps [3]_, screened Poisson by sine transforms.

    References
    ----------
    .. [1] S. Timoshenko, S. Woinowsky-Krieger, "Theory of Plates and Shells", 2nd ed., 1959.
    .. [2] J. Weickert, "Anisotropic Diffusion in Image Processing", Teubner, 1998.
    .. [3] S. Grewenig et al., "From Box Filtering to Fast Explicit Diffusion", DAGM 2010.
    """

    law: ClassVar[str] = (
        "l^4 lap lap w + w = q;  c_t = div(D(J) grad c);  -lap o + o/s^2 = delta/s^2"
    )
    source: ClassVar[str] = (
        "Timoshenko & Woinowsky-Krieger 1959; Weickert 1998; Grewenig et al. 2010"
    )

    kind: Literal["npcf"] = "npcf"
    plate_px: float = Field(
        default=1.0,
        ge=0,
        le=20,
        description="bending length of the relief",
        json_schema_extra={"unit": "px"},
    )
    diffusion_px2: float = Field(
        default=6.0,
        ge=0,
        le=100,
        description="diffusion time of films and exposed material",
        json_schema_extra={"unit": "px^2"},
    )
    line_px2: float = Field(
        default=0.0,
        ge=0,
        le=20,
        description="diffusion time of cracks and scratches along themselves; costs detail",
        json_schema_extra={"unit": "px^2"},
    )
    offset_gain: float = Field(
        default=0.35,
        ge=0,
        le=1,
        description="strength of the slow shading offset",
        json_schema_extra={"unit": "share of the change"},
    )
    screening: float = Field(
        default=0.5,
        gt=0,
        le=4,
        description="screening length of the offset",
        json_schema_extra={"unit": "share of the defect's inradius"},
    )

    def relax(
        self, layer: DefectLayer, surface: Surface, rng: np.random.Generator
    ) -> tuple[DefectLayer, dict[str, float]]:
        """Return the layer with its fields at rest, and the residuals measured."""
        del rng  # the equations leave nothing to chance
        residuals: dict[str, float] = {}
        height, coverage = layer.height, layer.coverage
        absorbance, albedo = layer.absorbance, layer.albedo
        if height is not None and not layer.thin and self.plate_px > 0:
            height, residuals["plate_residual"] = _rest_relief(height, layer.support, self.plate_px)
        if layer.thin:
            if coverage is not None and self.line_px2 > 0:
                coverage, residuals["mass_residual"] = _rest_line(coverage, layer, self.line_px2)
        elif self.diffusion_px2 > 0 and (absorbance is not None or albedo is not None):
            step, tensor, inside = _structure(layer, surface)
            time = self.diffusion_px2 / step**2
            if absorbance is not None:
                absorbance, residuals["mass_residual"] = _rest_film(
                    absorbance, tensor, time, inside
                )
            if albedo is not None and coverage is not None:
                # The logarithm is the quantity that mixes: absorbing matter per area. The rim,
                # where the material only begins, stays as sharp as it is.
                core = _resized(coverage, inside.shape, cv2.INTER_AREA) > COVERED
                albedo = _rest_matter(albedo, tensor, time, inside & core)
        relaxed = replace(
            layer, height=height, coverage=coverage, absorbance=absorbance, albedo=albedo
        )
        return relaxed, residuals

    def refine(self, change: Change, surface: Surface, rng: np.random.Generator) -> Change:
        """Add the slow shading offset to areas; thin defects have none."""
        del surface, rng
        if change.layer.thin or self.offset_gain == 0:
            return change
        offset, residual = _slow_offset(change, self.screening)
        offset *= np.float32(self.offset_gain)
        residuals = {**change.residuals, "poisson_residual": residual}
        return replace(change, after=_with_offset(change, offset), residuals=residuals)


def _rest_relief(height: Float32, support: Mask, length: float) -> tuple[Float32, float]:
    """Return the plate's deflection under the load that the coarse relief stands for."""
    box = Box.around(height != 0)
    if box is None:
        return height, 0.0
    box = box.grown(2, height.shape)
    whole = height[box.slices]
    step = max(max(box.shape) / PLATE_CELLS, 1.0)
    size = (max(round(box.shape[0] / step), 1), max(round(box.shape[1] / step), 1))
    load = whole if step == 1 else _resized(whole, size, cv2.INTER_AREA)
    deflection = solve_plate(load, length / step)
    residual = plate_residual(deflection, load, length / step)
    if step > 1:
        # What is finer than the cells is too stiff to notice, and stays.
        deflection = whole + _resized(deflection - load, box.shape, cv2.INTER_LINEAR)
    rested = np.zeros_like(height)
    np.multiply(deflection, support[box.slices], out=rested[box.slices])
    return rested, residual


def _rest_line(coverage: Float32, layer: DefectLayer, time: float) -> tuple[Float32, float]:
    """Even coverage out along its own line; what pixels cannot hold stays where it was."""
    structure = structure_tensor(coverage, noise_px=0.5, scale_px=1.0)
    # Well within a wide hole the coverage is even: nothing moves there.
    inside = layer.support & (structure.row_row + structure.col_col > LEAST_SLOPE**2)
    index = np.flatnonzero(inside)
    own = along(structure.take(index))
    before = coverage.ravel()[index]
    moved = np.clip(diffuse_list(before, own, time, inside), 0, 1)
    # On the pixel grid some of it leaks sideways: faint rims must not become part of the line.
    moved = np.minimum(moved, np.float32(MOST_GROWTH) * before)
    mass = float(before.sum(dtype=np.float64))
    left = float(moved.sum(dtype=np.float64))
    if left > 0:
        moved = np.minimum(moved * np.float32(mass / left), 1)
    rested = coverage.copy()
    rested.ravel()[index] = moved
    return rested, abs(float(moved.sum(dtype=np.float64)) / mass - 1) if mass > 0 else 0.0


def _structure(layer: DefectLayer, surface: Surface) -> tuple[float, Tensor, Mask]:
    """Return cell size, diffusion tensor and domain on a grid of at most WIDEST cells."""
    box = layer.box
    height, width = box.shape
    step = max(max(height, width) / WIDEST, 1.0)
    inside = layer.support
    pixels: Resized = surface.pixels[box.slices]
    if step > 1:
        size = (max(round(width / step), 1), max(round(height / step), 1))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        pixels = small.reshape(*size[::-1], -1)
        inside = cv2.resize(inside.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    tensor = structure_tensor(lightness(decode(pixels, surface.encoding)))
    strength = tensor.row_row + tensor.col_col
    # What most of the surface shows is its texture, not an edge: the barrier lies above it.
    contrast = max(float(np.sqrt(np.quantile(strength, 0.75))), 0.3)
    return step, edge_enhancing(tensor, contrast), inside


def _rest_film(field: Float32, tensor: Tensor, time: float, inside: Mask) -> tuple[Float32, float]:
    """Diffuse a film within the domain; returns it and the relative error of its mass."""
    planes = field if field.ndim == 3 else field[..., None]
    rested = np.empty_like(planes)
    shape = tensor.row_row.shape
    worst = 0.0
    for index in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[..., index])
        coarse = plane if plane.shape == shape else _resized(plane, shape, cv2.INTER_AREA)
        moved = diffuse(coarse, tensor, time, inside)
        size = float(np.abs(coarse).sum(dtype=np.float64))
        if size > 0:
            error = float(moved.sum(dtype=np.float64) - coarse.sum(dtype=np.float64))
            worst = max(worst, abs(error) / size)
        step = moved - coarse
        if plane.shape != shape:
            step = _resized(step, plane.shape, cv2.INTER_LINEAR)
        rested[..., index] = plane + step
    return rested if field.ndim == 3 else rested[..., 0], worst


def _rest_matter(albedo: Float32, tensor: Tensor, time: float, inside: Mask) -> Float32:
    """Diffuse the logarithm of an albedo; what it changes is a factor, found on the cells."""
    shape = tensor.row_row.shape
    coarse = albedo if albedo.shape[:2] == shape else _resized(albedo, shape, cv2.INTER_AREA)
    matter = np.log(coarse)
    rested, _ = _rest_film(matter, tensor, time, inside)
    factor = np.exp(rested - matter)
    if albedo.shape[:2] != shape:
        factor = _resized(factor, albedo.shape, cv2.INTER_LINEAR)
    return albedo * factor


def _resized(array: Float32, shape: tuple[int, ...], method: int) -> Float32:
    out = cv2.resize(array, (shape[1], shape[0]), interpolation=method)
    return out.astype(np.float32, copy=False)


def _slow_offset(change: Change, screening: float) -> tuple[Float32, float]:
    """Return the screened-Poisson response to the change on cells, zero where nothing may change.

    Towards the rim of the support it fades out.
    """
    support = change.layer.support
    height, width = support.shape
    size = min(height, WIDEST), min(width, WIDEST)
    # Reducing is linear: the change of the cells is the change of their light.
    light = (_resized(array, size, cv2.INTER_AREA) for array in (change.after, change.before))
    coarse = np.subtract(*light).reshape(*size, -1)
    scale = max(height / size[0], width / size[1])
    depth = _depth(support)
    inradius = max(float(depth.max()), 1.0)
    screen = (scale / max(screening * inradius, 1.0)) ** 2
    source = coarse * np.float32(screen)
    answer = solve_screened_poisson(source, screen)
    rest = -laplacian(answer) + np.float32(screen) * answer - source
    norms = (np.sqrt((part * part).sum(axis=(0, 1))) for part in (rest[1:-1, 1:-1], source))
    worst = max(
        float(left / whole) if whole > 0 else 0.0 for left, whole in zip(*norms, strict=True)
    )
    offset = _resized(answer, depth.shape, cv2.INTER_LINEAR).reshape(*depth.shape, -1)
    lock = np.clip(depth / np.float32(max(0.3 * inradius, 1.0)), 0, 1)
    return offset * (lock * lock * (3 - 2 * lock))[..., None], worst


def _depth(support: Mask) -> Float32:
    """Return the distance to the outside in pixels, on at most about LOCK_CELLS cells a side."""
    step = max(max(support.shape) // LOCK_CELLS, 1)
    if step > 1:
        size = (-(-support.shape[1] // step), -(-support.shape[0] // step))
        support = cv2.resize(support.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return depth_inside(support) * np.float32(step)


def _with_offset(change: Change, offset: Float32) -> Float32:
    """Return the light after an offset on cells is added, where the defect itself shows."""
    before, after, support = change.before, change.after, change.layer.support
    stride = max(max(support.shape) // LOCK_CELLS, 1)
    some = (slice(None, None, stride), slice(None, None, stride))
    shown = over_channels(np.maximum, np.abs(after[some] - before[some]))[support[some]]
    typical = float(np.sqrt(np.mean(shown * shown))) if shown.size else 0.0
    least = np.float32(0.5 * typical + 1e-6)
    result = np.empty_like(after)
    fine = _resized(offset, support.shape, cv2.INTER_LINEAR).reshape(after.shape)
    for rows in bands(*support.shape):
        strength = over_channels(np.maximum, np.abs(after[rows] - before[rows]))
        # Where the defect itself hardly shows, the offset must not make it show.
        present = strength / (strength + least) * support[rows]
        np.clip(after[rows] + fine[rows] * present[..., None], 0, 1, out=result[rows])
    return result
