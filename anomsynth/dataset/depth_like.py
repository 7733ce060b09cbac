"""Pictures that are depth maps by their looks: told, as nothing in their files says it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from anomsynth.core.evenly import evenly
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.reading import may_be_deep
from anomsynth.errors import InputError
from anomsynth.relief.sensor import height_noise

LOOKED_AT = 3  # pictures of a category
WORDS = frozenset(
    {
        *("depth", "depths", "depthmap", "z", "zmap", "height", "heights", "heightmap", "range"),
        *("disparity", "disp", "tof", "xyz", "topo", "topography", "dem", "elevation", "relief"),
    }
)
HOLES = 5e-4  # least share of zeros that are holes
FLOOR = 0.3  # of the median: a sensor's levels begin there, those of photos go down to black
SMOOTH = 2e-3  # noise over the level: 250,000 photons a pixel, more than cameras hold
NAMED = 5e-3  # the same of those whose name says depth: 40,000 photons
STEPS = 8  # different levels from which noise can be told
ROUNDED = 12**-0.5  # noise of rounding to steps of 1


def looks_like_depth(pictures: Sequence[Path], root: Path) -> str:
    """Return why 16-bit grey pictures are taken for depth maps, empty if they are not.

    Two of three signs are needed of each picture: a name of depth, zeros as holes in levels that
    begin far above, and levels with less noise than light can have. Photos of cameras of 10 to 14
    bits have none of the last, cut-out ones have the second alone.

    Parameters
    ----------
    pictures : paths
        Of one category; some of them are read.
    root : Path
        Names of folders above it count no more.
    """
    said = [list(_signs(path, root)) for path in evenly(pictures, LOOKED_AT)]
    if not said or any(len(signs) < 2 for signs in said):
        return ""
    return " and ".join(said[0])


def _signs(path: Path, root: Path) -> Iterator[str]:
    """Yield what in a picture speaks for depth; nothing of pictures that are not grey, 16 bits."""
    if not may_be_deep(path):
        return
    try:
        pixels = read_photo(path).pixels
    except InputError:  # the run says so when it comes to it
        return
    if pixels.dtype != np.uint16 or pixels.shape[2] != 1:
        return
    whole, root = path.resolve().with_suffix(""), root.resolve()
    inside = whole.relative_to(root) if whole.is_relative_to(root) else Path(whole.name)
    parts = root.name, *inside.parts
    words = {word for part in parts for word in re.split(r"[^a-z]+", part.lower())}
    named = bool(words & WORDS)
    if named:
        yield "named so"
    levels = pixels[..., 0]
    there = levels[levels > 0]
    if not there.size:
        return
    middle = float(np.median(there))
    empty = 1 - there.size / levels.size
    if empty >= HOLES and float(np.percentile(there, 1)) >= FLOOR * middle:
        yield "zeros are holes in them"
    # The ends of the scale may be black or white for want of light or too much of it.
    known = (levels > 0) & (levels < levels.max())
    steps = np.diff(np.unique(levels[known]).astype(np.int64))
    if steps.size < STEPS:
        return
    noise = max(height_noise(levels.astype(np.float32), known), ROUNDED * float(steps.min()))
    if noise < (NAMED if named else SMOOTH) * middle:
        yield "smoother than light can be"
