"""YOLO segmentation: a text file of normalised polygons per image, and data.yaml."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from anomsynth.core.component import parameter
from anomsynth.dataset.exports._classes import ClassExporter
from anomsynth.dataset.exports._polygons import centre_polygon
from anomsynth.dataset.exports._source import Loaded, Source
from anomsynth.dataset.exports._split import VAL
from anomsynth.dataset.exports._staging import Staging
from anomsynth.errors import InputError


class Yolo(ClassExporter):
    """YOLO-seg labels, one line per instance, with data.yaml; good photos have empty labels.

    Polygons go through the centres of the outermost pixels, for the loader fills them with their
    border; parts of one instance that are apart are joined by a line, as one polygon must do.
    """

    kind: Literal["yolo"] = "yolo"
    val_share: Annotated[float, Field(gt=0, lt=1)] = parameter(
        0.2, "", "Share of the photos for validation; all images of a photo go with it."
    )

    def write(self, source: Source, out: Staging) -> None:
        """Write ``images/<split>``, ``labels/<split>`` and ``data.yaml``; see the base class."""
        classes, names = self.class_numbers(source, first=0)
        split = self.split(source.pictures)
        if VAL not in split:
            msg = f"{source.root}: too few photos to divide into training and validation"
            raise InputError(msg, hint="two photos of a category at least")
        for side, pictures in split.items():
            for loaded in source.load(pictures):
                name = loaded.picture.flat
                image = f"images/{side}/{name}{loaded.picture.ending}"
                out.image(image, loaded.picture.path)
                out.text(f"labels/{side}/{name}.txt", _label(loaded, classes))
        lines = [f"{side}: images/{side}" for side in split]
        # Without a path the folder of data.yaml counts.
        listed = [f"  {number}: {_yaml(name)}" for number, name in enumerate(names)]
        out.text("data.yaml", "\n".join([*lines, "names:", *listed]) + "\n")

    def loading(self, out: Path) -> list[str]:
        """Return how ultralytics trains on it."""
        return [f"yolo segment train model=yolo11n-seg.pt data='{out / 'data.yaml'}'"]


def _yaml(name: str) -> str:
    """Return a YAML string of ASCII: JSON's, but for signs that JSON writes as two halves."""
    return "".join(
        f"\\U{ord(sign):08x}" if ord(sign) > 0xFFFF else json.dumps(sign)[1:-1] for sign in name
    ).join('""')


def _label(loaded: Loaded, classes: dict[str, int]) -> str:
    height, width = loaded.shape
    lines = []
    for item in loaded.instances:
        points = (centre_polygon(item.patch) + item.offset + 0.5) / (width, height)
        numbers = " ".join(f"{value:.6f}" for value in points.ravel())
        lines.append(f"{classes[item.kind]} {numbers}\n")
    return "".join(lines)
