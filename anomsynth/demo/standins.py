"""Rendered pictures that stand in for products nobody has photos of at hand.

They have what mechanisms react to (an outline, a grain, a weave, thin leads, components), not the
looks of a real product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.rng import stream
from anomsynth.core.types import Float32
from anomsynth.demo.photos import brushed_plate
from anomsynth.demo.rendering import (
    FINER,
    SIZE,
    Colour,
    axes,
    ellipse,
    laid_over,
    lay_fibers,
    lit,
    photograph,
    radiograph,
    rounded_box,
    smooth_noise,
    solid,
)

WHITE: Colour = (0.62, 0.62, 0.60)
DARK: Colour = (0.015, 0.015, 0.017)
STEEL: Colour = (0.36, 0.355, 0.345)
COPPER: Colour = (0.30, 0.17, 0.09)


@dataclass(frozen=True, slots=True, eq=False)
class StandIn:
    """A rendered picture and, where it has some, its components.

    Attributes
    ----------
    pixels : (256, 256, 3) uint8
    components : (256, 256) uint8, or None
        Number of the component of each pixel, 0 for none.
    """

    pixels: NDArray[np.uint8]
    components: NDArray[np.uint8] | None = None


def stand_in_names() -> list[str]:
    """Return the names of all stand-ins, sorted."""
    return sorted(_SCENES)


def make_stand_in(name: str, index: int = 0) -> StandIn:
    """Render a stand-in; another index is another copy of the product.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    return _SCENES[name](stream(0, "stand-in", name, index), index)


def _texture(rng: np.random.Generator, _: int) -> StandIn:
    """Render a cast, grainy surface that fills the picture."""
    grain = (
        0.16 * smooth_noise(rng, 1.5) + 0.1 * smooth_noise(rng, 5) + 0.08 * smooth_noise(rng, 40)
    )
    return StandIn(photograph(lit(0.24 * np.exp(grain), (1, 0.99, 0.97)), rng))


def _smooth(rng: np.random.Generator, _: int) -> StandIn:
    """Render an even, light surface, as of plastic, paper, paint or glaze."""
    grain = 0.012 * smooth_noise(rng, 2) + 0.03 * smooth_noise(rng, 80)
    return StandIn(photograph(lit(0.45 * np.exp(grain), (0.95, 1.0, 1.02)), rng))


def _wood(rng: np.random.Generator, _: int) -> StandIn:
    """Render boards: rings cut lengthwise, and pores along them."""
    across, along = axes((SIZE / 2, SIZE * 0.3), float(rng.uniform(-4, 4)))
    bend = 9 * smooth_noise(rng, 90)
    rings = np.sin((across + bend + 0.00035 * along**2) * np.float32(0.5))
    pores = _smeared(rng, 60)
    tone = np.exp(0.13 * rings + 0.1 * pores + 0.05 * smooth_noise(rng, 60))
    return StandIn(photograph(lit(0.9 * tone, (0.36, 0.19, 0.09)), rng))


def _leather(rng: np.random.Generator, _: int) -> StandIn:
    """Render a pebbled, dyed surface."""
    pebbles = smooth_noise(rng, 5)
    valleys = -np.exp(-((pebbles / 0.35) ** 2))
    tone = np.exp(0.35 * valleys + 0.05 * smooth_noise(rng, 1.2) + 0.06 * smooth_noise(rng, 70))
    return StandIn(photograph(lit(0.9 * tone, (0.22, 0.105, 0.055)), rng))


def _weave(rng: np.random.Generator, _: int) -> StandIn:
    """Render a plain weave: warp and weft threads that go over and under."""
    pitch = 9.0
    across, along = axes((0, 0), float(rng.uniform(-2, 2)))
    across = across + 0.5 * smooth_noise(rng, 14)
    along = along + 0.5 * smooth_noise(rng, 14)
    over = np.sin(np.pi * across / pitch) * np.sin(np.pi * along / pitch) > 0
    warp, weft = (np.abs(np.sin(np.pi * place / pitch)) for place in (across, along))
    height = np.where(over, warp, weft)
    tone = (0.25 + 0.75 * height) * np.exp(0.1 * smooth_noise(rng, 1.2))
    return StandIn(photograph(lit(0.55 * tone, (0.62, 0.6, 0.55)), rng))


