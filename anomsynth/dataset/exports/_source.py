"""The dataset that is exported: its pictures, what is known of them, and what cannot be used."""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from anomsynth.core.types import Mask
from anomsynth.dataset.csv_text import as_written
from anomsynth.dataset.exports._instances import MaskInstance, recorded_kinds, split_mask
from anomsynth.dataset.headers import is_turned
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.layouts.item import Labelled, read_strict_truth
from anomsynth.dataset.manifest import Line, read_line_at, read_placed_lines
from anomsynth.dataset.paths import is_file, nfc
from anomsynth.errors import InputError, OutputError


@dataclass(frozen=True, slots=True, eq=False)
class ExportedImage:
    """One image of the dataset, not read yet.

    Attributes
    ----------
    labelled : Labelled
    name : str
        Unique path without ending, ``category/split/kind/stem``.
    flat : str
        Unique name without folders, of letters, digits, "_" and "-".
    photo : str
        What it shows: images of one photo must not be divided between training and validation.
    kinds : of its defects; empty for a good photo
    score : float or None
    recorded : (Path, int) or None
        Manifest and the byte at which its line begins: lines are long, and read when needed.
    """

    labelled: Labelled
    name: str
    flat: str
    photo: str
    kinds: tuple[str, ...]
    score: float | None
    recorded: tuple[Path, int] | None

    @property
    def line(self) -> Line | None:
        """Its line of the manifest, read anew each time; None if there is none."""
        return None if self.recorded is None else read_line_at(*self.recorded)

    @property
    def path(self) -> Path:
        """The image file."""
        return self.labelled.image

    @property
    def ending(self) -> str:
        """Ending of the exported file, with its dot: PNG where the picture has to be turned."""
        return ".png" if is_turned(self.path) else self.path.suffix.lower()


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """One image with its truth.

    Attributes
    ----------
    picture : ExportedImage
    mask : (H, W) bool
        Nothing for a good photo.
    instances : tuple of MaskInstance
    """

    picture: ExportedImage
    mask: Mask
    instances: tuple[MaskInstance, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.mask.shape[0], self.mask.shape[1]

    @property
    def facts(self) -> dict[str, object]:
        """What tables of every format say of an image."""
        labelled = self.picture.labelled
        return {
            "id": self.picture.name,
            "category": labelled.category,
            "kind": labelled.kind,
            "kinds": sorted({item.kind for item in self.instances}),
            "label": int(not labelled.good),
            "source_split": labelled.split,
            "score": self.picture.score,
        }


@dataclass(slots=True, eq=False)
class Source:
    """A dataset that is exported.

    Attributes
    ----------
    root : Path
    pictures : in order of their names
    left_out : dict of file -> reason
        Filled while pictures are loaded.
    on_picture : function (done, total) -> None, or None
        Called after each picture.
    done : int
        Pictures that were tried so far.
    """

    root: Path
    pictures: tuple[ExportedImage, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    on_picture: Callable[[int, int], object] | None = None
    done: int = 0

    @property
    def kinds(self) -> list[str]:
        """Every kind of defect that some picture with a mask shows, sorted."""
        return sorted(
            {
                kind
                for picture in self.pictures
                if picture.labelled.mask is not None
                for kind in picture.kinds
            }
        )

    def load(self, pictures: Sequence[ExportedImage] | None = None) -> Iterator[Loaded]:
        """Read pictures, all by default; those that cannot be used go to `left_out`."""
        for picture in self.pictures if pictures is None else pictures:
            try:
                loaded = _load(picture, self.root)
            except InputError as error:
                name = picture.path.relative_to(self.root).as_posix()
                reason = str(error).replace(f"{self.root}/", "").removeprefix(f"{name}: ")
                self.left_out[name] = reason
            else:
                yield loaded
            self.done += 1
            if self.on_picture is not None:
                self.on_picture(self.done, len(self.pictures))


def read_source(root: Path, layout: str | None = None) -> Source:
    """List a dataset of any tool, with the manifests and scores of ours.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds no labelled image.
    OutputError
        If a manifest is damaged.
    """
    root = root.resolve()
    items = sorted(find_labelled(root, layout), key=lambda item: (item.id, item.image.name))
    records, scores = _records(root, {item.category for item in items})
    names = _unique([item.id for item in items])
    flat = _unique([_plain(name) for name in names])
    pictures = []
    for item, name, plain in zip(items, names, flat, strict=True):
        file = nfc(item.image.relative_to(root).as_posix())
        record = records.get(file, _NOTHING)
        kinds = () if item.good else record.kinds or (item.kind,)
        score = scores.get(file, record.score)
        photo = record.photo or name
        pictures.append(ExportedImage(item, name, plain, photo, kinds, score, record.place))
    return Source(root, tuple(pictures))


def _load(picture: ExportedImage, root: Path) -> Loaded:
    pixels = read_photo(picture.path).pixels
    shape = pixels.shape[:2]
    if picture.labelled.good:
        return Loaded(picture, np.zeros(shape, dtype=bool), ())
    path = picture.labelled.mask
    if path is None:
        raise InputError(f"{picture.path}: it has no mask")
    mask = read_strict_truth(path, picture.labelled.truth, (shape[0], shape[1]))
    if not mask.any():
        raise InputError(f"{path}: the mask is empty")
    instances = split_mask(mask, picture.labelled.kind, picture.line, root)
    return Loaded(picture, mask, instances)


@dataclass(frozen=True, slots=True)
class _Record:
    """What is kept of a line of the manifest."""

    place: tuple[Path, int] | None = None
    kinds: tuple[str, ...] = ()
    photo: str = ""
    score: float | None = None


_NOTHING = _Record()


def _records(root: Path, categories: set[str]) -> tuple[dict[str, _Record], dict[str, float]]:
    """Return what manifests and tables of scores say, by the image's path below the root."""
    layout = Layout(root)
    records: dict[str, _Record] = {}
    scores: dict[str, float] = {}
    for category in sorted(categories):
        if is_file(layout.manifest(category)):
            manifest = layout.manifest(category)
            for place, line in read_placed_lines(manifest):
                files = line.get("files")
                if isinstance(files, Mapping):
                    kinds = tuple(sys.intern(kind) for kind in sorted({*recorded_kinds(line)}))
                    found = _Record((manifest, place.start), kinds, _photo(line), _score(line))
                    records[nfc(str(files.get("image")))] = found
        if is_file(layout.scores(category)):
            scores |= _read_scores(layout.scores(category))
    return records, scores


def _read_scores(path: Path) -> dict[str, float]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return {nfc(as_written(row["image"])): float(row["score"]) for row in rows}
    except (OSError, KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        hint = "delete it, or score the dataset again"
        raise OutputError(f"{path}: not a table with image and score", hint=hint) from error


def _score(line: Line) -> float | None:
    scores = line.get("scores")
    value = scores.get("score") if isinstance(scores, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _photo(line: Line) -> str:
    return sys.intern(f"{line.get('category')}/{line.get('image')}")


def _plain(name: str) -> str:
    """Return a name that no loader, shell or archive stumbles over."""
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names, those that come again with a number at their end."""
    counts = Counter(names)
    taken = {name for name, count in counts.items() if count == 1}
    unique = []
    for name in names:
        chosen, number = name, 2
        if counts[name] > 1:
            while chosen in taken:
                chosen, number = f"{PurePosixPath(name)}_{number}", number + 1
            taken.add(chosen)
        unique.append(chosen)
    return unique
