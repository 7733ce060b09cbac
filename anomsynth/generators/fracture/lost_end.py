"""Lost ends: pins, leads, tips and corners that were cut or broken off."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.measure import SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.grid import Grid
from anomsynth.fields.noise import value_noise
from anomsynth.fields.paths import fbm_trace
from anomsynth.surface.appearance import mean_light
from anomsynth.surface.background import background_of
from anomsynth.surface.behind import check_room, ground_without, light_behind
from anomsynth.surface.shadow import shadow_reach

FRACTURE_HURST = 0.8
EDGE_PX = 1.4
FACE_GRAIN = 0.08  # log light
DARKER = 0.4  # light that the face loses towards its far side


class LostEnd(Generator):
    """The end of the part in some direction is gone along a line; the background shows.

    The line is where a coordinate along the direction exceeds the value that leaves `area_share`
    beyond it; only the piece that holds the outermost point goes. A cut is straight, a break as
    rough as fracture faces are; beside the line a band of the face is seen. It needs a part that
    lies on a background.
    """

    law: ClassVar[str] = "gone = {x . n + rough > t}, |gone| = share; rough ~ k^-(H + 1/2)"
    source: ClassVar[str] = "geometry; Bouchaud, Lapasset & Planes 1990 (roughness 0.8)"
    measures: ClassVar[tuple[SizeMeasure, ...]] = (
        SizeMeasure("area", "area_share", measured="area_share"),
    )
    has_relief: ClassVar[bool] = True

    kind: Literal["lost_end"] = "lost_end"
    area_share: ShareRange = parameter((0.003, 0.2), "of part area", "what is gone, about")
    rough: UnitRange = parameter((0.0, 0.04), "of part size", "rms roughness of the line")
    face_width: UnitRange = parameter((0.0, 0.03), "of part size", "width of the face that is seen")
    face_light: SizeRange = parameter((0.5, 1.8), "relative", "brightness of the face")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Take one end away; raise PlacementError if the part has none or shows no background."""
        drawn = self.draw_ranges(rng)
        turn = 2 * math.pi * float(rng.random())
        box = Box.around(surface.allowed)
        if box is None or len(surface.edge_sites) == 0:
            raise PlacementError("no end of the part may be taken away")
        if background_of(surface) is None:
            raise PlacementError("the picture shows no background for what is gone")
        reach = shadow_reach(surface)
        margin = math.ceil(reach)
        box = box.grown(margin, surface.shape)
        end = _End(surface, drawn, box, turn)
        depth, gone = _cut_off(end, rng)
        near = Box.around(gone)
        if near is None:
            raise PlacementError("no end of the part may be taken away")
        near = near.grown(margin, gone.shape)
        place = Box(
            box.top + near.top, box.left + near.left, box.top + near.bottom, box.left + near.right
        )
        piece = np.ascontiguousarray(gone[near.slices])
        check_room(surface, place, piece)
        behind = light_behind(surface, place, piece, reach)
        if behind is None:
            raise PlacementError("the picture shows no background for what is gone")
        inside = depth[near.slices]
        coverage = np.clip(inside / np.float32(EDGE_PX) + np.float32(0.5), 0, 1) * piece
        width = max(drawn.face_width * surface.part_size_px, 1e-3)
        band = np.clip((width - inside) / EDGE_PX + 0.5, 0, 1) * min(width, 1.0)
        band *= surface.foreground[place.slices]
        shade = drawn.face_light * (1 - DARKER * np.clip(inside / width, 0, 1))
        if band.any():
            shade = shade * np.exp(np.float32(FACE_GRAIN) * value_noise(place.shape, 2.0, rng))
        face = shade[..., None] * mean_light(surface, place)
        ground = ground_without(surface, place, piece, behind, reach)
        shown = ground.light + band[..., None] * (face - ground.light)
        coverage = np.maximum(coverage, ground.beside)
        support = coverage > 0
        if not support.any():
            raise PlacementError("no end of the part may be taken away")
        return DefectLayer(
            kind="lost_end",
            origin=(place.top, place.left),
            support=support,
            coverage=coverage.astype(np.float32),
            exposed=np.clip(shown, 0, 1).astype(np.float32),
            thin=True,
            void=True,
            has_noise=True,
            rigid=True,
            overhang=True,
            parameters=drawn.numbers,
            measured={
                "area_share": float(np.count_nonzero(gone)) / max(surface.part_area_px, 1),
                "turn_deg": math.degrees(turn),
            },
        )


@dataclass(frozen=True, slots=True)
class _End:
    """A part, the box around it, and the direction in which an end is looked for, radians."""

    surface: Surface
    drawn: LostEnd
    box: Box
    turn: float


def _cut_off(end: _End, rng: np.random.Generator) -> tuple[Float32, Mask]:
    """Return the distance beyond the line on the box, pixels, and the piece that is gone."""
    surface, drawn, box = end.surface, end.drawn, end.box
    down, right = Grid(box).offsets(box.top, box.left)
    sin, cos = np.float32(math.sin(end.turn)), np.float32(math.cos(end.turn))
    depth = np.asarray(sin * down + cos * right, dtype=np.float32)
    rough = drawn.rough * surface.part_size_px
    if rough > 0:
        across = (cos * down - sin * right).astype(np.int32)
        across -= across.min()
        line = rough * fbm_trace(int(across.max()) + 1, FRACTURE_HURST, rng)
        depth += line.astype(np.float32).take(across)
    part = surface.allowed[box.slices]
    depth -= np.float32(np.quantile(depth[part], 1 - drawn.area_share))
    beyond = (part & (depth > 0)).view(np.uint8)
    _, labels = cv2.connectedComponents(beyond, connectivity=8)
    tip = int(np.where(part, depth, -np.inf).argmax())
    return depth, np.asarray(labels == labels.flat[tip]) & (beyond > 0)
