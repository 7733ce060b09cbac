"""Larger defects are larger in every direction, within what a mechanism allows."""

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.component import Range
from anomsynth.core.registry import generators
from anomsynth.recipe.sizes import POWERS, resized


@pytest.mark.parametrize("kind", generators.kinds())
@pytest.mark.parametrize("factor", [0.25, 4])
def test_every_mechanism_can_be_resized_within_its_limits(kind: str, factor: float) -> None:
    generator = generators.build({"kind": kind})

    found = resized(generator, factor)

    again = generators.build({**found.model_dump(mode="json")})
    assert again == found
    assert type(found) is type(generator)
    for name, field in type(generator).model_fields.items():
        before, after = getattr(generator, name), getattr(found, name)
        unit = (field.json_schema_extra or {}).get("unit") if field.json_schema_extra else None
        if unit not in POWERS:
            assert after == before, name
        elif isinstance(before, Range) and unit.startswith("of "):
            assert after.high <= max(before.high, 1), name


@pytest.mark.parametrize("kind", ["chip", "region", "pitting", "stain", "scratch"])
def test_defects_cover_more_where_their_mechanism_is_larger(kind: str) -> None:
    photo = asy.demo_photos()["metal"][0]
    recipe = asy.load_recipe("generic", defects_per_image=1, refiners=[])
    surface = asy.surface_of(photo, recipe)

    def area(factor: float) -> float:
        generator = resized(generators.build({"kind": kind}), factor)
        drawn = [generator.generate(surface, np.random.default_rng(seed)) for seed in range(12)]
        return float(np.mean([np.count_nonzero(layer.support) for layer in drawn]))

    assert area(0.4) < 0.7 * area(1.0)


def test_as_large_is_the_same() -> None:
    generator = generators.build({"kind": "crack"})

    assert resized(generator, 1) is generator
