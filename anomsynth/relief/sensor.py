"""The sensor of a scan: what it adds to heights, and what it cannot see."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.types import Float32, Mask
from anomsynth.relief.scan import Scan

SECOND_DIFFERENCE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
GAIN = 6.0  # standard deviation of what that filter makes of white noise of 1
MAD = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
LEVELS = 20000  # heights that are looked at for steps between them
COARSE = 8  # times what float32 resolves: less is no step of a sensor
FEW = 0.25  # so many different ones among them mean that they are quantised
TRIANGULATION_DEG = 20.0  # usual angle between camera and projector, 15 to 30 [1]
STEEPEST_DEG = (60.0, 85.0)  # bounds of the steepest wall that a sensor is believed to see
STEEP_SHARE = 99.9  # percent of the points are less steep than the steepest that was measured
SPOT_PX = 0.5  # standard deviation of the footprint: neighbouring pixels just resolve
FEWEST_GAPS = 12  # shadows from which the angle is measured
AGREEING = 0.7  # share of them that must lie on one side
LEAST_DROP = 8.0  # of the noise, for a gap to be a shadow


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a sensor does to heights; the default is one that sees all of them, and exactly.

    Attributes
    ----------
    noise_mm : float
        Standard deviation of heights on a surface that faces the sensor.
    quantum_mm : float
        Step between heights along z; 0 if there is none.
    triangulation_deg : float in [0, 60]
        Angle between the lines of sight of camera and projector; 0 hides nothing.
    azimuth_deg : float
        Where the projector stands: 0 = to the right (+col), 90 = to the top (-row).
    steepest_deg : float in (0, 90]
        Angle of incidence beyond which nothing comes back.
    spot_px : float
        Standard deviation of the footprint over which heights are mixed at edges, pixels.

    References
    ----------
    [1] F. Blais, "Review of 20 years of range sensor development", Journal of Electronic Imaging
    13, 2004.
    """

    noise_mm: float = 0.0
    quantum_mm: float = 0.0
    triangulation_deg: float = 0.0
    azimuth_deg: float = 180.0
    steepest_deg: float = 90.0
    spot_px: float = 0.0


def measure_sensor(scan: Scan, part: Mask | None = None) -> Sensor:
    """Return the sensor of an organised scan of a good part.

    Noise is the robust standard deviation of second differences along both axes, which a curved
    surface hardly has. A scan without any gap comes from a sensor that loses nothing (a model, a
    map that was filled); of another one the angle of triangulation is the shadow's length over the
    drop beside which it lies, where enough shadows agree on their side, and usual elsewhere.

    Parameters
    ----------
    scan : Scan
        Organised.
    part : (H, W) bool, optional
        Where noise and slopes are measured; by default wherever points are.

    Returns
    -------
    Sensor

    Examples
    --------
    >>> from anomsynth.relief.scan import Form
    >>> rows, cols = np.mgrid[:90, :90].astype(np.float32)
    >>> z = np.random.default_rng(0).normal(300, 0.02, rows.shape)
    >>> points = np.dstack([cols, rows, z]).astype(np.float32)
    >>> round(measure_sensor(Scan(points, Form("xyz_tiff", 1, "nan", points))).noise_mm, 3)
    0.02
    """
    raised = scan.raised()
    inside = scan.valid if part is None else scan.valid & part
    noise, quantum = height_noise(raised, inside), _quantum(scan)
    if scan.valid.all():
        return Sensor(noise, quantum, spot_px=SPOT_PX)
    angle, azimuth = _shadows(raised, scan.mm_per_px, noise)
    steepest = _steepest(raised, inside, scan.mm_per_px)
    return Sensor(noise, quantum, angle, azimuth, steepest, SPOT_PX)


