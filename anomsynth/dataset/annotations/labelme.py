"""labelme: a JSON file beside each picture (labelme 5, https://github.com/wkentaro/labelme)."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard, cast

from anomsynth.dataset.annotations.drawn import Drawing, read_json
from anomsynth.dataset.annotations.shapes import (
    Bitmap,
    Outline,
    Shape,
    Unsupported,
    ellipse,
    rectangle,
)
from anomsynth.errors import InputError


def is_labelme(content: Mapping[str, object]) -> bool:
    """Tell whether a JSON object is one of labelme's."""
    return isinstance(content.get("shapes"), list) and "imagePath" in content


def read_labelme(path: Path) -> Drawing:
    """Read what was drawn on one picture.

    Raises
    ------
    InputError
        If the file cannot be read or is none of labelme's.
    """
    content = read_json(path)
    if not is_labelme(content):
        raise InputError(f"{path}: not a file of labelme", hint="it has shapes and imagePath")
    try:
        shapes = tuple(_shape(one) for one in cast("list[Any]", content["shapes"]))
        height, width = content.get("imageHeight"), content.get("imageWidth")
        size = (int(str(height)), int(str(width))) if height and width else None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{path}: damaged: {error!r}", hint="save it anew in labelme") from error
    name = str(content["imagePath"]).replace("\\", "/").rpartition("/")[2]
    flags = content.get("flags")
    said = [str(flag) for flag, is_set in flags.items() if is_set] if _is_object(flags) else []
    return Drawing(name, size, shapes, said=tuple(said))


def _is_object(found: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(found, Mapping)


def _shape(one: Mapping[str, Any]) -> Shape:
    kind, what = str(one["label"]), str(one.get("shape_type") or "polygon")
    points = tuple((float(x), float(y)) for x, y in one["points"])
    if what == "polygon":
        return Outline(kind, points)
    if what in {"rectangle", "mask"}:
        (left, top), (right, bottom) = points
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
        if what == "mask":
            return Bitmap(kind, (round(top), round(left)), str(one["mask"]))
        return rectangle(kind, left, top, right, bottom)
    if what == "circle":
        centre, edge = points
        radius = math.dist(centre, edge)
        return ellipse(kind, centre, (radius, radius))
    return Unsupported(kind, what)
