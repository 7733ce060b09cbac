"""A test set of defects of stated sizes, by which an inspection's limits are found."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import ValidationError

from anomsynth.api.generate import Generated, folder_of, planned, run_options, run_plan
from anomsynth.api.notebook import listener
from anomsynth.api.options import (
    AUTO,
    PHYSICAL,
    FilePath,
    Preset,
    RecipeOptions,
    Strength,
    choose_recipe,
    named,
    number,
    span,
    whole,
    words,
)
from anomsynth.core.measure import MeasureName
from anomsynth.core.registry import generators
from anomsynth.dataset.compression import PngEffort
from anomsynth.errors import UserError
from anomsynth.pipeline.events import Listener
from anomsynth.pipeline.options import Backend
from anomsynth.pipeline.sweep import Sweep
from anomsynth.pipeline.sweep_check import check_sizes
from anomsynth.synthesis.conditions import Conditions
from anomsynth.synthesis.flaw import measure_of

LEAST_D, MOST_D = 0.1, 50.0
MOST_LEVELS = 100
CONDITIONS = ("exposure", "defocus", "noise", "jpeg", "light")


def sweep(
    source: FilePath,
    out: FilePath,
    *,
    kinds: Sequence[str] | str,
    size: float | tuple[float, float],
    levels: int = 8,
    per_level: int = 30,
    severity: Strength = PHYSICAL,
    d_levels: int = 6,
    measure: MeasureName | None = None,
    preset: Preset = "generic",
    seed: int | None = None,
    refiners: Sequence[str] | str | None = None,
    mm_per_px: float | None = None,
    exposure: float = 0,
    defocus: float = 0,
    noise: float = 0,
    jpeg: int | None = None,
    light: float | None = None,
    roi: FilePath | None = None,
    avoid: FilePath | None = None,
    source_layout: str | None = None,
    bits: int | None = None,
    tree_depth: Literal[8, 16] = 8,
    png: PngEffort = "fast",
    jobs: int = -1,
    backend: Backend = "loky",
    scheduler: str | None = None,
    shard: tuple[int, int] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    strict: bool = False,
    environment: Sequence[tuple[str, str]] = (),
    on_event: Listener | None = None,
) -> Generated:
    """Make defects of stated sizes on good photos, one a picture, with the good ones beside them.

    Take photos that no detector was trained on. All go to test/good, the defects to test/KIND;
    the manifest says of each which size it has. `pod` tells from a detector's answers from which
    size on it finds them. A defect that is too small or faint to change anything is kept: it is
    there, and is missed.

    Parameters
    ----------
    source : path
        Good photos: a folder, a folder of category folders, or a dataset of a known layout.
    out : path
        Folder for the sweep.
    kinds : sequence of str
        Kinds of defects, all of which have sizes in mm.
    size : float or (float, float), mm
        Smallest and largest size.
    levels : int
        Sizes between them, both included, evenly spaced in their logarithm.
    per_level : int
        Pictures of each kind and size in each category.
    severity : "physical", or float or (float, float) in [0.1, 50]
        As visible as depth, material and light make a defect of its size; or held at d', one or a
        grid of `d_levels`, which take turns within each size.
    d_levels : int
        Levels of d' where it has a range.
    measure : {"length", "width", "depth", "area"}, optional
        What the sizes are; each kind's own first measure if not given. Of an area, the size is the
        side of a square as large.
    preset : str, path or Recipe
        The mechanisms' other parameters, the material, and the scale.
    seed : int, optional
        Another number makes other defects.
    refiners : sequence of str, optional
        These refiners instead of the preset's.
    mm_per_px : float, optional
        Size of a pixel, instead of the preset's scale: sizes are no truer than it.
    exposure : float in [-6, 6]
        Stops by which the pictures are brighter.
    defocus : float in [0, 50]
        Standard deviation of a blur, pixels.
    noise : float in [0, 100]
        Standard deviation of added noise, grey levels of 255.
    jpeg : int in [1, 100], optional
        Quality of a compression that they went through.
    light : float in (0, 90], optional
        Height of the light in degrees in which the defects are seen. These five leave the defects
        as they are: the same seed makes the same ones.
    roi, avoid, source_layout, bits, tree_depth, png, jobs, backend, scheduler, shard
        As for `generate`.
    resume, overwrite, strict : bool
        As for `generate`.
    environment : sequence of (name, value)
        Variables that a program took options from, recorded in run.json and nothing else.
    on_event : callable, optional
        Is told what happens, see `anomsynth.pipeline.events`.

    Returns
    -------
    Generated

    Raises
    ------
    UserError
        If an option is not valid, or a size lies beyond the part or below a pixel.
    InputError, OutputError
        As `generate`.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> done = asy.sweep(
    ...     folder / "photos", folder / "out", kinds="pitting", size=(4, 12), levels=2, per_level=1,
    ...     mm_per_px=0.5, jobs=1,
    ... )
    >>> done.by_kind, done.good
    ({'pitting': 2}, 1)
    """
    if preset == AUTO:
        raise UserError("`preset`: a sweep needs one scale, 'auto' may choose several")
    options = run_options(
        sweep=None,
        jobs=jobs,
        backend=backend,
        scheduler=scheduler,
        shard=shard,
        png=png,
        roi=folder_of("roi", roi),
        avoid=folder_of("avoid", avoid),
        source_layout=source_layout,
        bits=bits,
        tree_depth=tree_depth,
        resume=resume,
        overwrite=overwrite,
        strict=strict,
        environment=tuple(environment),
    )
    with named("kinds"):
        chosen = words(kinds)
        if not chosen:
            raise UserError("name at least one")
    changes = RecipeOptions(kinds=chosen, refiners=refiners, seed=seed, mm_per_px=mm_per_px)
    recipe = choose_recipe(preset, changes)
    grid = Sweep(
        kinds=_measured(chosen, measure),
        sizes_mm=_levels("size", size, levels, "levels"),
        d_primes=_strengths(severity, d_levels),
        per_level=_count("per_level", per_level),
        conditions=_conditions((exposure, defocus, noise, jpeg, light)),
    )
    options = options.model_copy(update={"sweep": grid})
    tell = on_event or listener()
    plan = planned(Path(source), Path(out), recipe, options, tell)
    check_sizes(plan, grid)
    return run_plan(plan, tell)


def _measured(
    kinds: Sequence[str], measure: MeasureName | None
) -> tuple[tuple[str, MeasureName], ...]:
    if measure is not None and measure not in get_args(MeasureName):
        known = ", ".join(get_args(MeasureName))
        raise UserError(f"`measure`: no such measure {measure!r}", hint=f"known: {known}")
    with named("kinds" if measure is None else "measure"):
        found = [measure_of(generators.build({"kind": kind}), measure) for kind in kinds]
    return tuple((kind, one.name) for kind, one in zip(kinds, found, strict=True))


def _levels(
    option: str, given: float | tuple[float, float], count: int, counted: str
) -> tuple[float, ...]:
    """Return a grid that is even in the logarithm, with six digits as the manifest has them."""
    low, high = span(option, given)
    wanted = _count(counted, count)
    if low == high:
        return (low,)
    if wanted < 2:
        raise UserError(f"`{counted}`: a range needs at least 2 levels, got {wanted}")
    return tuple(float(f"{value:.6g}") for value in np.geomspace(low, high, wanted))


def _strengths(severity: Strength, levels: int) -> tuple[float, ...] | None:
    if severity == PHYSICAL:
        return None
    if isinstance(severity, str):
        raise UserError(f"`severity`: no such strength {severity!r}", hint="give d', or 'physical'")
    found = _levels("severity", severity, levels, "d_levels")
    if found[0] < LEAST_D or found[-1] > MOST_D:
        shown = f"{found[0]:g}:{found[-1]:g}"
        raise UserError(f"`severity`: must lie in {LEAST_D:g}:{MOST_D:g}, got {shown!r}")
    return found


def _count(option: str, given: object) -> int:
    count = whole(option, given)
    if not 1 <= count <= 10_000 or (option != "per_level" and count > MOST_LEVELS):
        raise UserError(f"`{option}`: must be at least 1 and not that many, got {count}")
    return count


def _conditions(given: tuple[object, ...]) -> Conditions:
    names = ("exposure", "defocus", "noise", "jpeg", "light_deg")
    values = {}
    for option, name, value in zip(CONDITIONS, names, given, strict=True):
        if value is None:
            continue
        if not math.isfinite(number(option, value)):
            raise UserError(f"`{option}`: expected a finite number, got {value!r}")
        values[name] = whole(option, value) if name == "jpeg" else number(option, value)
    try:
        return Conditions.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        option = CONDITIONS[names.index(str(first["loc"][0]))]
        reason = first["msg"][0].lower() + first["msg"][1:]
        raise UserError(f"`{option}`: {reason}, got {first['input']!r}") from error
