"""Points move along their normals, as far as a sensor shows it."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.relief.change import Displaced, SurfaceChange, differing, measured_on
from anomsynth.relief.normals import REACH, organised_normals
from anomsynth.relief.scan import Scan
from anomsynth.relief.sensor import Sensor, shadowed, slope_cosine

MOST_REACH = 8  # pixels: normals averaged farther would cut across the part
AIM = 0.005  # radians of a normal that noise may make, a third of a degree
MARGIN = MOST_REACH + 2
GRAZING = 0.2  # least cosine of incidence that depths and noise are divided by
HALF = 0.5  # of a pixel gone: what is left is no point any more
EDGE = 2.0  # rise over run within a pixel's neighbourhood from which heights mix
NEIGHBOURS = np.ones((3, 3), np.uint8)


def displace(
    scan: Scan, change: SurfaceChange, sensor: Sensor, rng: np.random.Generator
) -> Displaced:
    """Move the points of an organised scan as defects do, and as the sensor would see it.

    Points of a cloud move along the normal of the good surface; a depth map, whose pixels stay
    where they are, shows the vertical distance of the moved surface, ``h / (n . f)`` with f the
    direction to the sensor. Both keep the noise that they have.

    Parameters
    ----------
    scan : Scan
        Organised, of the good part.
    change : SurfaceChange
        On the rows and columns of the scan.
    sensor : Sensor
        From `measure_sensor`; `Sensor()` leaves the geometry as it is.
    rng : Generator
        Draws the noise that steep walls have more.

    Returns
    -------
    Displaced

    Raises
    ------
    ValueError
        If the change has another size than the scan.

    Notes
    -----
    What the sensor adds, within the support only and in this order: heights are mixed over its
    footprint where they jump; a pixel that is partly void shows the mean of surface and what is
    behind, and one that is mostly void, with nothing behind, is missing; the standard deviation
    of the noise grows by ``1 / cos(incidence)`` [1]_; points that the projector does not reach
    any more, or that have become steeper than it sees, are missing; heights are rounded.

    References
    ----------
    .. [1] S. Soudarissanane et al., "Scanning geometry: influencing factor on the quality of
       terrestrial laser scanning points", ISPRS Journal 66, 2011.

    Examples
    --------
    >>> from anomsynth.relief.scan import Form
    >>> rows, cols = np.mgrid[:30, :30].astype(np.float32)
    >>> points = np.dstack([cols, rows, np.full_like(rows, 300)])
    >>> scan = Scan(points, Form("xyz_tiff", 1, "nan", points))
    >>> support = np.hypot(rows - 15, cols - 15) < 5
    >>> change = SurfaceChange(np.where(support, -2, 0).astype(np.float32), support)
    >>> dented = displace(scan, change, Sensor(), np.random.default_rng(0))
    >>> dented.scan.points[15, 15].tolist()
    [15.0, 15.0, 302.0]
    """
    if change.support.shape != scan.points.shape[:-1]:
        msg = f"change of {change.support.shape} on a scan of {scan.points.shape[:-1]}"
        raise ValueError(msg)
    whole = change.support.shape
    mask = np.zeros(whole, dtype=np.bool_)
    labels = np.zeros(whole, dtype=np.uint16)
    lost = np.zeros(whole, dtype=np.bool_)
    tight = Box.around(change.support)
    if tight is None:
        return Displaced(scan, mask, labels, lost, measured_on(np.empty(0, np.float32), lost, 0))
    here = tight.grown(MARGIN, whole).slices
    cut = change.cut(here)
    before = scan.points[here]
    after, along = _moved(before, cut, sensor, scan)
    _seen(after, before, cut, sensor, (scan, rng))
    points = scan.points.copy()
    there = np.isfinite(before[..., 2])
    may = cut.support & there
    differs = may & differing(after, before)
    cv2.copyTo(after, differs.view(np.uint8), points[here])  # many times NumPy's speed
    mask[here] = differs
    labels[here] = np.where(differs, cut.numbers, 0)
    lost[here] = differs & ~np.isfinite(after[..., 2])
    left = differs & ~lost[here]
    measured = measured_on(along[left], lost, sensor.noise_mm)
    return Displaced(scan.with_points(points), mask, labels, lost, measured)


def normal_reach(noise_mm: float, mm_per_px: float) -> int:
    """Return over how many pixels on each side normals are averaged on a scan with noise.

    The mean tangent over a square of n pixels a side errs by ``sqrt(2) (noise / pitch) n**-1.5``.
    """
    side = (math.sqrt(2) * noise_mm / (max(mm_per_px, 1e-12) * AIM)) ** (2 / 3)
    return int(min(max(math.ceil((side - 1) / 2), REACH), MOST_REACH))


def _moved(
    before: Float32, cut: SurfaceChange, sensor: Sensor, scan: Scan
) -> tuple[Float32, Float32]:
    """Return points moved by the height alone, and how far along the normal."""
    reach = normal_reach(sensor.noise_mm, scan.mm_per_px)
    normals = organised_normals(before, scan.facing, reach)
    towards = np.asarray(scan.facing, dtype=np.float32)
    height = np.where(cut.support, cut.height, np.float32(0))
    if sensor.spot_px > 0:
        height = _mixed(height, cut.support, sensor, scan.mm_per_px)
    if not scan.form.is_depth:
        normals *= cv2.merge([height] * 3)  # as fast as it goes where all have three planes
        normals += before
        return normals, height
    cosine = np.maximum(normals @ towards, np.float32(GRAZING))
    lifted = before + (height / cosine)[..., None] * towards
    return np.asarray(lifted, dtype=np.float32), height


def _mixed(height: Float32, support: Mask, sensor: Sensor, mm_per_px: float) -> Float32:
    """Return heights averaged over the sensor's footprint where they jump."""
    spread = cv2.dilate(height, NEIGHBOURS) - cv2.erode(height, NEIGHBOURS)
    jumps = (np.asarray(spread) > EDGE * mm_per_px) & support
    if not jumps.any():
        return height
    blurred = cv2.GaussianBlur(height, (0, 0), sensor.spot_px, borderType=cv2.BORDER_REPLICATE)
    return np.where(jumps, np.asarray(blurred), height).astype(np.float32)


