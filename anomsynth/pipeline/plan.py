"""What a run is going to do, settled and checked before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anomsynth.core.depth import Depth
from anomsynth.core.path_list import PathList
from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.layout import Layout, check_kinds, digits_for
from anomsynth.dataset.metadata import (
    check_not_linked,
    check_removable,
    check_writable,
    contents,
    read_run,
)
from anomsynth.dataset.paths import exists
from anomsynth.dataset.reading import PhotoReader
from anomsynth.dataset.verify import are_photos_of
from anomsynth.errors import OutputError, RecipeError
from anomsynth.pipeline.depths import find_depths, recorded_depths
from anomsynth.pipeline.events import Noticed
from anomsynth.pipeline.listing import check_radiographs, check_scans, is_bare, list_source
from anomsynth.pipeline.notices import notices_of
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.parts import find_parts, moved_parts, read_finders, recorded
from anomsynth.pipeline.places import FROM_OUT, SOURCE, seen_from
from anomsynth.pipeline.record import differences, renamed_categories, run_record
from anomsynth.pipeline.rigs import (
    Rig,
    find_rigs,
    moved_rigs,
    read_rigs,
    recorded_rigs,
    unit_lights,
)
from anomsynth.pipeline.shards import (
    check_shards,
    find_shards,
    in_shard,
    layout_of,
    read_shard,
)
from anomsynth.pipeline.units import Amounts, Unit
from anomsynth.recipe.models import Recipe
from anomsynth.surface.foreground import PartFinder
from anomsynth.synthesis.scanned import colour_only


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked run.

    Attributes
    ----------
    source : Path
        Absolute.
    recipes : dict of category -> Recipe
        All of one seed.
    finders : dict of category -> PartFinder
        How the part is found; without categories whose recipe or masks say where it is.
    options : RunOptions
    layout : Layout
    units : sequence of Unit
        One for each photo of the shard, by category and rank; made when it is asked for.
    photos : sequence of (str, str)
        Category and key of every photo of the source, in the same order.
    per_photo : int
        Most samples of one photo; sample `index` of the photo of `rank` has the number
        ``rank * per_photo + index``.
    ignored : int
        Files and folders of the source that are no photos.
    ignored_example : str
        One of them, below the source folder.
    depths : dict of category -> Depth
        Of those whose 16-bit photos use less.
    rigs : dict of category -> Rig
        Lights of the views, where parts have several.
    notices : tuple of Noticed
        What about the source may not be as it was meant.
    """

    source: Path
    recipes: Mapping[str, Recipe]
    finders: Mapping[str, PartFinder]
    options: RunOptions
    layout: Layout
    units: Sequence[Unit]
    photos: Sequence[tuple[str, str]]
    per_photo: int
    ignored: int
    ignored_example: str = ""
    depths: Mapping[str, Depth] = field(default_factory=dict)
    rigs: Mapping[str, Rig] = field(default_factory=dict)
    notices: tuple[Noticed, ...] = ()

    @property
    def out(self) -> Path:
        """Output folder, absolute."""
        return self.layout.root

    @property
    def samples(self) -> int:
        """Number of samples."""
        return sum(unit.samples for unit in self.units)

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories in the order of their names."""
        return tuple(dict.fromkeys(unit.category for unit in self.units))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds the recipes can make, sorted."""
        recipes = self.recipes.values()
        return tuple(sorted({item.generator.kind for one in recipes for item in one.mechanisms}))

    @property
    def passed_over(self) -> Mapping[str, tuple[str, ...]]:
        """Kinds that only colour, by category whose photos are nothing but depth."""
        if self.layout.tree != "3d":  # photos, of which there may be very many
            return {}
        firsts = {unit.category: unit for unit in reversed(self.units)}
        bare = [name for name, unit in firsts.items() if is_bare(unit.path, unit.scan)]
        found = {name: colour_only(self.recipes[name]) for name in sorted(bare)}
        return {name: kinds for name, kinds in found.items() if kinds}

    @property
    def scans_are_tiff(self) -> bool:
        """Whether every scan is a TIFF file, as loaders of MVTec 3D-AD want them."""
        endings = {unit.scan.suffix.lower() for unit in self.units if unit.scan is not None}
        return endings <= {".tif", ".tiff"}

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return next(iter(self.recipes.values())).seed

    def record(self) -> dict[str, object]:
        """Return what run.json says: everything that decides the dataset's content."""
        return {
            **run_record(self.recipes, self.options, self.source, self.photos),
            FROM_OUT: seen_from(self.out, self.source, self.options),
            "foreground": recorded(self.finders),
            **({"depths": recorded_depths(self.depths)} if self.depths else {}),
            **({"lights": recorded_rigs(self.rigs)} if self.rigs else {}),
        }

    def moved(self, record: Mapping[str, object]) -> frozenset[str]:
        """Return the categories of which another run.json decided otherwise about part or lights.

        Raises
        ------
        OutputError
            If the record is damaged.
        """
        parts = moved_parts(read_finders(record), self.finders)
        return parts | moved_rigs(read_rigs(record), self.rigs)


