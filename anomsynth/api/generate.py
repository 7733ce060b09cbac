"""A labelled defect dataset from folders of good photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from anomsynth.api.notebook import listener
from anomsynth.api.options import (
    FilePath,
    Preset,
    RecipeOptions,
    Strength,
    choose_recipes,
    named,
    to_path,
    view_options,
    words,
)
from anomsynth.api.overview import write_overview
from anomsynth.dataset.compression import PngEffort
from anomsynth.dataset.folders import PhotoSource
from anomsynth.dataset.paths import is_dir, is_file
from anomsynth.dataset.reading import make_reading
from anomsynth.errors import InputError, UserError
from anomsynth.pipeline.backends import count_workers
from anomsynth.pipeline.estimate import Estimate, estimate
from anomsynth.pipeline.events import Estimating, Event, Finished, Listener, Started
from anomsynth.pipeline.options import Backend, Extra, OutLayout, Purpose, RunOptions
from anomsynth.pipeline.plan import Plan, make_plan
from anomsynth.pipeline.run import resumable, run
from anomsynth.recipe.models import Recipe

MASKS = frozenset({"roi", "avoid", "components"})  # may be one file for all photos


@dataclass(frozen=True, kw_only=True)
class Generated(Finished):
    """What a run made, or with `dry_run` would make.

    Attributes
    ----------
    plan : Plan
        What was to be made: its `out`, `categories`, `samples`, `ignored` files and so on.
    resumed : int
        Samples that an earlier run had made.
    cost : Estimate or None
        What the run would cost; None where it was done.
    sheet : Path or None
        Picture of where the parts were found and of some samples; None for shards.
    """

    plan: Plan = field(repr=False)
    resumed: int = 0
    cost: Estimate | None = None
    sheet: Path | None = None

    @property
    def good(self) -> int:
        """How many good photos the test set holds."""
        return sum(unit.split == "test" for unit in self.plan.units)


def generate(
    source: FilePath,
    out: FilePath,
    *,
    preset: Preset = "generic",
    kinds: Sequence[str] | str | None = None,
    per_image: int | None = None,
    count: int | None = None,
    purpose: Purpose | None = None,
    defects_per_image: int | tuple[int, int] | None = None,
    severity: Strength | None = None,
    seed: int | None = None,
    refiners: Sequence[str] | str | None = None,
    mm_per_px: float | None = None,
    min_score: float | None = None,
    best_of: int | None = None,
    roi: FilePath | None = None,
    avoid: FilePath | None = None,
    components: FilePath | None = None,
    textures: FilePath | None = None,
    real: FilePath | None = None,
    source_layout: str | None = None,
    bits: int | None = None,
    value_range: tuple[float, float] | None = None,
    bands: Sequence[str | int] | str | int | None = None,
    depth_unit: float | None = None,
    depth_sense: Literal["depth", "height"] | None = None,
    views: Sequence[str] | str | None = None,
    lights: FilePath | Mapping[str, Mapping[str, float]] | None = None,
    tree_depth: Literal[8, 16] = 8,
    max_side: int | None = None,
    keep_names: bool = False,
    out_layout: OutLayout = "mvtec",
    test_share: float = 0.2,
    extras: Sequence[Extra] | Extra = (),
    hardlink: bool = False,
    png: PngEffort = "fast",
    jobs: int = -1,
    backend: Backend = "loky",
    scheduler: str | None = None,
    shard: tuple[int, int] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    strict: bool = False,
    dry_run: bool = False,
    environment: Sequence[tuple[str, str]] = (),
    on_event: Listener | None = None,
) -> Generated:
    """Make a labelled defect dataset in MVTec AD layout from good photos.

    The source is never written to. The same seed makes the same images with any number of jobs.

    Parameters
    ----------
    source : path
        Good photos: a folder, a folder of category folders, or a dataset of a known layout.
    out : path
        Folder for the dataset.
    preset : str, path or Recipe
        What to make: name of a preset, recipe file, recipe, or ``"auto"``: by each category's name
        or look.
    kinds : sequence of str, optional
        Only these kinds of defects.
    per_image : int, optional
        Samples made of each photo; 2 if neither it nor `count` is given.
    count : int, optional
        Samples per category, instead.
    purpose : {"anomalib"}, optional
        What the dataset is for: two samples of each good test photo, instead, and none of those
        that are trained on, so that a threshold chosen on the test set does not reject good parts.
    defects_per_image : int or (int, int), optional
    severity : float or (float, float) in [0.5, 50], or ``"physical"``, optional
        Visibility d' of the defects; large areas up to 4.5, or the lower limit if that is higher.
        ``"physical"``: as visible as their depth, the material and the light make them.
    seed : int, optional
        Another number makes other defects.
    refiners : sequence of str, optional
        These refiners instead of the preset's; an empty one for none.
    mm_per_px : float, optional
        Size of a pixel, instead of the preset's scale.
    min_score : float in [0, 1], optional
        Samples below this score are drawn anew.
    best_of : int, optional
        Up to so many samples are drawn for each one, until one is good enough, and the best is
        kept.
    roi, avoid : path, optional
        Where defects may go, and where they must not: a folder of masks named like the photos (or
        of files of labelme), one mask for all photos, or a file of COCO or CVAT. What overhangs a
        part (a fiber, a bent lead) is drawn beside a `roi` that follows the part's outline, never
        beside one that lies within it.
    components : path, optional
        The components that may go missing, as masks or drawn, in the same ways.
    textures : path, optional
        Folder of pictures to take foreign textures from.
    real : path, optional
        Marked, real defects for mechanisms that set them into the photos (`paste_real`), in any
        layout that `score` understands.
    source_layout : str, optional
        How the source is laid out, if it is not recognised: one of
        `anomsynth.dataset.labelled.SourceLayout`, or ``"photos"`` if every picture is good.
    bits : int from 8 to 16, optional
        How many bits the camera uses of 16-bit photos; found in the photos if not given.
    value_range : (float, float), optional
        What is black and white of TIFF photos of floating-point, signed or 32-bit numbers; they are
        worked on in 65536 steps of it.
    bands : names or numbers from 1, optional
        The one to look at of TIFF photos with many bands, or three as red, green and blue.
    depth_unit : float, optional
        Millimeters per level of depth maps, which pictures are taken for then, or per unit of the
        coordinates of scans; those are told from the spacing of their points if not given.
    depth_sense : {"depth", "height"}, optional
        Whether those numbers grow away from the sensor or towards it. By default depth maps have
        depths, and clouds are seen from where their file says the sensor was.
    views : sequence of str, optional
        Names of the views of parts that were photographed in several lights, ``("L0", "L1")`` of
        ``part_L0.png`` and ``part_L1.png`` or of ``L0/part.png`` and ``L1/part.png``: one defect
        is rendered on all photos of a part. The first view stands in the tree, the others beside
        it in ``_anomsynth/<category>/view_L1``.
    lights : path or mapping, optional
        Lights of views, where they are known: a JSON file, or ``{"L0": {"azimuth_deg": 0,
        "elevation_deg": 45}}``; azimuth 0 is from the right, 90 from the top of the picture.
        Others are measured on photos of several parts of a category, whose lamps do not move;
        `plan.rigs` has them, and what is in doubt.
    tree_depth : {8, 16}
        Bits of the dataset's pictures where photos have 16; 16 keeps the camera's own levels.
    max_side : int, at least 64, optional
        Photos with more pixels on their longer side are made smaller first; masks that go with
        them have the size of the photos. Sizes in mm stay what they are.
    keep_names : bool
        File names go on with the name of their photo: ``000012_IMG_2034.png``.
    out_layout : {"mvtec", "folder"}
        "folder" is the same tree whose good photos stay JPEG where they are, copied or linked as
        they are; anomalib's Folder loads it, loaders of MVTec AD want PNG.
    test_share : float in [0, 1]
        Share of the photos that go to test/good.
    extras : sequence of {"soft", "class", "instance", "foreground", "height", "normals", "strict"}
        Written beside the dataset: relief in mm (TIFF), its normals as 16-bit PNG whose red is to
        the right, green upwards and blue to the camera, ``32768 + 32767 n``, and masks.
    hardlink : bool
        Link 8-bit PNG photos into the dataset instead of copying them.
    png : {"fast", "small"}
        How hard PNG are compressed.
    jobs : int
        Workers; -1 is one per core, -2 one less.
    backend : {"loky", "threading", "dask"}
        What the workers are.
    scheduler : str, optional
        Address of the Dask cluster to work on.
    shard : (int, int), optional
        ``(i, n)``: make the i-th of n parts; then `merge`.
    resume, overwrite : bool
        Finish what was begun in `out`, or replace it.
    strict : bool
        Stop at an unusable photo; failed samples stop nothing.
    dry_run : bool
        Make a few samples elsewhere and tell what all would cost; `out` is left alone.
    environment : sequence of (name, value)
        Variables that a program took options from, recorded in run.json and nothing else.
    on_event : callable, optional
        Is told what happens, see `anomsynth.pipeline.events`. Without one a notebook shows a line.

    Returns
    -------
    Generated

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError, OutputError
        As `anomsynth.pipeline.plan.make_plan` and `anomsynth.pipeline.run.run`.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> done = asy.generate(folder / "photos", folder / "out", preset="metal", per_image=1, jobs=1)
    >>> done.written, done.failed
    (1, 0)
    """
    amounts = {"per_image": per_image, "count": count, "purpose": purpose}
    given = [f"`{name}`" for name, value in amounts.items() if value is not None]
    if len(given) > 1:
        raise UserError(f"{' and '.join(given)} exclude each other", hint="give one of them")
    if resume and overwrite:
        raise UserError("`resume` and `overwrite` exclude each other", hint="give one of them")
    reading = make_reading(value_range, bands)
    chosen = RecipeOptions(
        kinds=kinds,
        refiners=refiners,
        severity=severity,
        defects_per_image=defects_per_image,
        seed=seed,
        mm_per_px=mm_per_px,
        min_score=min_score,
        best_of=best_of,
    )
    options = run_options(
        per_image=per_image,
        count=count,
        purpose=purpose,
        jobs=jobs,
        backend=backend,
        scheduler=scheduler,
        shard=shard,
        png=png,
        roi=folder_of("roi", roi),
        avoid=folder_of("avoid", avoid),
        components=folder_of("components", components),
        textures=folder_of("textures", textures),
        real=folder_of("real", real),
        source_layout=source_layout,
        bits=bits,
        value_range=reading.span,
        bands=reading.bands or None,
        depth_unit=depth_unit,
        depth_sense=depth_sense,
        **view_options(views, lights),
        tree_depth=tree_depth,
        max_side=max_side,
        keep_names=keep_names,
        out_layout=out_layout,
        test_share=test_share,
        link="hardlink" if hardlink else "copy",
        extras=_extras(extras),
        resume=resume,
        overwrite=overwrite,
        strict=strict,
        environment=tuple(environment),
    )
    tell = on_event or listener()
    found, recipe = choose_recipes(Path(source), preset, chosen, options, tell)
    plan = planned(found, Path(out), recipe, options, tell)
    if dry_run:
        tell(Estimating())
        cost = estimate(plan, count_workers(jobs), lambda share: tell(Estimating(share)))
        return Generated(0, 0, plan=plan, cost=cost)
    return run_plan(plan, tell)


def planned(
    source: Path | PhotoSource,
    out: Path,
    recipe: Recipe | Mapping[str, Recipe],
    options: RunOptions,
    tell: Listener,
) -> Plan:
    """Plan a run, and tell what about its source the user should know; see `make_plan`."""
    plan = make_plan(source, out, recipe, options)
    for notice in plan.notices:
        tell(notice)
    return plan


def run_plan(plan: Plan, tell: Listener) -> Generated:
    """Make what was planned, and the picture beside it."""
    resumed = 0

    def listen(event: Event) -> None:
        nonlocal resumed
        if isinstance(event, Started):
            resumed = event.done
        tell(event)

    finished = run(plan, listen)
    counts = {item.name: getattr(finished, item.name) for item in fields(finished)}
    whole = finished.written and plan.options.shard is None
    with resumable():  # the dataset is whole, and only the sheet is made then
        sheet = write_overview(plan.out) if whole else None
    return Generated(**counts, plan=plan, resumed=resumed, sheet=sheet)


def folder_of(option: str, given: FilePath | None) -> Path | None:
    """Return the path of a folder of pictures or masks; InputError if there is none."""
    place = to_path(given)
    if place is not None and not (is_dir(place) or (option in MASKS and is_file(place))):
        what = "file or folder" if option in MASKS else "folder"
        raise InputError(f"`{option}`: {place}: no such {what}", hint="check the path")
    return place


def _extras(given: Sequence[str] | str) -> tuple[str, ...]:
    with named("extras"):
        return words(given)


def run_options(**values: object) -> RunOptions:
    """Validate the options of a run; errors name the option."""
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return RunOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise UserError(f"`{first['loc'][0]}`: {reason}, got {first['input']!r}") from error