def _seen(
    after: Float32,
    before: Float32,
    cut: SurfaceChange,
    sensor: Sensor,
    rest: tuple[Scan, np.random.Generator],
) -> None:
    """Change moved points to what the sensor shows of them, in place."""
    scan, rng = rest
    towards = np.asarray(scan.facing, dtype=np.float32)
    if cut.void is not None:
        _hollow(after, cut, towards)
    gone = ~np.isfinite(after[..., 2])
    old, new = before @ towards, after @ towards
    if sensor.noise_mm > 0 or sensor.steepest_deg < 90:
        cosines = slope_cosine(old, scan.mm_per_px), slope_cosine(new, scan.mm_per_px)
        wall = math.cos(math.radians(sensor.steepest_deg))
        gone |= (cosines[1] < wall) & (cosines[1] < cosines[0])
        _add_noise(after, cut.support, cosines, (sensor, towards, rng))
    change = np.nan_to_num(new - old)[cut.support]
    tallest = float(np.ptp(np.append(change, 0)))
    dark = shadowed(new, scan.mm_per_px, sensor, tallest)
    if dark.any():
        gone |= dark & ~shadowed(old, scan.mm_per_px, sensor, tallest)
    if sensor.quantum_mm > 0:
        _round(after, before, sensor.quantum_mm)
    after[gone] = np.nan


def _hollow(after: Float32, cut: SurfaceChange, towards: Float32) -> None:
    """Let what is behind show through voids; nothing is seen where nothing is."""
    void = np.where(cut.support, cut.void, np.float32(0)) if cut.void is not None else 0
    share = np.asarray(void, dtype=np.float32)
    behind = np.full(share.shape, np.nan, np.float32) if cut.behind is None else cut.behind
    away = behind - after @ towards
    known = np.isfinite(away)
    after += np.where(known, share * away, 0)[..., None] * towards
    after[~known & (share >= HALF)] = np.nan


def _add_noise(
    after: Float32,
    support: Mask,
    cosines: tuple[Float32, Float32],
    rest: tuple[Sensor, Float32, np.random.Generator],
) -> None:
    """Add the noise that a steeper surface has more: ``sd = noise / cos(incidence)``."""
    sensor, towards, rng = rest
    place = np.flatnonzero(support & (cosines[1] < cosines[0]))
    old, new = (
        1 / np.square(np.maximum(cosine.ravel().take(place), GRAZING)) for cosine in cosines
    )
    more = np.sqrt(np.maximum(new - old, 0)) * np.float32(sensor.noise_mm)
    noise = more * rng.standard_normal(more.size, dtype=np.float32)
    flat = after.reshape(-1, 3)
    for axis in np.flatnonzero(towards):
        flat[place, axis] += noise * towards[axis]


def _round(after: Float32, before: Float32, quantum: float) -> None:
    """Round heights to the steps that the scan has, counted from one of its own."""
    levels: NDArray[np.float32] = before[..., 2]
    known = levels[np.isfinite(levels)]
    if not known.size:
        return
    start = float(known[0])
    steps, old = (
        np.rint((field.astype(np.float64) - start) / quantum) for field in (after[..., 2], levels)
    )
    moved = after[..., 2] != levels
    rounded = (start + quantum * steps).astype(np.float32)
    # On its old level it is where it was: counting from another one would tell in the last bit.
    np.copyto(rounded, levels, where=steps == old)
    after[..., 2] = np.where(moved, rounded, after[..., 2])
