"""A scan as a map of heights, on which defects are placed whatever file it came from."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo
from anomsynth.core.types import Float32, Mask
from anomsynth.relief.change import Displaced, SurfaceChange
from anomsynth.relief.chart import Chart, chart_of
from anomsynth.relief.displace import displace
from anomsynth.relief.ground import find_part
from anomsynth.relief.plain import displace_cloud, measure_cloud_sensor
from anomsynth.relief.scan import Scan
from anomsynth.relief.sensor import Sensor, measure_sensor
from anomsynth.relief.shading import shaded
from anomsynth.relief.tinted import tint_of


@dataclass(frozen=True, slots=True, eq=False)
class MappedScan:
    """A scan, and its heights in rows and columns.

    Attributes
    ----------
    scan : Scan
    raised : (H, W) float32, millimeters
        How near the surface is to the sensor; NaN where nothing was measured.
    mm_per_px : float
        Width of a pixel of the map across the surface.
    part : (H, W) bool
        Where the part is, see `find_part`.
    behind : (H, W) float32, millimeters, or None
        `raised` of the ground on which the part lies, where there is one.
    chart : Chart or None
        How points of a plain cloud lie on the map.
    """

    scan: Scan
    raised: Float32
    mm_per_px: float
    part: Mask
    behind: Float32 | None
    chart: Chart | None = None

    @classmethod
    def of(cls, scan: Scan) -> "MappedScan":
        """Return the map of a scan: its own rows and columns, or those of a chart.

        Raises
        ------
        InputError
            If the points of a plain cloud cannot be charted.
        """
        if scan.organised:
            raised = scan.raised()
            return cls(scan, raised, scan.mm_per_px, *find_part(raised))
        chart = chart_of(scan)
        return cls(scan, chart.raised, chart.mm_per_px, *find_part(chart.raised), chart)

    @property
    def counts(self) -> NDArray[np.generic]:
        """How many points were measured in each pixel of the map, (H, W)."""
        return self.scan.valid if self.chart is None else self.chart.counts

    def sensor(self, part: Mask) -> Sensor:
        """Return what is measured of the sensor on the part, (H, W) bool."""
        if self.chart is None:
            return measure_sensor(self.scan, part)
        return measure_cloud_sensor(self.chart, part)

    def displaced(
        self, change: SurfaceChange, sensor: Sensor, rng: np.random.Generator
    ) -> Displaced:
        """Return the scan with a change of its surface, as the sensor sees it."""
        if self.chart is None:
            return displace(self.scan, change, sensor, rng)
        return displace_cloud(self.chart, change, sensor, rng)

    def with_pitch(self, mm_per_px: float) -> "MappedScan":
        """Return it with pixels of another width, if it is a depth map; others know theirs."""
        if self.scan.pitch_mm is None:
            return self
        return replace(self, scan=self.scan.with_pitch(mm_per_px), mm_per_px=mm_per_px)


@dataclass(frozen=True, slots=True, eq=False)
class ScannedPhoto:
    """A scan and the picture that is registered with it.

    Attributes
    ----------
    photo : Photo
        Of the rows and columns of `mapped`.
    mapped : MappedScan
    shaded : bool
        True if the picture was shaded from the scan: it shows no colour.
    """

    photo: Photo
    mapped: MappedScan
    shaded: bool = False

    @classmethod
    def of(cls, mapped: MappedScan) -> "ScannedPhoto":
        """Return a scan with the picture that its colours are, or that is shaded from it."""
        colours = mapped.scan.colours
        if colours is not None:
            picture = colours if mapped.chart is None else tint_of(mapped.chart, colours)
            return cls(Photo(picture), mapped)
        return cls(Photo(shaded(mapped.raised, mapped.mm_per_px)), mapped, shaded=True)
