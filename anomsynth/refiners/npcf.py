"""npcF: the defect's own fields come to rest under their governing equations, with the part."""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from anomsynth.core.color import decode, lightness
from anomsynth.core.component import Share, parameter
from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.roles import Refiner
from anomsynth.core.statistics import quantile
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.fields.grid import Grid
from anomsynth.fields.poisson import plate_residual, solve_plate
from anomsynth.fields.structure import StructureTensor, structure_tensor
from anomsynth.refiners._diffusion import along, diffuse, diffuse_list, edge_enhancing
from anomsynth.refiners._slow_offset import with_slow_offset

Resized = NDArray[np.integer | np.floating]  # what OpenCV says that it returns

COVERED = 0.5  # coverage from which the exposed material counts as continuous
LEAST_SLOPE = 0.03  # change of coverage per pixel below which it counts as even
MOST_GROWTH = 1.25  # of a pixel's coverage when a line evens out
PLATE_CELLS = 256  # cells a side on which wide relief comes to rest
WIDEST = 64  # fields come to rest on at most this many cells a side: they are smooth


class Npcf(Refiner):
    """Global consistency by partial differential equations (the paper's npcF, our equations).

    Relief of bent material obeys the plate equation; films and exposed material diffuse along the
    photo's own structure, so that they respect grain, edges and grooves, with mass conserved;
    lines of coverage even out along themselves only. Finished pixels are not smeared: what is
    added to them is a slow shading offset, the screened-Poisson response to the defect's own
    change.
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

    random: ClassVar[bool] = False

    kind: Literal["npcf"] = "npcf"
    plate_px: Annotated[float, Field(ge=0, le=20)] = parameter(
        1.0, "px", "bending length of the relief"
    )
    diffusion_px2: Annotated[float, Field(ge=0, le=100)] = parameter(
        6.0, "px^2", "diffusion time of films and exposed material"
    )
    line_px2: Annotated[float, Field(ge=0, le=20)] = parameter(
        0.0, "px^2", "diffusion time of cracks and scratches along themselves; costs detail"
    )
    offset_gain: Share = parameter(
        0.35, "relative", "strength of the slow shading offset, over the defect's own change"
    )
    screening: Annotated[float, Field(gt=0, le=4)] = parameter(
        0.5, "of radius", "screening length of the offset, of the defect's inradius"
    )

    def relax(
        self, layer: DefectLayer, surface: Surface, rng: np.random.Generator
    ) -> tuple[DefectLayer, dict[str, float]]:
        """Return the layer with its fields at rest, and the residuals measured."""
        del rng  # the equations leave nothing to chance
        residuals: dict[str, float] = {}
        height, coverage = layer.height, layer.coverage
        absorbance, albedo = layer.absorbance, layer.albedo
        # Where material is gone nothing bends: facets of a broken wall are no load on a plate.
        bent = coverage is None and not layer.thin
        if height is not None and bent and self.plate_px > 0:
            height, residuals["plate_residual"] = _rest_relief(height, layer.support, self.plate_px)
        if layer.thin:
            if coverage is not None and self.line_px2 > 0:
                coverage, residuals["mass_residual"] = _rest_line(coverage, layer, self.line_px2)
        elif self.diffusion_px2 > 0 and (absorbance is not None or albedo is not None):
            grid, tensor, inside = _structure(layer, surface)
            time = self.diffusion_px2 / grid.step**2
            if absorbance is not None:
                film = grid.reduce(absorbance)
                change, residuals["mass_residual"] = _rest_film(film, tensor, time, inside)
                absorbance = absorbance + grid.refine(change)
            if albedo is not None and coverage is not None:
                # The logarithm is the quantity that mixes: absorbing matter per area. The rim,
                # where the material only begins, stays as sharp as it is.
                core = inside & (grid.reduce(coverage) > COVERED)
                matter = np.log(grid.reduce(albedo))
                change, _ = _rest_film(matter, tensor, time, core)
                albedo = albedo * grid.refine(np.exp(change))
        relaxed = replace(
            layer, height=height, coverage=coverage, absorbance=absorbance, albedo=albedo
        )
        return relaxed, residuals

    def refine(self, change: Change, surface: Surface, rng: np.random.Generator) -> Change:
        """Add the slow shading offset to areas; thin defects have none, nor light that is known."""
        del surface, rng
        known = (
            change.layer.rigid and change.layer.exposed is not None
        )  # the ground, another finish
        if change.layer.thin or known or self.offset_gain == 0:
            return change
        after, residual = with_slow_offset(
            change.before, change.after, change.layer.support, self.offset_gain, self.screening
        )
        residuals = {**change.residuals, "poisson_residual": residual}
        return replace(change, after=after, residuals=residuals)


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


def _structure(layer: DefectLayer, surface: Surface) -> tuple[Grid, StructureTensor, Mask]:
    """Return cells of the layer's box, and diffusion tensor and domain on them."""
    box = layer.box
    grid = Grid.over(Box(0, 0, *box.shape), WIDEST)
    pixels = grid.reduce(surface.pixels[box.slices])
    inside = layer.support
    if grid.step > 1:
        inside = inside[grid.step // 2 :: grid.step, grid.step // 2 :: grid.step]
        beyond = [(0, cells - side) for cells, side in zip(grid.shape, inside.shape, strict=True)]
        inside = np.pad(inside, beyond)
    tensor = structure_tensor(lightness(decode(pixels, surface.encoding)))
    strength = tensor.row_row + tensor.col_col
    # What most of the surface shows is its texture, not an edge: the barrier lies above it.
    contrast = max(float(np.sqrt(quantile(strength, 0.75))), 0.3)
    return grid, edge_enhancing(tensor, contrast), inside


def _rest_film(
    coarse: Float32, tensor: StructureTensor, time: float, inside: Mask
) -> tuple[Float32, float]:
    """Diffuse a film within the domain; returns what that changes and its mass's relative error."""
    planes = coarse if coarse.ndim == 3 else coarse[..., None]
    steps = np.empty_like(planes)
    worst = 0.0
    for index in range(planes.shape[2]):
        plane = np.ascontiguousarray(planes[..., index])
        moved = diffuse(plane, tensor, time, inside)
        size = float(np.abs(plane).sum(dtype=np.float64))
        if size > 0:
            error = float(moved.sum(dtype=np.float64) - plane.sum(dtype=np.float64))
            worst = max(worst, abs(error) / size)
        np.subtract(moved, plane, out=steps[..., index])
    return steps.reshape(coarse.shape), worst


def _resized(array: Float32, shape: tuple[int, ...], method: int) -> Float32:
    out = cv2.resize(array, (shape[1], shape[0]), interpolation=method)
    return out.astype(np.float32, copy=False)
