"""anomalib's Tabular datamodule: a table of images, labels, splits and masks per category."""

from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from anomsynth.core.component import parameter
from anomsynth.dataset.csv_text import csv_text, harmless
from anomsynth.dataset.exports._exporter import Exporter
from anomsynth.dataset.exports._mvtec import place
from anomsynth.dataset.exports._pile import Pile
from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._staging import Staging
from anomsynth.errors import InputError

COLUMNS = (
    "image_path",
    "label_index",
    "split",
    "mask_path",
    "kind",
)  # scores: no cell may be empty


class AnomalibTabular(Exporter):
    """``<category>.csv`` for anomalib's Tabular datamodule; the dataset keeps its own splits.

    anomalib 2.7.0 with pandas 3 cannot join relative paths to a root, so paths are absolute by
    default; relative ones move with the folder and need pandas 2.
    """

    kind: Literal["anomalib_tabular"] = "anomalib_tabular"
    absolute: bool = parameter(True, "", "Absolute paths; relative ones need pandas below 3.")

    def write(self, source: Source, out: Staging) -> None:
        """Write an MVTec AD tree and a table per category; see the base class."""
        for picture in source.pictures:
            if picture.labelled.split == "train" and not picture.labelled.good:
                msg = f"{picture.path}: a defect in the training set, which anomalib refuses"
                raise InputError(msg, hint="move it and its mask to the test set")
        tables: dict[str, Pile] = {}
        with ExitStack() as open_piles:
            for loaded in source.load():
                labelled = loaded.picture.labelled
                paths = [self._path(out, name) if name else "" for name in place(loaded, out)]
                if labelled.category not in tables:
                    table = open_piles.enter_context(Pile(out))
                    table.add(csv_text([COLUMNS]))
                    tables[labelled.category] = table
                row = paths[0], int(not labelled.good), labelled.split, paths[1], labelled.kind
                tables[labelled.category].add(csv_text([row]))
            for category, table in tables.items():
                out.pieces(f"{category}.csv", table.pieces())

    def _path(self, out: Staging, name: str) -> str:
        """Return the path of a file as the table has it; never one that looks like a formula."""
        if self.absolute:
            return str(out.final / name)
        return f"./{name}" if harmless(name) != name else name

    def loading(self, out: Path) -> list[str]:
        """Return how anomalib loads it."""
        table = sorted(out.glob("*.csv"))[0]
        root = "" if self.absolute else f", root={str(out)!r}"
        name = table.stem
        return [
            "from anomalib.data import Tabular",
            f"datamodule = Tabular.from_file({name!r}, {str(table)!r}{root})",
        ]
