"""Croissant: images, masks, a table, and JSON-LD that says how they belong together."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from anomsynth.core.component import parameter
from anomsynth.dataset.csv_text import csv_text, harmless
from anomsynth.dataset.exports._pile import Pile
from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._split import SplitExporter
from anomsynth.dataset.exports._staging import Staging

SPEC = "http://mlcommons.org/croissant/1.0"
# The prefixes of the specification, version 1.0.
CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TABLE = "samples.csv"
COLUMNS = {
    "id": ("sc:Text", "unique name, category/split/kind/stem"),
    "split": ("sc:Text", "train or val; all images of one photo are on one side"),
    "source_split": ("sc:Text", "split of the dataset this was made of: train holds good only"),
    "category": ("sc:Text", "what the photo shows"),
    "kind": ("sc:Text", "folder of the defect, good without one"),
    "kinds": ("sc:Text", "kinds of all defects on the image, with + between them"),
    "label": ("sc:Integer", "1 with a defect, 0 without"),
    "score": ("sc:Float", "quality of a synthetic defect in [0, 1]; empty if not known"),
    "image_file": ("sc:Text", "file name in images"),
    "mask_file": ("sc:Text", "file name in masks; 255 is the defect"),
}
MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".bmp": "image/bmp",
         ".tif": "image/tiff", ".tiff": "image/tiff", ".webp": "image/webp"}  # fmt: skip


class Croissant(SplitExporter):
    """``croissant.json`` beside images, masks and ``samples.csv``, all paths relative to it."""

    kind: Literal["croissant"] = "croissant"
    license: str = parameter("", "", "Licence of the dataset: a URL, or an SPDX name.")

    def write(self, source: Source, out: Staging) -> None:
        """Write ``images``, ``masks``, the table and its description; see the base class."""
        with Pile(out) as table:
            endings = self._fill(table, source, out)
            digest = hashlib.sha256()
            for piece in table.pieces():
                digest.update(piece)
            out.pieces(TABLE, table.pieces())
        whole = self._description(source, digest.hexdigest(), sorted(endings))
        out.text("croissant.json", json.dumps(whole, indent=2, ensure_ascii=False) + "\n")

    def _fill(self, table: Pile, source: Source, out: Staging) -> set[str]:
        """Write pictures and masks, and their rows into the table; return the files' endings."""
        endings: set[str] = set()
        table.add(csv_text([tuple(COLUMNS)]))
        for split, pictures in self.split(source.pictures).items():
            for loaded in source.load(pictures):
                flat, ending = loaded.picture.flat, loaded.picture.ending
                endings.add(ending)
                out.image(f"images/{flat}{ending}", loaded.picture.path)
                out.mask(f"masks/{flat}_mask.png", loaded.mask)
                facts = loaded.facts
                facts["kinds"] = "+".join(sorted({item.kind for item in loaded.instances}))
                files = {"image_file": f"{flat}{ending}", "mask_file": f"{flat}_mask.png"}
                row = {**{name: harmless(value) for name, value in facts.items()}, **files}
                row["split"] = split
                table.add(_line(row))
        return endings

    def loading(self, out: Path) -> list[str]:
        """Return how mlcroissant loads it."""
        return [
            "import mlcroissant",
            f"dataset = mlcroissant.Dataset({str(out / 'croissant.json')!r})",
            'records = dataset.records("samples")',
        ]

    def _description(self, source: Source, sha256: str, endings: list[str]) -> dict[str, object]:
        kinds = ", ".join(source.kinds)
        whole: dict[str, object] = {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "name": source.root.name or "dataset",
            "description": f"Images of surfaces with defects ({kinds}) and their masks.",
            "conformsTo": SPEC,
            "version": "1.0.0",
            "distribution": [
                {
                    "@type": "cr:FileObject",
                    "@id": "table",
                    "name": "table",
                    "contentUrl": TABLE,
                    "encodingFormat": "text/csv",
                    "sha256": sha256,
                },
                _files("image", endings),
                _files("mask", [".png"]),
            ],
            "recordSet": [
                _records("samples", list(COLUMNS), "image"),
                _records("masks", ["id", "mask_file"], "mask"),
            ],
        }
        return {**whole, "license": self.license} if self.license else whole


def _line(row: Mapping[str, object]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow(row)
    return text.getvalue()


def _files(what: str, endings: list[str]) -> dict[str, object]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{what}-files",
        "name": f"{what}-files",
        "encodingFormat": sorted({MEDIA[ending] for ending in endings}),
        "includes": [f"{what}s/*{ending}" for ending in endings],
    }


def _records(name: str, columns: list[str], what: str) -> dict[str, object]:
    """Describe records of some columns of the table, with the picture that one of them names.

    One set for images and one for masks: a set cannot join two sets of files, says mlcroissant.
    """
    files = {"fileSet": {"@id": f"{what}-files"}}
    fields = []
    for column in columns:
        kind, description = COLUMNS[column]
        entry = _field(f"{name}/{column}", kind, description)
        entry["source"] = {"fileObject": {"@id": "table"}, "extract": {"column": column}}
        if column == f"{what}_file":
            entry["references"] = {**files, "extract": {"fileProperty": "filename"}}
        fields.append(entry)
    content = _field(f"{name}/{what}", "sc:ImageObject", f"the {what} itself")
    content["source"] = {**files, "extract": {"fileProperty": "content"}}
    key = {"@id": f"{name}/id"}
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": key,
        "field": [*fields, content],
    }


def _field(name: str, kind: str, description: str) -> dict[str, object]:
    return {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        "description": description,
        "dataType": kind,
    }