def _carpet(rng: np.random.Generator, _: int) -> StandIn:
    """Render a tufted pile: no direction, coarse and dark."""
    tone = np.exp(0.35 * smooth_noise(rng, 2.5) + 0.2 * smooth_noise(rng, 6))
    return StandIn(photograph(lit(0.11 * tone, (1.0, 1.02, 1.1)), rng))


def _pile(rng: np.random.Generator, _: int) -> StandIn:
    """Render short, light bristles that lie every way on a dark ground."""
    tone = 0.03 + lay_fibers(np.zeros((SIZE, SIZE), np.float32), (0.15, 0.55), rng)
    return StandIn(photograph(lit(tone, (1.0, 1.0, 0.92)), rng))


def _plate(_: np.random.Generator, index: int) -> StandIn:
    """Render a brushed metal plate on felt."""
    return StandIn(brushed_plate(index))


def _object(rng: np.random.Generator, _: int) -> StandIn:
    """Render one rounded, organic object on a light table."""
    across, along = axes(_near_centre(rng), float(rng.uniform(-25, 25)))
    inside = ellipse(across, along, (72.0, 96.0)) + 2.5 * smooth_noise(rng, 40)
    tone = np.exp(0.1 * smooth_noise(rng, 3) + 0.12 * smooth_noise(rng, 25))
    return StandIn(photograph(_on_table(inside, tone, (0.36, 0.19, 0.09), WHITE), rng))


def _capsule(rng: np.random.Generator, _: int) -> StandIn:
    """Render a smooth two-coloured capsule on a light table."""
    across, along = axes(_near_centre(rng), float(rng.uniform(-8, 8)))
    inside = rounded_box(across, along, np.array([36.0, 100.0]), 36.0)
    tone = 1 + 0.02 * smooth_noise(rng, 30)
    cap = np.clip(along / 1.5 + 0.5, 0, 1)[..., None]
    colour = cap * np.array((0.5, 0.12, 0.03)) + (1 - cap) * np.array((0.05, 0.06, 0.08))
    return StandIn(photograph(_on_table(inside, tone, colour, WHITE), rng))


def _ring(rng: np.random.Generator, _: int) -> StandIn:
    """Render a turned ring seen from above, as a bottle's mouth or a bearing."""
    across, along = axes(_near_centre(rng), 0.0)
    radius = np.hypot(across, along)
    inside = np.minimum(104 - radius, radius - 52).astype(np.float32)
    turned = np.exp(0.1 * np.sin(radius * 1.4) + 0.05 * smooth_noise(rng, 2))
    return StandIn(photograph(_on_table(inside, turned, STEEL, DARK), rng))


def _long(rng: np.random.Generator, _: int) -> StandIn:
    """Render a long threaded piece on a light table."""
    across, along = axes(_near_centre(rng), float(rng.uniform(20, 50)))
    shaft = rounded_box(across, along, np.array([15.0, 100.0]), 4.0)
    head = rounded_box(across, along + 84, np.array([30.0, 16.0]), 6.0)
    thread = np.where(along > -40, 0.35 * np.sin((along + 0.25 * across) * 0.9), 0.0)
    tone = np.exp(thread + 0.04 * smooth_noise(rng, 2))
    return StandIn(photograph(_on_table(np.maximum(shaft, head), tone, STEEL, WHITE), rng))


def _grid(rng: np.random.Generator, _: int) -> StandIn:
    """Render crossing wires over a light background."""
    across, along = axes((SIZE / 2, SIZE / 2), float(rng.uniform(-3, 3)))
    pitch = 36.0
    rows, cols = (np.abs((place + pitch / 2) % pitch - pitch / 2) for place in (across, along))
    inside = (4.0 - np.minimum(rows, cols)).astype(np.float32)
    tone = np.exp(0.06 * smooth_noise(rng, 3))
    return StandIn(photograph(_on_table(inside, tone, (0.07, 0.07, 0.07), WHITE), rng))


