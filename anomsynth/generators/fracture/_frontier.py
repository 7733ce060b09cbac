"""The frontier walk of the paper's fracture line, as we read its outline.

A frontier of walkers starts at one place; at every step each walker moves on, and with a small
probability leaves a second one behind that goes off at an angle.
"""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.fields.paths import smooth_noise
from anomsynth.generators.fracture._growth import Inside, Strand, Tip

MOST_WALKERS = 32


@dataclass(frozen=True, slots=True)
class Walk:
    """How the frontier moves; lengths in pixels.

    Attributes
    ----------
    step : float
    p_branch : float in [0, 1]
        Probability that a walker splits in one step.
    turn : float
        Standard deviation of the slowly varying turning rate, radians per step.
    spread : (float, float)
        Smallest and largest angle of a branch to its parent, radians.
    correlation : float
        Steps over which a walker keeps turning the same way.
    """

    step: float = 1.25
    p_branch: float = 0.01
    turn: float = 0.04
    spread: tuple[float, float] = (0.35, 0.9)
    correlation: float = 10.0


def walk(tips: list[Tip], rules: Walk, inside: Inside, rng: np.random.Generator) -> list[Strand]:
    """Return the strands that walkers starting from `tips` draw, parents before children."""
    queue = list(tips)
    strands: list[Strand] = []
    while len(strands) < len(queue):
        tip = queue[len(strands)]
        strands.append(_stroll(tip, queue, len(strands), (rules, inside), rng))
    return strands


def _stroll(
    tip: Tip,
    queue: list[Tip],
    index: int,
    world: tuple[Walk, Inside],
    rng: np.random.Generator,
) -> Strand:
    rules, inside = world
    step = min(rules.step, tip.length / 2)
    steps = max(round(tip.length / step), 1)
    turns = (rules.turn * smooth_noise(steps, rules.correlation, rng)).tolist()
    chances = rng.random((steps, 3)).tolist()
    row, col, heading = tip.row, tip.col, tip.heading
    points = [(row, col)]
    free = True
    for done in range(steps):
        heading += turns[done]
        row += step * math.sin(heading)
        col += step * math.cos(heading)
        points.append((row, col))
        if not inside(row, col):
            free = False
            break
        chance, angle, rest = chances[done]
        if chance < rules.p_branch and len(queue) < MOST_WALKERS:
            low, high = rules.spread
            side = 1.0 if angle < 0.5 else -1.0
            away = side * (low + (high - low) * abs(2 * angle - 1))
            left = (steps - done) * step * (0.2 + 0.5 * rest)
            child = Tip(row, col, heading + away, max(left, 2 * step))
            child.scale, child.parent, child.joint = tip.scale / math.sqrt(2), index, done + 1
            queue.append(child)
    line = np.array(points)
    return Strand(line, np.full(len(line), tip.scale), free, tip.parent, tip.joint)
