"""The values that flow through the pipeline. All are immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


class Box(NamedTuple):
    """Half-open rectangle of pixels: rows top..bottom-1, columns left..right-1."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an array of the image's size."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, margin: int, shape: tuple[int, int]) -> "Box":
        """Return the box with `margin` more pixels a side, cut to an image of `shape`."""
        return Box(
            max(self.top - margin, 0),
            max(self.left - margin, 0),
            min(self.bottom + margin, shape[0]),
            min(self.right + margin, shape[1]),
        )

    @classmethod
    def around(cls, mask: Mask) -> Self | None:
        """Return the tightest box around the True pixels, None if there are none."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return None
        cols = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)


@dataclass(frozen=True, slots=True)
class SampleKey:
    """Names one synthetic image; also keys its random streams."""

    category: str
    image: str
    index: int


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Compression a photo went through: quantisation tables and where the 8x8 grid starts."""

    luma: tuple[int, ...]
    chroma: tuple[int, ...]
    row: int = 0
    col: int = 0


@dataclass(frozen=True, slots=True)
class Camera:
    """What the camera did to the light, in grey levels of a 0..255 scale.

    Attributes
    ----------
    noise_slope, noise_floor : float
        Noise variance at grey level g is ``noise_slope * g + noise_floor``, levels**2, >= 0.
    blur_px : float
        Standard deviation of the point spread, pixels; 25th percentile over the sharpest edges.
    sharpest_px : float
        Standard deviation at the sharpest edge of the photo, pixels, <= blur_px.
    jpeg : Jpeg or None
        Compression to imitate; None where the photo shows none.
    """

    noise_slope: float = 0.0
    noise_floor: float = 1.0
    blur_px: float = 0.5
    sharpest_px: float = 0.4
    jpeg: Jpeg | None = None

    def noise_sd(self, levels: Float32) -> Float32:
        """Return the noise standard deviation at each grey level of a 0..255 scale."""
        variance = self.noise_slope * np.clip(levels, 0, 255) + self.noise_floor
        return np.sqrt(np.maximum(variance, 0)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """Where the light comes from.

    Attributes
    ----------
    azimuth_deg : float
        Direction in the image plane from which light arrives; 0 = from the right (+col),
        90 = from the top (-row). Only its axis can be measured; the sign is drawn per image.
    elevation_deg : float
        Height above the surface, in (0, 90].
    confidence : float
        In [0, 1]; 0 means the photo shows no shading and the azimuth is drawn, not measured.
    """

    azimuth_deg: float = 135.0
    elevation_deg: float = 45.0
    confidence: float = 0.0

    @property
    def vector(self) -> tuple[float, float, float]:
        """Unit vector towards the light as (row, col, up)."""
        azimuth, elevation = np.deg2rad(self.azimuth_deg), np.deg2rad(self.elevation_deg)
        flat = float(np.cos(elevation))
        return -flat * float(np.sin(azimuth)), flat * float(np.cos(azimuth)), float(np.sin(elevation))


@dataclass(frozen=True, slots=True, eq=False)
class Grain:
    """Direction of the surface's own texture, on a coarse grid.

    Attributes
    ----------
    step : int
        Image pixels per grid cell.
    angle : (h, w) float32
        Direction *along* the grain, radians in [0, pi), 0 = along columns (+col), measured
        towards +row.
    coherence : (h, w) float32 in [0, 1]
        0: no direction, 1: perfectly parallel.
    """

    step: int
    angle: Float32
    coherence: Float32

    def at(self, row: float, col: float) -> tuple[float, float]:
        """Return angle and coherence at an image position (clamped to the image)."""
        r = min(max(int(row) // self.step, 0), self.angle.shape[0] - 1)
        c = min(max(int(col) // self.step, 0), self.angle.shape[1] - 1)
        return float(self.angle[r, c]), float(self.coherence[r, c])


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One photo of a flawless surface and what it tells us.

    Attributes
    ----------
    pixels : (H, W, C) uint8 or uint16
        The photo as encoded in its file, C in {1, 3}, no alpha.
    foreground : (H, W) bool
        True on the part.
    allowed : (H, W) bool
        True where a defect may change pixels; a subset of `foreground`.
    mm_per_px : float
        Scale, millimeters per pixel, > 0.
    camera, light, grain
        Measured by the surface analysis.
    sites : (N, 2) int32
        Rows and columns where a defect may sit; empty if nothing is allowed.
    edge_sites : (M, 2) int32
        Allowed pixels on the outline of the part (or of the picture).
    edge_normals : (M, 2) float32
        Unit (row, col) vectors at `edge_sites` that point into the part.
    encoding : {"srgb", "linear"}
        How `pixels` encode light.
    alpha : (H, W) of the dtype of `pixels`, or None
        Carried through unchanged.
    flat : bool
        True if results have no channel axis, as the input had none.
    """

    pixels: Pixels
    foreground: Mask
    allowed: Mask
    mm_per_px: float
    camera: Camera
    light: Light
    grain: Grain
    sites: Int32
    edge_sites: Int32
    edge_normals: Float32
    encoding: str = "srgb"
    alpha: Pixels | None = None
    flat: bool = False

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in (1, 3):
            msg = f"pixels: expected (H, W, 1 or 3), got {self.pixels.shape}"
            raise ValueError(msg)
        if self.pixels.dtype not in (np.uint8, np.uint16):
            msg = f"pixels: expected uint8 or uint16, got {self.pixels.dtype}"
            raise ValueError(msg)
        check_array("foreground", self.foreground, np.bool_, self.shape)
        check_array("allowed", self.allowed, np.bool_, self.shape)
        if not self.mm_per_px > 0:
            msg = f"mm_per_px: must be above 0, got {self.mm_per_px}"
            raise ValueError(msg)
        for array in (self.pixels, self.foreground, self.allowed):
            array.setflags(write=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def channels(self) -> int:
        """Number of colour channels, 1 or 3."""
        return int(self.pixels.shape[2])

    @property
    def part_area_px(self) -> int:
        """Area of the part in pixels."""
        return int(np.count_nonzero(self.foreground))

    @property
    def part_size_px(self) -> float:
        """Reference length: square root of the part's area, pixels."""
        return float(np.sqrt(self.part_area_px))

    def assemble(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return (H, W, C) colour planes in the layout of the input, alpha included."""
        if self.alpha is not None:
            return np.concatenate([pixels, self.alpha[..., None]], axis=2)
        return pixels[..., 0] if self.flat else pixels

    def linear(self, box: Box) -> Float32:
        """Return the (h, w, C) float32 linear light of a box, in [0, 1]."""
        return decode(self.pixels[box.slices], self.encoding)


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
        Reflectance of that material relative to the surface around it; needed with `coverage`.
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
    parameters : drawn values, recorded in the manifest
    laws : measured physics of this very layer, for tests and the manifest
    """

    kind: str
    origin: tuple[int, int]
    support: Mask
    coverage: Float32 | None = None
    albedo: Float32 | None = None
    height: Float32 | None = None
    openness: Float32 | None = None
    displacement: Float32 | None = None
    absorbance: Float32 | None = None
    tint: Float32 | None = None
    roughness: Float32 | None = None
    thin: bool = False
    parameters: Mapping[str, float] = field(default_factory=dict)
    laws: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        patch = self.support.shape
        check_array("support", self.support, np.bool_, patch)
        for name, array in self.fields().items():
            if array.dtype != np.float32 or array.shape[:2] != patch:
                msg = f"{name}: expected float32 {patch}, got {array.dtype} {array.shape}"
                raise ValueError(msg)
        if (self.coverage is None) != (self.albedo is None):
            msg = "coverage and albedo come together"
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
    gain: float
    before: Float32
    after: Float32
    hidden: Float32
    residuals: Mapping[str, float] = field(default_factory=dict)


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
    parameters, laws, residuals : recorded values
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
    laws: Mapping[str, float]
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
    attempt : int
        How many tries were rejected before.
    key : SampleKey
    seed : int
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
    attempt: int
    key: SampleKey
    seed: int

    @property
    def record(self) -> dict[str, object]:
        """Everything but the arrays, as plain JSON values."""
        return {
            "kinds": list(self.kinds),
            "seed": self.seed,
            "attempt": self.attempt,
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
                    "laws": dict(item.laws),
                    "residuals": dict(item.residuals),
                }
                for item in self.instances
            ],
        }


def check_array(
    name: str, array: NDArray[np.generic], dtype: type, shape: tuple[int, ...]
) -> None:
    """Raise ValueError unless `array` has exactly this dtype and shape."""
    if array.dtype != dtype or array.shape != shape:
        msg = f"{name}: expected {np.dtype(dtype)} {shape}, got {array.dtype} {array.shape}"
        raise ValueError(msg)
