"""Makes a recorded sample again, from its key alone, and proves that it is the same."""

import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from pydantic import ValidationError

from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.extras import binary
from anomsynth.dataset.files import link_file, make_folder
from anomsynth.dataset.journal import read_journal
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import Line, array_hash, read_manifest
from anomsynth.dataset.masks import MaskFolder
from anomsynth.dataset.metadata import read_run
from anomsynth.dataset.paths import exists
from anomsynth.dataset.scans import ScanReading
from anomsynth.dataset.source_image import SourceImage
from anomsynth.dataset.sources import Sources
from anomsynth.dataset.verify import files_of
from anomsynth.dataset.writer import SourcePhoto, Writer, camera_levels, photo_hash
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.analysis import analyse_photo, load_unit, scan_facts
from anomsynth.pipeline.depths import read_depths, read_reading
from anomsynth.pipeline.parts import read_finders
from anomsynth.pipeline.places import find_again, find_source_again
from anomsynth.pipeline.record import DECISIVE, differences, plugins, versions
from anomsynth.pipeline.rigs import read_rigs, unit_lights
from anomsynth.pipeline.sweep import Sweep
from anomsynth.pipeline.units import Unit
from anomsynth.pipeline.views import prepared, views_facts
from anomsynth.pipeline.worker import make_flaw
from anomsynth.recipe.load import recorded_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.relief.grids import Sense
from anomsynth.sqe.samples import with_rater
from anomsynth.synthesis.synthesize import synthesize


@dataclass(frozen=True, slots=True, eq=False)
class Remade:
    """A sample that was made again, with what is needed to write it as its run did.

    Attributes
    ----------
    sample : Sample
        In the levels of the camera.
    written : Sample
        As a run writes it, with all 16 bits.
    surface : Surface
    origin : SourcePhoto
    number : int
    writer : Writer
        Of the run, but for where it writes to.
    """

    sample: Sample
    written: Sample
    surface: Surface
    origin: SourcePhoto
    number: int
    writer: Writer

    def write(self, folder: Path, stem: str) -> tuple[Path, ...]:
        """Write all files that the sample has in its dataset, side by side.

        Parameters
        ----------
        folder : Path
            Made if needed.
        stem : str
            What names begin with, followed by what a file is: ``_mask.png``, ``_view_L1.png``.

        Raises
        ------
        OutputError
            If a file cannot be written.
        """
        make_folder(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".anomsynth.") as scratch:
            layout = replace(self.writer.layout, root=Path(scratch))
            make_folder(layout.scratch)
            extras = tuple(dict.fromkeys((*self.writer.extras, "soft", "strict")))
            writer = replace(self.writer, layout=layout, extras=extras)
            line = writer.sample(self.origin, self.number, self.written, self.surface)
            own = layout.number(self.number)
            found = []
            for role, names in files_of(line).items():
                for name in names:
                    path = layout.root / name
                    ending = _ending(role, path, own, layout)
                    target = folder / f"{stem}{ending}"
                    link_file(path, target, layout.scratch)
                    found.append(target)
        return tuple(found)


def _ending(role: str, path: Path, number: str, layout: Layout) -> str:
    """Return what a file of a sample is called behind its name."""
    if role == "image":
        return path.suffix
    if role != "extras":
        return f"_{role}{path.suffix}"
    inside = path.relative_to(layout.metadata).parts
    more = path.stem.removeprefix(number) if inside[1] == "class" else ""
    return f"_{inside[1]}{more}{path.suffix}"


def replay(out: Path, sample_id: str, source: Path | None = None) -> Sample:
    """Return a sample of a dataset, rebuilt from its source photo; see `remake`."""
    return remake(out, sample_id, source).sample


