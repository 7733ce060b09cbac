"""Scans of rows and columns: from the numbers of a picture to points, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask
from anomsynth.errors import InputError
from anomsynth.relief.principal import principal_axes
from anomsynth.relief.scan import FROM_ABOVE, Facing, Form, Kind, Missing, Scan
from anomsynth.relief.spacing import neighbour_spacing

METRE = 1000.0
FARTHEST = 1e12  # units from the origin: beyond, squares of differences leave float32
MICROSCOPE = 0.002  # millimeters between points: finer scans are taken to be given in metres

Sense = Literal["depth", "height"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a user says about a scan; what is None is told from the file.

    Attributes
    ----------
    unit : float or None
        Millimeters per unit of the coordinates, or per level of a depth map.
    mm_per_px : float or None
        Width of a pixel of a depth map.
    sense : {"depth", "height"} or None
        Whether z grows away from the sensor or towards it.
    """

    unit: float | None = None
    mm_per_px: float | None = None
    sense: Sense | None = None


def xyz_scan(
    numbers: NDArray[np.generic], details: Mapping[str, object], path: Path, said: Said
) -> Scan:
    """Return the scan of an xyz picture, (H, W, 3) floating-point numbers.

    A point is missing if a coordinate is not finite, or if all three are zero.

    Raises
    ------
    InputError
        If nothing was measured, the numbers are integers, or all points lie on a line.
    """
    if numbers.dtype.kind != "f":
        msg = f"{path}: three bands of {numbers.dtype}, where x, y and z are floating-point numbers"
        raise InputError(msg, hint="a depth map has one band; a photo belongs into the folder rgb")
    there = np.isfinite(numbers).all(axis=2) & (numbers != 0).any(axis=2)
    check_measured(there, path)
    check_near(coordinates_of(numbers)[there], path)
    coordinates = _masked(coordinates_of(numbers), there)
    scan = organised_scan(coordinates, numbers, ("xyz_tiff", details), (path, said))
    principal_axes(scan.points[scan.valid], path)  # refuses points on a line
    return scan


def organised_scan(
    coordinates: NDArray[np.floating],
    numbers: NDArray[np.generic],
    stored: tuple[Kind, Mapping[str, object]],
    asked: tuple[Path, Said],
) -> Scan:
    """Return a scan of (H, W, 3) coordinates in the unit of the file, NaN where missing."""
    path, said = asked
    assumed = said.unit is None
    spacing = neighbour_spacing(coordinates.astype(np.float32))
    unit = said.unit if said.unit is not None else unit_of(spacing)
    points = (coordinates * unit).astype(np.float32)
    check_spread(spacing, path)
    missing: Missing = "nan" if np.isnan(coordinates_of(numbers)).any() else "zero"
    form = Form(stored[0], unit, missing, numbers, stored[1], assumed)
    return Scan(points, form, sensor_side(points, said))


def depth_scan(
    numbers: NDArray[np.generic],
    stored: tuple[Kind, Mapping[str, object]],
    path: Path,
    said: Said,
) -> Scan:
    """Return the scan of a depth map, (H, W) numbers seen along parallel lines.

    Levels that are not finite are missing; zeros are unless the map marks missing ones by NaN.

    Raises
    ------
    InputError
        If nothing was measured, or the user does not say what a level or a pixel stands for.
    """
    if said.unit is None and numbers.dtype.kind != "f":
        msg = f"{path}: levels of {numbers.dtype}, whose unit the file does not say"
        raise InputError(msg, hint="say how many millimeters a level is")
    if said.mm_per_px is None:
        msg = f"{path}: a depth map, which does not say how wide a pixel is"
        raise InputError(msg, hint="say how many millimeters a pixel is: `mm_per_px`")
    unit = 1.0 if said.unit is None else said.unit
    there, missing = _measured(numbers)
    check_measured(there, path)
    check_near(coordinates_of(numbers)[there], path)
    rows, cols = np.indices(numbers.shape, dtype=np.float32)
    depth = np.where(there, numbers, 0).astype(np.float64) * unit
    pitch = np.float32(said.mm_per_px)
    points = np.dstack([cols * pitch, rows * pitch, depth.astype(np.float32)])
    points[~there] = np.nan
    form = Form(stored[0], unit, missing, numbers, stored[1], said.unit is None)
    sense = said.sense or "depth"
    return Scan(points, form, _along(sense), said.mm_per_px)


def renewed_numbers(scan: Scan) -> NDArray[np.generic]:
    """Return the numbers of the file with the points that moved since it was read.

    Points that did not move keep their numbers bit for bit. Levels of a depth map are rounded to
    whole ones; what lies beyond the range of the type is missing, as a sensor has it.
    """
    form = scan.form
    numbers = form.numbers.copy()
    if form.is_depth:
        _renew_depth(numbers, scan)
    else:
        coordinates = coordinates_of(numbers)
        moved, fresh = moved_coordinates(coordinates, scan)
        coordinates[moved] = fresh
    return numbers


