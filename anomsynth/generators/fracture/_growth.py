"""How a crack runs: tips that kink, wander, branch and stop.

Linear elastic fracture mechanics at the level of one tip: where the crack wants to go is given
as a direction at every place; how it gets there, splits and ends is decided here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from anomsynth.fields.paths import Float64

Direction = Callable[[float, float], float]
Inside = Callable[[float, float], bool]

MOST_STRANDS = 24
MOST_STEPS = 4000
CLEARANCE = 6  # steps a new tip needs before another crack can stop it
MEMORY = 8.0  # process zones over which branches still push each other apart [closure]
LOWEST_DRIVE = 0.12  # K^2 of a tip that just stops, as a share of K^2 at branching [closure]


def kink_angle(ratio: float) -> float:
    """Return the angle, radians, at which a crack turns under ``K_II / K_I = ratio``.

    Notes
    -----
    Maximum hoop stress: ``K_I sin(t) + K_II (3 cos(t) - 1) = 0``.

    References
    ----------
    .. [1] F. Erdogan, G. C. Sih, "On the Crack Extension in Plates Under Plane Loading and
       Transverse Shear", J. Basic Eng. 85 (1963) 519.
    """
    if abs(ratio) < 1e-9:
        return 0.0
    return 2 * math.atan((1 - math.sqrt(1 + 8 * ratio * ratio)) / (4 * ratio))


@dataclass(frozen=True, slots=True)
class Loading:
    """What drives a crack; lengths in pixels.

    Attributes
    ----------
    length : float
        Length at which the load no longer exceeds the toughness.
    step : float
        Length of one increment of the tip.
    zone : float
        Process zone: distance over which the heading follows the maximum hoop stress.
    wander : float
        Heading noise, radians per square root of a pixel.
    rate : float
        Growth of K^2 per pixel of crack; at 0 only a weak place branches it, at its beginning.
    branching : float
        K^2 at which the tip splits, in the unit of `rate`.
    half_angle : float
        Half the angle between two branches, radians.
    scatter : float in [0, 1)
        Relative scatter of the branching threshold; 0 makes branching regular.
    uneven : float in [0, 1)
        How unequally two branches share the energy flux; 0 is half and half.
    """

    length: float
    step: float = 1.0
    zone: float = 5.0
    wander: float = 0.07
    rate: float = 0.0
    branching: float = 1.0
    half_angle: float = 0.32
    scatter: float = 0.3
    uneven: float = 0.6


@dataclass(slots=True)
class Tip:
    """A place from which a crack grows.

    Attributes
    ----------
    row, col, heading : float
    length : float
        How far it may run, pixels.
    drive : float
        K^2 relative to the value at which a crack branches, in [0, 1].
    scale : float
        Width at its beginning relative to the crack's mouth.
    parent : int
        Strand it left, -1 for none.
    joint : int
        Vertex of the parent where it left.
    push : float
        How far its twin turns the local tension at first, radians.
    """

    row: float
    col: float
    heading: float
    length: float
    drive: float = 0.5
    scale: float = 1.0
    parent: int = -1
    joint: int = 0
    push: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """The line a tip has drawn.

    Attributes
    ----------
    points : (N, 2) float64, rows and columns, pixels
    scale : (N,) float64 in (0, 1]
        Width left after branches took their share: ``sum of w**2`` is kept at every branch.
    free : bool
        True if it ended in the material: its width goes to zero there.
    parent : int
        Index of the strand it branched from, -1 for none.
    joint : int
        Vertex of the parent where it starts.
    branchings : tuple of (travelled, angle)
        Pixels from its beginning and full angle, radians, of every branch it threw off.
    """

    points: Float64
    scale: Float64
    free: bool
    parent: int
    joint: int = 0
    branchings: tuple[tuple[float, float], ...] = ()

    def begun_earlier(self, distance: float) -> "Strand":
        """Return the strand with its first point moved back by `distance` pixels."""
        step = self.points[1] - self.points[0]
        back = step * (distance / max(math.hypot(*step), 1e-9))
        return replace(self, points=np.concatenate([self.points[:1] - back, self.points[1:]]))


def grow(
    tips: list[Tip],
    loading: Loading,
    direction: Direction,
    inside: Inside,
    rng: np.random.Generator,
) -> list[Strand]:
    """Let tips run until each has stopped; branches follow in the order they were born.

    Parameters
    ----------
    tips : list of Tip
        Where the crack starts: one tip at an edge, two opposite ones inside.
    loading : Loading
    direction : callable (row, col) -> radians
        Direction of the plane normal to the local tension; only its axis matters.
    inside : callable (row, col) -> bool
        Where there is material.

    Returns
    -------
    list of Strand
        At least the strands of `tips`; a strand has at least two points.

    Notes
    -----
    A tip misaligned by psi sees ``K_II / K_I = tan(psi)``; the heading relaxes to the maximum
    hoop stress angle over the process zone, plus white noise (an Ornstein-Uhlenbeck process whose
    path has an effective Hurst exponent near 0.63 over 4 to 40 steps). K^2 grows with length; at
    the threshold the tip splits and the energy flux is divided. Mean distance between branch
    points: ``branching / (2 rate)``. A tip ends when it runs out of drive, meets another crack
    or leaves the material.

    References
    ----------
    .. [1] B. Cotterell, J. R. Rice, "Slightly curved or kinked cracks", Int. J. Fracture 16
       (1980) 155.
    .. [2] G. D. Quinn, J. Eur. Ceram. Soc. 40 (2020) 4711: branching angles.
    """
    growth = _Growth(loading, direction, inside, rng, list(tips))
    strands: list[Strand] = []
    while len(strands) < min(len(growth.queue), MOST_STRANDS):
        strands.append(growth.run(len(strands)))
    return strands


@dataclass(slots=True)
class _Growth:
    """Tips that wait and the places where cracks already are."""

    loading: Loading
    direction: Direction
    inside: Inside
    rng: np.random.Generator
    queue: list[Tip]
    taken: dict[tuple[int, int], int] = field(default_factory=dict)

    def run(self, index: int) -> Strand:
        """Advance the tip `index` until it stops."""
        tip, loading = self.queue[index], self.loading
        step = min(loading.step, tip.length / 2)
        steps = min(max(round(tip.length / step), 1), MOST_STEPS)
        noise = (self.rng.standard_normal(steps) * loading.wander * math.sqrt(step)).tolist()
        toughness = self.rng.standard_normal(steps).tolist()
        follow = min(step / loading.zone, 1.0)
        growth = step * loading.rate / loading.branching
        row, col, heading, drive, scale = tip.row, tip.col, tip.heading, tip.drive, tip.scale
        push, forget = tip.push, math.exp(-step / (MEMORY * loading.zone))
        threshold = self._threshold()
        rows, cols, scales = [row], [col], [scale]
        branchings: list[tuple[float, float]] = []
        free = True
        for done in range(steps):
            wanted = self.direction(row, col) + push
            misfit = math.remainder(heading - wanted, math.pi)
            misfit = min(max(misfit, -1.5), 1.5)  # tan() diverges where tension is along the crack
            heading += kink_angle(math.tan(misfit)) * follow + noise[done]
            push *= forget
            row += step * math.sin(heading)
            col += step * math.cos(heading)
            rows.append(row)
            cols.append(col)
            scales.append(scale)
            if not self.inside(row, col) or self._meets(row, col, index, done):
                free = False
                break
            drive = min(drive + growth, 4.0)
            if drive < LOWEST_DRIVE * math.exp(loading.scatter * toughness[done]):
                break
            left = tip.length - (done + 1) * step
            if drive >= threshold and left > 0 and len(self.queue) < MOST_STRANDS:
                share, angle = self._split()
                child = Tip(row, col, heading - angle * share, left, drive * (1 - share))
                child.length = max(left * math.sqrt(1 - share) * self._scatter(), 2 * step)
                child.scale, child.parent = scale * math.sqrt(1 - share), index
                child.joint, child.push = done + 1, -angle * share
                self.queue.append(child)
                branchings.append(((done + 1) * step, abs(angle)))
                heading += angle * (1 - share)
                push += angle * (1 - share)
                drive *= share
                scale *= math.sqrt(share)
                threshold = self._threshold()
        points = np.stack([np.array(rows), np.array(cols)], axis=1)
        return Strand(points, np.array(scales), free, tip.parent, tip.joint, tuple(branchings))

    def _meets(self, row: float, col: float, index: int, done: int) -> bool:
        """Mark the place as taken; True if another crack, not the one just left, was there."""
        cell = 1.5 * self.loading.step
        place = math.floor(row / cell), math.floor(col / cell)
        owner = self.taken.setdefault(place, index)
        if owner == index or done < CLEARANCE:
            return False
        children_just_born = self.queue[owner].parent == index
        return not children_just_born

    def _threshold(self) -> float:
        return 1 + self.loading.scatter * min(max(float(self.rng.standard_normal()), -2.0), 2.0)

    def _split(self) -> tuple[float, float]:
        """Return the stronger branch's share of the flux and the signed full angle."""
        share = 0.5 + 0.5 * self.loading.uneven * float(self.rng.random())
        side = 1.0 if self.rng.random() < 0.5 else -1.0
        return share, side * 2 * self.loading.half_angle

    def _scatter(self) -> float:
        return 1 - 1.5 * self.loading.scatter * float(self.rng.random())
