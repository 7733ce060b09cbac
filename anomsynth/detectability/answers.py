"""What an inspection answered to the pictures of a sweep: maps, scores, or marked places."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.dataset.images import read_mask
from anomsynth.detectability.inputs import SweptSet
from anomsynth.detectability.likelihood import Float64
from anomsynth.errors import InputError

TOLERANCE = 0.02  # of the picture's longer side: how far beside a defect a call still means it
Shape = tuple[int, int]
# Yields map and size of the pictures at paths, in order; the map may be smaller than the picture.
Looking = Callable[[Sequence[Path]], Iterator[tuple[Float32, Shape]]]
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to a sweep.

    Attributes
    ----------
    name : str
        Of what gave them.
    signals : (n,) float64
        Highest answer at each flaw; -inf where there is none.
    good : (m,) float64
        Highest answer on each good picture; -inf where there is none.
    blank : (n,) float64 or None
        Highest answer at the same place of the same photo without the flaw.
    calls : function of a threshold
        Returns how many separate places of each good picture are above it, (m,) int.
    places : bool
        Whether answers have a place; else a picture's score stands for all of it.
    sizes_px : (m,) float64
        Pixels of each good picture, NaN where unknown.
    """

    name: str
    signals: Float64
    good: Float64
    blank: Float64 | None
    calls: Callable[[float], NDArray[np.int64]]
    places: bool
    sizes_px: Float64


def answers_of_maps(
    swept: SweptSet, look: Looking, name: str, tolerance: float | None, tell: Progress
) -> Answers:
    """Read off maps what they answer at each flaw and on each good picture.

    Parameters
    ----------
    swept : SweptSet
    look : function
    name : str
        Of the detector.
    tolerance : float or None
        Pixels beside a defect in which a call still means it; a share of the picture if None.
    tell : function of the pictures done, and of all

    Raises
    ------
    InputError
        If a map is missing, not finite, or does not fit its picture.
    """
    root, total = swept.root, len(swept.good) + len(swept.flaws)
    good_maps: list[tuple[Float32, Shape]] = []
    for found in look([root / item.picture for item in swept.good]):
        good_maps.append(found)
        tell(len(good_maps), total)
    by_photo = {item.photo: values for item, values in zip(swept.good, good_maps, strict=True)}
    signals, blank = [], []
    seen = look([root / flaw.picture for flaw in swept.flaws])
    for flaw, (values, shape) in zip(swept.flaws, seen, strict=True):
        place = around(read_mask(root / flaw.mask, shape), tolerance)
        signals.append(highest(values, shape, place))
        clean = by_photo.get(flaw.photo)
        blank.append(np.nan if clean is None else highest(*clean, place))
        tell(len(good_maps) + len(signals), total)

    def calls(threshold: float) -> NDArray[np.int64]:
        return np.array([count_calls(*found, threshold) for found in good_maps], np.int64)

    return Answers(
        name,
        np.array(signals, np.float64),
        np.array([float(values.max()) for values, _ in good_maps]),
        np.array(blank, np.float64),
        calls,
        places=True,
        sizes_px=np.array([float(shape[0] * shape[1]) for _, shape in good_maps]),
    )


def around(mask: Mask, tolerance: float | None) -> tuple[Box, Mask]:
    """Return where a call means a defect: its mask and so many pixels around, in a box."""
    reach = TOLERANCE * max(mask.shape) if tolerance is None else tolerance
    tight = Box.around(mask)
    if tight is None:
        raise ValueError("a flaw without a place")
    box = tight.grown(int(np.ceil(reach)) + 1, (mask.shape[0], mask.shape[1]))
    away = cv2.distanceTransform(
        (~mask[box.slices]).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
    return box, np.asarray(away <= reach)


def highest(values: Float32, shape: Shape, place: tuple[Box, Mask]) -> float:
    """Return the highest value of a map in a place of its picture."""
    box, inside = place
    return float(full_size(values, shape)[box.slices][inside].max())


def full_size(values: Float32, shape: Shape) -> Float32:
    """Return a map at its picture's size, linear between the centres of its cells."""
    if values.shape == shape:
        return values
    grown = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.float32)


def count_calls(values: Float32, shape: Shape, threshold: float) -> int:
    """Return how many connected places of a picture are above a threshold, 8 neighbours."""
    if float(values.max()) <= threshold:
        return 0
    above = full_size(values, shape) > threshold
    count, _ = cv2.connectedComponents(above.astype(np.uint8), connectivity=8)
    return max(count - 1, 1)


def check_map(values: NDArray[np.generic], path: Path, shape: Shape) -> Float32:
    """Return a map as float32 of its picture's size.

    Raises
    ------
    InputError
        If it is no such map.
    """
    if values.ndim == 3 and 1 in {values.shape[0], values.shape[2]}:
        values = values[0] if values.shape[0] == 1 else values[..., 0]
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.number):
        msg = f"{path}: expected one plane of numbers, got {values.dtype} {values.shape}"
        raise InputError(msg, hint="write maps as grey PNG, TIFF or .npy")
    if values.shape != shape:
        ours = " x ".join(map(str, values.shape[::-1]))
        msg = f"{path}: a map of {ours} px to a picture of {shape[1]} x {shape[0]}"
        raise InputError(msg, hint="enlarge the maps to the pictures' size")
    found = values.astype(np.float32)
    if not np.isfinite(found).all():
        raise InputError(f"{path}: holds NaN or infinity", hint="write finite numbers")
    return found
