"""What a defect does to the surface, and what the renderer made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Self, get_type_hints

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Box, Float32, Mask, check_array

# What may follow (h, w) in the shape of a channel.
PLAIN = ((),)
VECTORS = ((2,),)
LIGHT = ((1,), (3,))
PLAIN_OR_LIGHT = ((), *LIGHT)

ANY = (-np.inf, np.inf)
ABOVE_ZERO = float(np.finfo(np.float32).smallest_subnormal)


@dataclass(frozen=True, slots=True)
class Channel:
    """What cropping, rendering and the contract checks need to know of one channel of a layer.

    A class of layers declares a channel by a field that is annotated with one, and that is all:
    whatever handles channels reads the table `DefectLayer.channels`.

    Attributes
    ----------
    planes : tuple of shapes
        What may follow (h, w) in its shape.
    neutral : float
        The value that changes nothing; it fills what is added around a layer.
    within : (float, float)
        Least and largest value.
    seen_alone : bool
        Whether it acts where the coverage is zero. If it does not, any value may stand off the
        support.
    """

    planes: tuple[tuple[int, ...], ...]
    neutral: float = 0.0
    within: tuple[float, float] = ANY
    seen_alone: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class DefectLayer:
    """What one defect does to the surface, on a patch placed in the image.

    Every array has the patch's (h, w). Channels are None where nothing of the kind happens; C is
    the photo's, 1 or 3. Outside `support` nothing may change. A subclass may declare more of them.

    Attributes
    ----------
    kind : str
    origin : (int, int)
        Image row and column of patch pixel [0, 0]; may be negative or outside the image.
    support : (h, w) bool
        Where the surface may change.
    coverage : (h, w) float32 in [0, 1]
        Share of each pixel where another material (or a void) shows instead of the surface.
    albedo : (h, w) or (h, w, C) float32 > 0
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
    absorbance : (h, w) or (h, w, C) float32
        Optical depth tau of a film; light passes twice, exp(-2 tau). Negative brightens.
    tint : (h, w, C) float32 > 0
        Factor on the reflected light, e.g. by interference.
    roughness : (h, w) float32 in [-1, 1]
        Change of micro-roughness; + kills gloss.
    chord : (h, w) float32, millimeters
        Only in radiographs, instead of all others: length of material that is missing along the
        ray, 0 outside `support`; - where something absorbs more than the material in its place.
    thin : bool
        True for cracks, scratches, chips: edges are never softened beyond the sharpest optics.
    rigid : bool
        True where strength is no matter of degree (a missing piece, a moved part): the amplitude
        is one, whatever visibility was drawn; the gates still apply.
    overhang : bool
        True if the defect may reach beyond the part (a bent wire, a thread): it is cut to
        `Surface.reachable` instead of `Surface.allowed`.
    has_noise : bool
        True if the light that is exposed is the photo's own, from elsewhere, with its noise and,
        unless the defect is thin, with edges as soft as the camera's.
    void : bool
        True if what shows where there is coverage is an opening: material is gone there, and a
        depth sensor finds nothing, or what lies behind.
    parameters : drawn values, recorded in the manifest
    measured : physics measured on this very layer, for tests and the manifest
    """

    kind: str
    origin: tuple[int, int]
    support: Mask
    coverage: Annotated[Float32 | None, Channel(PLAIN, within=(0, 1))] = None
    albedo: Annotated[
        Float32 | None,
        Channel(PLAIN_OR_LIGHT, neutral=1, within=(ABOVE_ZERO, np.inf), seen_alone=False),
    ] = None
    exposed: Annotated[Float32 | None, Channel(LIGHT, within=(0, 1), seen_alone=False)] = None
    height: Annotated[Float32 | None, Channel(PLAIN)] = None
    openness: Annotated[Float32 | None, Channel(PLAIN, neutral=1, within=(ABOVE_ZERO, 1))] = None
    displacement: Annotated[Float32 | None, Channel(VECTORS)] = None
    absorbance: Annotated[Float32 | None, Channel(PLAIN_OR_LIGHT)] = None
    tint: Annotated[Float32 | None, Channel(LIGHT, neutral=1, within=(ABOVE_ZERO, np.inf))] = None
    roughness: Annotated[Float32 | None, Channel(PLAIN, within=(-1, 1))] = None
    chord: Annotated[Float32 | None, Channel(PLAIN)] = None
    thin: bool = False
    rigid: bool = False
    overhang: bool = False
    has_noise: bool = False
    void: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        patch = self.support.shape
        check_array("support", self.support, np.bool_, patch)
        table = self.channels()
        for name, array in self.fields().items():
            fits = array.shape[:2] == patch and array.shape[2:] in table[name].planes
            if array.dtype != np.float32 or not fits:
                shapes = " or ".join(str((*patch, *planes)) for planes in table[name].planes)
                msg = f"{name}: expected float32 {shapes}, got {array.dtype} {array.shape}"
                raise ValueError(msg)
        shown = [array for array in (self.albedo, self.exposed) if array is not None]
        if len(shown) != (self.coverage is not None):
            msg = "coverage comes together with either albedo or exposed"
            raise ValueError(msg)
        if self.void and self.coverage is None:
            raise ValueError("an opening needs a coverage: where it is")

    @classmethod
    @cache
    def channels(cls) -> Mapping[str, Channel]:
        """Return the channels of this class of layers by name: the table of all there are."""
        hints = get_type_hints(cls, include_extras=True)
        return {
            name: item
            for name, hint in hints.items()
            for item in getattr(hint, "__metadata__", ())
            if isinstance(item, Channel)
        }

    def transmitted(self, chord: Float32) -> Self:
        """Return the layer as rays through the part meet it: its `chord` and nothing else."""
        solid = replace(self, void=False)  # an opening counts by its chord, too
        return solid.with_fields({"chord": chord}, chord != 0, self.origin)

    def fields(self) -> dict[str, Float32]:
        """Return the channels that are present, by name."""
        named = {name: getattr(self, name) for name in self.channels()}
        return {name: array for name, array in named.items() if array is not None}

    def with_fields(
        self, present: Mapping[str, Float32], support: Mask, origin: tuple[int, int]
    ) -> Self:
        """Return the layer on another patch; channels that are not named are absent there."""
        arrays: dict[str, Any] = {**dict.fromkeys(self.channels()), **present}
        return replace(self, origin=origin, support=support, **arrays)

    @property
    def box(self) -> Box:
        """Place of the patch in the image; may reach over its border."""
        return Box(
            self.origin[0],
            self.origin[1],
            self.origin[0] + self.support.shape[0],
            self.origin[1] + self.support.shape[1],
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
