"""COCO instance segmentation: images, and annotations as polygons and as run lengths."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal

import numpy as np

from anomsynth.core.types import Mask
from anomsynth.dataset.exports._classes import ClassExporter
from anomsynth.dataset.exports._instances import MaskInstance
from anomsynth.dataset.exports._pile import Pile
from anomsynth.dataset.exports._polygons import edge_polygons
from anomsynth.dataset.exports._source import Loaded, Source
from anomsynth.dataset.exports._staging import Staging


class Coco(ClassExporter):
    """COCO JSON with one annotation per instance, its mask as polygons and as RLE.

    ``annotations/instances_<split>.json`` has polygons, for every tool; the same in
    ``rle/<split>.json`` has compressed run lengths (importers like datumaro's take every
    ``instances_*.json`` for a subset of its own). Both are exactly the label masks when
    pycocotools decodes them.
    """

    kind: Literal["coco"] = "coco"

    def write(self, source: Source, out: Staging) -> None:
        """Write ``images/<split>`` and ``annotations``; see the base class."""
        classes, names = self.class_numbers(source, first=1)
        categories = [
            {"id": number, "name": name, "supercategory": "defect"}
            for number, name in enumerate(names, start=1)
        ]
        for split, pictures in self.split(source.pictures).items():
            with Pile(out) as images, Pile(out) as polygons, Pile(out) as runs:
                for number, loaded in enumerate(source.load(pictures), start=1):
                    name = f"{loaded.picture.flat}{loaded.picture.ending}"
                    out.image(f"images/{split}/{name}", loaded.picture.path)
                    _add(images, _image(number, name, loaded))
                    for item in loaded.instances:
                        facts = _annotation(polygons.count + 1, number, classes[item.kind], item)
                        loops = (loop + item.offset for loop in edge_polygons(item.patch))
                        shapes = [loop.ravel().tolist() for loop in loops]
                        _add(polygons, {**facts, "segmentation": shapes})
                        _add(runs, {**facts, "segmentation": run_lengths(item.mask)})
                parts: dict[str, object] = {
                    "info": {"description": f"{source.root.name}, made by anomsynth"},
                    "licenses": [],
                    "images": images,
                    "annotations": polygons,
                    "categories": categories,
                }
                out.pieces(f"annotations/instances_{split}.json", _written(parts))
                out.pieces(f"rle/{split}.json", _written({**parts, "annotations": runs}))

    def loading(self, out: object) -> list[str]:
        """Return how pycocotools loads it."""
        return [
            "from pycocotools.coco import COCO",
            f"coco = COCO({f'{out}/annotations/instances_train.json'!r})",
        ]


def run_lengths(mask: Mask) -> dict[str, object]:
    """Return the compressed run-length encoding of a mask, as pycocotools writes it.

    Runs go down the columns, starting with the outside. From the third on each is written as its
    difference to the one before the last; numbers go out in groups of five bits, lowest first,
    with a bit that says whether more follow and the sign in the last, as characters from "0" on.

    References
    ----------
    T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; cocoapi, maskApi.
    """
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    ends = [0, *edges.tolist(), flat.size]
    runs = [end - start for start, end in pairwise(ends)]
    if flat[0]:
        runs.insert(0, 0)
    deltas = (run - (runs[i - 2] if i > 2 else 0) for i, run in enumerate(runs))
    counts = "".join(sign for delta in deltas for sign in _signs(delta))
    return {"size": list(mask.shape), "counts": counts}


def _signs(number: int) -> Iterator[str]:
    more = True
    while more:
        group = number & 0x1F
        number >>= 5
        more = number != (-1 if group & 0x10 else 0)
        yield chr(group + 48 + (0x20 if more else 0))


def _add(pile: Pile, value: object) -> None:
    """Add a value to a list that is gathered."""
    pile.add((", " if pile.count else "") + json.dumps(value))


def _written(parts: Mapping[str, object]) -> Iterator[bytes]:
    """Yield an object as JSON, its piles as lists."""
    before = "{"
    for name, value in parts.items():
        yield f"{before}{json.dumps(name)}: ".encode()
        if isinstance(value, Pile):
            yield b"["
            yield from value.pieces()
            yield b"]"
        else:
            yield json.dumps(value).encode()
        before = ", "
    yield b"}"


def _image(number: int, name: str, loaded: Loaded) -> dict[str, object]:
    height, width = loaded.shape
    size = {"id": number, "file_name": name, "height": height, "width": width}
    facts = loaded.facts
    return {**size, "source": facts.pop("id"), **facts}


def _annotation(number: int, image: int, category: int, item: MaskInstance) -> dict[str, object]:
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": list(item.xywh),
        "area": item.area_px,
        "iscrowd": 0,
    }
