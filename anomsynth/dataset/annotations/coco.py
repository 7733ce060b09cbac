"""COCO: one JSON file for many pictures, with polygons, boxes or run lengths.

T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV, 2014; cocoapi, maskApi.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from anomsynth.dataset.annotations.drawn import Drawing, read_json
from anomsynth.dataset.annotations.shapes import Outline, Runs, Shape, rectangle
from anomsynth.errors import InputError

SPLITS = (("train", "train"), ("val", "test"), ("test", "test"))  # words in a file's name


def is_coco(content: Mapping[str, object]) -> bool:
    """Tell whether a JSON object is one of COCO's with objects on pictures."""
    return isinstance(content.get("images"), list) and isinstance(content.get("annotations"), list)


def read_coco(path: Path) -> tuple[Drawing, ...]:
    """Read what was drawn on every picture that the file names.

    Raises
    ------
    InputError
        If the file cannot be read, is none of COCO's, or is damaged.
    """
    content = cast("Mapping[str, Any]", read_json(path))
    if not is_coco(content):
        raise InputError(f"{path}: not a file of COCO", hint="it has images and annotations")
    try:
        names = {one["id"]: str(one["name"]) for one in content.get("categories", [])}
        shapes: dict[object, list[Shape]] = defaultdict(list)
        for one in content["annotations"]:
            kind = names.get(one.get("category_id"), "defect")
            shapes[one["image_id"]] += _shapes(one, kind)
        split = next((split for word, split in SPLITS if word in path.stem.lower()), "")
        sizes = {one["id"]: _size(one) for one in content["images"]}
        _check_shapes(shapes, sizes, path)
        return tuple(
            Drawing(
                str(one["file_name"]).replace("\\", "/"),
                _size(one),
                tuple(shapes[one["id"]]),
                split,
                str(one.get("category", "")),
            )
            for one in content["images"]
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise InputError(f"{path}: damaged: {error!r}", hint="export it anew") from error


def _check_shapes(
    shapes: Mapping[object, Sequence[Shape]],
    sizes: Mapping[object, tuple[int, int] | None],
    path: Path,
) -> None:
    """Raise InputError if shapes are on no picture of the file, or runs are of another size."""
    for number, drawn in shapes.items():
        if number not in sizes:
            msg = f"{path}: marks image_id {number!r}, which none of its images has as id"
            raise InputError(msg, hint="export it anew")
        for shape in drawn:
            size = sizes[number]
            if isinstance(shape, Runs) and size is not None and shape.box[2:] != size:
                sides = " x ".join(map(str, shape.box[:1:-1])), " x ".join(map(str, size[::-1]))
                msg = (
                    f"{path}: run lengths of {sides[0]} pixels on image_id {number!r} of {sides[1]}"
                )
                raise InputError(msg, hint="export it anew")


def _size(image: Mapping[str, Any]) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    return (int(height), int(width)) if height and width else None


def _shapes(one: Mapping[str, Any], kind: str) -> list[Shape]:
    marks = one.get("segmentation")
    if isinstance(marks, Mapping):
        height, width = (int(side) for side in marks["size"])
        counts = marks["counts"]
        runs = decoded(counts) if isinstance(counts, str) else tuple(int(run) for run in counts)
        return [Runs(kind, (0, 0, height, width), runs, by_columns=True)]
    if marks:
        return [Outline(kind, _points(ring)) for ring in marks]
    left, top, wide, high = (float(side) for side in one["bbox"])
    return [rectangle(kind, left, top, left + wide, top + high)]


def _points(ring: Sequence[Any]) -> tuple[tuple[float, float], ...]:
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
