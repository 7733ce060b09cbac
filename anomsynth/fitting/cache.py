"""Simulated layers kept on disk: fitting again after more real defects costs seconds."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from anomsynth._version import __version__
from anomsynth.core.plain_file import read_bytes
from anomsynth.core.types import Surface
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.fitting.candidates import Suspect
from anomsynth.fitting.simulate import Layers
from anomsynth.recipe.models import Recipe

FORMAT = 1  # of the files, and of what descriptors mean


class LayerCache:
    """A folder of layers, or none.

    Parameters
    ----------
    folder : Path or None
    surfaces : analysed good photos
    base : Recipe
    """

    def __init__(self, folder: Path | None, surfaces: Sequence[Surface], base: Recipe) -> None:
        self._folder = folder
        sha = hashlib.sha256(f"{FORMAT} {__version__} {base.to_toml()}".encode())
        for surface in surfaces:
            sha.update(repr((surface.shape, surface.mm_per_px)).encode())
            sha.update(np.ascontiguousarray(surface.pixels).tobytes())
            sha.update(np.packbits(surface.allowed).tobytes())
        self._photos = sha.hexdigest()

    def get(self, candidate: Suspect, indices: range) -> Layers | None:
        """Return what was made before, None if it was not or cannot be read."""
        path = self._path(candidate, indices)
        if path is None:
            return None
        try:
            with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as stored:
                return Layers(
                    stored["index"],
                    stored["looks"],
                    stored["values"],
                    tuple(map(str, stored["descriptors"])),
                    tuple(map(str, stored["parameters"])),
                )
        except (OSError, ValueError, KeyError, EOFError):  # absent or damaged: made anew
            return None

    def put(self, candidate: Suspect, indices: range, layers: Layers) -> None:
        """Keep layers; raise OutputError if the folder cannot be written."""
        path = self._path(candidate, indices)
        if path is None:
            return
        content = io.BytesIO()
        np.savez_compressed(
            content,
            index=layers.index,
            looks=layers.looks,
            values=layers.values,
            descriptors=np.array(layers.descriptors, dtype=np.str_),
            parameters=np.array(layers.parameters, dtype=np.str_),
        )
        make_folder(path.parent)
        write_bytes(path, content.getvalue(), path.parent)

    def _path(self, candidate: Suspect, indices: range) -> Path | None:
        if self._folder is None:
            return None
        what = f"{candidate.wide.model_dump_json()} {indices.start} {indices.stop}"
        name = hashlib.sha256(f"{self._photos} {what}".encode()).hexdigest()[:32]
        return self._folder / f"{candidate.kind}-{name}.npz"
