"""Hugging Face `imagefolder`: images and masks with metadata.jsonl in each split."""

import json
from pathlib import Path
from typing import Literal

from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._split import VAL, SplitExporter
from anomsynth.dataset.exports._staging import Staging

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
        tables: dict[str, list[Row]] = {}
        for split, pictures in self.split(source.pictures).items():
            folder = FOLDERS.get(split, split)
            rows = tables.setdefault(folder, [])
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
        _drop_unknown(list(tables.values()))
        for folder, rows in tables.items():
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            out.text(f"{folder}/metadata.jsonl", "".join(lines))

    def loading(self, out: Path) -> list[str]:
        """Return how `datasets` loads it."""
        return [
            "from datasets import load_dataset",
            f'dataset = load_dataset("imagefolder", data_dir={str(out)!r})',
        ]


def _drop_unknown(tables: list[list[Row]]) -> None:
    """Drop columns that hold nothing in one of the tables: their types would not agree."""
    has_score = all(any(row["score"] is not None for row in rows) for rows in tables)
    has_objects = all(any(row["label"] for row in rows) for rows in tables)
    for rows in tables:
        for row in rows:
            if not has_score:
                del row["score"]
            if not has_objects:
                del row["objects"]
