"""A scan: where the points of a part lie in space, and what file said so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask
from anomsynth.errors import InputError
from anomsynth.relief.normals import organised_normals
from anomsynth.relief.spacing import neighbour_spacing

Kind = Literal["xyz_tiff", "depth_tiff", "depth_png", "ply", "pcd", "xyz"]
Missing = Literal["nan", "zero"]
Facing = tuple[float, float, float]

DEPTH_KINDS = ("depth_tiff", "depth_png")
FROM_ABOVE: Facing = (0.0, 0.0, -1.0)  # towards a sensor whose z axis is its line of sight


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """What a file held, as it stood there: all that is needed to write one of the same kind.

    Attributes
    ----------
    kind : {"xyz_tiff", "depth_tiff", "depth_png", "ply", "pcd", "xyz"}
    unit : float
        Millimeters per unit of the file's coordinates, or per level of a depth map.
    missing : {"nan", "zero"}
        What stands for a point that was not measured.
    numbers : array
        The file's numbers in its own type: (H, W, 3) of an xyz picture, (H, W) of a depth map,
        (H, W) or (N,) with named fields of a cloud.
    details : mapping
        What else belongs to the format: byte order, compression, header lines.
    assumed : bool
        True if nobody said the unit and it was told from the spacing of the points.
    origin : (float, float, float)
        What was taken from the file's coordinates, in its unit, so that float32 resolves them.
    """

    kind: Kind
    unit: float
    missing: Missing
    numbers: NDArray[np.generic]
    details: Mapping[str, object] = field(default_factory=dict)
    assumed: bool = False
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def is_depth(self) -> bool:
        """Whether the file has one number a pixel, and no place beside it."""
        return self.kind in DEPTH_KINDS


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """Measured points of a part.

    Attributes
    ----------
    points : (H, W, 3) or (N, 3) float32, millimeters
        x, y, z of each pixel of an organised scan, or of each point of a plain cloud in the order
        of the file; NaN in all three where nothing was measured. Read-only.
    form : Form
        What the file held.
    facing : (float, float, float)
        Unit vector towards the sensor.
    pitch_mm : float or None
        Width of a pixel of a depth map, which cannot be measured on it.
    colours : uint8 of the shape of `points`, sRGB, or None
        Of points whose file has them. Read-only.

    Examples
    --------
    >>> rows, cols = np.mgrid[:4, :6].astype(np.float32)
    >>> points = np.dstack([0.5 * cols, 0.5 * rows, np.full_like(rows, 300)])
    >>> scan = Scan(points, Form("xyz_tiff", 1.0, "nan", points))
    >>> scan
    <Scan 4 x 6: 24 points, 0.5 mm apart, from xyz_tiff>
    >>> float(scan.normals[0, 0, 2])
    -1.0
    """

    points: Float32
    form: Form
    facing: Facing = FROM_ABOVE
    pitch_mm: float | None = None
    colours: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.points.dtype != np.float32 or self.points.ndim not in {2, 3}:
            msg = f"points: expected float32 (H, W, 3) or (N, 3), got {self.points.dtype}"
            raise ValueError(f"{msg} {self.points.shape}")
        if self.points.shape[-1] != 3:
            msg = f"points: expected three coordinates, got {self.points.shape}"
            raise ValueError(msg)
        self.points.setflags(write=False)
        if self.colours is not None:
            if self.colours.dtype != np.uint8 or self.colours.shape != self.points.shape:
                msg = f"colours: expected uint8 {self.points.shape}, got {self.colours.dtype}"
                raise ValueError(f"{msg} {self.colours.shape}")
            self.colours.setflags(write=False)

    def __repr__(self) -> str:
        """Return one line: how many points, how far apart, from what file."""
        size = " x ".join(str(side) for side in self.points.shape[:-1])
        count = int(np.count_nonzero(self.valid))
        apart = f"{self.mm_per_px:.3g} mm apart"
        return f"<Scan {size}: {count} points, {apart}, from {self.form.kind}>"

    @property
    def organised(self) -> bool:
        """Whether the points stand in rows and columns, so that neighbours are known."""
        return self.points.ndim == 3

    @cached_property
    def valid(self) -> Mask:
        """Where something was measured, (H, W) or (N,) bool."""
        mask: Mask = np.isfinite(self.points[..., 2])
        mask.setflags(write=False)
        return mask

    @cached_property
    def mm_per_px(self) -> float:
        """Median distance of neighbouring points across the surface, millimeters."""
        if self.pitch_mm is not None:
            return self.pitch_mm
        return neighbour_spacing(self.points)

    @cached_property
    def normals(self) -> Float32:
        """Unit normals towards the sensor, float32 of the shape of `points`; NaN where unknown.

        Raises
        ------
        ValueError
            If the scan is a plain cloud, whose neighbours a `Chart` finds.
        """
        if not self.organised:
            raise ValueError("a plain cloud has normals once it is charted: see `Chart`")
        normals = organised_normals(self.points, self.facing)
        normals.setflags(write=False)
        return normals

    def with_points(self, points: Float32) -> "Scan":
        """Return the scan with other points; `write_scan` writes those that differ."""
        if points.shape != self.points.shape:
            msg = f"points: expected {self.points.shape}, got {points.shape}"
            raise ValueError(msg)
        return replace(self, points=points)

    def with_colours(self, colours: NDArray[np.uint8]) -> "Scan":
        """Return the scan with other colours; `write_scan` writes those that differ."""
        return replace(self, colours=colours)

    def with_pitch(self, mm_per_px: float) -> "Scan":
        """Return a depth map with another width of its pixels, for a scale found on the part.

        Raises
        ------
        ValueError
            If the scan is no depth map, which knows where its points are.
        """
        if self.pitch_mm is None:
            raise ValueError("only the pixels of a depth map have a width to set")
        points = self.points.copy()
        points[..., :2] *= np.float32(mm_per_px / self.pitch_mm)
        return replace(self, points=points, pitch_mm=mm_per_px)

    def raised(self) -> Float32:
        """Return how near the points are to the sensor, (H, W) or (N,) float32, mm; NaN missing.

        Larger is nearer; zero has no meaning.
        """
        towards = np.asarray(self.facing, dtype=np.float32)
        return np.asarray(self.points @ towards, dtype=np.float32)


def check_same_size(scan: Scan, pixels: NDArray[np.generic], names: tuple[str, str]) -> None:
    """Raise InputError unless a picture has a pixel for each point of an organised scan.

    Parameters
    ----------
    scan : Scan
    pixels : (H, W) or (H, W, C) array
    names : (str, str)
        Files of scan and picture, for the message.
    """
    if scan.points.shape[:-1] != pixels.shape[:2]:
        ours, theirs = (
            " x ".join(map(str, shape)) for shape in (scan.points.shape[:-1], pixels.shape[:2])
        )
        msg = f"{names[0]}: {ours} points, but {names[1]} has {theirs} pixels"
        raise InputError(msg, hint="give a picture that is registered with the scan")
