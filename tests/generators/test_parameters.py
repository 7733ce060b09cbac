"""No parameter of a mechanism is without effect."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Literal, get_args, get_origin

import numpy as np
import pytest

from anomsynth.core.component import Bounds, drawn_fields
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.errors import PlacementError
from anomsynth.testing import digest, make_fibrous_surface, make_surface

SEEDS = 16


def constants() -> Iterator[tuple[str, str]]:
    """Yield kind and name of the parameters that are the same for every defect of a recipe."""
    for kind in generators.kinds():
        model = generators.load(kind)
        for name in model.model_fields:
            if name != "kind" and name not in drawn_fields(model) and not choices(model, name):
                yield kind, name


def choices(model: type[Generator], name: str) -> tuple[object, ...]:
    annotation = model.model_fields[name].annotation
    if annotation is bool:
        return (False, True)
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def settings(model: type[Generator]) -> Iterator[dict[str, object]]:
    """Yield the default choices first, then every other combination of them."""
    names = [name for name in model.model_fields if len(choices(model, name)) > 1]
    yield {}
    for values in product(*(choices(model, name) for name in names)):
        yield dict(zip(names, values, strict=True))


def others(value: object) -> list[object]:
    """Return values that differ from one of a parameter."""
    if isinstance(value, Bounds):
        ends = {value.low, value.high}
        return [[end, end] for end in ends] if len(ends) > 1 else [[0.5, 0.5]]
    if isinstance(value, tuple):
        return [[1, *(0 for _ in value[1:])], [*(0 for _ in value[1:]), 1]]
    return [value / 2 if value else 0.5, 1 if value < 1 else 2 * value]


def drawn(generator: Generator, surface, seed: int) -> str:
    """Return what stands for the defect on a photo, and on a radiograph if that is another."""
    shown = [generator.generate]
    if type(generator).transmit is not Generator.transmit:
        shown.append(generator.transmit)
    try:
        return "".join(digest(draw(surface, stream(seed, generator.kind))) for draw in shown)
    except PlacementError:
        return ""


@pytest.fixture(scope="module")
def surfaces():
    """Return a part with components at two scales, a printed, a slender and a fibrous one.

    What is thin shows at the finer scale only, ink only where there is a print.
    """
    plain = make_surface(channels=3, mm_per_px=0.2)
    marks = np.zeros(plain.shape, np.uint8)
    marks[30:60, 40:75], marks[80:110, 90:120] = 1, 2
    plain = replace(plain, defects=StandInDefects())
    marked = [replace(plain, components=marks, mm_per_px=scale) for scale in (0.2, 0.03)]
    printed = plain.pixels.copy()
    printed[40:120, 50:150] //= 4
    slender = make_surface(60, 200, channels=3, mm_per_px=0.2, border=22)
    fibrous = make_fibrous_surface(channels=3)
    return [*marked, replace(plain, pixels=printed), slender, fibrous]


@pytest.mark.parametrize(("kind", "name"), list(constants()))
def test_a_parameter_that_is_not_drawn_changes_some_defect(kind, name, surfaces) -> None:
    model = generators.load(kind)
    default = getattr(model(), name)

    for seed, surface, chosen in product(range(SEEDS), surfaces, settings(model)):
        usual = drawn(model(**chosen), surface, seed)
        for value in others(default):
            if usual != drawn(model(**chosen, **{name: value}), surface, seed):
                return
    pytest.fail(f"{name} of {kind} changes nothing")
