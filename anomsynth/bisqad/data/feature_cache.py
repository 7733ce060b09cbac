"""Features stored on disk, for other trainings on the same images."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from anomsynth._version import __version__
from anomsynth.bisqad.data.item import Item
from anomsynth.bisqad.data.pool import Extractor, Measure, Pool
from anomsynth.bisqad.model.checkpoint import load_tensors, save_tensors
from anomsynth.errors import InputError

WHAT = "features"


@dataclass(frozen=True, slots=True)
class CachedExtractor:
    """Extracts features, or takes them from a folder where an earlier run left the same ones.

    A file's name is a digest of everything that decides its content: the images (path, size and
    time of change of each file, how it is made or spoiled), backbone, size, and versions.

    Attributes
    ----------
    extractor : Extractor
    folder : Path or None
        None keeps nothing.
    """

    extractor: Extractor
    folder: Path | None = None

    def pool(
        self, items: Sequence[Item], *, views: int = 1, measure: Measure | None = None
    ) -> Pool:
        """Return the features of all images that can be read."""
        if self.folder is None or not items:
            return self.extractor.pool(items, views=views, measure=measure)
        path = (
            self.folder / f"{self._digest(items, views, measured=measure is not None)}.safetensors"
        )
        found = self._load(path, items)
        if found is not None:
            for _ in items:
                self.extractor.on_done()
            return found
        pool = self.extractor.pool(items, views=views, measure=measure)
        if len(pool) == len(items):  # what was skipped has to be said again next time
            levels = {f"level{number}": level for number, level in enumerate(pool.levels)}
            rest = {"masks": pool.masks, "measured": pool.measured}
            save_tensors(path, WHAT, {**levels, **rest})
        return pool

    def _digest(self, items: Sequence[Item], views: int, *, measured: bool) -> str:
        own = self.extractor
        about = (__version__, torch.__version__, own.backbone.name, own.size, own.grey)
        text = hashlib.sha256(repr((*about, views, measured)).encode())
        for item in items:
            # Who asks for the photo before a defect, or its score, shares features of the defect.
            seen = replace(item, score=None)
            if not item.shows_source:
                seen = replace(seen, source=None)
            text.update(repr(seen).encode())
            for file in (seen.image, seen.mask, seen.source):
                if file is not None and file.is_file():
                    stat = file.stat()
                    text.update(f"{stat.st_size} {stat.st_mtime_ns}".encode())
        return text.hexdigest()[:32]

    def _load(self, path: Path, items: Sequence[Item]) -> Pool | None:
        if not path.is_file():
            return None
        try:
            tensors, _ = load_tensors(path, WHAT)
        except InputError:  # damaged, or of another version: it is written anew
            return None
        levels = [tensors[f"level{number}"] for number in range(len(tensors) - 2)]
        masks, measured = tensors["masks"], tensors["measured"]
        return Pool(tuple(items), levels, masks, measured, self.extractor.device)
