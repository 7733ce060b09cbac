"""JSON lines as UniAD, OneNIP and RealNet read them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from anomsynth.dataset.exports._exporter import Exporter
from anomsynth.dataset.exports._mvtec import place
from anomsynth.dataset.exports._pile import Pile
from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._staging import Staging

IMAGES = "images/"


class UniadJson(Exporter):
    """``train.json`` and ``test.json``, one object per line; the dataset keeps its own splits.

    File names are below ``images``, the loaders' ``image_dir``.
    """

    kind: Literal["uniad_json"] = "uniad_json"

    def write(self, source: Source, out: Staging) -> None:
        """Write an MVTec AD tree below ``images`` and the two lists; see the base class."""
        with Pile(out) as train, Pile(out) as test:
            lists = {"train": train, "test": test}
            self._fill(lists, source, out)
            for split, lines in lists.items():
                out.pieces(f"{split}.json", lines.pieces())

    def _fill(self, lists: Mapping[str, Pile], source: Source, out: Staging) -> None:
        for loaded in source.load():
            labelled = loaded.picture.labelled
            image, mask = (name.removeprefix(IMAGES) for name in place(loaded, out, IMAGES))
            meta: dict[str, object] = {
                "filename": image,
                "label": int(not labelled.good),
                "label_name": "good" if labelled.good else "defective",
                "clsname": labelled.category,
            }
            if mask:
                meta["maskname"] = mask
            # ASCII: these loaders read with whatever encoding the machine has.
            lists[labelled.split].add(json.dumps(meta) + "\n")

    def loading(self, out: Path) -> list[str]:
        """Return what to set in the configuration of UniAD."""
        return [
            f"image_dir: {out / 'images'}",
            f"meta_file: {out / 'train.json'}  # test.json for testing",
        ]
