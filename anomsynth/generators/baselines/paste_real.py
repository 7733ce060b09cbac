"""Real defects, cut out by their masks and set into good photos: what people would do by hand."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encoded_lab, quantise, to_levels
from anomsynth.core.component import Probability, SignedRange, SizeRange, parameter
from anomsynth.core.cutout import Cutout
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.regions import depth_inside
from anomsynth.generators.baselines._cloning import clone, fitting_side
from anomsynth.generators.baselines._swatches import as_channels, as_light
from anomsynth.surface.sites import edge_at

SITES = 12  # places that are looked at for one that looks like where the defect was
FITTING = 0.9  # share of the defect that must lie where defects may go
ON_OUTLINE = 0.5  # the same for one on the part's outline, which never fits another quite
FEATHER = 2.0  # pixels inside the mask over which it fades in, less in thin ones
RING = 12  # pixels around the mask: the surroundings whose light it is brought to
MOST_LIGHT = 3.0  # factor between the light there and here
FEWEST = 12  # pixels of surroundings
REACH = 2  # pixels around the mask in which its gradients count: its edge lies there
PAD = 6  # pixels around the mask in which gradients are joined
SLOPED = 0.05  # mean slope of the part's outline from which it has a direction


class PasteReal(Generator):
    """A real defect, turned, resized and blended into the photo.

    It comes from `Surface.defects`, the user's few real ones. One that touched the part's outline
    is set on the outline and turned with it; any other goes where the surface looks most like its
    old surroundings, of a few random places. It is blended by its mask, fading in over two pixels,
    after its light was brought to that of the new place; or by Poisson's equation [1]_, with its
    own gradients inside the mask and the photo's outside: no seam, but what changes, and so the
    label, is then wider than the defect. How visible it is, is its own matter.

    References
    ----------
    .. [1] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
    .. [2] D. Dwibedi, I. Misra, M. Hebert, "Cut, paste and learn", ICCV 2017.
    """

    law: ClassVar[str] = "I' = (1 - a) I + a k P by the mask, or lap I' = div grad P inside it"
    source: ClassVar[str] = "Perez et al. 2003; Dwibedi et al. 2017"
    needs_defects: ClassVar[bool] = True

    kind: Literal["paste_real"] = "paste_real"
    blend: Literal["alpha", "poisson", "either"] = parameter(
        "alpha", "choice", "by the mask's edge, by gradients, or either"
    )
    poisson_probability: Probability = parameter(
        0.5, "probability", "either: that it is blended by gradients"
    )
    flip_probability: Probability = parameter(0.5, "probability", "that it is mirrored")
    magnification: SizeRange = parameter((0.8, 1.25), "ratio", "of the defect")
    turn_deg: SignedRange = parameter((-20, 20), "degrees", "by which it is turned")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Set one defect; raise PlacementError without any, or if it fits nowhere."""
        drawn = self.draw_ranges(rng)
        coins, where = rng.random(2), rng.random(SITES)
        if surface.defects is None:
            raise PlacementError("there are no real defects to paste: give some by `real`")
        cutout = surface.defects.pick(rng)
        scale = drawn.magnification * max(surface.shape) / cutout.side
        flip = bool(coins[0] < self.flip_probability)
        slope = _slope(cutout, flip=flip)
        if slope is None:
            piece = _moved(cutout, surface, scale, drawn.turn_deg, flip=flip)
            top, left = _where_it_looks_alike(piece, surface, where)
        else:
            site, normal = edge_at(surface, float(where[0]))
            turn = math.degrees(math.atan2(*slope) - math.atan2(*normal))
            piece = _moved(cutout, surface, scale, turn, flip=flip)
            top, left = _on_outline(piece, surface, site, normal)
        gradients = coins[1] < self.poisson_probability
        if self.blend == "poisson" or (self.blend == "either" and gradients):
            box, support, light = _joined(piece, surface, (top, left))
            coverage = support.astype(np.float32)
        else:
            box = Box(top, left, top + piece.mask.shape[0], left + piece.mask.shape[1])
            support, coverage = piece.mask, _faded(piece.mask)
            light = _lit(piece, surface, box)
        return DefectLayer(
            kind="paste_real",
            origin=(box.top, box.left),
            support=support,
            coverage=coverage,
            exposed=light,
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={"defect_px": float(np.count_nonzero(piece.mask))},
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Pasted:
    """A defect as it will lie in the photo: levels 0..255 (h, w, C), mask, surroundings (h, w)."""

    levels: Float32
    mask: Mask
    around: Mask


def _slope(cutout: Cutout, *, flip: bool) -> tuple[float, float] | None:
    """Return the (row, col) normal into the part of a defect on its outline, None for others."""
    if not (cutout.mask & (depth_inside(cutout.part) <= 2)).any() or cutout.part.all():
        return None
    smooth = cv2.GaussianBlur(cutout.part.astype(np.float32), (0, 0), 4)
    down, across = (float(np.gradient(smooth, axis=axis)[cutout.mask].mean()) for axis in (0, 1))
    if math.hypot(down, across) < SLOPED / 4:
        return None
    return down, -across if flip else across


def _moved(cutout: Cutout, surface: Surface, scale: float, turn: float, *, flip: bool) -> _Pasted:
    """Return the cutout mirrored, turned by degrees counter-clockwise and resized."""
    levels = to_levels(as_channels(cutout.pixels, surface.channels))
    mask, clear = cutout.mask, cutout.part & ~cutout.mask
    if flip:
        levels, mask, clear = levels[:, ::-1], mask[:, ::-1], clear[:, ::-1]
    height, width = mask.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, scale)
    reach = np.abs(matrix[:, :2]) @ (width, height)
    size = max(math.ceil(reach[0]), 3), max(math.ceil(reach[1]), 3)
    if max(size) > 2 * max(surface.shape) + 2 * RING:
        raise PlacementError("the real defect is larger than the photo")
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    light = cv2.warpAffine(
        np.ascontiguousarray(levels),
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    inside, around = (
        cv2.warpAffine(np.ascontiguousarray(part).astype(np.float32), matrix, size) > 0.5
        for part in (mask, clear)
    )
    tight = Box.around(np.asarray(inside))
    if tight is None:
        raise PlacementError("the real defect is smaller than a pixel here")
    here = tight.grown(RING, inside.shape).slices
    planes = np.asarray(light, np.float32).reshape(*inside.shape, -1)
    return _Pasted(
        planes[here].copy(), np.asarray(inside[here]).copy(), np.asarray(around[here]).copy()
    )


def _where_it_looks_alike(
    piece: _Pasted, surface: Surface, picks: NDArray[np.float64]
) -> tuple[int, int]:
    """Return where the patch goes: of a few places the one most like its old surroundings."""
    count = len(surface.sites)
    if count == 0:
        raise PlacementError("no pixel is allowed for a defect")
    rows, cols = np.nonzero(piece.mask)
    middle = round(float(rows.mean())), round(float(cols.mean()))
    old = _colour(piece.levels[piece.around])
    best: tuple[float, tuple[int, int]] | None = None
    for pick in picks:
        row, col = surface.sites[int(pick * count)]
        top, left = int(row) - middle[0], int(col) - middle[1]
        if _share_allowed(surface, rows + top, cols + left) < FITTING:
            continue
        box = _inside(
            Box(top, left, top + piece.mask.shape[0], left + piece.mask.shape[1]), surface
        )
        here = piece.mask[_relative(box, (top, left))]
        new = to_levels(surface.pixels[box.slices])[here]
        colour = _colour(new)
        away = 0.0
        if old is not None and colour is not None:
            away = float(np.linalg.norm(colour - old))
        if best is None or away < best[0]:
            best = away, (top, left)
    if best is None:
        raise PlacementError("the real defect fits nowhere on the part")
    return best[1]


def _on_outline(
    piece: _Pasted, surface: Surface, site: tuple[int, int], normal: tuple[float, float]
) -> tuple[int, int]:
    """Return where the patch goes so that its outermost pixel lies on the part's outline."""
    rows, cols = np.nonzero(piece.mask)
    first = int(np.argmin(rows * normal[0] + cols * normal[1]))
    top, left = site[0] - int(rows[first]), site[1] - int(cols[first])
    if _share_allowed(surface, rows + top, cols + left) < ON_OUTLINE:
        raise PlacementError("the real defect does not fit the part's outline here")
    return top, left


def _share_allowed(surface: Surface, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> float:
    """Return which share of pixels lies in the picture where defects may go; 0 if any is out."""
    height, width = surface.shape
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    allowed = surface.allowed[rows[inside], cols[inside]]
    return int(np.count_nonzero(allowed)) / rows.size


def _colour(levels: Float32) -> NDArray[np.float64] | None:
    """Return the mean CIE colour of (n, C) levels, None of too few."""
    if len(levels) < FEWEST:
        return None
    mean = levels.mean(axis=0, dtype=np.float64)[None, None].astype(np.float32)
    return np.asarray(encoded_lab(quantise(mean, np.dtype(np.uint16)))[0, 0], np.float64)


def _faded(mask: Mask) -> Float32:
    """Return the coverage of a mask: it fades in, and thin ones stay opaque."""
    depth = depth_inside(mask)
    fade = min(FEATHER, max(float(depth.max()) / 2, 0.5))
    return np.where(mask, np.minimum(depth / fade, 1), 0).astype(np.float32)


def _lit(piece: _Pasted, surface: Surface, box: Box) -> Float32:
    """Return the defect's light, brought from its old surroundings' to that of the new ones."""
    light = as_light(piece.levels, surface.encoding)
    inner = _inside(box, surface)
    new = surface.linear(inner)[surface.foreground[inner.slices]]
    old = light[piece.around]
    if len(old) < FEWEST or len(new) < FEWEST:
        return light
    factor = (np.median(new, axis=0) + 1e-3) / (np.median(old, axis=0) + 1e-3)
    scaled = light * factor.clip(1 / MOST_LIGHT, MOST_LIGHT).astype(np.float32)
    return np.asarray(scaled.clip(0, 1), dtype=np.float32)


def _inside(box: Box, surface: Surface) -> Box:
    return Box(
        max(box.top, 0),
        max(box.left, 0),
        min(box.bottom, surface.shape[0]),
        min(box.right, surface.shape[1]),
    )


def _joined(piece: _Pasted, surface: Surface, origin: tuple[int, int]) -> tuple[Box, Mask, Float32]:
    """Return box, support and light of the defect's gradients joined with the photo's."""
    tight = Box.around(piece.mask) or Box(0, 0, 1, 1)
    placed = Box(
        tight.top + origin[0], tight.left + origin[1],
        tight.bottom + origin[0], tight.right + origin[1],
    )  # fmt: skip
    room = _inside(placed, surface).grown(PAD, surface.shape)
    size = fitting_side(*(room.shape[0],) * 2), fitting_side(*(room.shape[1],) * 2)
    if min(room.shape) < 3:
        raise PlacementError("no room to join gradients")
    box = Box(room.top, room.left, room.top + size[0], room.left + size[1])
    target = to_levels(surface.pixels[box.slices])
    patch, inside = target.copy(), np.zeros(size, dtype=np.bool_)
    shared = Box(
        max(box.top, origin[0]), max(box.left, origin[1]),
        min(box.bottom, origin[0] + piece.mask.shape[0]),
        min(box.right, origin[1] + piece.mask.shape[1]),
    )  # fmt: skip
    here = _relative(shared, (box.top, box.left))
    there = _relative(shared, origin)
    patch[here] = piece.levels[there]
    side = 2 * REACH + 1
    grown = cv2.dilate(piece.mask.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    inside[here] = (grown & (piece.mask | piece.around))[there]
    cloned = np.clip(clone(target, patch, mixed=False, inside=inside), 0, 255)
    support = np.zeros(size, dtype=np.bool_)
    support[1:-1, 1:-1] = True
    return box, support, as_light(cloned, surface.encoding)


def _relative(box: Box, origin: tuple[int, int]) -> tuple[slice, slice]:
    return (
        slice(box.top - origin[0], box.bottom - origin[0]),
        slice(box.left - origin[1], box.right - origin[1]),
    )
