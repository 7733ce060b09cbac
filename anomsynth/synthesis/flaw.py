"""One defect as it was ordered: its mechanism, its size in mm and its strength."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from anomsynth.core.color import decode
from anomsynth.core.layer import Change
from anomsynth.core.measure import MeasureName, SizeMeasure
from anomsynth.core.roles import Generator
from anomsynth.core.sample import Sample
from anomsynth.core.types import Light, SampleKey, Surface
from anomsynth.errors import PlacementError, RejectedError, SynthesisError, UserError
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.canvas import Canvas
from anomsynth.synthesis.lights import lit_surface
from anomsynth.synthesis.render import prepare, render
from anomsynth.synthesis.scene import Scene, crop_layer
from anomsynth.synthesis.synthesize import MARGIN, Synthesis
from anomsynth.synthesis.visibility import (
    diluted,
    full_strength,
    keep_visibility,
    solve_gain,
    visibility_at,
)

CLOSE = 0.05  # relative distance to the ordered d' that is accepted
OFF = 0.5, 2.0  # size that a mechanism made over the one that was ordered
WHOLE = 0.7  # share of a defect that must lie on the part, or its size means nothing
LARGEST_AREA = 0.9  # of the part


@dataclass(frozen=True, slots=True)
class FlawOrder:
    """What a defect shall be.

    Attributes
    ----------
    kind : str
        Of its mechanism, one of the recipe's.
    measure : {"length", "width", "depth", "area"}
    size_mm : float
        By that measure; of an area, the side of a square as large.
    d_prime : float or None
        Visibility it is held at; None for what depth, material and light give it.
    light_deg : float or None
        Height of the light over the surface while it is photographed; the photo's drawn one if
        None. Its strength is decided before, so that the defect stays the same.
    """

    kind: str
    measure: MeasureName
    size_mm: float
    d_prime: float | None = None
    light_deg: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """A defect that was ordered, as it came out.

    Attributes
    ----------
    sample : Sample
        Its strict mask holds every changed pixel, also where nobody sees it; its label mask is
        the outline of what is visible, or of the support where nothing is.
    size_mm : float
        What its mechanism says that it made.
    d_prime : float
        Visibility of what was rendered, before it was rounded to the file's levels; below what is
        just visible, too.
    """

    sample: Sample
    size_mm: float
    d_prime: float


def measure_of(generator: Generator, name: MeasureName | None) -> SizeMeasure:
    """Return a measure of a mechanism: the named one, or its first.

    Raises
    ------
    UserError
        If it has none, or none of this name.
    """
    for measure in generator.measures:
        if name in {None, measure.name}:
            return measure
    known = ", ".join(measure.name for measure in generator.measures)
    if not known:
        msg = f"{generator.kind!r} has no size in mm that could be set"
        raise UserError(msg, hint="choose other kinds: `anomsynth show KIND` tells their measures")
    raise UserError(f"{generator.kind!r} has no measure {name!r}", hint=f"it has: {known}")


def synthesize_flaw(
    surface: Surface, recipe: Recipe, order: FlawOrder, *, key: SampleKey, seed: int
) -> Flaw:
    """Make one ordered defect on a photo.

    Unlike `synthesize` it keeps a defect that nothing shows, because an inspection that misses it
    has missed it, and writes changes below what is just visible, rounded to the file's levels at
    random so that they stay what they are in the mean.

    Parameters
    ----------
    surface : Surface
    recipe : Recipe
        Gives the mechanism's other parameters, refiners, material and gates.
    order : FlawOrder
    key : SampleKey
    seed : int

    Raises
    ------
    SynthesisError
        If no such defect could be made within the recipe's attempts.
    """
    work = Synthesis(lit_surface(surface, seed, key), recipe, seed, key)
    last = SynthesisError("no defect was tried")
    for attempt in range(recipe.gates.attempts):
        canvas = Canvas(work.surface, work.stream(attempt, "rounding", "", 0))
        try:
            size_mm, d_prime = _add(work, canvas, order, attempt)
        except SynthesisError as error:
            # With its traceback the error would keep this sample's arrays alive.
            last = error.with_traceback(None)
            continue
        sample = canvas.sample(key, seed)
        light = _light(work.surface.light, order)
        return Flaw(replace(sample, attempt=attempt, light=light), size_mm, d_prime)
    raise last


def sized(
    generator: Generator, measure: SizeMeasure, size_mm: float, surface: Surface, share: float
) -> Generator:
    """Return a mechanism whose defects have a size.

    Parameters
    ----------
    generator : Generator
    measure : SizeMeasure
        One of its measures.
    size_mm : float
    surface : Surface
    share : float in [0, 1]
        Quantile of the parameter that a depth is a share of.

    Raises
    ------
    PlacementError
        If the part is too small for it.
    """
    part_mm = surface.part_size_px * surface.mm_per_px
    value = size_mm / measure.times
    changes: dict[str, Any] = dict(measure.alone)
    too_large = size_mm > part_mm
    if measure.of:
        reference = getattr(generator, measure.of).at(share)
        changes[measure.of], value = reference, value / reference
    else:
        unit = _unit(generator, measure.parameter)
        if unit == "of part size":
            value /= part_mm
            too_large = value > 1
        elif unit == "of part area":
            value = (value / part_mm) ** 2
            too_large = value > LARGEST_AREA
    if too_large:
        msg = f"{generator.kind} of {size_mm:.3g} mm does not fit a part of {part_mm:.3g} mm"
        raise PlacementError(msg)
    changes[measure.parameter] = value
    return type(generator).model_validate({**generator.model_dump(mode="json"), **changes})


def _unit(generator: Generator, name: str) -> str:
    """Return the unit that a parameter is written in."""
    extra = type(generator).model_fields[name].json_schema_extra
    return str(extra["unit"]) if isinstance(extra, dict) else ""


def _add(work: Synthesis, canvas: Canvas, order: FlawOrder, attempt: int) -> tuple[float, float]:
    """Add the ordered defect; return its size and visibility."""
    surface, recipe = work.surface, work.recipe
    own = next(one.generator for one in recipe.mechanisms if one.generator.kind == order.kind)
    measure = measure_of(own, order.measure)
    draw = work.stream(attempt, "draw", "", 0)
    generator = sized(own, measure, order.size_mm, surface, float(draw.random()))
    layer = work.generate(generator, attempt, 0)
    made = measure.made(layer.measured, surface.mm_per_px, surface.part_area_px)
    size_mm = order.size_mm if made is None else made
    if not OFF[0] <= size_mm / order.size_mm <= OFF[1]:
        raise RejectedError(f"{own.kind}: came out {size_mm:.3g} mm, not {order.size_mm:.3g}")
    whole = int(np.count_nonzero(layer.support))
    cropped = crop_layer(layer, surface, MARGIN)
    if cropped is None or np.count_nonzero(cropped[0].support) < WHOLE * whole:
        raise RejectedError(f"{own.kind}: too much of the defect lies beside the part")
    layer, box = cropped
    streams = work.refiner_streams(attempt, 0, draw)
    layer, residuals = work.relax(layer, streams)
    before = decode(canvas.pixels[box.slices], surface.encoding)
    scene = work.scene(before, box)
    item = prepare(layer, scene)
    if order.d_prime is None or layer.rigid:
        solution = full_strength(item, faint=True)
    else:
        solution = solve_gain(item, order.d_prime, recipe.gates.max_clipped, faint=True)
    change = replace(render(item, layer, solution.gain), residuals=residuals)
    change = work.refine(change, scene, solution.visibility, streams, faint=True)
    reached, factor = solution.visibility, 1.0
    if order.d_prime is not None:
        change, factor = _held(change, scene, order.d_prime, reached)
        reached = order.d_prime
    if order.light_deg is not None:
        lit = replace(scene, light=_light(surface.light, order))
        item = replace(item, scene=lit)
        reached = visibility_at(item, solution.gain)
        again = replace(render(item, layer, solution.gain), residuals=residuals)
        streams = work.refiner_streams(attempt, 0, draw)
        change = diluted(work.refine(again, lit, reached, streams, faint=True), factor)
        reached *= factor
    levels = work.finish(change, streams)
    canvas.commit(change, levels, target=reached, normal_sd=scene.normal_sd, gates=recipe.gates)
    return size_mm, reached


def _held(change: Change, scene: Scene, d_prime: float, reached: float) -> tuple[Change, float]:
    """Bring a change down to a visibility, and return by what factor.

    No amplitude makes a gap or a cover fainter than the texture it hides, so what is ordered
    fainter than the least amplitude shows through.
    """
    kept = keep_visibility(change, scene, d_prime, faint=True)
    if kept is None or reached < (1 - CLOSE) * d_prime:
        msg = f"visibility {reached:.2f} where {d_prime:.2f} was ordered"
        raise RejectedError(f"{change.layer.kind}: {msg}")
    return kept


def _light(light: Light, order: FlawOrder) -> Light:
    return light if order.light_deg is None else replace(light, elevation_deg=order.light_deg)