def moved_coordinates(
    coordinates: NDArray[np.floating], scan: Scan
) -> tuple[Mask, NDArray[np.float64]]:
    """Return which points moved, and where to, (n, 3) in the unit of the file.

    Parameters
    ----------
    coordinates : (..., 3) float32 or float64
        As the file has them.
    scan : Scan
    """
    form = scan.form
    there = np.isfinite(coordinates).all(axis=-1)
    if form.missing == "zero":
        there &= (coordinates != 0).any(axis=-1)
    before = points_of(_masked(coordinates, there), form)
    # Compared as bits: NaN equals itself, and 0 is not -0.
    moved = (before.view(np.uint32) != scan.points.view(np.uint32)).any(axis=-1)
    moved &= there | scan.valid
    after = scan.points[moved].astype(np.float64) / form.unit + np.asarray(form.origin)
    known = there[moved]
    # Moved by the difference, a point keeps digits that float32 millimeters have not.
    step = (scan.points[moved].astype(np.float64) - before[moved]) / form.unit
    after[known] = coordinates[moved][known].astype(np.float64) + step[known]
    lost = ~scan.valid[moved]
    after[lost] = np.nan if form.missing == "nan" else 0.0
    return moved, after


def points_of(coordinates: NDArray[np.floating], form: Form) -> Float32:
    """Return coordinates of a file as points, millimeters."""
    origin = np.asarray(form.origin)
    away = coordinates - origin if origin.any() else coordinates
    return (away * form.unit).astype(np.float32)


def coordinates_of(numbers: NDArray[np.generic]) -> NDArray[np.floating]:
    """Return x, y and z of a file's numbers as a view, (..., 3)."""
    return cast("NDArray[np.floating]", numbers)


def unit_of(spacing: float) -> float:
    """Return millimeters per unit, told from the distance of neighbours.

    Points of a part lie 0.01 to 1 mm apart. Numbers below `MICROSCOPE` are metres then.
    """
    return METRE if spacing < MICROSCOPE else 1.0


def sensor_side(points: NDArray[np.floating], said: Said) -> Facing:
    """Return the direction to the sensor: the user's word, or the side where the origin lies."""
    if said.sense is not None:
        return _along(said.sense)
    return _along("depth" if float(np.nanmedian(points[..., 2])) >= 0 else "height")


def check_measured(there: Mask, path: Path) -> None:
    """Raise InputError if no point was measured."""
    if not there.any():
        raise InputError(f"{path}: no point was measured", hint="remove the file from the input")


def check_near(coordinates: NDArray[np.floating], path: Path) -> float:
    """Return the largest coordinate; raise InputError if it is none of any part.

    Parameters
    ----------
    coordinates : finite, in the unit of the file
    path : Path
        For the message.
    """
    farthest = float(np.abs(coordinates).max())
    if farthest > FARTHEST:
        msg = f"{path}: a coordinate of {farthest:.3g}, farther off than any part"
        raise InputError(msg, hint="mend or remove the point")
    return farthest


def check_spread(spacing: float, path: Path) -> None:
    """Raise InputError if all points coincide, or none has a neighbour."""
    if not spacing > 0:
        msg = f"{path}: no two neighbouring points were measured at different places"
        raise InputError(msg, hint="remove the file from the input")


def _masked(coordinates: NDArray[np.floating], there: Mask) -> NDArray[np.floating]:
    return np.where(there[..., None], coordinates, coordinates.dtype.type(np.nan))


def _measured(numbers: NDArray[np.generic]) -> tuple[Mask, Missing]:
    """Return which levels of a depth map were measured, and what the others are."""
    if numbers.dtype.kind == "f":
        finite = np.isfinite(numbers)
        if not finite.all():
            return finite, "nan"
    return numbers != 0, "zero"


def _along(sense: Sense) -> Facing:
    return FROM_ABOVE if sense == "depth" else (0.0, 0.0, 1.0)


def _renew_depth(numbers: NDArray[np.generic], scan: Scan) -> None:
    form = scan.form
    there, _ = _measured(numbers)
    before = np.where(there, numbers, 0).astype(np.float64) * form.unit
    before32 = before.astype(np.float32)
    before32[~there] = np.nan
    after = scan.points[..., 2]
    moved = before32.view(np.uint32) != np.ascontiguousarray(after).view(np.uint32)
    moved &= there | scan.valid
    levels = after[moved].astype(np.float64) / form.unit
    lost = ~np.isfinite(levels)
    if numbers.dtype.kind == "f":
        levels[lost] = np.nan if form.missing == "nan" else 0
    else:
        range_ = np.iinfo(numbers.dtype)  # type: ignore[type-var]  # integers, here
        levels = np.rint(levels)
        lost |= (levels < range_.min) | (levels > range_.max)
        levels[lost] = 0
    numbers[moved] = levels.astype(numbers.dtype)
