"""Hugging Face `imagefolder`: images and masks with metadata.jsonl in each split."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._split import VAL, SplitExporter
from anomsynth.dataset.exports._staging import Staging
from anomsynth.dataset.spill import Spill

Row = dict[str, object]
FOLDERS = {VAL: "validation"}  # as the hub calls it


class HuggingFace(SplitExporter):
    """Folder that ``datasets.load_dataset`` reads offline: image, mask, kind, score, objects.

    Every picture has a mask, good ones an empty one. Types are inferred for each split by itself,
    so columns that one of them could not tell (no score at all, no defect) are left out.
    """

    kind: Literal["hf"] = "hf"

    def write(self, source: Source, out: Staging) -> None:
        """Write ``train`` and ``validation``; see the base class."""
        tables: dict[str, Spill[Row]] = {}
        for split, pictures in self.split(source.pictures).items():
            folder = FOLDERS.get(split, split)
            rows = tables.setdefault(folder, Spill())
            for loaded in source.load(pictures):
                flat = loaded.picture.flat
                name = f"{flat}{loaded.picture.ending}"
                out.image(f"{folder}/images/{name}", loaded.picture.path)
                out.mask(f"{folder}/masks/{flat}.png", loaded.mask)
                facts = loaded.facts
                objects = {
                    "bbox": [list(item.xywh) for item in loaded.instances],
                    "area": [item.area_px for item in loaded.instances],
                    "kind": [item.kind for item in loaded.instances],
                }
                files = {"file_name": f"images/{name}", "mask_file_name": f"masks/{flat}.png"}
                del facts["kinds"]  # as objects tell
                rows.append({**files, **facts, "objects": objects})
        unknown = _unknown(list(tables.values()))
        for folder, rows in tables.items():
            known = ({name: row[name] for name in row if name not in unknown} for row in rows)
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in known)
            out.pieces(f"{folder}/metadata.jsonl", (line.encode() for line in lines))

    def loading(self, out: Path) -> list[str]:
        """Return how `datasets` loads it."""
        return [
            "from datasets import load_dataset",
            f'dataset = load_dataset("imagefolder", data_dir={str(out)!r})',
        ]


def _unknown(tables: Sequence[Iterable[Row]]) -> set[str]:
    """Return columns that hold nothing in one of the tables: their types would not agree."""
    unknown = set()
    if not all(any(row["score"] is not None for row in rows) for rows in tables):
        unknown.add("score")
    if not all(any(row["label"] for row in rows) for rows in tables):
        unknown.add("objects")
    return unknown