def _leads(rng: np.random.Generator, _: int) -> StandIn:
    """Render an electronic part with a dark case and thin copper leads; all are components."""
    centre = _near_centre(rng)
    across, along = axes(centre, float(rng.uniform(-4, 4)))
    case = rounded_box(across + 42, along, np.array([44.0, 60.0]), 5.0)
    wires = [rounded_box(across - 52, along - step, np.array([56.0, 5.5]), 1.0) for step in LEADS]
    # Lit from all sides: beside a shadow, leads this thin are hard to tell from the table.
    table = lit(np.exp(0.01 * smooth_noise(rng, 30)), WHITE)
    scene = laid_over(table, case, np.exp(0.05 * smooth_noise(rng, 2)), (0.03, 0.03, 0.033))
    bright = np.exp(0.04 * smooth_noise(rng, 3))
    for wire in wires:
        scene = laid_over(scene, wire - 40 * np.clip(case, 0, 1), bright, COPPER)
    return StandIn(photograph(scene, rng), _numbered([case, *wires]))


LEADS = (-36.0, 0.0, 36.0)  # where the leads are, pixels along the case


def _board(rng: np.random.Generator, _: int) -> StandIn:
    """Render a circuit board that fills the picture, with components and pads."""
    scene, pieces = _populated(rng)
    return StandIn(photograph(scene, rng), _numbered(pieces))


def _module(rng: np.random.Generator, _: int) -> StandIn:
    """Render the same board, cut out, on a light table."""
    scene, pieces = _populated(rng)
    across, along = axes((SIZE / 2, SIZE / 2), 0.0)
    share = solid(rounded_box(across, along, np.array([112.0, 112.0]), 5.0))[..., None]
    table = lit(np.exp(0.02 * smooth_noise(rng, 30)), WHITE)
    whole = (share * scene + (1 - share) * table).astype(np.float32)
    return StandIn(photograph(whole, rng), _numbered(pieces))


def _populated(rng: np.random.Generator) -> tuple[Float32, list[Float32]]:
    across, along = axes((SIZE / 2, SIZE / 2), 0.0)
    copper = np.clip(smooth_noise(rng, 22) * 3, -1, 1)
    scene = lit(np.exp(0.12 * copper + 0.05 * smooth_noise(rng, 1)), (0.02, 0.11, 0.04))
    pieces = []
    for row in (-84, -28, 28, 84):
        for col in (-78, 0, 78):
            half = np.array([rng.uniform(9, 16), rng.uniform(16, 27)])
            spot = (across - row, along - col)
            for side in (-1, 1):
                pad = rounded_box(spot[0], spot[1] - side * half[1], half * (0.9, 0.3), 2.0)
                scene = laid_over(scene, pad, np.exp(0.08 * smooth_noise(rng, 3)), COPPER)
            piece = rounded_box(*spot, half, 2.0)
            scene = laid_over(scene, piece, np.exp(0.04 * smooth_noise(rng, 2)), DARK)
            pieces.append(piece)
    return scene, pieces


def _cluster(rng: np.random.Generator, _: int) -> StandIn:
    """Render several pieces of food on a dark tray; each is a component."""
    scene = lit(np.exp(0.05 * smooth_noise(rng, 3)), DARK)
    pieces = []
    for row in (62, 128, 194):
        for col in (62, 128, 194):
            place = (row + rng.uniform(-7, 7), col + rng.uniform(-7, 7))
            across, along = axes(place, float(rng.uniform(0, 180)))
            inside = ellipse(across, along, (20.0, 27.0)) + 0.8 * smooth_noise(rng, 16)
            tone = np.exp(0.08 * smooth_noise(rng, 2)) * _round(inside)
            scene = laid_over(scene, inside, tone, (0.55, 0.36, 0.14))
            pieces.append(inside)
    return StandIn(photograph(scene, rng), _numbered(pieces))


