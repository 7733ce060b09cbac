"""Every mechanism at several strengths on several surfaces: what they look like, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import LogRange
from anomsynth.core.display import to_rgb8
from anomsynth.core.registry import generators, refiners
from anomsynth.core.sample import Sample
from anomsynth.core.types import Box, SampleKey, Surface
from anomsynth.errors import SynthesisError
from anomsynth.recipe.models import Mechanism, Recipe, Severity
from anomsynth.sheets.sheet import PAPER, write_on
from anomsynth.synthesis.synthesize import synthesize

STAND_INS = ("plate", "wood", "leads")  # surfaces as different as three can be
SEVERITIES = (2.0, 4.0, 7.0)  # d'
TILE = 150  # pixels of a tile's side
NAME = 130  # pixels of the column of names
LINE = 14  # pixels of a caption
GAP = 3
TEXT = 0.36  # size of its letters
OUTLINE = (255, 210, 0)
LEAST_CROP = 64  # pixels of the photo that a tile shows at least
TRIES = 4  # other places, where a mechanism finds none

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class GalleryRow:
    """One mechanism: its kind and a sample, or why there is none, for each surface and strength."""

    kind: str
    tiles: tuple[Sample | str, ...]


def make_rows(
    kinds: Sequence[str], surfaces: Sequence[Surface], recipe: Recipe, seed: int
) -> list[GalleryRow]:
    """Make one sample of each kind, with its default parameters, per surface and severity.

    Parameters
    ----------
    kinds : generators to show
    surfaces : analysed photos
    recipe : Recipe
        Gives everything but mechanisms and severity.
    seed : int
    """
    return [
        GalleryRow(
            kind,
            tuple(
                _sample(_one(recipe, kind, d_prime), surface, seed)
                for surface in surfaces
                for d_prime in SEVERITIES
            ),
        )
        for kind in kinds
    ]


def draw_gallery(rows: Sequence[GalleryRow], headings: Sequence[str]) -> Rgb:
    """Draw rows made by `make_rows`; the label's outline is drawn beside each crop's corner.

    Parameters
    ----------
    rows : sequence of GalleryRow
    headings : names of the surfaces

    Returns
    -------
    (h, w, 3) uint8 RGB
    """
    columns = len(headings) * len(SEVERITIES)
    width = NAME + columns * (TILE + GAP)
    sheet = np.full((LINE + 4 + len(rows) * (TILE + LINE + GAP), width, 3), PAPER, np.uint8)
    for index, name in enumerate(headings):
        for nth, d_prime in enumerate(SEVERITIES):
            left = NAME + (index * len(SEVERITIES) + nth) * (TILE + GAP)
            write_on(sheet, f"{name}  d'={d_prime:g}", (left, LINE), size=TEXT)
    for number, row in enumerate(rows):
        top = LINE + 4 + number * (TILE + LINE + GAP)
        write_on(sheet, row.kind, (4, top + TILE // 2), size=TEXT)
        for column, tile in enumerate(row.tiles):
            left = NAME + column * (TILE + GAP)
            here = sheet[top : top + TILE, left : left + TILE]
            if isinstance(tile, str):
                _explain(here, tile)
                continue
            here[:] = _tile(tile)
            reached = max(item.visibility for item in tile.instances)
            write_on(sheet, f"d'={reached:.1f}", (left, top + TILE + LINE - 3), size=TEXT)
    return sheet


def _one(recipe: Recipe, kind: str, d_prime: float) -> Recipe:
    mechanism = Mechanism(generator=generators.build({"kind": kind}))
    severity = Severity(d_prime=LogRange(low=d_prime, high=d_prime), area_cap=d_prime)
    changes: Mapping[str, object] = {
        "mechanisms": (mechanism,),
        "severity": severity,
        "defects_per_image": type(recipe.defects_per_image)(low=1, high=1),
        "gates": recipe.gates.model_copy(update={"min_visibility": 0.3, "reach": 0.0}),
        "refiners": tuple(refiners.build({"kind": name}) for name in refiners.kinds()),
    }
    return recipe.model_copy(update=changes)


def _sample(recipe: Recipe, surface: Surface, seed: int) -> Sample | str:
    reason = ""
    for index in range(TRIES):
        try:
            return synthesize(surface, recipe, seed=seed, key=SampleKey("gallery", "", index))
        except SynthesisError as error:
            reason = str(error)
    return reason


def _tile(sample: Sample) -> Rgb:
    """Return the surroundings of the defect, enlarged; its label's outline in a corner."""
    colours = to_rgb8(sample.image)
    box = _around(sample)
    tile = cv2.resize(colours[box.slices], (TILE, TILE), interpolation=_way(box))
    small = TILE // 3
    inset = cv2.resize(colours[box.slices], (small, small), interpolation=cv2.INTER_AREA)
    mask = sample.mask[box.slices].view(np.uint8) * np.uint8(255)
    inside = cv2.resize(mask, (small, small), interpolation=cv2.INTER_AREA) > 0
    edge = cv2.dilate(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > inside
    inset[edge] = OUTLINE
    tile[-small:, -small:] = inset
    return np.asarray(tile, dtype=np.uint8)


def _around(sample: Sample) -> Box:
    tight = Box.around(sample.mask) or Box(0, 0, *sample.mask.shape)
    side = max(int(1.5 * max(tight.shape)), LEAST_CROP)
    height, width = sample.mask.shape
    rows, cols = min(side, height), min(side, width)
    top = min(max((tight.top + tight.bottom - rows) // 2, 0), height - rows)
    left = min(max((tight.left + tight.right - cols) // 2, 0), width - cols)
    return Box(top, left, top + rows, left + cols)


def _way(box: Box) -> int:
    return cv2.INTER_AREA if max(box.shape) > TILE else cv2.INTER_NEAREST


def _explain(tile: Rgb, reason: str) -> None:
    words, lines = reason.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 22:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    for number, text in enumerate(lines[:8]):
        write_on(tile, text, (3, 14 + 14 * number), size=TEXT)
