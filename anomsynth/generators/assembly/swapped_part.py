"""A swapped part: a component mounted turned or mirrored, or two components exchanged."""

from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple

import cv2
import numpy as np

from anomsynth.core.component import NonNegativeRange, SizeRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.assembly._components import (
    MarkedPart,
    component_areas,
    light_without,
    marked_part,
    soft_mask,
)

LEAST_COVERAGE = 0.01
MODES = ("turned", "mirrored", "exchanged")


class SwappedPart(Generator):
    """One component that the mask marks is in the wrong way round, or in the wrong place.

    Mode ``turned``: rotated about its centre; ``mirrored``: flipped, upright or on its head;
    ``exchanged``: swapped with another component of similar size. Where the wrong component leaves
    a gap, the part around it continues. Needs the masks of the components; its truth are the
    pixels that visibly changed.
    """

    law: ClassVar[str] = "I' = (1 - a) B + a I(R (x - c) + c), B the part without the component"
    source: ClassVar[str] = "rigid motion in the plane; Porter & Duff 1984 (over)"

    needs_components: ClassVar[bool] = True

    kind: Literal["swapped_part"] = "swapped_part"
    mode: Literal["turned", "mirrored", "exchanged", "mixed"] = parameter(
        "mixed", "choice", "what happened to the component; mixed: any that is possible"
    )
    turn_deg: NonNegativeRange = parameter((60, 300), "degrees", "turned: by how much")
    area_ratio: SizeRange = parameter(
        (1.2, 2.0),
        "ratio",
        "exchanged: largest ratio of the two components' areas, >= 1",
        was="likeness",
    )
    grow_mm: NonNegativeRange = parameter(
        (0, 0.1), "mm", "how much wider than its mask a component is"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Mount a component wrongly; raise PlacementError where none is marked."""
        drawn = self.draw_ranges(rng)
        pick, other_pick, way = (float(number) for number in rng.random(3))
        areas = component_areas(surface)
        number = list(areas)[int(pick * len(areas))]
        partner = _partner(number, areas, drawn.area_ratio, other_pick)
        mode = self.mode
        if mode == "mixed":
            possible = MODES if partner is not None else MODES[:2]
            mode = possible[int(way * len(possible))]  # type: ignore[assignment]  # one of them
        if mode == "exchanged" and partner is None:
            raise PlacementError("no other component of similar size to exchange this one with")
        grow = drawn.grow_mm / surface.mm_per_px
        mounted = [marked_part(surface, number)]
        if mode == "exchanged" and partner is not None:
            mounted.append(marked_part(surface, partner))
        grow = _grown(mounted[0], grow)
        pieces = [_cut_out(surface, part, grow) for part in mounted]
        if len(pieces) == 2:
            first, second = pieces
            placed = [_moved(first, second.centre), _moved(second, first.centre)]
        else:
            placed = [_turned(pieces[0], drawn.turn_deg, mirror=mode == "mirrored")]
        removed = [soft_mask(surface, part, grow, clear=True) for part in mounted]
        layer = _layer(surface, removed, placed, rng)
        measured = {**layer.measured, "mode": float(MODES.index(mode))}
        return replace(layer, parameters=drawn.numbers, measured=measured)


class _Piece(NamedTuple):
    """A component cut out of the photo."""

    box: Box
    alpha: Float32
    light: Float32

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the component's box, row and column."""
        return (self.box.top + self.box.bottom - 1) / 2, (self.box.left + self.box.right - 1) / 2


def _partner(number: int, areas: dict[int, int], area_ratio: float, pick: float) -> int | None:
    """Return another component whose area is similar enough, None if there is none."""
    area = areas[number]
    similar = [
        other
        for other, size in areas.items()
        if other != number and max(area, size) <= area_ratio * min(area, size)
    ]
    return similar[int(pick * len(similar))] if similar else None


def _cut_out(surface: Surface, component: MarkedPart, grow_px: float) -> _Piece:
    box, alpha = soft_mask(surface, component, grow_px)
    return _Piece(box, alpha, surface.linear(box))


def _grown(component: MarkedPart, grow_px: float) -> float:
    """Cut a growth to what a component of its size may have around it, pixels."""
    return float(min(grow_px, 0.15 * np.sqrt(component.area_px) + 0.5))


def _moved(piece: _Piece, centre: tuple[float, float]) -> _Piece:
    """Put a piece around another centre, on whole pixels."""
    height, width = piece.box.shape
    top, left = round(centre[0] - (height - 1) / 2), round(centre[1] - (width - 1) / 2)
    return piece._replace(box=Box(top, left, top + height, left + width))


def _turned(piece: _Piece, degrees: float, *, mirror: bool) -> _Piece:
    """Turn a piece about its centre; mirrored ones are flipped, upright or on their head."""
    alpha, light = piece.alpha, piece.light
    if mirror:
        alpha, light = alpha[:, ::-1], light[:, ::-1]
        degrees = 180.0 * round(degrees / 360)  # a mirror image stands upright or on its head
    height, width = alpha.shape
    if degrees % 180 == 0:
        flip = -1 if degrees % 360 else 1
        alpha, light = alpha[::flip, ::flip], light[::flip, ::flip]
        return _Piece(piece.box, np.ascontiguousarray(alpha), np.ascontiguousarray(light))
    side = int(np.ceil(np.hypot(height, width))) + 2
    size = (side + (side - width) % 2, side + (side - height) % 2)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    matrix[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    planes = [
        cv2.warpAffine(
            np.ascontiguousarray(array), matrix, size, flags=cv2.INTER_CUBIC, borderMode=mode
        )
        for array, mode in ((alpha, cv2.BORDER_CONSTANT), (light, cv2.BORDER_REPLICATE))
    ]
    turned = np.clip(np.asarray(planes[0], dtype=np.float32), 0, 1)
    shown = np.asarray(planes[1], dtype=np.float32).reshape(*turned.shape, -1)
    return _moved(
        _Piece(Box(0, 0, *turned.shape), turned, np.clip(shown, 0, 1)),
        piece.centre,
    )


def _layer(
    surface: Surface,
    removed: list[tuple[Box, Float32]],
    placed: list[_Piece],
    rng: np.random.Generator,
) -> DefectLayer:
    """Take the pieces out, put them where they do not belong."""
    every = [*(part for part, _ in removed), *(piece.box for piece in placed)]
    box = Box(
        min(part.top for part in every),
        min(part.left for part in every),
        max(part.bottom for part in every),
        max(part.right for part in every),
    ).grown(0, surface.shape)
    light = surface.linear(box)
    coverage = np.zeros(box.shape, dtype=np.float32)
    for gap, alpha in removed:
        gone = alpha >= LEAST_COVERAGE
        behind, _ = light_without(surface, gone, gap, rng)
        place = _slices(gap, box)
        share = (alpha * gone)[..., None]
        light[place] += share * (behind - light[place])
        coverage[place] = np.maximum(coverage[place], gone)
    for piece in placed:
        inner = piece.box.grown(0, surface.shape)
        if inner.bottom <= inner.top or inner.right <= inner.left:
            continue
        own, place = _slices(inner, piece.box), _slices(inner, box)
        alpha = piece.alpha[own]
        light[place] += alpha[..., None] * (piece.light[own] - light[place])
        coverage[place] = np.maximum(coverage[place], alpha >= LEAST_COVERAGE)
    support = coverage > 0
    if not (support & surface.room(overhang=True)[box.slices]).any():
        raise PlacementError("the component lies outside the allowed area")
    return DefectLayer(
        kind="swapped_part",
        origin=(box.top, box.left),
        support=support,
        coverage=coverage,
        exposed=np.clip(light, 0, 1),
        has_noise=True,
        rigid=True,
        overhang=True,
        measured={"components": float(len(removed)), "area_px": float(np.count_nonzero(support))},
    )


def _slices(box: Box, frame: Box) -> tuple[slice, slice]:
    top, left = box.top - frame.top, box.left - frame.left
    return slice(top, top + box.shape[0]), slice(left, left + box.shape[1])
