"""The dataset that is exported: its pictures, what is known of them, and what cannot be used."""

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from anomsynth.core.on_demand import OnDemand
from anomsynth.core.types import Mask
from anomsynth.dataset.exports._instances import MaskInstance, split_mask
from anomsynth.dataset.exports._names import plain, renamed
from anomsynth.dataset.exports._recorded import Records
from anomsynth.dataset.headers import is_turned
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.item import Labelled, read_strict_truth
from anomsynth.dataset.manifest import Line, read_line_at
from anomsynth.dataset.paths import nfc
from anomsynth.errors import InputError

MOST_RUNS = 200


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
    def scan(self) -> Path | None:
        """The depth map or cloud that goes with it."""
        return self.labelled.scan

    @property
    def views(self) -> dict[str, Path]:
        """The other photos of its part, by view."""
        return self.labelled.views

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
    pictures : sequence of ExportedImage
        In order of their names; each is made when it is asked for.
    left_out : dict of file -> reason
        Filled while pictures are loaded.
    on_picture : function (done, total) -> None, or None
        Called after each picture.
    done : int
        Pictures that were tried so far.
    beside : of str -> int
        How many "scans" and other "views" go with those that were loaded.
    """

    root: Path
    pictures: Sequence[ExportedImage]
    left_out: dict[str, str] = field(default_factory=dict)
    on_picture: Callable[[int, int], object] | None = None
    done: int = 0
    beside: Counter[str] = field(default_factory=Counter)
    _kinds: tuple[str, ...] | None = None

    @property
    def kinds(self) -> list[str]:
        """Every kind of defect that some picture with a mask shows, sorted."""
        if self._kinds is None:
            shown = (
                picture.kinds for picture in self.pictures if picture.labelled.mask is not None
            )
            self._kinds = tuple(sorted({kind for kinds in shown for kind in kinds}))
        return list(self._kinds)

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
                self.beside["scans"] += picture.scan is not None
                self.beside["views"] += len(picture.views)
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
    items = find_labelled(root, layout)
    order = _in_order(items)
    records = Records(root, {item.category for item in items})
    ids = OnDemand(order, lambda at: items[at].id)
    new_names = renamed(ids)

    def name_of(nth: int) -> str:
        return new_names.get(nth) or ids[nth]

    new_flat = renamed(OnDemand(range(len(order)), lambda nth: plain(name_of(nth))))

    def picture(nth: int) -> ExportedImage:
        item, name = items[order[nth]], name_of(nth)
        record = records.find(nfc(item.image.relative_to(root).as_posix()))
        kinds = () if item.good else record.kinds or (item.kind,)
        flat = new_flat.get(nth) or plain(name)
        return ExportedImage(
            item, name, flat, record.photo or name, kinds, record.score, record.place
        )

    return Source(root, OnDemand(range(len(order)), picture))


def _in_order(items: Sequence[Labelled]) -> "array[int]":
    """Return the positions of images by their names.

    Most stand in order already: runs of those are merged, so that few names are held at once.
    """

    def key(at: int) -> tuple[str, str]:
        item = items[at]
        return item.id, item.image.name

    starts = [0]
    before = ("", "")
    for at in range(len(items)):
        now = key(at)
        if now < before:
            starts.append(at)
        before = now
    runs = (range(start, end) for start, end in pairwise([*starts, len(items)]))
    if len(starts) > MOST_RUNS:
        return array("Q", sorted(range(len(items)), key=key))
    return array("Q", heapq.merge(*runs, key=key))


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