def remake(out: Path, sample_id: str, source: Path | None = None) -> Remade:
    """Rebuild a sample of a dataset from its source photo.

    Parameters
    ----------
    out : Path
        Dataset written by `run`, finished or not.
    sample_id : str
        ``"<category>/<number>"`` as in the manifest; leading zeros may be left out.
    source : Path, optional
        Where the source folder is now; found where it was, or where it lay seen from `out`.

    Raises
    ------
    OutputError
        If there is no such dataset or sample, or the result is not the recorded one.
    InputError
        If the source photo is gone or is another one now.
    """
    layout = Layout(out.resolve())
    record = read_run(layout)
    line = _find(layout, sample_id, record)
    recipe = _recipe(record, str(line["category"]), layout)
    photos = find_source_again(record, layout.root, source)
    path = photos / str(_value(_part(line, "source"), "file"))
    index = int(str(line["index"]))
    key = SampleKey(str(line["category"]), str(_value(line, "image")), index)
    unit = _unit(record, key, path, layout.root)
    unit = replace(unit, scan=_scan(line, photos), scan_reading=scan_reading(record))
    lights = unit_lights(read_rigs(record).get(key.category, {}))
    unit = replace(unit, views=_views(line, record, photos), lights=lights)
    loaded = load_unit(unit, read_reading(record), recipe)
    if photo_hash(loaded.photo) != _value(_part(line, "source"), "sha256"):
        msg = f"{path}: not the photo that {sample_id} was made of"
        raise InputError(msg, hint="restore the photo, or make the dataset again")
    sources = Sources(*(_place(record, name, layout.root) for name in ("textures", "real")))
    if (views_facts(loaded, unit, photos) or {}) != (_part(line, "source").get("views") or {}):
        msg = f"{path}: its other views are not those that {sample_id} was made of"
        raise InputError(msg, hint="restore the photos, or make the dataset again")
    loaded = prepared(loaded, unit)
    surface = analyse_photo(
        loaded,
        unit,
        recipe,
        needs_roi=unit.roi is not None,
        sources=sources,
    )
    written = _made_again(record, line, surface, recipe, key)
    hashes = _part(line, "sha256")
    sample = replace(written, image=camera_levels(written.image, surface))
    made = {
        "sample": array_hash(sample.image),
        "mask": array_hash(binary(sample.mask)),
    }
    views = {
        name: replace(view, image=camera_levels(view.image, surface))
        for name, view in sample.views.items()
    }
    sample = replace(sample, views=views)
    made |= {f"view {name}": array_hash(view.image) for name, view in views.items()}
    if sample.scan is not None:
        made["scan"] = array_hash(sample.scan.points)
        if sample.scan.colours is not None:
            made["colours"] = array_hash(sample.scan.colours)
    if any(hashes.get(name) != value for name, value in made.items()):
        raise OutputError(f"{sample_id}: came out differently", hint=_why(record, recipe))
    file = str(_value(_part(line, "source"), "file"))
    origin = SourcePhoto(key.category, key.image, file, scan=scan_facts(loaded, photos))
    number = int(str(line["number"]))
    writer = _writer(record, layout, scanned=unit.scan is not None)
    return Remade(with_rater(sample, surface), written, surface, origin, number, writer)


def _writer(record: Line, layout: Layout, *, scanned: bool) -> Writer:
    """Return what a run wrote its samples with."""
    options = _part(record, "options")
    extras = options.get("extras")
    recipes = record.get("recipes")
    every = recipes.keys() if isinstance(recipes, Mapping) else [""]
    kinds = {
        item.generator.kind
        for category in every
        for item in _recipe(record, category, layout).mechanisms
    }
    return Writer(
        replace(layout, tree="3d" if scanned else "mvtec"),
        extras=tuple(map(str, extras)) if isinstance(extras, list) else (),
        kinds=tuple(sorted(kinds)),
        tree_depth=16 if options.get("tree_depth") == 16 else 8,
    )


def _made_again(
    record: Line, line: Line, surface: Surface, recipe: Recipe, key: SampleKey
) -> Sample:
    if "sweep" not in line:
        return synthesize(surface, recipe, seed=recipe.seed, key=key)
    made = _part(line, "sweep")
    ordered = made.get("ordered_d_prime")
    try:
        sweep = Sweep.model_validate(_value(_part(record, "options"), "sweep"))
        cell = next(
            one
            for one in sweep.cells
            if (one.kind, one.measure) == (made["kind"], made["measure"])
            and _same(one.size_mm, made["level_mm"])
            and _same(one.d_prime, ordered)
        )
    except (ValidationError, StopIteration, KeyError) as error:
        raise OutputError("damaged record: sweep", hint="make the sweep again") from error
    return make_flaw(surface, recipe, sweep, cell, key)[0]


def _same(level: float | None, written: object) -> bool:
    """Tell whether a level is the one that a manifest holds, where it has six digits."""
    if level is None or written is None:
        return level is written
    return math.isclose(level, float(str(written)), rel_tol=1e-5)


