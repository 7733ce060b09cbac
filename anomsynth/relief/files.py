"""Scans on disk: read from any of the formats, written as the kind of file they came from."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.plain_file import open_bytes, read_bytes
from anomsynth.core.png import SIGNATURE
from anomsynth.core.types import Mask
from anomsynth.core.whole import place_whole
from anomsynth.errors import InputError, UserError
from anomsynth.relief.clouds import cloud_scan, renewed_cloud, with_normals
from anomsynth.relief.formats import pcd, ply, png, tiff, xyz
from anomsynth.relief.formats.cloud import Renewed, StoredCloud
from anomsynth.relief.grids import Said, Sense, depth_scan, renewed_numbers, xyz_scan
from anomsynth.relief.scan import Form, Kind, Scan

SUFFIXES = frozenset({".png", ".tif", ".tiff", ".ply", ".pcd", ".xyz", ".txt", ".asc"})
TEXTS = frozenset({".xyz", ".txt", ".asc"})
CLOUDS: dict[str, Callable[[Form, Renewed], bytes]] = {
    "ply": ply.encode_ply,
    "pcd": pcd.encode_pcd,
    "xyz": xyz.encode_xyz,
}
HEADER = 1 << 13  # bytes that hold the header of a cloud
RGB = (b"red", b"green", b"blue")
PACKED = re.compile(rb"(?m)^FIELDS\s(?:.*\s)?rgba?\s(?:.*\n)*DATA\s+binary")
HINT = "scans are TIFF of one or three bands, grey PNG, PLY, PCD, or text (.xyz)"


def read_scan(
    path: str | Path,
    unit: float | None = None,
    *,
    mm_per_px: float | None = None,
    sense: Sense | None = None,
) -> Scan:
    """Read a depth map or a point cloud.

    Parameters
    ----------
    path : str or Path
        Float TIFF of three bands (x, y, z); TIFF or grey PNG of one (a depth map); PLY or PCD,
        ascii or binary, with any scalar properties; text of x, y and z a line (.xyz, .txt, .asc).
    unit : float, optional
        Millimeters per unit of the coordinates, or per level of a depth map; integers need it.
        Coordinates whose unit nobody says are metres if neighbours are less than 0.002 apart, as
        in MVTec 3D-AD, else millimeters; the file then says `scan.form.assumed`.
    mm_per_px : float, optional
        Width of a pixel of a depth map, which needs it; its lines of sight are parallel.
    sense : {"depth", "height"}, optional
        Whether z grows away from the sensor or towards it. By default away in depth maps, and in
        organised clouds away from the side where their origin lies. A plain cloud is seen from
        where the file says that the sensor stood, its normals show, its origin lies far off, or
        from above.

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        If the file is missing, damaged, of another kind, or holds no measured point.

    Examples
    --------
    >>> import cv2, numpy as np
    >>> cv2.imwrite("depth.png", np.full((20, 30), 1000, np.uint16))
    True
    >>> scan = read_scan("depth.png", unit=0.01, mm_per_px=0.1)
    >>> scan
    <Scan 20 x 30: 600 points, 0.1 mm apart, from depth_png>
    >>> float(scan.points[0, 0, 2])
    10.0
    """
    path = Path(path)
    said = Said(_positive("unit", unit), _positive("mm_per_px", mm_per_px), sense)
    return decode_scan(read_file(path), path, said)


def read_file(path: Path) -> bytes:
    """Return the bytes of the file of a scan; InputError if it cannot be read."""
    try:
        return read_bytes(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file", hint="check its name") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def is_depth_map(path: Path) -> bool:
    """Tell whether a file has one number a pixel, which does not say how wide a pixel is."""
    try:
        content = read_file(path)
        if content[: len(SIGNATURE)] == SIGNATURE:
            return True
        return content[:4] in tiff.SIGNS and tiff.read_numbers(content, path)[0].ndim == 2
    except UserError:  # the run says so when it comes to it
        return False


def tells_colours(path: Path) -> bool:
    """Tell by the first bytes of a cloud's file whether its points have colours."""
    try:
        with open_bytes(path) as file:
            header = file.read(HEADER)
    except OSError:  # the run says so when it comes to it
        return False
    if header.startswith(ply.SIGNS):
        return all(re.search(rb"property\s+(uchar|uint8)\s+%s\s" % name, header) for name in RGB)
    return header.startswith(pcd.SIGNS) and PACKED.search(header) is not None


