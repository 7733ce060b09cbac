"""The good photos of samples, where the manifest of their dataset names them."""

import logging
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anomsynth.core.counted import counted
from anomsynth.dataset.layout import RGB, Layout
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.manifest import (
    Line,
    has_manifest,
    read_line_at,
    read_manifest,
    read_placed_manifest,
)
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import is_file

logger = logging.getLogger(__name__)

RESIDUALS = "residuals"
NONE = -1  # of good photos
RELIEF = ("lowest_mm", "highest_mm", "open_px", "over_noise")  # all of them, or none
DEEP = 4  # folders of a picture in a tree of scans


@dataclass(frozen=True, slots=True)
class RecordedDefect:
    """One defect of a sample as its manifest records it.

    Attributes
    ----------
    kind : str
    d_prime : float or None
        How far it rises over the surface's texture.
    area_px : int
    parameters : by name, as they were drawn
    relief : by name
        Of defects in a scan: ``lowest_mm``, ``highest_mm``, ``open_px`` and ``over_noise``, the rms
        height over the sensor's noise; empty for others.
    """

    kind: str
    d_prime: float | None
    area_px: int
    parameters: Mapping[str, object]
    relief: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a manifest says of a sample.

    Attributes
    ----------
    good : Path or None
        The good photo as it stands in the dataset.
    residuals : by name
        The largest physics residual of its defects.
    defects : tuple of RecordedDefect
    score : float or None
        Its quality as it was made, the photo before at hand; None if nobody scored it then.
    depth_alone : bool
        True if its picture was shaded from a scan.
    """

    good: Path | None
    residuals: Mapping[str, float]
    defects: tuple[RecordedDefect, ...] = ()
    score: float | None = None
    depth_alone: bool = False

    @property
    def over_noise(self) -> float | None:
        """How far the plainest defect rises over the noise of a depth sensor; None without one."""
        found = [one.relief["over_noise"] for one in self.defects if "over_noise" in one.relief]
        return max(found, default=None)


class Provenances(Mapping[Path, Provenance]):
    """Where images come from, read from their manifests when it is asked for.

    Lines of a manifest are long: only where each begins is kept.
    """

    def __init__(self) -> None:
        self._names = NameIndex()
        self._manifests: list[tuple[Path, Path]] = []  # root, manifest
        self._of = array("I")  # manifest of each
        self._starts = array("Q")  # where its line begins
        self._goods: list[Path | None] = []
        self._good_of = array("i")

    def add(self, root: Path, manifest: Path) -> None:
        """Take in a manifest of a dataset.

        Raises
        ------
        OutputError
            If it is damaged; nothing is taken in then.
        """
        # Twice: a sample may stand before its good photo, and a damaged line may come last.
        numbers: dict[object, int] = {}
        goods: list[Path | None] = []
        missing: list[str] = []
        for line in read_manifest(manifest):
            file = _file(line)
            if line.get("what") == "normal" and file is not None:
                numbers[line.get("image")] = len(self._goods) + len(goods)
                goods.append(root / file if is_file(root / file) else None)
                if goods[-1] is None:
                    missing.append(file)
        if missing:
            logger.warning(
                "%s: %d of %s missing, the first %s; restore it unless it was removed on purpose",
                manifest,
                len(missing),
                counted(len(goods), "good photo"),
                root / missing[0],
            )
        self._goods += goods
        self._manifests.append((root, manifest))
        for place, line in read_placed_manifest(manifest):
            file = _file(line)
            if line.get("what") == "sample" and file is not None:
                self._names.append(str(root / file))
                self._of.append(len(self._manifests) - 1)
                self._starts.append(place.start)
                self._good_of.append(numbers.get(line.get("image"), NONE))

    def good(self, image: Path) -> Path | None:
        """Return the good photo of an image, None if it is not known; reads nothing."""
        place = next(self._names.places(str(image.absolute())), None)
        return None if place is None else self._good(place)

    def _good(self, place: int) -> Path | None:
        number = self._good_of[place]
        return None if number == NONE else self._goods[number]

    def __getitem__(self, image: Path) -> Provenance:
        name = str(image.absolute())
        for place in self._names.places(name):
            root, line = self._line(place)
            if str(root / str(_file(line))) == name:
                told = _residuals(line), _defects(line), _score(line), _is_alone(line)
                return Provenance(self._good(place), *told)
        raise KeyError(image)

    def _line(self, place: int) -> tuple[Path, Line]:
        root, manifest = self._manifests[self._of[place]]
        return root, read_line_at(manifest, self._starts[place])

    def __iter__(self) -> Iterator[Path]:
        for place in range(len(self._starts)):
            root, line = self._line(place)
            yield root / str(_file(line))

    def __len__(self) -> int:
        return len(self._starts)


def find_provenance(items: Iterable[Labelled]) -> Provenances:
    """Return where those images come from that a manifest beside them describes.

    Datasets of other tools have none.

    Raises
    ------
    OutputError
        If a manifest is damaged.
    """
    roots = {(root, item.category) for item in items if (root := _root(item)) is not None}
    found = Provenances()
    for root, category in sorted(roots):
        manifest = Layout(root).manifest(category)
        if has_manifest(manifest):
            found.add(root, manifest)
    return found


def _root(item: Labelled) -> Path | None:
    """Return the folder of the category folder: root / category / split / kind (/ rgb) / image."""
    above = item.image.absolute().parents  # the dataset may be the folder one is in
    depth = DEEP if above[0].name == RGB else DEEP - 1
    return above[depth] if len(above) > depth else None


def _file(line: Line) -> str | None:
    files = line.get("files")
    image = files.get("image") if isinstance(files, dict) else None
    return image if isinstance(image, str) else None


def _instances(line: Line) -> list[dict[str, object]]:
    record = line.get("record")
    found = record.get("instances") if isinstance(record, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_alone(line: Line) -> bool:
    record = line.get("record")
    return isinstance(record, dict) and record.get("depth_alone") is True


def _score(line: Line) -> float | None:
    scores = line.get("scores")
    score = scores.get("score") if isinstance(scores, dict) else None
    return float(score) if isinstance(score, int | float) else None


def _defects(line: Line) -> tuple[RecordedDefect, ...]:
    found = []
    for instance in _instances(line):
        d_prime, area = instance.get("visibility"), instance.get("area_px")
        parameters, measured = instance.get("parameters"), instance.get("measured")
        found.append(
            RecordedDefect(
                kind=str(instance.get("kind", "")),
                d_prime=float(d_prime) if isinstance(d_prime, int | float) else None,
                area_px=area if isinstance(area, int) else 0,
                parameters=parameters if isinstance(parameters, dict) else {},
                relief=_relief(measured if isinstance(measured, dict) else {}),
            )
        )
    return tuple(found)


def _relief(measured: Mapping[str, object]) -> dict[str, float]:
    found = {name: measured.get(name) for name in RELIEF}
    told = {name: float(value) for name, value in found.items() if isinstance(value, int | float)}
    return told if len(told) == len(RELIEF) else {}


def _residuals(line: Line) -> dict[str, float]:
    largest: dict[str, float] = {}
    for instance in _instances(line):
        residuals = instance.get(RESIDUALS)
        for name, value in residuals.items() if isinstance(residuals, dict) else ():
            if isinstance(value, int | float):
                largest[name] = max(float(value), largest.get(name, 0.0))
    return largest