def _find(layout: Layout, sample_id: str, record: Line) -> Line:
    category, _, number = sample_id.rpartition("/")
    known = _part(record, "categories")
    if category not in known:
        hint = f"categories: {', '.join(sorted(known))}; write CATEGORY/NUMBER"
        raise OutputError(f"{sample_id}: no such category in {layout.root}", hint=hint)
    if number.isdecimal():
        for line in _lines(layout, category):
            if line.get("number") != int(number) or line.get("category") != category:
                continue
            if line.get("what") == "sample":
                return line
            if line.get("what") == "failed sample":
                msg = f"{sample_id}: could not be made: {line.get('message')}"
                raise OutputError(msg, hint="choose a sample that exists")
    hint = f"samples are listed in {layout.manifest(category)}"
    raise OutputError(f"{sample_id}: no such sample", hint=hint)


def _lines(layout: Layout, category: str) -> Iterator[Line]:
    if exists(layout.manifest(category)):
        yield from read_manifest(layout.manifest(category), made=True)
    elif exists(layout.journal):
        yield from read_journal(layout.journal)


def _recipe(record: Line, category: str, layout: Layout) -> Recipe:
    recipes = record.get("recipes")
    written = _part(recipes, category) if isinstance(recipes, dict) else _part(record, "recipe")
    return recorded_recipe(written, str(layout.run_file))


def _place(record: Line, name: str, out: Path) -> Path | None:
    """Return where a folder that the run was given is now."""
    recorded = _part(record, "options").get(name)
    if recorded is None:
        return None
    return find_again(record, name, recorded, out) or Path(str(recorded))


def _unit(record: Line, key: SampleKey, path: Path, out: Path) -> Unit:
    masks = {}
    for name in ("roi", "avoid", "components"):
        folder = _place(record, name, out)
        found = None if folder is None else MaskFolder(folder)
        masks[name] = None if found is None else found.find(key.category, key.image)
    return Unit(
        category=key.category,
        image=key.image,
        path=path,
        rank=0,
        first=key.index,
        samples=1,
        split="train",
        finder=read_finders(record).get(key.category),
        depth=read_depths(record).get(key.category),
        roi=masks["roi"],
        avoid=masks["avoid"],
        components=masks["components"],
        max_side=_max_side(record),
    )


def _scan(line: Line, photos: Path) -> Path | None:
    """Return the scan that goes with the photo of a line; None if none does."""
    scan = _part(line, "source").get("scan")
    return photos / str(_value(scan, "file")) if isinstance(scan, Mapping) else None


def _views(line: Line, record: Line, photos: Path) -> tuple[tuple[str, SourceImage], ...]:
    """Return the other photos of a line's part, in the order of the run's views."""
    told = _part(line, "source").get("views")
    names = _part(record, "options").get("views")
    if not isinstance(told, Mapping) or not isinstance(names, list):
        return ()
    found = [(name, _part(dict(told), name)) for name in names[1:]]
    return tuple(
        (name, SourceImage(str(_value(one, "image")), photos / str(_value(one, "file"))))
        for name, one in found
    )


def scan_reading(record: Line) -> ScanReading:
    """Return what the user of a run said about the files of scans, by run.json."""
    options = _part(record, "options")
    unit, sense = options.get("depth_unit"), options.get("depth_sense")
    return ScanReading(
        float(unit) if isinstance(unit, int | float) else None,
        cast("Sense", sense) if sense in get_args(Sense) else None,
    )


def _max_side(record: Line) -> int | None:
    side = _part(record, "options").get("max_side")
    return side if isinstance(side, int) else None


def _part(line: Line, name: str) -> Mapping[str, object]:
    part = line.get(name)
    if not isinstance(part, Mapping):
        raise OutputError(f"damaged record: no {name}", hint="make the dataset again")
    return part


def _value(line: Mapping[str, object], name: str) -> object:
    if name not in line:
        raise OutputError(f"damaged record: no {name}", hint="make the dataset again")
    return line[name]


def _why(record: Line, recipe: Recipe) -> str:
    stored, present = _part(record, "versions"), versions()
    changed = [
        f"{name} was {stored.get(name)}, is {present[name]}"
        for name in DECISIVE
        if stored.get(name) != present[name]
    ]
    changed += differences({"plugins": record.get("plugins")}, {"plugins": plugins([recipe])})
    return "; ".join(changed) if changed else "masks may have changed; versions are the same"