def decode_scan(content: bytes, path: Path, said: Said) -> Scan:
    """Return the scan that a file holds.

    Parameters
    ----------
    content : bytes
        The whole file.
    path : Path
        For messages; its ending tells text from other files.
    said : Said

    Raises
    ------
    InputError
        As `read_scan`.
    """
    if content[: len(SIGNATURE)] == SIGNATURE:
        return depth_scan(png.read_levels(content, path), ("depth_png", {}), path, said)
    if content[:4] in tiff.SIGNS:
        numbers, details = tiff.read_numbers(content, path)
        if numbers.ndim == 2:
            return depth_scan(numbers, ("depth_tiff", details), path, said)
        if numbers.ndim == 3 and numbers.shape[2] == 3:
            return xyz_scan(numbers, details, path, said)
        bands = numbers.shape[2] if numbers.ndim == 3 else 0
        msg = f"{path}: {bands} bands, where a scan has three (x, y, z) or one (depth)"
        raise InputError(msg, hint="save x, y and z as the three bands of a float TIFF")
    kind, stored = _stored_cloud(content, path)
    return cloud_scan(stored, kind, path, said)


def encode_scan(scan: Scan) -> bytes:
    """Return the file of a scan, of the kind that it was read from; see `write_scan`."""
    form = scan.form
    if form.kind in CLOUDS:
        return CLOUDS[form.kind](form, with_normals(renewed_cloud(scan), scan))
    numbers = renewed_numbers(scan)
    if form.kind == "depth_png":
        return png.encode_levels(cast("NDArray[np.integer]", numbers))
    return tiff.encode_numbers(numbers, form)


def written_points(scan: Scan) -> Mask:
    """Return which points of a scan stand in its file, (H, W) or (N,) bool.

    All, but for a plain cloud: what a sensor does not see is no point there. A mesh keeps its
    vertices, as its faces count them.
    """
    if scan.form.kind in CLOUDS:
        return renewed_cloud(scan).kept.reshape(scan.valid.shape)
    return np.ones(scan.valid.shape, dtype=np.bool_)


def write_scan(path: str | Path, scan: Scan) -> None:
    """Write a scan as the kind of file it was read from; the file is whole or absent.

    Points that did not move since `read_scan` keep the numbers of the file bit for bit.

    Parameters
    ----------
    path : str or Path
        Its folder is made if needed.
    scan : Scan

    Raises
    ------
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> import numpy as np, tifffile
    >>> rows, cols = np.mgrid[:20, :30].astype(np.float32)
    >>> points = np.dstack([cols, rows, 0 * rows + 300])
    >>> tifffile.imwrite("xyz.tiff", points, photometric="rgb")
    >>> scan = read_scan("xyz.tiff")
    >>> points = scan.points.copy()
    >>> points[4, 5, 2] -= 2
    >>> write_scan("bump.tiff", scan.with_points(points))
    >>> float(read_scan("bump.tiff").points[4, 5, 2])
    298.0
    """
    path = Path(path)
    content = encode_scan(scan)

    def fill(temporary: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)

    place_whole(path, fill, path.parent)


def _stored_cloud(content: bytes, path: Path) -> tuple[Kind, StoredCloud]:
    if content.startswith(ply.SIGNS):
        return "ply", ply.read_ply(content, path)
    if content.startswith(pcd.SIGNS):
        return "pcd", pcd.read_pcd(content, path)
    if path.suffix.lower() in TEXTS:
        return "xyz", xyz.read_xyz(content, path)
    raise InputError(f"{path}: not a depth map or a point cloud", hint=HINT)


def _positive(name: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < float("inf"):
        raise InputError(f"{name}: must be above 0, got {value:g}", hint="give it in millimeters")
    return value
