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
LEFT = 0.2, 0.5  # least way of a branch and how much more, over what its parent has left [closure]


@dataclass(frozen=True, slots=True)
class Walk:
    """How the frontier moves; lengths in pixels.

    Attributes
    ----------
    step : float
    branch_probability : float in [0, 1]
        Probability that a walker splits in one step.
    turn : float
        Standard deviation of the slowly varying turning rate, radians per step.
    spread : (float, float)
        Smallest and largest angle of a branch to its parent, radians.
    correlation : float
        Steps over which a walker keeps turning the same way.
    """

    step: float = 1.25
    branch_probability: float = 0.01
    turn: float = 0.04
    spread: tuple[float, float] = (0.35, 0.9)
    correlation: float = 10.0


def walk(tips: list[Tip], rules: Walk, inside: Inside, rng: np.random.Generator) -> list[Strand]:
    """Return the strands that walkers starting from `tips` draw, parents before children."""
    frontier = _Frontier(rules, inside, rng, list(tips))
    strands: list[Strand] = []
    while len(strands) < len(frontier.queue):
        strands.append(frontier.advance(len(strands)))
    return strands


@dataclass(slots=True)
class _Frontier:
    """Walkers that wait, and where they may go."""

    rules: Walk
    inside: Inside
    rng: np.random.Generator
    queue: list[Tip]

    def advance(self, index: int) -> Strand:
        """Let the walker `index` go until it ends; those it leaves behind join the queue."""
        tip, rules, rng = self.queue[index], self.rules, self.rng
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
            if not self.inside(row, col):
                free = False
                break
            chance, angle, rest = chances[done]
            if chance < rules.branch_probability and len(self.queue) < MOST_WALKERS:
                low, high = rules.spread
                side = 1.0 if angle < 0.5 else -1.0
                away = side * (low + (high - low) * abs(2 * angle - 1))
                left = (steps - done) * step * (LEFT[0] + LEFT[1] * rest)
                child = Tip(row, col, heading + away, max(left, 2 * step))
                child.scale, child.parent, child.joint = tip.scale / math.sqrt(2), index, done + 1
                self.queue.append(child)
        line = np.array(points)
        return Strand(line, np.full(len(line), tip.scale), free, tip.parent, tip.joint)