def _casting(rng: np.random.Generator, _: int) -> StandIn:
    """Render the radiograph of an aluminium housing: walls, ribs, a boss with its bore."""
    across, along = axes(_near_centre(rng), float(rng.uniform(-8, 8)))
    whole = rounded_box(across, along, np.array([98.0, 112.0]), 22.0)
    inner = rounded_box(across, along, np.array([76.0, 90.0]), 12.0)
    boss = 34 - np.hypot(across + 20, along - 24)
    bore = 14 - np.hypot(across + 20, along - 24)
    thick = 4.5 * solid(whole) + 4.5 * _ramp(whole, 14) * (1 - _ramp(inner, 10))
    for place in (-52.0, 58.0):
        thick += 3 * _ramp((7 - np.abs(along - place)).astype(np.float32), 5) * _ramp(inner, 6)
    thick += 5 * _ramp(boss.astype(np.float32), 6)
    thick *= 1 - solid(bore.astype(np.float32))
    thick += 0.08 * smooth_noise(rng, 6) * solid(whole)
    return _on_film(radiograph(thick, 0.153, rng))


def _weld(rng: np.random.Generator, _: int) -> StandIn:
    """Render the radiograph of a butt weld in steel plate, its scales across the seam."""
    across, along = axes((SIZE / 2, SIZE / 2), float(rng.uniform(-3, 3)))
    across = across + 3 * smooth_noise(rng, 60)
    crown = np.clip(1 - (across / np.float32(38)) ** 2, 0, 1) ** 0.7
    scales = 0.12 * np.cos((along + across**2 / 60) * np.float32(0.8))
    root = 0.6 * np.exp(-((across / np.float32(7)) ** 2))
    thick = 8 + crown * (2.2 + scales) + root + 0.05 * smooth_noise(rng, 5)
    return _on_film(radiograph((thick - 4).astype(np.float32), 0.155, rng))


def _on_film(rays: Float32) -> StandIn:
    grey = np.rint(255 * rays).astype(np.uint8)
    return StandIn(np.repeat(grey[..., None], 3, axis=2))


def _ramp(inside: Float32, wide: float) -> Float32:
    """Return the draft of a wall, 0 outside its outline and 1 from `wide` pixels inside."""
    return np.clip(inside / np.float32(wide), 0, 1)


def _near_centre(rng: np.random.Generator) -> tuple[float, float]:
    row, col = SIZE / 2 + rng.uniform(-4, 4, size=2)
    return float(row), float(col)


def _smeared(rng: np.random.Generator, length: int) -> Float32:
    """Return streaks along the columns, unit variance, on the fine grid."""
    field = smooth_noise(rng, 0.8)
    summed = np.cumsum(np.pad(field, ((0, 0), (length, 0)), mode="wrap"), axis=1)
    streaks = summed[:, length:] - summed[:, :-length]
    return np.asarray((streaks - streaks.mean()) / streaks.std(), dtype=np.float32)


def _round(inside: Float32) -> Float32:
    """Return the shading of a body that curves away towards its outline."""
    return np.asarray(0.45 + 0.55 * np.clip(inside / max(float(inside.max()), 1), 0, 1) ** 0.5)


def _on_table(
    inside: Float32, tone: NDArray[np.floating], colour: Colour | Float32, table: Colour
) -> Float32:
    """Put a rounded body on a table, with its soft shadow."""
    shadow = np.clip(np.roll(inside, (8 * FINER, 6 * FINER), (0, 1)) / 14 + 0.5, 0, 1)
    bright = 1 - 0.35 * shadow
    return laid_over(lit(bright, table), inside, tone * _round(inside), colour)


def _numbered(pieces: list[Float32]) -> NDArray[np.uint8]:
    """Return the number of the last piece that covers each pixel of the finished picture."""
    numbers = np.zeros((SIZE, SIZE), np.uint8)
    for number, inside in enumerate(pieces, 1):
        numbers[inside[FINER // 2 :: FINER, FINER // 2 :: FINER] > 0] = number
    return numbers


_SCENES: dict[str, Callable[[np.random.Generator, int], StandIn]] = {
    "board": _board,
    "capsule": _capsule,
    "carpet": _carpet,
    "casting": _casting,
    "cluster": _cluster,
    "grid": _grid,
    "leads": _leads,
    "leather": _leather,
    "long": _long,
    "module": _module,
    "object": _object,
    "pile": _pile,
    "plate": _plate,
    "ring": _ring,
    "smooth": _smooth,
    "texture": _texture,
    "weave": _weave,
    "weld": _weld,
    "wood": _wood,
}
