"""Cracks that a blow leaves: radial ones, forks, and the arcs between them."""

import math
from dataclasses import dataclass

import numpy as np

from anomsynth.core.component import Bounds
from anomsynth.fields.paths import Float64, smooth_noise, turned

SPACING = 2.0  # pixels between vertices, or a share of the longest crack if that is more
HURST_STEPS = 6.0  # vertices over which a radial crack keeps its direction
SOLID = 0.3, 1.0  # contact radii from which radial cracks can be made out
SAG = 0.02, 0.1  # least bow of an arc inwards and how much more there may be, over its chord
UNEVEN = 0.12  # by how much the arcs of one round lie apart, over its radius
RING = 1.1, 1.3  # radius of the cone crack over that of the contact, Hertz


@dataclass(frozen=True, slots=True)
class Blow:
    """What a blow did; lengths in pixels.

    Attributes
    ----------
    contact : float
        Radius of the crushed contact, > 0.
    radials : int
        Number of radial cracks, >= 1.
    reach : float
        Length of the longest radial crack, > 0.
    scatter : float in [0, 1]
        Irregularity of directions, of the even spacing, and of lengths.
    fork_deg : float
        Half angle between the branches of a radial crack.
    forks : float
        Mean number of branches per radial crack.
    rings : int
        Rounds of arcs outside the contact.
    growth : float, > 1
        Radius of a round over the one inside it.
    width : float
        Widest opening.
    fork_place : Bounds in [0, 1]
        Where along its crack a branch begins.
    fork_length : Bounds
        Length of a branch over what is left of its crack.
    arc_width : Bounds
        Width of an arc over the widest opening.
    """

    contact: float
    radials: int
    reach: float
    scatter: float
    fork_deg: float
    forks: float
    rings: int
    growth: float
    width: float
    fork_place: Bounds
    fork_length: Bounds
    arc_width: Bounds


@dataclass(frozen=True, slots=True, eq=False)
class Ray:
    """One crack of a star: (N, 2) points about the centre of the blow, (N,) widths, pixels."""

    points: Float64
    width: Float64


def radial_cracks(blow: Blow, rng: np.random.Generator) -> tuple[list[Ray], list[Ray]]:
    """Return the radial cracks, in order of direction, and their branches.

    Branches share the opening of their parent, ``w_1^2 + w_2^2 = w^2``, and turn away from it by
    the half angle on either side.
    """
    count = blow.radials
    even = (np.arange(count) + 0.8 * blow.scatter * rng.uniform(-0.5, 0.5, count)) / count
    turns = 2 * math.pi * (even + rng.random())
    lengths = blow.reach * (1 - blow.scatter * rng.random(count))
    lengths[int(rng.random() * count)] = blow.reach
    spacing = max(SPACING, blow.reach / 150)
    rays: list[Ray] = []
    branches: list[Ray] = []
    for turn, length in zip(turns, lengths, strict=True):
        start = blow.contact * float(rng.uniform(*SOLID))
        ray = _ray(start, max(float(length), start + 2), blow.width, spacing, rng)
        line = turned(ray.points, turn)
        width = ray.width
        for _ in range(int(rng.poisson(blow.forks))):
            place = int(len(line) * blow.fork_place.draw(rng))
            if len(line) - place < 4:
                continue
            side = 1 if rng.random() < 0.5 else -1
            span = blow.fork_length.draw(rng) * (length - start) * (1 - place / len(line))
            ahead = line[min(place + 1, len(line) - 1)] - line[place - 1]
            heading = math.atan2(ahead[0], ahead[1]) + side * math.radians(blow.fork_deg)
            own = float(width[place]) / math.sqrt(2)
            twig = _ray(0.0, max(span, 2.0), own, spacing, rng)
            branches.append(Ray(turned(twig.points, heading) + line[place], twig.width))
            # Both branches lean away from the way the crack came, to either side of it.
            lean = turned(line[place:] - line[place], -side * math.radians(blow.fork_deg))
            line = np.concatenate([line[:place], lean + line[place]])
            width = np.concatenate([width[:place], width[place:] / math.sqrt(2)])
        rays.append(Ray(line, width))
    return rays, branches


def _ray(first: float, last: float, width: float, spacing: float, rng: np.random.Generator) -> Ray:
    """Return a crack along +col between two distances; its opening falls as a tip's does."""
    count = max(math.ceil((last - first) / spacing) + 1, 4)
    along = np.linspace(first, last, count)
    wander = np.cumsum(smooth_noise(count, HURST_STEPS, rng)) * 0.05 * (along[1] - along[0])
    points = np.stack([wander - wander[0], along], axis=1)
    open_share = np.sqrt(np.linspace(1, 0, count))
    wobble = np.exp(0.25 * smooth_noise(count, 5.0, rng))
    return Ray(points, width * open_share * wobble)


def ring_radii(blow: Blow, rng: np.random.Generator) -> Float64:
    """Return the radii of the rounds of arcs, (rings,) float64.

    The first is the cone crack at 1.1-1.3 contact radii [1]_, the others grow geometrically.

    References
    ----------
    .. [1] F. C. Roesler, "Brittle fractures near equilibrium", Proceedings of the Physical
       Society B 69, 1956.
    """
    first = blow.contact * float(rng.uniform(*RING))
    return np.asarray(first * blow.growth ** np.arange(blow.rings), dtype=np.float64)


def concentric_arcs(
    blow: Blow, rays: list[Ray], radii: Float64, rng: np.random.Generator
) -> list[Ray]:
    """Return arcs that span the sectors between neighbouring radial cracks.

    They end on the radial cracks and bow inwards a little; far out, fewer sectors have one.
    """
    arcs = []
    polar = [_polar(ray) for ray in rays]
    for rank, radius in enumerate(radii):
        chance = 0.95 * (1 - rank / (len(radii) + 1))
        for index, (far, angle) in enumerate(polar):
            next_far, next_angle = polar[(index + 1) % len(polar)]
            uneven, keep, thin, bow = rng.random(4)
            local = float(radius) * (1 + UNEVEN * (uneven - 0.5) * (rank > 0))
            if keep > chance or local > 1.02 * min(far[-1], next_far[-1]):
                continue
            start = float(np.interp(local, far, angle))
            turn = (float(np.interp(local, next_far, next_angle)) - start) % (2 * math.pi)
            if turn < 1e-3 or (len(polar) > 1 and turn > 1.2 * math.pi):
                continue
            count = max(math.ceil(local * turn / max(SPACING, local / 40)) + 1, 5)
            share = np.linspace(0, 1, count)
            sag = (SAG[0] + SAG[1] * bow) * turn * 4 * share * (1 - share) * (rank > 0)
            rough = 0.015 * smooth_noise(count, 5.0, rng) * np.sin(math.pi * share)
            distance = local * (1 - sag + rough)
            around = start + turn * share
            line = np.stack([distance * np.sin(around), distance * np.cos(around)], axis=1)
            width = (
                blow.width * blow.arc_width.at(thin) * np.exp(0.3 * smooth_noise(count, 6.0, rng))
            )
            arcs.append(Ray(line, width * np.clip(4 * (1 - local / blow.reach), 0.2, 1)))
    return arcs


def _polar(ray: Ray) -> tuple[Float64, Float64]:
    """Return distance from the blow, ascending, and unwrapped direction along a radial crack."""
    far = np.maximum.accumulate(np.hypot(ray.points[:, 0], ray.points[:, 1]))
    far = far + np.arange(len(far)) * 1e-9
    return far, np.unwrap(np.arctan2(ray.points[:, 0], ray.points[:, 1]))
