"""What a fit starts from: the marked defects and good photos of one product."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from anomsynth.core.depth import Depth
from anomsynth.core.types import Surface
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.layouts.empty_marks import warn_of_empty_marks
from anomsynth.dataset.layouts.item import Labelled
from anomsynth.dataset.reading import PhotoReader
from anomsynth.errors import InputError
from anomsynth.fitting.real import (
    TOO_MUCH,
    Marked,
    Pair,
    View,
    measure_pair,
    read_good,
    read_pairs,
    spare_surfaces,
    working_size,
)
from anomsynth.pipeline.depths import find_depths
from anomsynth.pipeline.parts import find_parts
from anomsynth.recipe.models import Recipe
from anomsynth.sqe.surroundings import without_defect
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.category import PHOTOS, choose_finder
from anomsynth.surface.foreground import PartFinder


@dataclass(frozen=True, slots=True, eq=False)
class FitMaterial:
    """Real defects, measured, and good photos, analysed.

    Attributes
    ----------
    marked : tuple of Marked
    surfaces : tuple of Surface
    own : bool
        True if the good photos are the unmarked rest of the defective ones.
    too_large : int
        Pictures whose masks mark most of the part.
    refused : tuple of str
        One line for each picture that cannot be used.
    """

    marked: tuple[Marked, ...]
    surfaces: tuple[Surface, ...]
    own: bool
    too_large: int
    refused: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of the defects in order: kind and stem, numbered where a picture has several."""
        return [
            f"{item.item.kind}/{item.item.image.stem}"
            + (f" #{number + 1}" if len(item.defects) > 1 else "")
            for item in self.marked
            for number in range(len(item.defects))
        ]


def gather(
    real: Path,
    photos: Path | None,
    base: Recipe,
    *,
    source_layout: str | None,
    jobs: int,
) -> FitMaterial:
    """Read and measure what a fit starts from.

    Parameters
    ----------
    real : Path
        Labelled dataset with the defects of one product.
    photos : Path or None
        Its good photos; those of `real` if None, else the rest of the defective ones.
    base : Recipe
    source_layout : str or None
    jobs : int
        Threads that read.

    Raises
    ------
    InputError
        If no defect or no good photo can be used, or the defects are of several products.
    """
    items = find_labelled(real, source_layout)
    warn_of_empty_marks(real, items)
    defective = [item for item in items if not item.good]
    if not defective:
        raise InputError(f"{real}: holds good photos only", hint="defects lie in test/KIND")
    products = sorted({item.category for item in defective})
    if len(products) > 1:
        msg = f"{real}: holds defects of {len(products)} products: {', '.join(products[:5])}"
        raise InputError(msg, hint=f"fit one at a time: give {real / products[0]}")
    good = _good(items) if photos is None else _listed(photos)
    paths = [*good, *(item.image for item in defective)]
    depth = find_depths({"": paths}, jobs).get("")
    refused: list[str] = []
    pairs = read_pairs(defective, depth, refused.append)
    finder = _finder(good, pairs, depth, jobs)
    view = View(base, finder, depth, working_size(pairs) if pairs else 0)
    marked = _measured(pairs, view, refused)
    if not marked:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise InputError(f"{real}: no defect can be used: {refused[0]}{more}")
    surfaces = read_good(good, view, refused.append)
    own = not surfaces
    if own:
        surfaces = spare_surfaces(pairs, view)
    if not surfaces:
        raise InputError(f"{real}: no photo of a good part", hint="give some by `photos`")
    too_large = sum(TOO_MUCH in line for line in refused)
    return FitMaterial(tuple(marked), tuple(surfaces), own, too_large, tuple(refused))


def _finder(
    good: Sequence[Path], pairs: Sequence[Pair], depth: Depth | None, jobs: int
) -> PartFinder:
    """Decide how the part is found: from good photos, else from pictures with defects filled."""
    if good:
        return find_parts({"": good}, jobs, {"": PhotoReader(depth=depth)})[""]
    some = pairs[:: -(-len(pairs) // PHOTOS) or 1]
    return choose_finder(one_channel(without_defect(p.photo.pixels, p.mask)) for p in some)


def _measured(pairs: Sequence[Pair], view: View, refused: list[str]) -> list[Marked]:
    """Return measured pictures; what cannot be measured becomes a line."""
    marked = []
    for pair in pairs:
        try:
            one = measure_pair(pair, view)
        except InputError as error:
            refused.append(f"{error}; {error.hint}")
            continue
        if one.defects:
            marked.append(one)
        else:
            line = f"{pair.item.image}: its mask marks a few pixels only"
            refused.append(f"{line}; outline the defect")
    return marked


def _good(items: Sequence[Labelled]) -> list[Path]:
    """Return the good photos of a dataset: those for training, else any."""
    good = [item for item in items if item.good]
    train = [item.image for item in good if item.split == "train"]
    return train or [item.image for item in good]


def _listed(photos: Path) -> list[Path]:
    return [image.path for images in find_source(photos).categories.values() for image in images]
