"""Patches of regions and drops stay inside pictures of any size."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError
from anomsynth.testing import make_surface

KINDS = (
    "burn",
    "color_shift",
    "droplet",
    "imbibition",
    "print_defect",
    "rust",
    "splatter",
    "stain",
)


@pytest.mark.parametrize("kind", KINDS)
@given(height=st.integers(1, 70), width=st.integers(1, 70), seed=st.integers(0, 10**6))
@settings(max_examples=20)
def test_fits_any_picture(kind: str, height: int, width: int, seed: int) -> None:
    generator = generators.build({"kind": kind})

    try:
        layer = generator.generate(make_surface(height, width, border=0), stream(seed))
    except PlacementError:
        return

    top, left, bottom, right = layer.box
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width
    assert layer.support.any()
