"""Small solid bodies: how many of which size and shape, and all of them on the pixel grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32
from anomsynth.fields.outlines import ANGLES, SMALLEST_PX, Mouths
from anomsynth.fields.paths import Float64

Index = NDArray[np.intp]

SLOPE = 0.926  # of the log-log-squared distribution
AREA_MM2 = 1e5  # the standard counts on 0.1 square meters
SIDES = 4, 7  # of broken grains, as thin sections show them
SIDE_TURN = 0.3  # how far a side is turned from its even place, of the step between sides
SIDE_DISTANCE = 0.7, 1.2  # of the mean radius
MOST_CELLS = 1 << 16  # window cells handled at a time
EDGE_PX = 1.4  # width of the edge that optics show


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Star-shaped bodies.

    Attributes
    ----------
    centres : (N, 2) float64
        Rows and columns, pixels; pixel centres lie on whole numbers.
    outlines : Mouths
        Shapes seen from above.
    """

    centres: NDArray[np.float64]
    outlines: Mouths

    def reach(self) -> NDArray[np.float64]:
        """Return the largest distance of each outline from its centre, pixels, (N,)."""
        radius = np.maximum(self.outlines.radius, SMALLEST_PX)
        return np.asarray(
            radius * np.sqrt(self.outlines.aspect) * self.outlines.relative.max(axis=1)
        )

    def moved(self, steps: NDArray[np.float64]) -> "Bodies":
        """Return the bodies moved by (N, 2) rows and columns."""
        return Bodies(self.centres + steps, self.outlines)

    def box(self, margin: float) -> Box:
        """Return the box around all of them and a margin in pixels; not cut to any picture."""
        far = self.reach()[:, None] + margin
        low = np.floor((self.centres - far).min(axis=0)).astype(int)
        high = np.ceil((self.centres + far).max(axis=0)).astype(int) + 1
        return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Pixels of bodies, by rising coverage: flat index in the box, body, and the place on it.

    Attributes
    ----------
    flat, body : (P,) intp
        A pixel that two bodies share occurs twice.
    coverage : (P,) float32 in (0, 1]
    share : (P,) float32
        Distance from the centre over the outline's, 0 in the middle.
    angle : (P,) float32
        Direction seen from the centre, radians in [0, 2 pi), in the body's own frame.
    """

    flat: Index
    body: Index
    coverage: Float32
    share: Float32
    angle: Float32

    def painted(self, values: Float32, box: Box, fill: float = 0.0) -> Float32:
        """Return (h, w) of the values at the spots; the more covering body of two wins."""
        patch = np.full(box.shape[0] * box.shape[1], fill, dtype=np.float32)
        patch[self.flat] = values  # of two, the later one stays
        return patch.reshape(box.shape)


def particles_above(size_um: float, level: float) -> float:
    """Return the expected number of particles larger than a size on 0.1 m^2.

    Parameters
    ----------
    size_um : float
        Longest dimension, micrometers, >= 1.
    level : float
        Cleanliness level: the size, in micrometers, of which there is one such particle, >= 1.

    Notes
    -----
    ``log10 N(> x) = 0.926 (log10(level)**2 - log10(x)**2)`` [1]_.

    References
    ----------
    .. [1] IEST-STD-CC1246, "Product cleanliness levels and contamination control program".
    """
    return float(10 ** (SLOPE * (np.log10(level) ** 2 - np.log10(max(size_um, 1.0)) ** 2)))


def draw_sizes(count: int, smallest_um: float, level: float, rng: np.random.Generator) -> Float64:
    """Draw longest dimensions of particles, (count,) float64 micrometers.

    They follow the distribution of `particles_above`, cut at `smallest_um` below (>= 1) and at
    the size of which a hundredth of a particle is expected above.
    """
    share = 1 - rng.random(count)
    low = np.log10(max(smallest_um, 1.0)) ** 2
    # N(> x) = share * N(> smallest), solved for x.
    square = low - np.log10(np.maximum(share, 1e-12)) / SLOPE
    top = max(np.log10(max(level, 1.0)) ** 2 + 2 / SLOPE, low)
    sizes: NDArray[np.float64] = 10 ** np.sqrt(np.minimum(square, top))
    return sizes


def convex_rims(count: int, rng: np.random.Generator) -> Float32:
    """Draw rims of random convex polygons of 4 to 7 sides, (count, ANGLES), mean square 1.

    A side with normal direction t at distance d is ``r = d / cos(angle - t)``; the polygon is the
    nearest of its sides in every direction.
    """
    angle = 2 * np.pi * np.arange(ANGLES) / ANGLES
    most = SIDES[1]
    sides = rng.integers(SIDES[0], most + 1, count)
    turn = rng.uniform(0, 2 * np.pi, (count, 1))
    shift = rng.uniform(-SIDE_TURN, SIDE_TURN, (count, most))
    distance = rng.uniform(*SIDE_DISTANCE, (count, most))
    normal = turn + (np.arange(most) + shift) * (2 * np.pi / sides[:, None])
    rim = np.full((count, ANGLES), np.inf)
    for side in range(most):
        facing = np.cos(angle - normal[:, side : side + 1])
        reach = np.where(
            facing > 0.1, distance[:, side : side + 1] / np.maximum(facing, 0.1), np.inf
        )
        rim = np.minimum(rim, np.where(side < sides[:, None], reach, np.inf))
    rim = np.minimum(rim, 1.5)
    return (rim / np.sqrt((rim**2).mean(axis=1, keepdims=True))).astype(np.float32)


def rasterise(bodies: Bodies, box: Box, softness_px: NDArray[np.float64]) -> Spots:
    """Find the pixels of a box that bodies cover.

    Parameters
    ----------
    bodies : Bodies
    box : Box
        Place of the patch; spots outside are left out.
    softness_px : (N,) float64
        Width of each body's edge; at least `EDGE_PX` is used.

    Notes
    -----
    A body smaller than a pixel becomes a faint spot of its own area. Bodies are handled in groups
    of windows of one size, so the cost follows their area.
    """
    soft = np.maximum(softness_px, EDGE_PX)
    size = np.ceil(bodies.reach() + 0.75 * soft + 0.5).astype(np.intp)
    size += -size % (1 + size // 5)  # few sizes: each costs a round of array calls
    parts = []
    for half in np.unique(size):
        members = np.flatnonzero(size == half)
        batch = max(MOST_CELLS // int(2 * half + 1) ** 2, 1)
        for first in range(0, members.size, batch):
            part = _group(bodies, members[first : first + batch], int(half), box, soft)
            parts.append(part)
    if not parts:
        none = np.zeros(0, dtype=np.intp)
        return Spots(none, none, *(np.zeros(0, dtype=np.float32) for _ in range(3)))
    columns = zip(*parts, strict=True)
    flat, body, coverage, share, angle = (np.concatenate(column) for column in columns)
    order = np.lexsort((body, coverage))
    return Spots(flat[order], body[order], coverage[order], share[order], angle[order])


def _group(
    bodies: Bodies, members: Index, half: int, box: Box, soft: NDArray[np.float64]
) -> tuple[Index, Index, Float32, Float32, Float32]:
    """Rasterise some bodies in windows of `half` pixels to every side of the centre."""
    outlines = bodies.outlines
    centre = bodies.centres[members]
    corner = np.rint(centre).astype(np.intp)
    span = np.arange(-half, half + 1)
    down = ((corner - centre)[:, :1] + span).astype(np.float32)[:, :, None]
    right = ((corner - centre)[:, 1:] + span).astype(np.float32)[:, None, :]
    column = (slice(None), None, None)
    cos = np.cos(outlines.angle[members]).astype(np.float32)[column]
    sin = np.sin(outlines.angle[members]).astype(np.float32)[column]
    stretch = np.sqrt(outlines.aspect[members]).astype(np.float32)[column]
    along = (cos * right + sin * down) / stretch
    across = (cos * down - sin * right) * stretch
    radial = np.sqrt(along * along + across * across)
    angle = np.arctan2(across, along) % np.float32(2 * np.pi)
    place = np.minimum((angle * np.float32(ANGLES / (2 * np.pi))).astype(np.intp), ANGLES - 1)
    radius = np.maximum(outlines.radius[members], SMALLEST_PX).astype(np.float32)[column]
    rim = outlines.relative[members[:, None, None], place] * radius
    steep = np.sqrt((along / stretch) ** 2 + (across * stretch) ** 2)
    outside = (radial - rim) * (radial / np.maximum(steep, np.float32(1e-6)))
    outside[radial < 1e-6] = -half
    share = np.clip(np.float32(0.5) - outside / soft[members].astype(np.float32)[column], 0, 1)
    drawn = share.sum(axis=(1, 2), dtype=np.float64)
    small = outlines.radius[members] < 1.5
    area = np.pi * outlines.radius[members] ** 2 / np.maximum(drawn, 1e-9)
    share *= np.where(small, np.minimum(area, 1.0), 1.0).astype(np.float32)[column]
    rows = corner[:, :1] + span - box.top
    cols = corner[:, 1:] + span - box.left
    height, width = box.shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((cols >= 0) & (cols < width))[:, None]
    which, row, col = np.nonzero((share > 1e-3) & inside)
    flat = rows[which, row] * width + cols[which, col]
    chosen = (which, row, col)
    return flat, members[which], share[chosen], (radial / rim)[chosen], angle[chosen]
