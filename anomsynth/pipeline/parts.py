"""Where the part is in each category's photos: decided once a run, and what came of it."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from anomsynth.core.counted import counted
from anomsynth.core.types import Box, Pixels
from anomsynth.dataset.reading import PhotoReader
from anomsynth.errors import InputError, OutputError
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.category import PHOTOS, choose_finder
from anomsynth.surface.foreground import PartFinder

WHOLE = 0.97  # share of the picture from which nothing was cut but dark margins
ALIKE = 2.0  # areas of one category's parts differ by at most this factor
DOUBT = 0.25  # share of the looked-at photos in which something saw a part after all
NAMED = 3  # photos that a line names

WORDS = {
    "backdrop": "by its calm background",
    "flood": "by flooding up to its outline",
    "mass": "as a solid mass on a patterned ground",
    "picture": "",
}


def find_parts(
    categories: Mapping[str, Sequence[Path]],
    jobs: int,
    readers: Mapping[str, PhotoReader] | None = None,
) -> dict[str, PartFinder]:
    """Decide for each category how the part is found, from some of its photos.

    The photos are evenly spaced in the order of their names, so that the decision is the same for
    any number of jobs, any shard and any count. Photos that cannot be read are left out.

    Parameters
    ----------
    categories : dict of category -> all of its photos, in order
    jobs : int
        Threads that read.
    readers : dict of category -> PhotoReader, optional
        Of those whose photos are not read as they are.
    """
    known, plain = readers or {}, PhotoReader()
    threads = jobs if jobs < 0 else min(jobs, max(len(categories), 1))
    chosen = Parallel(n_jobs=threads, prefer="threads")(
        delayed(_choose)(photos, known.get(name, plain)) for name, photos in categories.items()
    )
    return dict(zip(categories, chosen, strict=True))


def _choose(photos: Sequence[Path], read: PhotoReader) -> PartFinder:
    count = min(len(photos), PHOTOS)
    looked_at = (photos[index * len(photos) // count] for index in range(count))
    return choose_finder(_readable(looked_at, read))


def _readable(paths: Iterable[Path], read: PhotoReader) -> Iterator[Pixels]:
    for path in paths:
        try:
            photo = read(path)
        except InputError:
            continue  # the run says so when it comes to it
        yield one_channel(photo.pixels)


def recorded(finders: Mapping[str, PartFinder]) -> dict[str, object]:
    """Return decisions as plain JSON values."""
    return {
        category: {
            **asdict(finder),
            "captions": [list(box) for box in finder.captions],
            "size": list(finder.size),
        }
        for category, finder in finders.items()
    }


def read_finders(record: Mapping[str, object]) -> dict[str, PartFinder]:
    """Return the decisions that run.json recorded; none of runs that made none.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    stored = record.get("foreground", {})
    try:
        return {str(name): _read_finder(finder) for name, finder in dict(stored).items()}  # type: ignore[call-overload]  # see except
    except (TypeError, ValueError) as error:
        raise OutputError("damaged record: foreground", hint="make the dataset again") from error


def _read_finder(stored: Mapping[str, Any]) -> PartFinder:
    height, width = stored.get("size", (0, 0))
    captions = tuple(Box(*box) for box in stored.get("captions", ()))
    return PartFinder(**{**stored, "captions": captions, "size": (height, width)})


def moved_parts(
    stored: Mapping[str, PartFinder], finders: Mapping[str, PartFinder]
) -> frozenset[str]:
    """Return the categories whose part is found otherwise than a record says."""
    return frozenset(
        category
        for category in stored.keys() | finders.keys()
        if _deciding(stored.get(category)) != _deciding(finders.get(category))
    )


def _deciding(finder: PartFinder | None) -> tuple[object, ...] | None:
    """Return what of a decision decides pixels."""
    if finder is None:
        return None
    return finder.method, finder.area, finder.captions, finder.size if finder.captions else ()


@dataclass(frozen=True, slots=True)
class PartReport:
    """How well the photos of a category agree on where the part is.

    Attributes
    ----------
    finder : PartFinder
    photos : int
    found : int
        Photos in which less than the whole picture is the part.
    different : tuple of str
        The first photos that differ from most: no part where others have one, or one of another
        size.
    differ : int
        How many differ.
    """

    finder: PartFinder
    photos: int
    found: int
    different: tuple[str, ...] = ()
    differ: int = 0

    @property
    def line(self) -> str:
        """What was found, in words."""
        captions = len(self.finder.captions)
        burned = f"; left alone: {captions} captions burned in by the camera" if captions else ""
        return self._where + burned.replace("1 captions", "1 caption")

    @property
    def _where(self) -> str:
        if self.finder.method == "picture":
            return f"the whole picture is the part in {self.photos - self.found} of {self._all}"
        names = (
            ", ".join((*self.different, "...")[: NAMED + 1])
            if self.differ > NAMED
            else (", ".join(self.different))
        )
        others = f"; {self.differ} differ: {names}" if self.differ else ""
        return f"part found in {self.found} of {self._all} {WORDS[self.finder.method]}{others}"

    @property
    def doubt(self) -> str:
        """Why somebody should look, and what to do; empty if nothing speaks for it."""
        seen = max(self.finder.backdrop, self.finder.flood, self.finder.mass)
        if self.finder.method == "picture" and seen >= DOUBT:
            why = f"a part was seen in {seen:.0%} of the photos that were looked at"
            return f"{why}, too few to believe it: the whole picture counts as the part"
        if self.differ > 0.1 * self.photos:
            return f"{self.differ} of {self._all} disagree about where the part is"
        return ""

    @property
    def _all(self) -> str:
        return counted(self.photos, "photo")


@dataclass(slots=True)
class PartTally:
    """Collects how much of each photo of a category is the part."""

    names: list[str] = field(default_factory=list)
    shares: "array[float]" = field(default_factory=lambda: array("f"))

    def add(self, image: str, share: float) -> None:
        """Count a photo."""
        self.names.append(image)
        self.shares.append(share)

    def report(self, finder: PartFinder) -> PartReport:
        """Compare the photos with each other."""
        parts = sorted(share for share in self.shares if share < WHOLE)
        if finder.method == "picture" or not parts:
            return PartReport(finder, len(self.shares), len(parts))
        typical = parts[len(parts) // 2]
        different = [
            name
            for name, share in zip(self.names, self.shares, strict=True)
            if share >= WHOLE or not typical / ALIKE < share < typical * ALIKE
        ]
        return PartReport(
            finder, len(self.shares), len(parts), tuple(different[:NAMED]), len(different)
        )
