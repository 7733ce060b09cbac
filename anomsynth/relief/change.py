"""What defects do to the points of a scan, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Float32, Mask, check_array
from anomsynth.relief.scan import Scan

Owners = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceChange:
    """What defects do to a surface, on the rows and columns of a scan or of a chart.

    Attributes
    ----------
    height : (H, W) float32, millimeters
        How far points move along their normals; + is towards the sensor, 0 outside `support`.
    support : (H, W) bool
        Where points may change.
    void : (H, W) float32 in [0, 1], or None
        Share of each pixel where the material is gone for good: a hole, a gap.
    behind : (H, W) float32, millimeters, or None
        `Scan.raised` of what is seen through a void; NaN where nothing is.
    owner : (H, W) uint16, or None
        Number of the defect that each pixel belongs to, from 1; by default all are number 1.
    """

    height: Float32
    support: Mask
    void: Float32 | None = None
    behind: Float32 | None = None
    owner: Owners | None = None

    def __post_init__(self) -> None:
        shape = self.support.shape
        check_array("support", self.support, np.bool_, shape)
        check_array("height", self.height, np.float32, shape)
        for name in ("void", "behind"):
            array = getattr(self, name)
            if array is not None:
                check_array(name, array, np.float32, shape)
        if self.owner is not None:
            check_array("owner", self.owner, np.uint16, shape)

    def cut(self, here: tuple[slice, slice]) -> "SurfaceChange":
        """Return the change on a box of pixels."""
        return SurfaceChange(
            self.height[here],
            self.support[here],
            None if self.void is None else self.void[here],
            None if self.behind is None else self.behind[here],
            None if self.owner is None else self.owner[here],
        )

    @property
    def numbers(self) -> Owners:
        """Number of the defect of each pixel of the support, 0 elsewhere, (H, W) uint16."""
        if self.owner is None:
            return self.support.astype(np.uint16)
        return np.where(self.support, np.maximum(self.owner, 1), 0).astype(np.uint16)


@dataclass(frozen=True, slots=True, eq=False)
class Displaced:
    """A scan with defects, and the truth about them.

    Attributes
    ----------
    scan : Scan
        Points outside `mask` are those of the good scan, bit for bit.
    mask : (H, W) or (N,) bool
        Points that differ from those of the good scan.
    labels : uint16 of the shape of `mask`
        Number of the defect of each of these points and of those `beside`, 0 elsewhere.
    lost : bool of the shape of `mask`
        Points that are missing now.
    measured : by name
        ``deepest_mm`` and ``highest_mm`` along the normals, <= 0 and >= 0; ``moved_points`` and
        ``lost_points``; ``over_noise``, the rms displacement of points that moved over the
        sensor's noise (0 where the noise is), which is how visible the defects are.
    beside : (N,) bool, or None
        Points of a plain cloud in the cells of lost ones and around them: as its file has no
        points where nothing is, they are all that tells of a hole.
    """

    scan: Scan
    mask: Mask
    labels: Owners
    lost: Mask
    measured: Mapping[str, float] = field(default_factory=dict)
    beside: Mask | None = None


def differing(after: Float32, before: Float32) -> Mask:
    """Return which points differ in a bit, (...) bool: NaN equals itself, and 0 is not -0.

    Parameters
    ----------
    after, before : (..., 3) float32
    """
    new, old = after.view(np.uint32), before.view(np.uint32)
    found: Mask = new[..., 0] != old[..., 0]  # a plane at a time: `any` over three is slow
    for axis in (1, 2):
        found |= new[..., axis] != old[..., axis]
    return found


def measured_on(moved: Float32, lost: Mask, noise_mm: float) -> dict[str, float]:
    """Return what `Displaced.measured` holds.

    Parameters
    ----------
    moved : (n,) float32, millimeters
        Displacements along the normals of points that moved and are still there.
    lost : bool array
    noise_mm : float
    """
    rms = float(np.sqrt(np.mean(np.square(moved, dtype=np.float64)))) if moved.size else 0.0
    return {
        "deepest_mm": min(float(moved.min(initial=0)), 0.0),
        "highest_mm": max(float(moved.max(initial=0)), 0.0),
        "moved_points": float(moved.size),
        "lost_points": float(np.count_nonzero(lost)),
        "over_noise": rms / noise_mm if noise_mm > 0 else 0.0,
    }
