"""Clouds of points: from the properties in a file to points, and back."""

from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.counted import counted
from anomsynth.core.types import Mask
from anomsynth.errors import InputError
from anomsynth.relief.formats.cloud import AXES, NORMALS, Renewed, StoredCloud
from anomsynth.relief.grids import (
    Said,
    check_measured,
    check_near,
    check_spread,
    moved_coordinates,
    points_of,
    sensor_side,
    unit_of,
)
from anomsynth.relief.principal import principal_axes
from anomsynth.relief.scan import FROM_ABOVE, Facing, Form, Kind, Missing, Scan
from anomsynth.relief.spacing import neighbour_spacing
from anomsynth.relief.tinted import colours_in, set_colours
from anomsynth.relief.turned import normals_of_both, turned_with

EXACT = 1e-3  # of the spacing: what float32 has to resolve
FEWEST = 16  # points from which neighbours can be told
FAR = 1.0  # extents of the cloud beyond which the origin is where a sensor stood


def cloud_scan(stored: StoredCloud, kind: Kind, path: Path, said: Said) -> Scan:
    """Return the scan of points with properties.

    Points are missing if a coordinate is not finite; of an organised cloud also if all are zero.

    Raises
    ------
    InputError
        If hardly anything was measured, or all points lie on a line.
    """
    shape = stored.size or stored.numbers.shape
    coordinates = coordinates_of_cloud(stored.numbers).reshape(*shape, 3)
    there: Mask = np.asarray(np.isfinite(coordinates).all(axis=-1))
    missing: Missing = "nan"
    if stored.size is not None:
        measured = there & (coordinates != 0).any(axis=-1)
        missing = "zero" if there.all() and not measured.all() else "nan"
        there = measured
    check_measured(there, path)
    farthest = check_near(coordinates[there], path)
    count = int(np.count_nonzero(there))
    if count < FEWEST:
        msg = f"{path}: only {counted(count, 'point')} measured"
        raise InputError(msg, hint="a part needs a surface: remove the file from the input")
    coordinates[~there] = np.nan
    middle = np.median(coordinates[there][:: max(count >> 16, 1)], axis=0)
    near = (coordinates - middle).astype(np.float32)
    spacing = neighbour_spacing(near)
    check_spread(spacing, path)
    resolved = farthest * np.finfo(np.float32).eps
    origin = tuple(float(np.rint(value)) for value in middle)
    unit = said.unit if said.unit is not None else unit_of(spacing)
    form = Form(
        kind,
        unit,
        missing,
        stored.numbers,
        {**stored.details, "size": stored.size},
        said.unit is None,
        (origin[0], origin[1], origin[2]) if resolved > EXACT * spacing else (0.0, 0.0, 0.0),
    )
    points = points_of(coordinates, form)
    colours = colours_in(stored.numbers)
    if colours is not None:
        colours = colours.reshape(points.shape)
    axes = principal_axes(near[there], path)
    if stored.size is not None:
        return Scan(points, form, sensor_side(coordinates, said), colours=colours)
    side = _side(stored, coordinates[there], axes[2], said)
    return Scan(points, form, side, colours=colours)


def renewed_cloud(scan: Scan) -> Renewed:
    """Return the points of a cloud as they are to be written."""
    form = scan.form
    numbers = cast("NDArray[np.void]", form.numbers).copy()
    coordinates = coordinates_of_cloud(numbers).reshape(scan.points.shape)
    moved, fresh = moved_coordinates(coordinates, scan)
    lost = moved & ~scan.valid
    flat = moved.ravel()
    for place, axis in enumerate(AXES):
        column = numbers[axis]
        value = fresh[:, place]
        column[flat] = np.rint(value) if column.dtype.kind in "iu" else value
    tinted = flat
    if scan.colours is not None:
        colours = scan.colours.reshape(-1, 3)
        differ = (colours != colours_in(numbers)).any(axis=1)
        set_colours(numbers, colours, differ)
        tinted = flat | differ
    kept: Mask = np.ones(flat.size, dtype=np.bool_)
    if not form.details["keeps_all"]:
        kept = ~lost.ravel()
    return Renewed(numbers, cast("NDArray[np.void]", form.numbers), flat, tinted, kept)


def with_normals(renewed: Renewed, scan: Scan) -> Renewed:
    """Return points whose normals have turned with the surface; those that did not move keep them.

    What a file says of a normal is kept as far as it goes: its length, and to which side it points.
    """
    names = normals_in(renewed.numbers)
    turned = np.flatnonzero(renewed.moved & scan.valid.ravel()) if names else np.empty(0, np.intp)
    if not turned.size:
        return renewed
    coordinates = coordinates_of_cloud(renewed.before).reshape(scan.points.shape)
    good = scan.with_points(points_of(coordinates, scan.form))
    before, after = normals_of_both(good, scan, turned)
    said = np.stack([renewed.before[name][turned].astype(np.float64) for name in names], axis=1)
    fresh = turned_with(said, before, after)
    for place, name in enumerate(names):
        renewed.numbers[name][turned] = fresh[:, place]
    return renewed


def normals_in(numbers: NDArray[np.void]) -> tuple[str, ...]:
    """Return the names of the properties that are the normals of points; none if there are none."""
    there = set(numbers.dtype.names or ())
    return next((names for names in NORMALS if there.issuperset(names)), ())


def coordinates_of_cloud(numbers: NDArray[np.void]) -> NDArray[np.float64]:
    """Return x, y and z of points with properties, (N, 3) float64."""
    with np.errstate(invalid="ignore"):  # some NaN signal that they are
        return np.stack([numbers[axis].astype(np.float64) for axis in AXES], axis=-1)


def _side(
    stored: StoredCloud, coordinates: NDArray[np.float64], normal: NDArray[np.float64], said: Said
) -> Facing:
    """Return the normal of a cloud's plane on the side of the sensor.

    In this order: what the user says of z, where the file says that the sensor stood, where the
    normals of its points show, where the origin lies if it lies far from the cloud, up.
    """
    middle = coordinates.mean(axis=0)
    extent = float(np.linalg.norm(np.ptp(coordinates, axis=0)))
    up = np.array([0.0, 0.0, 1.0])
    if said.sense is not None:
        towards = np.asarray(FROM_ABOVE) if said.sense == "depth" else up
    elif stored.viewpoint is not None and any(stored.viewpoint):
        towards = np.asarray(stored.viewpoint) - middle
    elif normals := normals_in(stored.numbers):
        towards = np.array([np.nanmean(stored.numbers[axis]) for axis in normals], dtype=float)
    elif abs(float(middle @ normal)) > FAR * extent:
        towards = -middle
    else:
        towards = up
    sign = -1.0 if float(towards @ normal) < 0 else 1.0
    facing = sign * normal
    return float(facing[0]), float(facing[1]), float(facing[2])
