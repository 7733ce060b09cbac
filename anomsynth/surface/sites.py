"""Where on the part a defect may sit."""

import cv2
import numpy as np

from anomsynth.core.types import Float32, Int32, Mask, Surface
from anomsynth.errors import PlacementError

MOST_SITES = 1 << 16


def find_sites(allowed: Mask) -> Int32:
    """Return rows and columns, (N, 2) int32, of allowed pixels: all, or an even subset of them."""
    step = max(int(np.sqrt(np.count_nonzero(allowed) / MOST_SITES)), 1)
    sites = np.argwhere(allowed[step // 2 :: step, step // 2 :: step]) * step + step // 2
    if sites.size == 0 and allowed.any():
        sites = np.argwhere(allowed)[:: step**2]
    return sites.astype(np.int32)


def find_edges(foreground: Mask, allowed: Mask) -> tuple[Int32, Float32]:
    """Return allowed pixels on the outline of the part and unit normals that point into it.

    The border of the picture counts as outline: a part that fills the picture is cut there.

    Returns
    -------
    sites : (M, 2) int32, rows and columns
    normals : (M, 2) float32, (row, col) unit vectors
    """
    height, width = foreground.shape
    step = max(int(max(height, width) / 512), 1)
    small = np.ascontiguousarray(foreground[::step, ::step]).astype(np.uint8)
    framed = cv2.copyMakeBorder(small, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    outline = (depth > 0) & (depth < 2)
    smooth = cv2.GaussianBlur(depth, (0, 0), 2.0)
    normal_row = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    normal_col = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    sites = np.argwhere(outline)
    normals = np.stack([normal_row[outline], normal_col[outline]], axis=1)
    length = np.hypot(normals[:, 0], normals[:, 1])
    rows = np.minimum((sites[:, 0] - 1) * step, height - 1)
    cols = np.minimum((sites[:, 1] - 1) * step, width - 1)
    keep = (length > 1e-6) & allowed[rows, cols]
    places = np.stack([rows, cols], axis=1)[keep].astype(np.int32)
    return places, (normals[keep] / length[keep, None]).astype(np.float32)


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
    pick = rng.random()
    if len(surface.edge_sites) == 0:
        raise PlacementError("no pixel on the outline of the part is allowed for a defect")
    index = int(pick * len(surface.edge_sites))
    row, col = surface.edge_sites[index]
    normal = surface.edge_normals[index]
    return (int(row), int(col)), (float(normal[0]), float(normal[1]))
