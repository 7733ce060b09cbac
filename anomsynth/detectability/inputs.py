"""A sweep as it lies on disk: its flaws, their sizes and masks, and the good pictures."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, read_manifest
from anomsynth.dataset.metadata import read_run, sweep_of
from anomsynth.dataset.paths import exists, is_dir
from anomsynth.errors import InputError

OFF = 0.2  # share by which the median size of a level may be off


@dataclass(frozen=True, slots=True)
class SweptFlaw:
    """One picture of a sweep with its defect.

    Attributes
    ----------
    picture : str
        Posix path below the sweep's folder.
    mask : str
        Where the defect is.
    kind, measure : str
    level_mm, size_mm : float
        What was ordered, and what was made.
    d_prime : float
    photo : str
        Category and key of the photo it was made on.
    mm_per_px : float
    """

    picture: str
    mask: str
    kind: str
    measure: str
    level_mm: float
    size_mm: float
    d_prime: float
    photo: str
    mm_per_px: float


@dataclass(frozen=True, slots=True)
class SweptGood:
    """One good picture of a sweep.

    Attributes
    ----------
    picture : str
        Posix path below the sweep's folder.
    photo : str
    part_share : float
        Of the picture that is the part.
    mm_per_px : float or None
        None where no defect was made on the photo.
    source_sha256 : str
        Of the photo's pixels.
    """

    picture: str
    photo: str
    part_share: float
    mm_per_px: float | None
    source_sha256: str


@dataclass(frozen=True, slots=True)
class SweptSet:
    """A whole sweep.

    Attributes
    ----------
    root : Path
    flaws : tuple of SweptFlaw
    good : tuple of SweptGood
    grid : mapping
        What run.json says of the sweep.
    failed : int
        Defects that could not be made.
    part_mm : float or None
        What the part was taken to be as wide as, where nobody gave the size of a pixel.
    """

    root: Path
    flaws: tuple[SweptFlaw, ...]
    good: tuple[SweptGood, ...]
    grid: Mapping[str, object]
    failed: int
    part_mm: float | None = None

    @property
    def span_of_scale(self) -> tuple[float, float]:
        """Least and largest size of a pixel, mm."""
        scales = [flaw.mm_per_px for flaw in self.flaws]
        return min(scales), max(scales)

    @property
    def assumption(self) -> str | None:
        """What sizes rest on where nobody gave the size of a pixel, None where somebody did."""
        if self.part_mm is None:
            return None
        return (
            "sizes in mm are assumed: the part is taken to be as large as a square of "
            f"{self.part_mm:g} mm"
        )

    def made_otherwise(self) -> Iterator[str]:
        """Yield a line for each level whose defects came out a fifth off the ordered size."""
        groups: dict[tuple[str, str, float], list[float]] = defaultdict(list)
        for flaw in self.flaws:
            groups[flaw.kind, flaw.measure, flaw.level_mm].append(flaw.size_mm)
        for (kind, measure, level), sizes in sorted(groups.items()):
            middle = median(sizes)
            if abs(middle / level - 1) > OFF:
                yield (
                    f"{kind}: {measure} {level:.3g} mm came out as {min(sizes):.3g} to "
                    f"{max(sizes):.3g} mm; the curve goes by what came out"
                )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of its flaws, sorted."""
        return tuple(sorted({flaw.kind for flaw in self.flaws}))


def read_sweep(root: Path) -> SweptSet:
    """Read a sweep.

    Raises
    ------
    InputError
        If there is none, or it holds no defect or no good picture.
    """
    if not is_dir(root):
        raise InputError(f"{root}: no such folder", hint="give a folder made by `anomsynth sweep`")
    layout = Layout(root.resolve())
    hint = "make one with `anomsynth sweep`: only there sizes are known"
    if not exists(layout.run_file) and not is_dir(layout.shards):
        raise InputError(f"{root}: not a sweep", hint=hint)
    record = read_run(layout)
    grid, categories = sweep_of(record), record.get("categories")
    if grid is None or not isinstance(categories, Mapping):
        raise InputError(f"{root}: a dataset, but not a sweep", hint=hint)
    flaws: list[SweptFlaw] = []
    good: list[SweptGood] = []
    failed = 0
    for category in categories:
        path = layout.manifest(str(category))
        if not exists(path):
            msg = f"{root}: an unfinished sweep, {path.name} of {category!r} is not there"
            raise InputError(msg, hint="finish it with `resume=True`, or merge its shards")
        lines = list(read_manifest(path))
        some = [_flaw(line) for line in lines if line.get("what") == "sample"]
        scales = {flaw.photo: flaw.mm_per_px for flaw in some}
        flaws += some
        good += [_good(line, scales) for line in lines if line.get("what") == "normal"]
        failed += sum(line.get("what") == "failed sample" for line in lines)
    if not flaws or not good:
        what = "defect" if not flaws else "good picture"
        raise InputError(f"{root}: holds no {what}", hint="make the sweep again")
    recipe = record.get("recipe")
    part_mm = None if not isinstance(recipe, Mapping) else assumed_part(recipe)
    return SweptSet(layout.root, tuple(flaws), tuple(good), grid, failed, part_mm)


def assumed_part(recipe: Mapping[str, object]) -> float | None:
    """Return the side of the square as large as the part, mm, if only that sets the scale."""
    if any(recipe.get(name) is not None for name in ("mm_per_px", "field_mm", "object_mm")):
        return None
    part_mm = recipe.get("part_mm")
    return float(part_mm) if isinstance(part_mm, int | float) else None


def _flaw(line: Line) -> SweptFlaw:
    made, files = _part(line, "sweep"), _part(line, "files")
    return SweptFlaw(
        picture=str(files["image"]),
        mask=str(files["mask"]),
        kind=str(made["kind"]),
        measure=str(made["measure"]),
        level_mm=float(str(made["level_mm"])),
        size_mm=float(str(made["size_mm"])),
        d_prime=float(str(made["d_prime"])),
        photo=f"{line['category']}/{line['image']}",
        mm_per_px=float(str(line["mm_per_px"])),
    )


def _good(line: Line, scales: Mapping[str, float]) -> SweptGood:
    photo = f"{line['category']}/{line['image']}"
    return SweptGood(
        picture=str(_part(line, "files")["image"]),
        photo=photo,
        part_share=float(str(line.get("part_share", 1))),
        mm_per_px=scales.get(photo),
        source_sha256=str(_part(line, "source").get("sha256", "")),
    )


def _part(line: Line, name: str) -> Mapping[str, object]:
    part = line.get(name)
    if not isinstance(part, Mapping):
        hint = "make the sweep again"
        raise InputError(
            f"damaged manifest: no {name!r} in the line of {line.get('id')}", hint=hint
        )
    return part