def make_plan(
    source: Path | PhotoSource,
    out: Path,
    recipe: Recipe | Mapping[str, Recipe],
    options: RunOptions,
) -> Plan:
    """Settle a run; reads the disk, writes nothing.

    Parameters
    ----------
    source : Path, or what `find_source` found there without `options.no_photos()`
    out : Path
    recipe : Recipe, or dict of category -> Recipe
        One for all, or one for each category of the source; they share one seed.
    options : RunOptions

    Raises
    ------
    InputError
        If the source is missing, unreadable or empty, or a folder of masks does not fit.
    OutputError
        If the output folder lies in the source or holds it, cannot be written, or holds files and
        neither `resume` nor `overwrite` is set; or if it is to be resumed with something else than
        it was begun with; or if a shard does not fit to those that are there.
    """
    options.check_workers()
    root = out.resolve()
    found = source
    if not isinstance(found, PhotoSource):
        found = list_source(found, options)
    _check_apart(found.root, root)
    recipes = _by_category(recipe, tuple(found.categories))
    check_scans(found, recipes, options)
    check_radiographs(recipes, options)
    amounts = Amounts(found, next(iter(recipes.values())).seed, options)
    units, per_photo = amounts.units(), amounts.per_photo
    highest = per_photo * max(len(photos) for photos in found.categories.values())
    layout = layout_of(root, digits_for(highest), options.shard)
    if found.has_scans:
        layout = replace(layout, tree="3d")
    photos = units.names()
    mine = units.part(in_shard(photos, options.shard))
    ignored = found.ignored, found.example
    plan = Plan(found.root, recipes, {}, options, layout, mine, photos, per_photo, *ignored)
    check_kinds(plan.kinds)
    _check_apart_from_others(plan)
    # Reads photos.
    paths = {name: _paths(found, name, views=True) for name in found.categories}
    depths = find_depths(paths, options.jobs, options.bits, options.reading)
    plan = replace(plan, depths=depths)
    _check_out(plan)
    finders = _finders(found, recipes, options, depths)
    seen = units.knowing(finder=finders, depth=depths)
    rigs = find_rigs({name: seen.of(name) for name in found.categories}, recipes, options)
    lights = {name: unit_lights(rig) for name, rig in rigs.items()}
    mine = mine.knowing(finder=finders, depth=depths, lights=lights)
    notices = notices_of(found, recipes, rigs, options)
    plan = replace(plan, finders=finders, rigs=rigs, units=mine, notices=notices)
    _check_decisions(plan)
    return plan


