"""Whether a sweep's sizes can be drawn on the photos at all, before any work is done."""

from dataclasses import replace

from anomsynth.core.types import Surface
from anomsynth.dataset.images import load_photo
from anomsynth.dataset.reading import spread
from anomsynth.errors import InputError, PlacementError, UserError
from anomsynth.pipeline.analysis import analyse_photo
from anomsynth.pipeline.plan import Plan
from anomsynth.pipeline.sweep import Sweep
from anomsynth.pipeline.units import Unit
from anomsynth.synthesis.flaw import measure_of, sized

PHOTOS = 3  # of each category that are looked at
LEAST_PX = {"length": 2.0, "width": 0.5, "area": 2.0}  # smaller ones are no pixels


def check_sizes(plan: Plan, sweep: Sweep) -> None:
    """Check the grid of a planned sweep on some photos of each category.

    Raises
    ------
    UserError
        If a size is larger than a part or smaller than can be drawn.
    InputError
        If a region of a photo that is looked at does not fit.
    """
    for category in plan.categories:
        units = [unit for unit in plan.units if unit.category == category]
        count = min(PHOTOS, len(units))
        for unit in (units[index * len(units) // count] for index in range(count)):
            surface = _surface(plan, unit)
            if surface is not None:
                _check(sweep, plan, unit, surface)


def _surface(plan: Plan, unit: Unit) -> Surface | None:
    try:
        loaded = load_photo(unit.path, plan.options.reading)
    except InputError:
        return None  # the run says so when it comes to it
    loaded = replace(loaded, photo=spread(loaded.photo, unit.depth, unit.path))
    recipe = plan.recipes[unit.category]
    return analyse_photo(loaded, unit, recipe, needs_roi=plan.options.roi is not None)


def _check(sweep: Sweep, plan: Plan, unit: Unit, surface: Surface) -> None:
    generators = {
        item.generator.kind: item.generator for item in plan.recipes[unit.category].mechanisms
    }
    low, high = sweep.sizes_mm[0], sweep.sizes_mm[-1]
    part = surface.part_size_px * surface.mm_per_px
    for kind, name in sweep.kinds:
        measure = measure_of(generators[kind], name)
        try:
            sized(generators[kind], measure, high, surface, 1.0)
        except PlacementError as error:
            msg = f"`size`: {high:g} mm lie beyond the part: {error} ({unit.path})"
            hint = f"end at {part:.2g} mm or less, or give the true `mm_per_px`"
            raise UserError(msg, hint=hint) from error
        least = LEAST_PX.get(name, 0.0) * surface.mm_per_px
        if low < least:
            pixels = f"{low / surface.mm_per_px:.2g} px at {surface.mm_per_px:.3g} mm a pixel"
            msg = f"`size`: a {name} of {low:g} mm is {pixels} ({unit.path}): nothing to be drawn"
            raise UserError(msg, hint=f"begin at {least:.2g} mm, or give the true `mm_per_px`")
