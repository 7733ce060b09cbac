"""Each kind says rightly whether a depth sensor sees its defects."""

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import SynthesisError

TRIES = 40  # dust and fibers are seldom thick enough to have a height


@pytest.fixture(scope="module")
def surfaces() -> list[Surface]:
    found = []
    for name in ("gravel", "metal"):
        photo = asy.demo_photos()[name][0]
        part = Box.around(asy.analyze(photo).foreground)
        marks = np.zeros((256, 256), np.uint8)
        marks[110:150, 90:150] = 1
        marks[part.top : part.top + 24, 120:150] = 2  # one without which the background shows
        found.append(asy.surface_of(photo, "generic", marks))
    return found


@pytest.mark.parametrize("kind", generators.kinds())
def test_says_whether_it_has_relief(surfaces: list[Surface], kind: str) -> None:
    generator = generators.build({"kind": kind})
    shaped = 0
    for turn in range(TRIES if generator.has_relief else TRIES // 4):
        try:
            layer = generator.generate(surfaces[turn % len(surfaces)], stream(turn))
        except SynthesisError:
            continue
        shaped += layer.void or (layer.height is not None and bool(layer.height.any()))
        if shaped and generator.has_relief:
            break

    assert bool(shaped) == generator.has_relief
