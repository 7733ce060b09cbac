"""Outlines and masks as labelling tools store them, and which pixels they mean."""

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.draw import polygon

from anomsynth.core.types import Mask
from anomsynth.errors import InputError

MOST_SHAPES = 254  # numbers that fit a byte beside "none" and "any"
CORNERS = 64  # of the polygon that stands for a circle or an ellipse
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed outline; a pixel belongs to it if its centre lies inside, by the even-odd rule.

    Attributes
    ----------
    kind : str
    points : tuple of (x, y), pixels
        The upper left pixel is the square from (0, 0) to (1, 1).
    with_border : bool
        Pixels that the outline passes belong to it too, as YOLO's loader has it.
    """

    kind: str
    points: Points
    with_border: bool = False

    def draw(self, shape: tuple[int, int]) -> Mask:
        """Return its pixels, (H, W) bool."""
        corners = np.array(self.points, dtype=np.float64)
        if len(corners) < 3:
            raise InputError(f"an outline of {len(corners)} points", hint="draw at least three")
        if not np.isfinite(corners).all():
            raise InputError("an outline with points that are no numbers", hint="draw it anew")
        mask = np.zeros(shape, dtype=np.uint8)
        if self.with_border:
            limited = corners.clip(-1, max(shape) + 1)
            cv2.fillPoly(mask, [limited.astype(np.int32)], 1)
        else:
            rows, cols = polygon(corners[:, 1] - 0.5, corners[:, 0] - 0.5, shape)  # type: ignore[no-untyped-call]  # scikit-image has no types
            mask[rows, cols] = 1
        return mask.astype(np.bool_)


@dataclass(frozen=True, slots=True)
class Runs:
    """Run lengths of a rectangle of pixels, beginning with those outside.

    Attributes
    ----------
    kind : str
    box : (top, left, height, width)
        Where the rectangle lies.
    counts : tuple of int
    by_columns : bool
        Down the columns, as COCO has it; else along the rows.
    """

    kind: str
    box: tuple[int, int, int, int]
    counts: tuple[int, ...]
    by_columns: bool

    def draw(self, shape: tuple[int, int]) -> Mask:
        """Return its pixels, (H, W) bool."""
        top, left, height, width = self.box
        if height > shape[0] or width > shape[1] or (self.by_columns and shape != (height, width)):
            msg = f"run lengths of {width} x {height} pixels on a picture of"
            raise InputError(f"{msg} {shape[1]} x {shape[0]}", hint="export it anew")
        if min(self.counts, default=-1) < 0 or sum(self.counts) != height * width:
            raise InputError(f"run lengths that do not fill {width} x {height} pixels")
        ends = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(ends, self.counts)
        patch = flat.reshape(height, width, order="F" if self.by_columns else "C")
        return _placed(patch, (top, left), shape)


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A small mask as base64 of a PNG, as labelme stores what its AI tools find."""

    kind: str
    corner: tuple[int, int]
    png: str

    def draw(self, shape: tuple[int, int]) -> Mask:
        """Return its pixels, (H, W) bool."""
        try:
            with Image.open(io.BytesIO(base64.b64decode(self.png)), formats=("PNG",)) as image:
                patch = np.asarray(image.convert("L")) > 0
        except Exception as error:  # decoders raise anything
            raise InputError(f"a mask that is damaged: {error}", hint="draw it anew") from error
        return _placed(patch, self.corner, shape)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A shape without area, such as a point or a line."""

    kind: str
    what: str

    def draw(self, _: tuple[int, int]) -> Mask:
        """Raise InputError: nobody knows which pixels it means."""
        msg = f"a shape of the kind {self.what!r} has no area"
        raise InputError(msg, hint="draw polygons, rectangles, circles or masks")


Shape = Outline | Runs | Bitmap | Unsupported


def draw_all(shapes: Iterable[Shape], size: tuple[int, int]) -> Mask:
    """Return the pixels of all shapes, (H, W) bool; raise InputError if one cannot be drawn."""
    marked = np.zeros(size, dtype=np.bool_)
    for shape in shapes:
        marked |= shape.draw(size)
    return marked


def number_all(shapes: Sequence[Shape], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return for each pixel the number of its shape from 1 on, (H, W) uint8, 0 for none.

    Of shapes that overlap the later one counts: it was drawn on top.

    Raises
    ------
    InputError
        If a shape cannot be drawn, or there are more than 254.
    """
    if len(shapes) > MOST_SHAPES:
        raise InputError(f"{len(shapes)} shapes, at most {MOST_SHAPES} can be told apart")
    numbers = np.zeros(size, dtype=np.uint8)
    for number, shape in enumerate(shapes, start=1):
        numbers[shape.draw(size)] = number
    return numbers


def rectangle(kind: str, left: float, top: float, right: float, bottom: float) -> Outline:
    """Return a box as an outline."""
    return Outline(kind, ((left, top), (right, top), (right, bottom), (left, bottom)))


def turned_rectangle(
    kind: str, corner: tuple[float, float], other: tuple[float, float], turn: float
) -> Outline:
    """Return a box between two corners (x, y) as `rectangle`, after a turn as in `ellipse`."""
    straight = rectangle(kind, *corner, *other)
    if turn == 0:
        return straight
    centre = (corner[0] + other[0]) / 2, (corner[1] + other[1]) / 2
    points = ((x - centre[0], y - centre[1]) for x, y in straight.points)
    return Outline(kind, tuple(_turned(apart, centre, turn) for apart in points))


def ellipse(
    kind: str, centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0
) -> Outline:
    """Return an ellipse as an outline; `turn` in degrees, clockwise on the picture."""
    points = []
    for step in range(CORNERS):
        angle = 2 * math.pi * step / CORNERS
        apart = radii[0] * math.cos(angle), radii[1] * math.sin(angle)
        points.append(_turned(apart, centre, turn))
    return Outline(kind, tuple(points))


def _turned(
    apart: tuple[float, float], centre: tuple[float, float], turn: float
) -> tuple[float, float]:
    """Return the point that lies apart from a centre, (x, y), after a turn in degrees."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    x, y = apart
    return centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y


def _placed(patch: Mask, corner: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """Return a mask with a patch in it; what lies outside the picture is cut off."""
    mask = np.zeros(shape, dtype=np.bool_)
    top, left = corner
    rows = slice(max(top, 0), min(top + patch.shape[0], shape[0]))
    cols = slice(max(left, 0), min(left + patch.shape[1], shape[1]))
    if rows.start < rows.stop and cols.start < cols.stop:
        inside = patch[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
        mask[rows, cols] = inside
    return mask