def height_noise(raised: Float32, inside: Mask) -> float:
    """Return the standard deviation of heights from point to point; 0 if float32 tells none.

    Parameters
    ----------
    raised : (H, W) float32
        In any unit.
    inside : (H, W) bool
        Where it is measured; what is beside has no say.
    """
    whole = cv2.erode(inside.view(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if not whole.any():
        return 0.0
    # Less a common height, which float32 would spend its digits on.
    level = np.where(inside, raised - np.float32(np.median(raised[inside])), 0).astype(np.float32)
    bent = np.asarray(cv2.filter2D(level, cv2.CV_32F, SECOND_DIFFERENCE))[whole]
    noise = MAD * float(np.median(np.abs(bent))) / GAIN
    # What float32 cannot tell is no noise.
    return noise if noise > 4 * np.finfo(np.float32).eps * float(np.nanmax(np.abs(raised))) else 0.0


def slope_cosine(raised: Float32, mm_per_px: float) -> Float32:
    """Return the cosine of the angle of incidence on a map of heights, (h, w) float32 in (0, 1].

    Central differences between neighbours that were measured; 1 where there are none.
    """
    squares = np.zeros_like(raised)
    for axis in (0, 1):
        lines, found = np.moveaxis(raised, axis, 0), np.moveaxis(squares, axis, 0)
        if len(lines) > 2:
            step = lines[2:] - lines[:-2]
            step /= np.float32(2 * mm_per_px)
            step *= step
            found[1:-1] += np.fmax(step, 0, out=step)  # 0 where there was no neighbour
    squares += 1
    np.sqrt(squares, out=squares)
    return np.divide(np.float32(1), squares, out=squares)


def shadowed(raised: Float32, mm_per_px: float, sensor: Sensor, reach_mm: float) -> Mask:
    """Return where something stands between a point and the projector, (h, w) bool.

    A point x is hidden where ``z(x + s l) - z(x) > s / tan(angle)`` for a step s towards the
    projector: the shadow of a wall of height h is ``h tan(angle)`` long.

    Parameters
    ----------
    raised : (h, w) float32, millimeters
        NaN where nothing is.
    mm_per_px : float
    sensor : Sensor
    reach_mm : float
        Height of the tallest wall that is looked for.
    """
    hidden = np.zeros(raised.shape, dtype=np.bool_)
    if sensor.triangulation_deg <= 0:
        return hidden
    tangent = math.tan(math.radians(sensor.triangulation_deg))
    azimuth = math.radians(sensor.azimuth_deg)
    down, right = -math.sin(azimuth), math.cos(azimuth)
    solid = np.where(np.isfinite(raised), raised, np.float32(-1e30))
    farthest = min(math.ceil(reach_mm * tangent / mm_per_px) + 1, max(raised.shape))
    for step in range(1, farthest + 1):
        shift = round(step * down), round(step * right)
        away = math.hypot(*shift) * mm_per_px
        target, source = zip(
            *(_overlap(size, by) for size, by in zip(raised.shape, shift, strict=True)),
            strict=True,
        )
        hidden[target] |= solid[source] - solid[target] > np.float32(away / tangent)
    return hidden


def _overlap(size: int, shift: int) -> tuple[slice, slice]:
    """Return where a line of `size` and itself, moved by `shift`, overlap."""
    if shift >= 0:
        return slice(0, max(size - shift, 0)), slice(min(shift, size), size)
    return slice(min(-shift, size), size), slice(0, max(size + shift, 0))


def _quantum(scan: Scan) -> float:
    """Return the step between heights, 0 if they take any value."""
    if scan.form.is_depth and scan.form.numbers.dtype.kind != "f":
        return scan.form.unit
    heights = scan.points[..., 2][scan.valid]
    heights = heights[:: max(heights.size // LEVELS, 1)]
    steps = np.diff(np.unique(heights))
    if not steps.size or steps.size > FEW * heights.size:
        return 0.0
    quantum = float(np.percentile(steps, 10))
    if quantum < COARSE * np.finfo(np.float32).eps * float(np.abs(heights).max()):
        return 0.0  # the steps of float32
    off = np.abs(steps / quantum - np.rint(steps / quantum))
    return quantum if float(np.median(off)) < 0.05 else 0.0


def _steepest(raised: Float32, inside: Mask, mm_per_px: float) -> float:
    whole = cv2.erode(inside.view(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if not whole.any():
        return STEEPEST_DEG[1]
    cosine = slope_cosine(raised, mm_per_px)[whole]
    steepest = math.degrees(math.acos(float(np.percentile(cosine, 100 - STEEP_SHARE))))
    return min(max(steepest, STEEPEST_DEG[0]), STEEPEST_DEG[1])


def _shadows(raised: Float32, mm_per_px: float, noise: float) -> tuple[float, float]:
    """Return the angle of triangulation and where the projector stands, in degrees.

    A shadow lies beside a drop, on the side away from the projector.
    """
    best = (TRIANGULATION_DEG, Sensor().azimuth_deg)
    most = 0.0
    for axis, azimuths in ((0, (90.0, 270.0)), (1, (180.0, 0.0))):
        lengths, drops = _gaps(raised, axis)
        there = np.abs(drops) > max(LEAST_DROP * noise, mm_per_px)
        lengths, drops = lengths[there] * mm_per_px, drops[there]
        if drops.size < FEWEST_GAPS:
            continue
        share = np.count_nonzero(drops > 0) / drops.size
        if max(share, 1 - share) < AGREEING or drops.size <= most:
            continue
        most, first = float(drops.size), share > 0.5
        agreeing = (drops > 0) == first
        tangent = float(np.median(lengths[agreeing] / np.abs(drops[agreeing])))
        best = min(math.degrees(math.atan(tangent)), 60.0), azimuths[0 if first else 1]
    return best


def _gaps(raised: Float32, axis: int) -> tuple[Float32, Float32]:
    """Return lengths in pixels of gaps along an axis, and how much higher their near side is."""
    lines = raised.T if axis == 0 else raised
    gap = ~np.isfinite(lines)
    padded = np.pad(gap, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=1)
    line, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    inner = (start > 0) & (end < lines.shape[1])
    line, start, end = line[inner], start[inner], end[inner]
    drops = lines[line, start - 1] - lines[line, end]
    return (end - start).astype(np.float32), drops.astype(np.float32)
