"""The components a user marked on a part: where each lies, and what shows where one is gone."""

from dataclasses import dataclass

import cv2
import numpy as np

from anomsynth.core.types import Box, Float32, Mask, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.assembly._patch_fill import fill_hole
from anomsynth.surface.behind import light_behind

LEAST_PIXELS = 9  # a smaller component is not seen
CONTEXT = 1.5  # sizes of the hole to every side that are searched for texture
LEAST_CONTEXT = 16  # pixels
OUTSIDE = 0.4  # share of a component's surroundings off the part from which the background shows
VOID = 0.15  # light of a hole over the part's where the picture shows no background
REACH = 2.5  # standard deviations of the camera's blur a component's edge is spread over


@dataclass(frozen=True, slots=True, eq=False)
class MarkedPart:
    """One component of the part.

    Attributes
    ----------
    number : int
        Its value in the mask.
    box : Box
        Tightest box around its pixels.
    mask : (h, w) bool
        Its pixels in the box.
    """

    number: int
    box: Box
    mask: Mask

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))


def component_areas(surface: Surface) -> dict[int, int]:
    """Return the area in pixels of the components that defects may change, by number.

    Raises
    ------
    PlacementError
        If the user marked no components, or no component is large enough.
    """
    components = surface.components
    if components is None:
        raise PlacementError("the components are not known: mark them in a mask (components)")
    counts = np.bincount(components[surface.allowed], minlength=2)
    numbers = 1 + np.flatnonzero(counts[1:] >= LEAST_PIXELS)
    if numbers.size == 0:
        raise PlacementError("no marked component lies where a defect may go")
    return {int(number): int(counts[number]) for number in numbers}


def marked_part(surface: Surface, number: int) -> MarkedPart:
    """Return one component, with those of its pixels that defects may not change."""
    if surface.components is None:
        raise PlacementError("the components are not known: mark them in a mask (components)")
    mask = surface.components == number
    box = Box.around(mask) or Box(0, 0, 1, 1)
    return MarkedPart(number, box, mask[box.slices])


def soft_mask(
    surface: Surface, component: MarkedPart, grow_px: float, *, clear: bool = False
) -> tuple[Box, Float32]:
    """Return a component's coverage with the camera's blur, and its box.

    Parameters
    ----------
    surface : Surface
    component : MarkedPart
    grow_px : float
        Pixels by which the mask is widened, >= 0: hand-drawn masks are tight.
    clear : bool
        True: widened further, until nothing of the component's blurred edge lies outside.

    Returns
    -------
    box : Box, inside the picture
    coverage : (h, w) float32 in [0, 1]
    """
    sigma = min(max(surface.camera.blur_px, 0.4), 2.0)
    grow_px += 1 + 1.5 * sigma if clear else 0.0
    margin = int(np.ceil(grow_px + REACH * sigma)) + 1
    box = component.box.grown(margin, surface.shape)
    core = np.zeros(box.shape, dtype=np.uint8)
    row, col = component.box.top - box.top, component.box.left - box.left
    height, width = component.mask.shape
    core[row : row + height, col : col + width] = component.mask
    if grow_px > 0:
        near = cv2.distanceTransform(1 - core, cv2.DIST_L2, 5)
        core = (near <= grow_px).astype(np.uint8)
    soft = cv2.GaussianBlur(core.astype(np.float32), (0, 0), sigma)
    coverage = np.clip(np.asarray(soft, dtype=np.float32), 0, 1)
    coverage[coverage < 0.01] = 0
    return box, coverage


def light_without(
    surface: Surface, gone: Mask, box: Box, rng: np.random.Generator
) -> tuple[Float32, bool]:
    """Return the light of a box of the picture as if some of its pixels' matter were gone.

    A component at the outline of the part reveals the background, one amid the part a seat that
    looks like the part around it. Either is filled with texture from there.

    Parameters
    ----------
    surface : Surface
    gone : (h, w) bool
        On `box`.
    box : Box
    rng : Generator

    Returns
    -------
    light : (h, w, C) float32 linear light in [0, 1]; the photo's own where nothing is gone
    background : bool
        True where the background shows.
    """
    around = max(int(CONTEXT * _thickness(gone)), LEAST_CONTEXT)
    frame = box.grown(around, surface.shape)
    hole = np.zeros(frame.shape, dtype=bool)
    place = _within(box, frame)
    hole[place] = gone
    part = surface.foreground[frame.slices]
    ring = cv2.dilate(hole.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    ring &= ~hole
    outside = int(np.count_nonzero(ring & ~part))
    background = outside > OUTSIDE * max(int(np.count_nonzero(ring)), 1)
    if background:
        return _background(surface, box, gone), True
    light = surface.linear(frame)
    own = part if surface.components is None else part & (surface.components[frame.slices] == 0)
    filled = _filled(light, hole, own, rng)
    if filled is None:
        filled = _filled(light, hole, part, rng)
    if filled is None:
        filled = fill_hole(light, hole, np.ones_like(hole), rng)
    if filled is None:  # the whole picture is gone
        filled = np.full_like(light, VOID) * light
    return np.ascontiguousarray(filled[place]), False


def _background(surface: Surface, box: Box, gone: Mask) -> Float32:
    """Return a box's light with the background where matter is gone."""
    light = surface.linear(box)
    behind = light_behind(surface, box, gone)
    if behind is None:
        part = surface.foreground[box.slices]
        whole = light[part] if part.any() else light.reshape(-1, light.shape[2])
        light[gone] = VOID * whole.mean(axis=0)
        return light
    cv2.copyTo(behind, gone.view(np.uint8), light)  # many times as fast as NumPy
    return light


def _filled(light: Float32, hole: Mask, source: Mask, rng: np.random.Generator) -> Float32 | None:
    """Fill a hole with texture of a source that is large enough to look like anything."""
    if int(np.count_nonzero(source & ~hole)) < max(16, int(np.count_nonzero(hole)) // 8):
        return None
    return fill_hole(light, hole, source, rng)


def _within(box: Box, frame: Box) -> tuple[slice, slice]:
    top, left = box.top - frame.top, box.left - frame.left
    return slice(top, top + box.shape[0]), slice(left, left + box.shape[1])


def _thickness(gone: Mask) -> float:
    """Return the side of a square of the area that is gone, pixels."""
    return float(np.sqrt(np.count_nonzero(gone)))
