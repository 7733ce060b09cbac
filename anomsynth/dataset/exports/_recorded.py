"""What manifests and tables of scores say of images, very many of them in little memory."""

import csv
import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from anomsynth.core.plain_file import open_text
from anomsynth.dataset.csv_text import as_written
from anomsynth.dataset.exports._instances import recorded_kinds
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, has_manifest, read_placed_manifest
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import exists, nfc
from anomsynth.errors import OutputError


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an image.

    Attributes
    ----------
    place : (Path, int) or None
        Manifest and the byte at which its line begins: lines are long, and read when needed.
    kinds : of its defects
    photo : str
        What it shows; empty if that is not known.
    score : float or None
    """

    place: tuple[Path, int] | None = None
    kinds: tuple[str, ...] = ()
    photo: str = ""
    score: float | None = None


class Records:
    """Records by the image's path below the root, posix.

    Parameters
    ----------
    root : Path
    categories : of which manifests and tables are read

    Raises
    ------
    OutputError
        If one of them is damaged.
    """

    def __init__(self, root: Path, categories: Iterable[str]) -> None:
        self._files, self._scored = NameIndex(), NameIndex()
        self._manifests: list[Path] = []
        # Of each line: manifest, first byte, kinds, photo, score.
        self._manifest_of, self._starts = array("I"), array("Q")
        self._kinds_of, self._photo_of = array("I"), array("I")
        self._own_scores = array("d")
        self._kinds: dict[tuple[str, ...], int] = {}
        self._photos: dict[str, int] = {}
        self._scores = array("d")  # of tables; they go before those of manifests
        layout = Layout(root)
        for category in sorted(categories):
            if has_manifest(layout.manifest(category)):
                self._read_manifest(layout.manifest(category))
            if exists(layout.scores(category)):
                self._read_scores(layout.scores(category))
        self._known = list(self._kinds), list(self._photos)

    def find(self, file: str) -> Record:
        """Return what is known of an image; an empty record if nothing is."""
        place = next(self._files.places(file), None)
        scored = next(self._scored.places(file), None)
        score = None if scored is None else self._scores[scored]
        if place is None:
            return Record(score=score)
        if scored is None and not math.isnan(self._own_scores[place]):
            score = self._own_scores[place]
        kinds, photos = self._known
        where = self._manifests[self._manifest_of[place]], self._starts[place]
        return Record(where, kinds[self._kinds_of[place]], photos[self._photo_of[place]], score)

    def _read_manifest(self, manifest: Path) -> None:
        self._manifests.append(manifest)
        for place, line in read_placed_manifest(manifest):
            files = line.get("files")
            if not isinstance(files, Mapping):
                continue
            kinds = tuple(sorted({*recorded_kinds(line)}))
            photo = f"{line.get('category')}/{line.get('image')}"
            score = _score(line)
            self._files.append(nfc(str(files.get("image"))))
            self._manifest_of.append(len(self._manifests) - 1)
            self._starts.append(place.start)
            self._kinds_of.append(self._kinds.setdefault(kinds, len(self._kinds)))
            self._photo_of.append(self._photos.setdefault(photo, len(self._photos)))
            self._own_scores.append(math.nan if score is None else score)

    def _read_scores(self, path: Path) -> None:
        try:
            with open_text(path) as file:
                for row in csv.DictReader(file):
                    name, score = nfc(as_written(row["image"])), float(row["score"])
                    self._scored.append(name)
                    self._scores.append(score)
        except (OSError, KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
            hint = "delete it, or score the dataset again"
            raise OutputError(f"{path}: not a table with image and score", hint=hint) from error


def _score(line: Line) -> float | None:
    scores = line.get("scores")
    value = scores.get("score") if isinstance(scores, Mapping) else None
    return float(value) if isinstance(value, int | float) else None
