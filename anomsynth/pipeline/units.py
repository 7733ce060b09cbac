"""The photos of a run with the samples to be made of each, very many of them in little memory."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, compress
from pathlib import Path
from typing import Any, Literal

from anomsynth.core.depth import Depth
from anomsynth.core.on_demand import Made, OnDemand
from anomsynth.core.types import Light
from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.masks import MaskFinder, Region
from anomsynth.dataset.scans import ScanReading
from anomsynth.dataset.source_image import SourceImage
from anomsynth.pipeline.amounts import held_out, made_of, samples_of, share_of
from anomsynth.pipeline.options import RunOptions
from anomsynth.surface.foreground import PartFinder

# Reading and analysing a photo costs as much as one sample or less: 3 % of a full unit.
UNIT_SAMPLES = 32


@dataclass(frozen=True, slots=True)
class Unit:
    """One photo and samples to be made of it.

    Attributes
    ----------
    category : str
    image : str
        Key of the photo in its category.
    path : Path
    rank : int
        Position of the photo in its category.
    first, samples : int
        The samples' indices are first .. first + samples - 1. Whoever makes the first sample of
        all writes the good photo too.
    split : {"train", "test"}
        Where the good photo itself goes.
    begins : int
        Samples of the photos before it in its category.
    roi, avoid, components : path, Truth or None
        Masks that go with the photo, or what was drawn on it.
    finder : PartFinder or None
        How the part is found in photos of the category, where no mask says where it is.
    depth : Depth or None
        Of the camera, where it uses less than the 16 bits of the category's files.
    max_side : int or None
        The photo is made smaller, if its longer side has more pixels.
    scan : path or None
        The scan that goes with the photo; `path` itself where there is no photo.
    scan_reading : ScanReading
        What the user says of its file.
    views : (name, photo) of each other photo of the part, taken in another light
    lights : (name, Light) of all views, "" for the photo itself
    """

    category: str
    image: str
    path: Path
    rank: int
    first: int
    samples: int
    split: Literal["train", "test"]
    begins: int = 0
    roi: Region | None = None
    avoid: Region | None = None
    components: Region | None = None
    finder: PartFinder | None = None
    depth: Depth | None = None
    max_side: int | None = None
    scan: Path | None = None
    scan_reading: ScanReading = field(default_factory=ScanReading)
    views: tuple[tuple[str, SourceImage], ...] = ()
    lights: tuple[tuple[str, Light], ...] = ()

    @property
    def indices(self) -> range:
        """Indices of the samples among those of the photo."""
        return range(self.first, self.first + self.samples)

    @property
    def piece_count(self) -> int:
        """Into how many units `pieces` splits it."""
        return max(-(-self.samples // UNIT_SAMPLES), 1)

    def pieces(self) -> list["Unit"]:
        """Split into units of at most `UNIT_SAMPLES`; one without samples stays whole.

        So few photos keep many workers busy, and little is lost when a run is killed.
        """
        return [self.piece(number) for number in range(self.piece_count)]

    def piece(self, number: int) -> "Unit":
        """Return one of the `pieces`."""
        start = self.first + number * UNIT_SAMPLES
        return replace(self, first=start, samples=min(UNIT_SAMPLES, self.indices.stop - start))


class UnitList(Made[Unit]):
    """A unit for each photo, by category and rank, made when it is asked for.

    Parameters
    ----------
    source : Amounts
    places : sequence of int
        Which of all photos.
    known : by category, optional
        What is the same in all of its photos: fields of their units.
    """

    def __init__(
        self,
        source: "Amounts",
        places: Sequence[int],
        known: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        self._source = source
        self._places = places
        self._known = known or {}

    def names(self) -> Sequence[tuple[str, str]]:
        """Return category and key of each photo."""
        return OnDemand(self._places, self._source.name)

    def part(self, chosen: Iterable[bool]) -> "UnitList":
        """Return those of which `chosen`, which speaks of each in turn, is true."""
        return UnitList(self._source, array("Q", compress(self._places, chosen)), self._known)

    def of(self, category: str) -> Sequence[Unit]:
        """Return those of a category."""
        names = enumerate(self.names())
        return OnDemand(array("Q", (at for at, name in names if name[0] == category)), self.member)

    def knowing(self, **known: Mapping[str, object]) -> "UnitList":
        """Return them with fields that all photos of a category share, each by category."""
        joined = {category: dict(fields) for category, fields in self._known.items()}
        for name, values in known.items():
            for category, value in values.items():
                joined.setdefault(category, {})[name] = value
        return UnitList(self._source, self._places, joined)

    def __len__(self) -> int:
        return len(self._places)

    def member(self, number: int) -> Unit:
        """Return a unit by its number."""
        unit = self._source.unit(self._places[number])
        known: Mapping[str, Any] = self._known.get(unit.category, {})
        return replace(unit, **known) if known else unit


class PieceList(Made[Unit]):
    """The pieces of units, see `Unit.pieces`.

    Parameters
    ----------
    units : sequence of Unit
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self._ends = array("Q", accumulate(unit.piece_count for unit in units))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Unit]:
        return (piece for unit in self._units for piece in unit.pieces())

    def member(self, number: int) -> Unit:
        """Return a piece by its number."""
        at = bisect_right(self._ends, number)
        return self._units[at].piece(number - (self._ends[at - 1] if at else 0))


