"""The sizes in millimeters by which a mechanism measures its defects."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MeasureName = Literal["length", "width", "depth", "area"]


@dataclass(frozen=True, slots=True)
class SizeMeasure:
    """One measure of a mechanism: which parameter sets it, and what was made of it.

    Attributes
    ----------
    name : {"length", "width", "depth", "area"}
        Of an area, the size is the side of a square as large.
    parameter : str
        The parameter that sets it; its unit says how: ``mm``, ``of part size``, ``of part area``
        or ``of width`` and the like with `of`.
    times : float
        Size over parameter: 2 for a radius.
    of : str
        The parameter in mm of which this one is a share.
    measured : str
        What `DefectLayer.measured` says of it, in px, mm or as a share of the part's area by its
        ending; empty if the parameter is kept exactly.
    measured_times : float
        Size over what was measured.
    alone : mapping
        Parameters that make one defect of what may be several.
    """

    name: MeasureName
    parameter: str
    times: float = 1.0
    of: str = ""
    measured: str = ""
    measured_times: float = 1.0
    alone: Mapping[str, object] = field(default_factory=dict)

    def made(self, measured: Mapping[str, float], mm_per_px: float, part_px: float) -> float | None:
        """Return the size in mm that a layer says it has; None where it is the parameter's.

        Parameters
        ----------
        measured : mapping
            `DefectLayer.measured`.
        mm_per_px : float
        part_px : float
            Area of the part, pixels.
        """
        if self.measured not in measured:
            return None
        value = self.measured_times * measured[self.measured]
        if self.measured.endswith("_share"):
            return math.sqrt(value * part_px) * mm_per_px
        if self.measured.startswith("area"):
            return math.sqrt(value) * mm_per_px
        return value if self.measured.endswith("_mm") else value * mm_per_px
