"""Cracks that divide a drying film into plates, one after another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32
from anomsynth.fields.paths import Float64
from anomsynth.generators.fracture._bundles import Bundle, bundle, starts_of

SEEDS = 256  # flaws of which the most stressed one of each domain opens next
TURN = 0.7  # how fast a crack next to a wall turns towards it, per cell
WANDER = 0.03  # radians per cell
CELLS_PER_SHIELD = 6.0  # grid cells in a shielding length
PLATE = 1.9  # mean side of a plate over the shielding length, measured
MOST_ACROSS = 6.0  # plates along one side of a mosaic; more would take too long
HEALED_DEG = 30.0  # how far junctions turn in the end: from 90 to 120 degrees
GENERATIONS = 4.0  # cycles of wetting and drying after which most of it is done
FARTHEST = 3.0  # cells that a crack runs on straight to the middle of a wall
STEPS_DRAWN = 32  # steps of a tip for which chance is drawn at once
CUSP = 0.6  # shielding lengths over which a healed junction bends its parent

Path = list[tuple[float, float]]  # rows and columns, cells


@dataclass(frozen=True, slots=True, eq=False)
class Seam:
    """One crack of a mosaic.

    Attributes
    ----------
    points : (N, 2) float64
        Rows and columns in units of the mosaic's side, 0..1.
    age : int
        0 for the first crack; healed mosaics have no order.
    joints : tuple of (end, parent, vertex)
        ``end`` is 0 or -1, the vertex of the parent that it meets.
    """

    points: Float64
    age: int
    joints: tuple[tuple[int, int, int], ...] = ()


def junction_angle(cycles: float) -> float:
    """Return the angle between a crack and the one it meets, degrees.

    ``90 + 30 (1 - exp(-g / 4))`` after g cycles of wetting and drying [1]_.

    References
    ----------
    .. [1] L. Goehring et al., "Evolution of mud-crack patterns during repeated drying cycles",
       Soft Matter 6, 2010.
    """
    return 90 + HEALED_DEG * (1 - math.exp(-cycles / GENERATIONS))


def dry_mosaic(across: float, cycles: float, rng: np.random.Generator) -> list[Seam]:
    """Let cracks open one after another in a square film until it is relieved [1]_.

    Each starts at a flaw that no older crack shields, at a right angle to the nearest one, grows
    both ways and turns into the walls that it meets: T junctions. `cycles` of healing pull these
    towards 120 degrees.

    Parameters
    ----------
    across : float
        Mean number of plates along the side, at most `MOST_ACROSS`.
    cycles : float >= 0
    rng : Generator

    Returns
    -------
    list of Seam, oldest first

    References
    ----------
    .. [1] S. Bohn, L. Pauchard, Y. Couder, "Hierarchical crack pattern as formed by successive
       domain divisions", Physical Review E 71, 2005.
    """
    shield = CELLS_PER_SHIELD
    side = max(round(min(across, MOST_ACROSS) * PLATE * shield), 8)
    film = _Film(side, shield)
    while film.open(rng):
        pass
    lines = film.lines
    if cycles > 0:
        lines = _heal(lines, film.joints, junction_angle(cycles), CUSP * shield)
    return [
        Seam(points / side, age, tuple(joints))
        for age, (points, joints) in enumerate(zip(lines, film.joints, strict=True))
    ]


class _Film:
    """A film on a grid of `side` cells, and the cracks in it so far."""

    def __init__(self, side: int, shield: float) -> None:
        self.side = side
        self.shield = shield
        self.free = np.ones((side, side), dtype=np.uint8)
        self.owner = np.full((side, side), -1, dtype=np.int32)
        self.vertex = np.zeros((side, side), dtype=np.int32)
        self.paths: list[Path] = []
        self.lines: list[Float64] = []  # the same as arrays
        self.joints: list[list[tuple[int, int, int]]] = []

    def open(self, rng: np.random.Generator) -> bool:
        """Add a crack to every domain that can have one; False if cracks shield the whole film.

        Cracks are walls: what opens on one side of them changes no stress on the other.
        """
        side = self.side
        if self.lines:
            distance = np.asarray(cv2.distanceTransform(self.free, cv2.DIST_L2, 5), np.float32)
        else:
            distance = np.full((side, side), np.float32(side), dtype=np.float32)
        stressed = np.flatnonzero(distance >= self.shield)
        if len(stressed) == 0:
            return False
        flaws = stressed[rng.integers(0, len(stressed), SEEDS)]
        chance = distance.ravel()[flaws] * rng.random(SEEDS, dtype=np.float32)
        flaws = flaws[np.argsort(-chance, kind="stable")]
        # Lines of cells that touch at corners are tight for steps along rows and columns.
        _, domains = cv2.connectedComponents(self.free, connectivity=4, ltype=cv2.CV_16U)
        _, first = np.unique(domains.ravel()[flaws], return_index=True)
        walls = _Walls(distance)
        for flaw in flaws[np.sort(first)].tolist():
            self._crack(walls, divmod(flaw, side), rng)
        return True

    def _crack(self, walls: "_Walls", flaw: tuple[int, int], rng: np.random.Generator) -> None:
        """Let a crack run both ways from a flaw, at a right angle to the nearest wall."""
        turn = 2 * math.pi * rng.random()
        down, across = walls.direction(*flaw)
        if down == 0 and across == 0:
            down, across = math.sin(turn), math.cos(turn)
        start = float(flaw[0]), float(flaw[1])
        ahead, last = self._grow(walls, start, (down, across), _wander(rng))
        behind, first = self._grow(walls, start, (-down, -across), _wander(rng))
        path = behind[:0:-1] + ahead
        if len(path) < 3:
            self.free[flaw] = 0
            return
        self._add(path, [(-1, last), (0, first)])

    def _grow(
        self,
        walls: "_Walls",
        start: tuple[float, float],
        heading: tuple[float, float],
        noise: Iterator[float],
    ) -> tuple[Path, tuple[int, int] | None]:
        """Return the cells that one tip runs through, and the parent and vertex where it ends."""
        (row, col), (down, across) = start, heading
        field, width, shield = walls.field, walls.width, self.shield
        last = self.side - 0.5
        trail = [start]
        # A step costs microseconds: no calls in it that it can do without.
        for turn in islice(noise, 3 * self.side):
            r, c = int(row + 0.5), int(col + 0.5)
            cell = (r + 1) * width + c + 1
            gap = field[cell]
            if gap < 1.5 and len(trail) > 1:
                return self._meet(trail, (down, across), (r, c))
            to_row = field[cell - width] - field[cell + width]
            to_col = field[cell - 1] - field[cell + 1]
            if down * to_row + across * to_col > 0:
                length = math.sqrt(to_row * to_row + to_col * to_col)
                weight = TURN * math.exp(-gap / shield)
                down += weight * (to_row / length - down)
                across += weight * (to_col / length - across)
            down, across = down - turn * across, across + turn * down
            length = math.sqrt(down * down + across * across) or 1.0
            down, across = down / length, across / length
            row, col = row + down, col + across
            trail.append((row, col))
            if not (0 <= row < last and 0 <= col < last):
                break
        return trail, None

    def _meet(
        self, trail: Path, heading: tuple[float, float], cell: tuple[int, int]
    ) -> tuple[Path, tuple[int, int] | None]:
        """Run on straight to the line of the crack beside the cell."""
        row, col = trail[-1]
        owner, side = self.owner.data, self.side
        found: tuple[float, int, int] | None = None
        for r in range(max(cell[0] - 1, 0), min(cell[0] + 2, side)):
            for c in range(max(cell[1] - 1, 0), min(cell[1] + 2, side)):
                away = (r - row) ** 2 + (c - col) ** 2
                if owner[r, c] >= 0 and (found is None or away < found[0]):
                    found = away, r, c
        if found is None:
            return trail, None
        parent, vertex = owner[found[1:]], self.vertex.data[found[1:]]
        path = self.paths[parent]
        first, last = path[max(vertex - 2, 0)], path[min(vertex + 2, len(path) - 1)]
        along = last[0] - first[0], last[1] - first[1]
        cross = heading[0] * along[1] - heading[1] * along[0]
        run = 0.0
        if abs(cross) > 1e-6:
            run = ((first[0] - row) * along[1] - (first[1] - col) * along[0]) / cross
        run = min(max(run, 0.0), FARTHEST)
        end = row + run * heading[0], col + run * heading[1]
        near = vertex
        for step in (1, -1):
            while 0 <= near + step < len(path) and (
                math.dist(path[near + step], end) < math.dist(path[near], end)
            ):
                near += step
        return [*trail, end], (parent, near)

    def _add(self, path: Path, ends: list[tuple[int, tuple[int, int] | None]]) -> None:
        points = np.array(path)
        cells = np.rint(points).astype(np.intp)
        np.maximum(cells, 0, out=cells)
        np.minimum(cells, self.side - 1, out=cells)
        index = cells[:, 0] * self.side + cells[:, 1]
        self.free.ravel()[index] = 0
        self.owner.ravel()[index] = len(self.lines)
        self.vertex.ravel()[index] = np.arange(len(points))
        self.paths.append(path)
        self.lines.append(points)
        self.joints.append([(end, *met) for end, met in ends if met is not None])


def _wander(rng: np.random.Generator) -> Iterator[float]:
    """Yield how far a tip turns by chance at each step, radians."""
    while True:
        yield from (WANDER * rng.standard_normal(STEPS_DRAWN)).tolist()


class _Walls:
    """Distances to the nearest crack, (side, side), with a margin that repeats the outermost."""

    def __init__(self, distance: Float32) -> None:
        padded = cv2.copyMakeBorder(distance, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        self.width = padded.shape[1]
        self.field = padded.reshape(-1).data  # Python floats, quicker one by one than an array's

    def direction(self, row: int, col: int) -> tuple[float, float]:
        """Return the unit vector down the gradient of the distance, (0, 0) where it is flat."""
        cell = (row + 1) * self.width + col + 1
        down = self.field[cell - self.width] - self.field[cell + self.width]
        across = self.field[cell - 1] - self.field[cell + 1]
        length = math.hypot(down, across)
        return (down / length, across / length) if length > 0 else (0.0, 0.0)


def _heal(
    lines: list[Float64], joints: list[list[tuple[int, int, int]]], angle: float, reach: float
) -> list[Float64]:
    """Pull every parent towards the crack that meets it until their angle is `angle` degrees.

    A displacement ``reach * tan(angle - 90) * exp(-|s| / reach)`` along the newcomer has just that
    slope on either side of the junction.
    """
    slope = math.tan(math.radians(angle - 90))
    whole = bundle(lines)
    points, starts, sizes = whole.points, whole.starts, whole.sizes
    along = whole.along / reach
    meetings = [(index, *joint) for index, ends in enumerate(joints) for joint in ends]
    if not meetings:
        return lines
    line, end, parent, vertex = np.array(meetings).T
    tip = starts[line] + np.where(end == 0, 0, sizes[line] - 1)
    met = starts[parent] + vertex
    inner = np.minimum(4, sizes[line] - 1)
    back = points[tip + np.where(end == 0, inner, -inner)] - points[tip]
    back /= np.maximum(np.hypot(back[:, 0], back[:, 1]), 1e-9)[:, None]
    moved = _faded(whole, along, parent, met, slope * reach * back)
    # A crack's end goes with its parent, at the vertex it meets, which goes with the parent's ends.
    apart = np.where(parent[:, None] == line, along[met][:, None] - along[tip], np.inf)
    missing = np.linalg.solve(np.eye(len(met)) - np.exp(-np.abs(apart)), moved[met] - moved[tip])
    moved += _faded(whole, along, line, tip, missing)
    return np.split(points + moved, starts[1:])


def _faded(
    lines: Bundle, along: Float64, line: NDArray[np.intp], vertex: NDArray[np.intp], shift: Float64
) -> Float64:
    """Return the sum, at each point, of shifts at vertices of its line that fade along it."""
    sizes = lines.sizes[line]
    source = np.repeat(np.arange(len(line)), sizes)
    place = np.arange(len(source)) + np.repeat(lines.starts[line] - starts_of(sizes), sizes)
    share = np.exp(-np.abs(along[place] - along[vertex][source]))
    count = len(along)
    return np.stack(
        [np.bincount(place, share * part[source], minlength=count) for part in shift.T], axis=1
    )
