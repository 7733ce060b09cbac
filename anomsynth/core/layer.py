"""What a defect does to the surface, and what the renderer made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask, check_array


@dataclass(frozen=True, slots=True, eq=False)
class DefectLayer:
    """What one defect does to the surface, on a patch placed in the image.

    Every array has the patch's (h, w); optional ones are None where nothing of the kind happens.
    Outside `support` nothing may change.

    Attributes
    ----------
    kind : str
    origin : (int, int)
        Image row and column of patch pixel [0, 0]; may be negative or outside the image.
    support : (h, w) bool
        Where the surface may change.
    coverage : (h, w) float32 in [0, 1]
        Share of each pixel where another material (or a void) shows instead of the surface.
    albedo : (h, w) or (h, w, 3) float32 > 0
        Reflectance of that material relative to the surface around it; `coverage` needs either
        this or `exposed`.
    exposed : (h, w, C) float32 linear light in [0, 1], C = 1 or the photo's
        Light that comes from there as it is: a background, a piece of another picture. An
        amplitude below one lets the surface show through; above one it changes nothing.
    height : (h, w) float32, millimeters
        Relief; + is towards the camera, 0 outside `support`.
    openness : (h, w) float32 in (0, 1]
        Share of the sky a point sees (1 = flat surface); darkens grooves and pits.
    displacement : (h, w, 2) float32, pixels
        Inverse map u as (row, col): the surface seen at x was at x - u(x).
    absorbance : (h, w) or (h, w, 3) float32
        Optical depth tau of a film; light passes twice, exp(-2 tau). Negative brightens.
    tint : (h, w, 3) float32 > 0
        Factor on the reflected light, e.g. by interference.
    roughness : (h, w) float32 in [-1, 1]
        Change of micro-roughness; + kills gloss.
    thin : bool
        True for cracks, scratches, chips: edges are never softened beyond the sharpest optics.
    rigid : bool
        True where strength is no matter of degree (a missing piece, a moved part): the amplitude
        is one, whatever visibility was drawn; the gates still apply.
    overhang : bool
        True if the defect may reach beyond the part (a bent wire, a thread): it is cut to
        `Surface.reachable` instead of `Surface.allowed`.
    parameters : drawn values, recorded in the manifest
    measured : physics measured on this very layer, for tests and the manifest
    """

    kind: str
    origin: tuple[int, int]
    support: Mask
    coverage: Float32 | None = None
    albedo: Float32 | None = None
    exposed: Float32 | None = None
    height: Float32 | None = None
    openness: Float32 | None = None
    displacement: Float32 | None = None
    absorbance: Float32 | None = None
    tint: Float32 | None = None
    roughness: Float32 | None = None
    thin: bool = False
    rigid: bool = False
    overhang: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        patch = self.support.shape
        check_array("support", self.support, np.bool_, patch)
        for name, array in self.fields().items():
            if array.dtype != np.float32 or array.shape[:2] != patch:
                msg = f"{name}: expected float32 {patch}, got {array.dtype} {array.shape}"
                raise ValueError(msg)
        shown = [array for array in (self.albedo, self.exposed) if array is not None]
        if len(shown) != (self.coverage is not None):
            msg = "coverage comes together with either albedo or exposed"
            raise ValueError(msg)

    def fields(self) -> dict[str, Float32]:
        """Return the fields that are present, by name."""
        named = {name: getattr(self, name) for name in FIELDS}
        return {name: array for name, array in named.items() if array is not None}

    @property
    def box(self) -> Box:
        """Place of the patch in the image; may reach over its border."""
        return Box(
            self.origin[0],
            self.origin[1],
            self.origin[0] + self.support.shape[0],
            self.origin[1] + self.support.shape[1],
        )


FIELDS = (
    "coverage",
    "albedo",
    "exposed",
    "height",
    "openness",
    "displacement",
    "absorbance",
    "tint",
    "roughness",
)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """A rendered defect on its region of interest.

    Attributes
    ----------
    box : Box
        Where the arrays lie in the image.
    layer : DefectLayer
        Cut to `box`; its support lies inside the allowed area.
    index : (n,) int
        Flat indices of the support's pixels in the box, ascending.
    gain : float
        Amplitude found for the wanted visibility.
    before, after : (h, w, C) float32 linear light in [0, 1]
        The surface without and with the defect; equal outside the support.
    hidden : (h, w) float32 in [0, 1]
        Share of the photo's own texture and noise that the defect hides.
    residuals : measured by the refiners, recorded in the manifest
    """

    box: Box
    layer: DefectLayer
    index: NDArray[np.intp]
    gain: float
    before: Float32
    after: Float32
    hidden: Float32
    residuals: Mapping[str, float] = field(default_factory=dict)
