"""What comes out: one synthetic image with its truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Light, Mask, SampleKey


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One defect of a sample as it came out.

    Attributes
    ----------
    kind : str
    box : Box
        Tightest box around the instance's strict mask.
    support_box : Box
    support : bool array of support_box.shape
        Where pixels were allowed to change.
    target, visibility : float
        Visibility d' asked for and reached: rms change over the local standard deviation.
    gain : float
        Amplitude relative to the nominal physics.
    area_px : int
        Pixels of the strict mask.
    closing_px : int
        Radius of the closing that made the label mask.
    parameters, measured, residuals : recorded values
    """

    kind: str
    box: Box
    support_box: Box
    support: Mask
    target: float
    visibility: float
    gain: float
    area_px: int
    closing_px: int
    parameters: Mapping[str, float]
    measured: Mapping[str, float]
    residuals: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One synthetic image with its truth.

    Attributes
    ----------
    image : array like the input
        Same dtype, size and channels (alpha included).
    mask : (H, W) bool
        Label mask: closed, hole-free outline of the visible change.
    strict : (H, W) bool
        Pixels whose change is visible.
    soft : (H, W) float32 in [0, 1]
        Size of the change, 1 = four times just noticeable or more.
    class_index : (H, W) uint8
        0 = good, else 1 + position of the kind in `kinds`.
    instance_index : (H, W) uint16
        0 = good, else 1 + position in `instances`.
    height_mm : (H, W) float32
        Relief of all defects, millimeters.
    kinds : sorted distinct kinds
    instances : tuple of Instance
    key : SampleKey
    seed : int
    attempt : int
        How many tries at a defect were rejected.
    asked : int
        How many defects were asked for; `instances` holds those that succeeded.
    redraw : int
        How many whole samples were drawn before and fell short of the least score.
    light : Light
        Light the defects were rendered in, drawn where the photo does not tell.
    scores : by name
        Its quality as far as the run has rated it: where a least score was asked for.
    """

    image: NDArray[np.generic]
    mask: Mask
    strict: Mask
    soft: Float32
    class_index: NDArray[np.uint8]
    instance_index: NDArray[np.uint16]
    height_mm: Float32
    kinds: tuple[str, ...]
    instances: tuple[Instance, ...]
    key: SampleKey
    seed: int
    attempt: int = 0
    asked: int = 1
    redraw: int = 0
    light: Light = field(default_factory=Light)
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, object]:
        """Everything but the arrays, as plain JSON values."""
        return {
            "kinds": list(self.kinds),
            "seed": self.seed,
            "attempt": self.attempt,
            "asked": self.asked,
            "redraw": self.redraw,
            "light": {
                "azimuth_deg": self.light.azimuth_deg,
                "elevation_deg": self.light.elevation_deg,
                "confidence": self.light.confidence,
            },
            "area_px": int(np.count_nonzero(self.strict)),
            "label_area_px": int(np.count_nonzero(self.mask)),
            "instances": [
                {
                    "kind": item.kind,
                    "box": list(item.box),
                    "support_box": list(item.support_box),
                    "target": item.target,
                    "visibility": item.visibility,
                    "gain": item.gain,
                    "area_px": item.area_px,
                    "closing_px": item.closing_px,
                    "parameters": dict(item.parameters),
                    "measured": dict(item.measured),
                    "residuals": dict(item.residuals),
                }
                for item in self.instances
            ],
        }
