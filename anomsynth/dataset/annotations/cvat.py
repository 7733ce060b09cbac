"""CVAT for images 1.1: one XML file for many pictures (https://docs.cvat.ai, "CVAT for images")."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from anomsynth.dataset.annotations.drawn import Drawing, split_of
from anomsynth.dataset.annotations.shapes import (
    Outline,
    Runs,
    Shape,
    Unsupported,
    ellipse,
    turned_rectangle,
)
from anomsynth.dataset.annotations.xml_file import read_xml
from anomsynth.errors import InputError


def read_cvat(path: Path) -> tuple[Drawing, ...]:
    """Read what was drawn on every picture that the file names.

    Raises
    ------
    InputError
        If the file cannot be read, is none of CVAT's, or is damaged.
    """
    root = read_xml(path)
    if root.tag != "annotations":
        raise InputError(f"{path}: not a file of CVAT", hint="export it as 'CVAT for images 1.1'")
    if root.find("track") is not None:
        msg = f"{path}: tracks of a video"
        raise InputError(msg, hint="export it as 'CVAT for images 1.1'")
    return tuple(_drawn(image, path) for image in root.iter("image"))


def _drawn(image: ET.Element, path: Path) -> Drawing:
    own = image.attrib
    if not own.get("name"):
        msg = f"{path}: the image with the id {own.get('id')!r} has no name"
        raise InputError(msg, hint="export it anew")
    try:
        known = "height" in own and "width" in own
        size = (int(own["height"]), int(own["width"])) if known else None
    except ValueError as error:
        raise InputError(f"{path}: {own['name']}: {error}", hint="export it anew") from error
    shapes = []
    for nth, one in enumerate(filter(_is_shape, image), start=1):
        try:
            shapes.append(_shape(one.tag, one.attrib))
        except (KeyError, ValueError) as error:
            reason = f"no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
            msg = f"{path}: {own['name']}: shape {nth}, a {one.tag}: {reason}"
            raise InputError(msg, hint="correct it in CVAT, and export it anew") from error
    drawn = sorted(shapes, key=lambda pair: pair[0])
    return Drawing(
        own["name"].replace("\\", "/"),
        size,
        tuple(shape for _, shape in drawn),
        split_of(own.get("subset", "")),
        said=tuple(one.attrib.get("label", "") for one in image if one.tag == "tag"),
    )


def _is_shape(one: ET.Element) -> bool:
    """Tell whether an element marks pixels; a tag says something of the whole picture."""
    return "label" in one.attrib and one.tag != "tag"


def _shape(tag: str, own: Mapping[str, str]) -> tuple[int, Shape]:
    """Return on which layer a shape lies, and the shape."""
    kind, layer = own["label"], int(float(own.get("z_order", 0)))
    turn = float(own.get("rotation", 0))
    if own.get("outside") == "1":  # of a track: the object has left the picture
        return layer, Runs(kind, (0, 0, 0, 0), (0,), by_columns=False)
    if tag == "polygon":
        points = (pair.split(",") for pair in own["points"].split(";") if pair)
        return layer, Outline(kind, tuple((float(x), float(y)) for x, y in points))
    if tag == "box":
        left, top, right, bottom = (float(own[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
        return layer, turned_rectangle(kind, (left, top), (right, bottom), turn)
    if tag == "ellipse":
        centre, radii = (float(own["cx"]), float(own["cy"])), (float(own["rx"]), float(own["ry"]))
        return layer, ellipse(kind, centre, radii, turn)
    if tag == "mask":
        box = tuple(int(own[name]) for name in ("top", "left", "height", "width"))
        counts = tuple(int(run) for run in own["rle"].split(","))
        return layer, Runs(kind, (box[0], box[1], box[2], box[3]), counts, by_columns=False)
    return layer, Unsupported(kind, tag)
