"""COCO: one JSON file for many pictures, with polygons, boxes or run lengths.

T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV, 2014; cocoapi, maskApi.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from anomsynth.dataset.annotations.drawn import Drawing, read_json, split_of
from anomsynth.dataset.annotations.shapes import Outline, Runs, Shape, rectangle
from anomsynth.errors import InputError

BOX = 4  # numbers
LONGEST_RUN = 60  # bits


def is_coco(content: Mapping[str, object]) -> bool:
    """Tell whether a JSON object is one of COCO's with objects on pictures."""
    return isinstance(content.get("images"), list) and isinstance(content.get("annotations"), list)


def read_coco(path: Path) -> tuple[Drawing, ...]:
    """Read what was drawn on every picture that the file names.

    Raises
    ------
    InputError
        If the file cannot be read, is none of COCO's, or is damaged; the message names the picture
        and the annotation.
    """
    return coco_drawings(read_json(path), path)


def coco_drawings(content: Mapping[str, object], path: Path) -> tuple[Drawing, ...]:
    """Return what the object of a file says was drawn; see `read_coco`."""
    if not is_coco(content):
        raise InputError(f"{path}: not a file of COCO", hint="it has images and annotations")
    try:
        kinds = {one["id"]: str(one["name"]) for one in _objects(content.get("categories", []))}
        images = _by_id(_objects(content["images"]))
        names = {number: str(one["file_name"]).replace("\\", "/") for number, one in images.items()}
        sizes = {number: _size(one) for number, one in images.items()}
        marks = _objects(content["annotations"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: damaged: {error!r}", hint="export it anew") from error
    shapes: dict[object, list[Shape]] = defaultdict(list)
    for nth, one in enumerate(marks):
        number = one.get("image_id")
        if not isinstance(number, Hashable) or number not in images:
            msg = f"{path}: marks image_id {number!r}, which none of its images has as id"
            raise InputError(msg, hint="export it anew")
        try:
            drawn = _shapes(one, kinds.get(one.get("category_id"), "defect"))
            _check_runs(drawn, sizes[number])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = one.get("id", f"number {nth + 1}")
            msg = f"{path}: annotation {name} of {names[number]}: {_reason(error)}"
            raise InputError(msg, hint="correct it in the labelling tool") from error
        shapes[number] += drawn
    split = split_of(path.stem)
    return tuple(
        Drawing(
            names[number],
            sizes[number],
            tuple(shapes[number]),
            split,
            str(one.get("category", "")),
        )
        for number, one in images.items()
    )


def _by_id(images: Sequence[Mapping[str, Any]]) -> dict[object, Mapping[str, Any]]:
    found: dict[object, Mapping[str, Any]] = {}
    for one in images:
        if one["id"] in found:
            raise ValueError(f"two images have the id {one['id']!r}")
        found[one["id"]] = one
    return found


def _objects(found: object) -> list[Mapping[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise TypeError("a list that holds something else than objects")
    return cast("list[Mapping[str, Any]]", found)


def _reason(error: Exception) -> str:
    return f"it has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _check_runs(shapes: Sequence[Shape], size: tuple[int, int] | None) -> None:
    """Raise ValueError if runs are of another size than their picture."""
    for shape in shapes:
        if isinstance(shape, Runs) and size is not None and shape.box[2:] != size:
            sides = " x ".join(map(str, shape.box[:1:-1])), " x ".join(map(str, size[::-1]))
            msg = f"run lengths of {sides[0]} pixels on a picture of {sides[1]}"
            raise ValueError(msg)


def _size(image: Mapping[str, Any]) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    return (int(height), int(width)) if height and width else None


def _shapes(one: Mapping[str, Any], kind: str) -> list[Shape]:
    marks = one.get("segmentation")
    if isinstance(marks, Mapping):
        height, width = _numbers(marks["size"], 2, "size")
        counts = marks["counts"]
        runs = decoded(counts) if isinstance(counts, str) else tuple(int(run) for run in counts)
        return [Runs(kind, (0, 0, int(height), int(width)), runs, by_columns=True)]
    if marks:
        return [Outline(kind, _points(ring)) for ring in marks]
    if one.get("bbox") is None:
        raise ValueError("it has neither a segmentation nor a bbox")
    left, top, wide, high = _numbers(one["bbox"], BOX, "bbox")
    return [rectangle(kind, left, top, left + wide, top + high)]


def _numbers(found: object, count: int, what: str) -> list[float]:
    if not isinstance(found, list) or len(found) != count:
        raise ValueError(f"its {what} is {found!r}, and no list of {count} numbers")
    try:
        return [float(one) for one in found]
    except (TypeError, ValueError):
        raise ValueError(f"its {what} is {found!r}, and no list of {count} numbers") from None


def _points(ring: object) -> tuple[tuple[float, float], ...]:
    if not isinstance(ring, list):
        raise TypeError(f"its segmentation holds {ring!r}, and no list of coordinates")
    if len(ring) % 2:
        raise ValueError("a polygon with an odd number of coordinates")
    return tuple((float(x), float(y)) for x, y in zip(ring[::2], ring[1::2], strict=True))


def decoded(text: str) -> tuple[int, ...]:
    """Return the run lengths of a compressed text.

    Numbers come in groups of five bits, lowest first, as characters from "0" on, with a bit that
    says whether more follow; from the third run on they are differences to the one before the last.
    """
    runs: list[int] = []
    number = shift = 0
    for sign in text:
        group = ord(sign) - 48
        if not 0 <= group < 64 or shift > LONGEST_RUN:
            raise ValueError(f"no run lengths: {text[:20]!r}")
        number |= (group & 0x1F) << shift
        shift += 5
        if group & 0x20:
            continue
        if group & 0x10:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    if shift:
        raise ValueError("run lengths that are cut off")
    return tuple(runs)