def _check_decisions(plan: Plan) -> None:
    """Raise OutputError if another shard has decided otherwise: a photo was replaced."""
    if plan.options.shard is None:
        return
    for other in find_shards(plan.layout):
        if other.shard == plan.options.shard or not exists(other.run_file):
            continue
        moved = plan.moved(read_shard(other))
        if moved:
            msg = f"{plan.layout.root}: photos of {min(moved)!r} were replaced since other shards"
            raise OutputError(msg, hint="delete the folder and make all shards anew")


def _check_apart(source: Path, out: Path) -> None:
    if out.is_relative_to(source):
        hint = "choose an output folder outside; the source is never written to"
        raise OutputError(f"{out}: lies in the source folder {source}", hint=hint)
    if source.is_relative_to(out):
        hint = "choose an output folder of its own"
        raise OutputError(f"{out}: holds the source folder {source}", hint=hint)


def _check_apart_from_others(plan: Plan) -> None:
    """Raise OutputError if the run may not write where it should, whatever its settings."""
    options, layout = plan.options, plan.layout
    if options.resume and options.overwrite:
        raise OutputError("`resume` and `overwrite` exclude each other", hint="give one of them")
    held = contents(layout)
    check_writable(layout.root)
    if held == "other":
        msg = f"{layout.root}: not empty, and not made by anomsynth"
        raise OutputError(msg, hint="choose another output folder")
    if held == "run" and not (options.resume or options.overwrite):
        raise OutputError(f"{layout.root}: not empty", hint="add `resume=True` or `overwrite=True`")


def _check_out(plan: Plan) -> None:
    """Raise OutputError if what is there was begun with other settings, or may not be removed."""
    options, layout = plan.options, plan.layout
    held = contents(layout)
    check_shards(layout, held, plan.record(), options)
    if held in {"nothing", "shards"}:
        return
    check_not_linked(layout, plan.categories)
    if options.overwrite:
        check_removable(layout, list(plan.categories))
    elif options.resume:
        stored, planned = read_run(layout), plan.record()
        same_names = stored.get("categories") == planned["categories"]
        if same_names and are_photos_of(layout, plan.categories, plan.source):
            stored = {**stored, SOURCE: planned[SOURCE]}  # they have moved
        changed = differences(stored, planned) + renamed_categories(stored, planned)
        if changed:
            msg = f"{layout.root}: was begun with other settings: {'; '.join(changed)}"
            raise OutputError(msg, hint="use the same settings, or `overwrite=True`")


def _by_category(
    recipe: Recipe | Mapping[str, Recipe], categories: Sequence[str]
) -> Mapping[str, Recipe]:
    if isinstance(recipe, Recipe):
        return dict.fromkeys(categories, recipe)
    missing = [category for category in categories if category not in recipe]
    if missing:
        raise RecipeError(f"no recipe for the category {missing[0]!r}", hint="give one for each")
    chosen = {category: recipe[category] for category in categories}
    if len({one.seed for one in chosen.values()}) > 1:
        raise RecipeError("recipes of one run need one seed", hint="load them with the same seed")
    return chosen


def _paths(found: PhotoSource, category: str, *, views: bool = False) -> PathList:
    """Return the photos of a category, of scans without pictures none; all `views` of a part."""
    paths = PathList(one.path for one in found.categories[category] if one.scan != one.path)
    for photo in found.categories[category] if views else ():
        for _, other in photo.views if photo.scan != photo.path else ():
            paths.append(other.path)
    return paths


def _finders(
    found: PhotoSource,
    recipes: Mapping[str, Recipe],
    options: RunOptions,
    depths: Mapping[str, Depth],
) -> dict[str, PartFinder]:
    """Decide how the part is found where nobody says where it is."""
    if options.roi is not None or found.has_scans:  # depth tells it
        return {}
    wanted = [name for name in found.categories if not recipes[name].tells_part]
    readers = {name: PhotoReader(options.reading, depths.get(name)) for name in wanted}
    paths = {name: _paths(found, name) for name in wanted}
    return find_parts(paths, options.jobs, readers)
