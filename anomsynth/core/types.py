"""The values that flow through the pipeline. All are immutable."""

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode
from anomsynth.core.depth import Depth
from anomsynth.errors import RenamedWarning

if TYPE_CHECKING:
    from anomsynth.core.cutout import DefectSource

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Floats = NDArray[np.float32] | NDArray[np.float64]

SMALL = 1 << 16  # pixels of a small mask
FLOAT_LEVELS = 65535  # a float image is worked on in 16-bit levels


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
        if 0 < mask.size <= SMALL:  # here OpenCV is faster
            left, top, width, height = cv2.boundingRect(np.ascontiguousarray(mask).view(np.uint8))
            return cls(top, left, top + height, left + width) if width else None
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return None
        cols = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a pixel is; the first that is given, in this order, decides.

    Attributes
    ----------
    mm_per_px : float or None
        Millimeters per pixel.
    field_mm : float or None
        Width of the field of view (the longer side of the picture).
    object_mm : float or None
        Longer side of the box around the part.
    part_mm : float or None
        Side of a square as large as the part: sizes then follow the part, whatever its place in
        the picture and however slender it is.
    """

    mm_per_px: float | None = None
    field_mm: float | None = None
    object_mm: float | None = None
    part_mm: float | None = None

    def of(self, foreground: Mask) -> float:
        """Return millimeters per pixel for a picture with this (H, W) foreground."""
        if self.mm_per_px is not None:
            return self.mm_per_px
        if self.field_mm is not None:
            return self.field_mm / max(foreground.shape)
        if self.part_mm is not None:
            return self.part_mm / math.sqrt(max(int(np.count_nonzero(foreground)), 1))
        box = Box.around(foreground) or Box(0, 0, *foreground.shape)
        return (self.object_mm or 100.0) / max(box.shape)


@dataclass(frozen=True, slots=True)
class SampleKey:
    """Names one synthetic image; also keys its random streams.

    Attributes
    ----------
    category, image : str
        The product, and its photo.
    index : int
        Counts the samples of the photo.
    """

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
        variance = np.float32(self.noise_slope) * levels.clip(0, 255)
        variance += np.float32(self.noise_floor)
        return np.sqrt(np.maximum(variance, 0, out=variance), out=variance)


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
        return (
            -flat * float(np.sin(azimuth)),
            flat * float(np.cos(azimuth)),
            float(np.sin(elevation)),
        )


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


class TextureSource(Protocol):
    """Pictures to take foreign textures from."""

    def pick(self, rng: np.random.Generator) -> Pixels:
        """Return one of them, (H, W, C) uint8 or uint16, C in {1, 3}; uses one random number."""
        ...


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was asked for when a surface was analysed; a recipe decides what was not.

    Attributes
    ----------
    scale : Scale or None
    encoding : {"srgb", "linear"} or None
    part : {"outline", "within", ""}
        Whether the mask of the part follows its outline or lies within; "" where none was given.
    jpeg : Jpeg or None
        Compression that the photo's file names.
    """

    scale: Scale | None
    encoding: str | None
    part: str
    jpeg: Jpeg | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False, weakref_slot=True)
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
    reachable : (H, W) bool, or None
        Where a defect that overhangs the part may change pixels; None: as `allowed`.
    components : (H, W) uint8, or None
        Number of the component each pixel belongs to, 0 for none, where the user marked them.
    textures : TextureSource or None
        Pictures the user gave to take foreign textures from.
    defects : DefectSource or None
        Real defects the user gave to set into the photo.
    flat : bool
        True if results have no channel axis, as the input had none.
    repeats : int
        How often results repeat the only channel: 3 for a grey photo that was stored as RGB,
        whose `pixels` have one channel, so that no mechanism can colour it.
    floats : (H, W) or (H, W, C) float32 or float64, or None
        A float image as it was given, alpha included; results are one too.
    depth : Depth or None
        The camera's, where it uses less than 16 bits; `pixels` and results keep to its levels,
        spread over 0..65535.
    part_area_px : int
        Area of the part in pixels, counted from `foreground`.
    analysis : Analysis or None
        What `synthesize` may still fit to its recipe; None where the surface is used as it is:
        made by hand, or changed by `dataclasses.replace`.
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
    repeats: int = 1
    reachable: Mask | None = None
    components: NDArray[np.uint8] | None = None
    textures: TextureSource | None = None
    defects: "DefectSource | None" = None
    floats: Floats | None = None
    depth: Depth | None = None
    part_area_px: int = field(init=False)
    analysis: Analysis | None = field(init=False, default=None)

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
        if self.reachable is not None:
            check_array("reachable", self.reachable, np.bool_, self.shape)
            self.reachable.setflags(write=False)
        if self.components is not None:
            check_array("components", self.components, np.uint8, self.shape)
            self.components.setflags(write=False)
        for array in (self.pixels, self.foreground, self.allowed):
            array.setflags(write=False)
        object.__setattr__(self, "part_area_px", int(np.count_nonzero(self.foreground)))

    def __repr__(self) -> str:
        """Return one line: size and type, scale, and how much of the picture is the part."""
        size = " x ".join(str(side) for side in self.pixels.shape)
        share = self.part_area_px / max(self.foreground.size, 1)
        scale = f"{self.mm_per_px:.3g} mm/px"
        return f"<Surface {size} {self.pixels.dtype}: {scale}, the part is {share:.0%} of it>"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def parts(self) -> NDArray[np.uint8] | None:
        """Old name of `components`."""
        warnings.warn("Surface.parts is called components now", RenamedWarning, stacklevel=2)
        return self.components

    @property
    def channels(self) -> int:
        """Number of colour channels, 1 or 3."""
        return int(self.pixels.shape[2])

    @property
    def part_size_px(self) -> float:
        """Reference length: square root of the part's area, pixels."""
        return float(np.sqrt(self.part_area_px))

    def room(self, *, overhang: bool) -> Mask:
        """Return where a defect may change pixels, (H, W) bool."""
        return self.reachable if overhang and self.reachable is not None else self.allowed

    def assemble(self, pixels: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return (H, W, C) colour planes in layout and type of the input, alpha included."""
        if self.floats is not None:
            return self._as_floats(pixels)
        if self.repeats > 1:
            pixels = np.repeat(pixels, self.repeats, axis=2)
        if self.alpha is not None:
            return np.concatenate([pixels, self.alpha[..., None]], axis=2)
        return pixels[..., 0] if self.flat else pixels

    def _as_floats(self, pixels: NDArray[np.generic]) -> Floats:
        """Return the float image with new values where `pixels` differ from the photo's."""
        result = np.array(self.floats)
        planes = result[..., None] if result.ndim == 2 else result
        colours = planes[..., :-1] if self.alpha is not None else planes
        changed = np.any(pixels != self.pixels, axis=2)
        colours[changed] = pixels[changed].astype(np.float64) / FLOAT_LEVELS
        return result

    def linear(self, box: Box) -> Float32:
        """Return the (h, w, C) float32 linear light of a box, in [0, 1]."""
        return decode(self.pixels[box.slices], self.encoding)


def check_array(name: str, array: NDArray[np.generic], dtype: type, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless `array` has exactly this dtype and shape."""
    if array.dtype != dtype or array.shape != shape:
        msg = f"{name}: expected {np.dtype(dtype)} {shape}, got {array.dtype} {array.shape}"
        raise ValueError(msg)
