"""What comes out: one synthetic image with its truth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anomsynth.core.display import Rgb, levels_of, outlined, to_rgb8, zoom_box
from anomsynth.core.pixels import slope_of
from anomsynth.core.types import Box, Float32, Light, Mask, SampleKey
from anomsynth.errors import InputError

if TYPE_CHECKING:
    from anomsynth.relief.scan import Scan

SHOWN_PX = 384  # longer side of the picture and of the zoom where a sample shows itself
GAP = 6  # between the two
MOST_DESCRIBED = 60  # characters that a repr spends on the defects


@dataclass(frozen=True, slots=True)
class Quality:
    """What a quality estimator says about one labelled image.

    Attributes
    ----------
    score : float in [0, 1]
        Geometric mean of `fidelity` and `utility`.
    fidelity : float in [0, 1]
        Does it look photographed?
    utility : float in [0, 1]
        Can a detector learn from it?
    terms : by name, in [0, 1], calibrated; absent where they cannot be measured
    raw : by name, measured values; ``_blind`` where measured without the good photo
    reasons : tuple of str
        Why the score is low, the worst first; empty for a good one.
    """

    score: float
    fidelity: float
    utility: float
    terms: Mapping[str, float] = field(default_factory=dict)
    raw: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


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
        Visibility d' asked for and reached: rms change over the local standard deviation. In a scan
        both are that of the picture or the rms height over the sensor's noise, whichever is more.
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
class ViewImage:
    """The defects of a sample as another photo of the part shows them.

    Attributes
    ----------
    image : array like that photo
    light : Light
        In which they are rendered there.
    """

    image: NDArray[np.generic]
    light: Light


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sample:
    """One synthetic image with its truth; in a notebook it shows itself.

    Attributes
    ----------
    image : array like the input
        Same dtype (of floats, too), size and channels (alpha included).
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
        Relief of all defects, millimeters; of a radiograph, by how much more of the part's
        material rays pass through, - where it is missing.
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
    mm_per_px : float
        Size of a pixel.
    views : dict of view name -> ViewImage
        The same defects on the other photos of the part, where it has several.
    scan : Scan or None
        The depth map or cloud with the defects, where the good part has one.
    depth_alone : bool
        True if its image was shaded from `scan`, and no camera saw it.
    points : mapping
        Of a sample in a scan, how many points ``moved``, how many the sensor has ``lost``, and how
        many of these are ``left_out`` of its file, which marks none as missing: a plain cloud.
    point_labels : (N,) uint8, or None
        Of a plain cloud, whose points have no pixels: 1 where a point belongs to a defect, else 0.
    scores : by name
        Its quality as far as the run has rated it: where a least score was asked for.
    rater : function of a sample, or None
        Rates it when `quality` is asked for; knows what is needed of the photo, and no more.

    Examples
    --------
    >>> import anomsynth as asy
    >>> sample = asy.synthesize(asy.demo_photos()["metal"][0], "metal", seed=1)
    >>> 0 <= sample.quality.score <= 1
    True
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
    mm_per_px: float = 1.0
    views: Mapping[str, ViewImage] = field(default_factory=dict)
    scan: "Scan | None" = None
    depth_alone: bool = False
    points: Mapping[str, int] = field(default_factory=dict)
    point_labels: NDArray[np.uint8] | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    rater: "Callable[[Sample], Quality] | None" = None
    _quality: Quality | None = field(init=False, default=None)

    def __repr__(self) -> str:
        """Return one line: size and type, the defects and how visible they are, the area."""
        found = ", ".join(f"{item.kind} d'={item.visibility:.1f}" for item in self.instances)
        if len(found) > MOST_DESCRIBED:
            found = f"{found[: MOST_DESCRIBED - 3]}..."
        size = " x ".join(str(side) for side in self.image.shape)
        area = np.count_nonzero(self.strict)
        return f"<Sample {size} {self.image.dtype}: {found or 'good'}; {area} px changed>"

    @property
    def quality(self) -> Quality:
        """How good it is by the Synthesis Quality Estimator; rated when first asked for.

        Raises
        ------
        InputError
            If the sample does not know its photo, as those made inside a run.
        """
        if self._quality is None:
            if self.rater is None:
                hint = "samples of anomsynth.synthesize can be rated"
                raise InputError("the sample does not know what its photo was like", hint=hint)
            object.__setattr__(self, "_quality", self.rater(self))
        return self._quality  # type: ignore[return-value]  # set right above

    @property
    def normals(self) -> Float32:
        """Normals of the defects' relief, (H, W, 3) float32 of length 1: (right, up, to camera).

        ``(-dh/dx, -dh/dy, 1)`` of `height_mm` over its length, x to the right and y upwards; (0, 0,
        1) where nothing rises. They lean on the surface of the good part, whose own normals no
        photo tells.
        """
        normals = np.zeros((*self.height_mm.shape, 3), dtype=np.float32)
        normals[..., 2] = 1
        raised = Box.around(self.height_mm != 0)
        if raised is None:
            return normals
        here = raised.grown(1, self.height_mm.shape).slices
        relief = self.height_mm[here] / np.float32(self.mm_per_px)
        down, right = slope_of(relief, 0), slope_of(relief, 1)
        length = np.sqrt(1 + down * down + right * right)
        normals[here] = np.stack([-right / length, down / length, 1 / length], axis=2)
        return normals

    def show(self) -> None:
        """Open picture and zoom, both with outlines, in the system's viewer."""
        Image.fromarray(self._drawn()).show(title=repr(self))

    @property
    def largest(self) -> Mask:
        """(H, W) bool: the defect that covers most."""
        areas = [item.area_px for item in self.instances]
        chosen = int(np.argmax(areas)) if areas else 0
        return np.asarray(self.instance_index == chosen + 1)

    def spot(self, tile_px: int) -> Box:
        """Return the part of the image around its largest defect that a zoom shows."""
        return zoom_box(self.largest, tile_px)

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows: picture and zoom with outlines, as PNG."""
        _, coded = cv2.imencode(".png", self._drawn()[..., ::-1])
        return coded.tobytes()

    def _drawn(self) -> Rgb:
        """Return the picture with the masks' outlines, and beside it the largest defect's zoom."""
        shown = to_rgb8(self.image, levels_of(self.image))
        masks = (self.strict, self.mask)
        whole = outlined(shown, masks, Box(0, 0, *self.mask.shape), SHOWN_PX)
        zoom = outlined(shown, masks, self.spot(SHOWN_PX), SHOWN_PX)
        tall = max(whole.shape[0], zoom.shape[0])
        sheet = np.full((tall, whole.shape[1] + GAP + zoom.shape[1], 3), 255, dtype=np.uint8)
        sheet[: whole.shape[0], : whole.shape[1]] = whole
        sheet[: zoom.shape[0], whole.shape[1] + GAP :] = zoom
        return sheet

    @property
    def record(self) -> dict[str, object]:
        """Everything but the arrays, as plain JSON values."""
        return {
            "kinds": list(self.kinds),
            "seed": self.seed,
            "attempt": self.attempt,
            "asked": self.asked,
            "redraw": self.redraw,
            "light": _told(self.light),
            **(
                {"views": {name: {"light": _told(view.light)} for name, view in self.views.items()}}
                if self.views
                else {}
            ),
            **({"points": dict(self.points)} if self.points else {}),
            **({"depth_alone": True} if self.depth_alone else {}),
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


def _told(light: Light) -> dict[str, float]:
    """Return a light as a record tells it."""
    return {
        "azimuth_deg": light.azimuth_deg,
        "elevation_deg": light.elevation_deg,
        "confidence": light.confidence,
    }
