"""Where on the part a defect may sit."""

from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import encoded_lab
from anomsynth.core.types import Box, Float32, Int32, Mask, Surface
from anomsynth.errors import PlacementError

MOST_SITES = 1 << 14
REACH = 7  # pixels over which the outline is smoothed for its normals
CALM_TRIES = 6
CALM_SAMPLES = 20  # pixels a side that are looked at
CALM = 8.0  # standard deviation of lightness below which any place is calm
GOLDEN = 0.618034  # of a turn: successive sites lie far apart

Scalar = TypeVar("Scalar", bound=np.generic)


def find_sites(allowed: Mask) -> Int32:
    """Return rows and columns, (N, 2) int32, of allowed pixels: all, or an even subset of them."""
    height, width = allowed.shape
    return _all_sites(height, width) if allowed.all() else _some_sites(allowed)


@lru_cache(maxsize=8)
def _all_sites(height: int, width: int) -> Int32:
    return _fixed(_some_sites(np.ones((height, width), dtype=bool)))


def _some_sites(allowed: Mask) -> Int32:
    step = max(int(np.sqrt(np.count_nonzero(allowed) / MOST_SITES)), 1)
    sites = np.argwhere(allowed[step // 2 :: step, step // 2 :: step]) * step + step // 2
    if sites.size == 0 and allowed.any():
        sites = np.argwhere(allowed)[:: step**2]
    return sites.astype(np.int32)


def find_edges(foreground: Mask, allowed: Mask) -> tuple[Int32, Float32]:
    """Return allowed pixels on the outline of the part and unit normals that point into it.

    The border of the picture counts as outline: a part that fills the picture is cut there.

    Parameters
    ----------
    foreground, allowed : (H, W) bool

    Returns
    -------
    sites : (M, 2) int32, rows and columns
    normals : (M, 2) float32, (row, col) unit vectors
        M is 0 if the outline is nowhere allowed; outlines of photos wider than 1024 pixels are
        followed in steps.
    """
    height, width = foreground.shape
    rows, cols, normals = _frame(height, width) if foreground.all() else _outline(foreground)
    keep = allowed[rows, cols]
    if keep.all():
        return np.stack([rows, cols], axis=1), normals
    return np.stack([rows[keep], cols[keep]], axis=1), normals[keep]


Outline = tuple[Int32, Int32, Float32]  # rows, columns, normals


@lru_cache(maxsize=8)
def _frame(height: int, width: int) -> Outline:
    """Return the outline of a part that fills the picture."""
    rows, cols, normals = _outline(np.ones((height, width), dtype=bool))
    return _fixed(rows), _fixed(cols), _fixed(normals)


def _outline(foreground: Mask) -> Outline:
    height, width = foreground.shape
    step = max(int(max(height, width) / 512), 1)
    small = np.ascontiguousarray(foreground[::step, ::step]).view(np.uint8) * np.uint8(255)
    framed = cv2.copyMakeBorder(small, REACH, REACH, REACH, REACH, cv2.BORDER_CONSTANT, value=0)
    outline = framed > cv2.erode(framed, np.ones((3, 3), np.uint8))
    box = (REACH, REACH)
    smooth = cv2.blur(cv2.blur(framed.astype(np.float32), box), box)  # falls across the outline
    row, col = np.divmod(np.flatnonzero(outline), outline.shape[1])
    normals = np.stack(
        [smooth[row + 1, col] - smooth[row - 1, col], smooth[row, col + 1] - smooth[row, col - 1]],
        axis=1,
    )
    length = np.hypot(normals[:, 0], normals[:, 1])
    rows = np.minimum((row - REACH) * step, height - 1)
    cols = np.minimum((col - REACH) * step, width - 1)
    keep = length > 1e-6
    normals = (normals[keep] / length[keep, None]).astype(np.float32)
    return rows[keep].astype(np.int32), cols[keep].astype(np.int32), normals


def _fixed(array: NDArray[Scalar]) -> NDArray[Scalar]:
    array.setflags(write=False)  # all photos of a size share it
    return array


def pick_site(surface: Surface, rng: np.random.Generator) -> tuple[int, int]:
    """Return row and column of an allowed pixel; uses exactly one number of the stream.

    Raises
    ------
    PlacementError
        If no pixel is allowed.
    """
    pick = rng.random()
    if len(surface.sites) == 0:
        raise PlacementError("no pixel is allowed for a defect")
    row, col = surface.sites[int(pick * len(surface.sites))]
    return int(row), int(col)


def pick_calm_site(surface: Surface, reach_px: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return an allowed pixel that lies on no thread, rib or tuft, if the part has such places.

    Of a few random sites the first whose surroundings are hardly rougher than the calmest one's is
    taken, so that on an even surface every site is as likely. Uses exactly one number of the
    stream.

    Raises
    ------
    PlacementError
        If no pixel is allowed.
    """
    pick = float(rng.random())
    count = len(surface.sites)
    if count == 0:
        raise PlacementError("no pixel is allowed for a defect")
    turns = (pick + GOLDEN * np.arange(CALM_TRIES)) % 1
    sites = surface.sites[(turns * count).astype(np.intp)]
    rough = np.array([_roughness(surface, (int(row), int(col)), reach_px) for row, col in sites])
    first = int(np.flatnonzero(rough <= max(2 * float(rough.min()), CALM))[0])
    return int(sites[first][0]), int(sites[first][1])


def _roughness(surface: Surface, site: tuple[int, int], reach_px: float) -> float:
    """Return the standard deviation of lightness around a site, on a few pixels of the part."""
    reach = max(round(reach_px), 3)
    near = Box(site[0], site[1], site[0] + 1, site[1] + 1).grown(reach, surface.shape)
    step = max(2 * reach // CALM_SAMPLES, 1)
    rows, cols = slice(near.top, near.bottom, step), slice(near.left, near.right, step)
    tone = encoded_lab(np.ascontiguousarray(surface.pixels[rows, cols]), surface.encoding)[..., 0]
    part = surface.foreground[rows, cols]
    return float(tone[part].std()) if part.any() else 0.0


def are_allowed(points: NDArray[np.float64], surface: Surface) -> NDArray[np.bool_]:
    """Return which of (N, 2) image rows and columns lie where a defect may go, (N,) bool."""
    cells = np.rint(points).astype(np.int64)
    fits = (cells >= 0) & (cells < np.asarray(surface.shape))
    inside = np.asarray(fits.all(axis=1), dtype=bool)
    inside[inside] = surface.allowed[cells[inside, 0], cells[inside, 1]]
    return inside


def pick_edge_site(
    surface: Surface, rng: np.random.Generator
) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return an allowed pixel on the part's outline and the unit normal into the part.

    Uses exactly one number of the stream.

    Raises
    ------
    PlacementError
        If the outline is nowhere allowed.
    """
    return edge_at(surface, float(rng.random()))


def edge_at(surface: Surface, share: float) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return the pixel and the normal at `share` in [0, 1) of the part's outline.

    Raises
    ------
    PlacementError
        If the outline is nowhere allowed.
    """
    if len(surface.edge_sites) == 0:
        raise PlacementError("no pixel on the outline of the part is allowed for a defect")
    index = int(share * len(surface.edge_sites))
    row, col = surface.edge_sites[index]
    normal = surface.edge_normals[index]
    return (int(row), int(col)), (float(normal[0]), float(normal[1]))