class Amounts:
    """How many samples each photo of a source gets, and which photos test.

    Parameters
    ----------
    found : PhotoSource
    seed : int
    options : RunOptions

    Attributes
    ----------
    per_photo : int
        Most samples of one photo.

    Raises
    ------
    InputError
        If a folder of masks has none for any of the photos.
    """

    def __init__(self, found: PhotoSource, seed: int, options: RunOptions) -> None:
        self._options = options
        self._categories = list(found.categories.items())
        self._ends = list(accumulate(len(photos) for _, photos in self._categories))
        self._tested = [held_out(seed, name, photos, options) for name, photos in self._categories]
        self._wanted = [
            samples_of(len(photos), sum(tested), options)
            for (_, photos), tested in zip(self._categories, self._tested, strict=True)
        ]
        chosen = [made_of(tested, options) for tested in self._tested]
        # How many of the photos up to each samples are made of, where not of all.
        self._made_of = [None if one is None else array("Q", accumulate(one)) for one in chosen]
        bases = [
            len(photos) if made is None else made[-1]
            for (_, photos), made in zip(self._categories, self._made_of, strict=True)
        ]
        self.per_photo = max(
            1, *(-(-wanted // base) for wanted, base in zip(self._wanted, bases, strict=True))
        )
        folders = options.roi, options.avoid, options.components
        self._masks = [MaskFinder(root) for root in folders]
        self._check_masks()

    def units(self) -> UnitList:
        """Return a unit for each photo."""
        return UnitList(self, range(self._ends[-1]))

    def name(self, at: int) -> tuple[str, str]:
        """Return category and key of one of all photos."""
        number, rank = self._place(at)
        category, photos = self._categories[number]
        return category, photos[rank].key

    def unit(self, at: int) -> Unit:
        """Return the unit of one of all photos."""
        number, rank = self._place(at)
        category, photos = self._categories[number]
        photo, options = photos[rank], self._options
        begins, samples = self._share(number, rank)
        roi, avoid, components = (finder.find(category, photo.key) for finder in self._masks)
        return Unit(
            category=category,
            image=photo.key,
            path=photo.path,
            rank=rank,
            first=0,
            samples=samples,
            split="test" if self._tested[number][rank] else "train",
            begins=begins,
            roi=roi,
            avoid=avoid,
            components=components,
            max_side=options.max_side,
            scan=photo.scan,
            scan_reading=options.scan_reading,
            views=photo.views,
        )

    def _share(self, number: int, rank: int) -> tuple[int, int]:
        """Return how many samples of a category lie before a photo, and its own."""
        made, wanted = self._made_of[number], self._wanted[number]
        if made is None:
            return share_of(rank, len(self._categories[number][1]), wanted)
        before = made[rank - 1] if rank else 0
        begins, samples = share_of(before, made[-1], wanted)
        return begins, samples if made[rank] > before else 0

    def _place(self, at: int) -> tuple[int, int]:
        """Return the number of the category and the photo's rank in it."""
        number = bisect_right(self._ends, at)
        return number, at - (self._ends[number - 1] if number else 0)

    def _check_masks(self) -> None:
        for finder in self._masks:
            if finder.folder is not None:
                any(finder.find(*self.name(at)) is not None for at in range(self._ends[-1]))
            finder.check_used()
