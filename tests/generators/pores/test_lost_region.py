"""Regions of lost surface keep their drawn area, their place and a sharp outline."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.fields.outlines import EDGE_PX
from anomsynth.generators.pores import pitting as pitting_module
from anomsynth.generators.pores._broken_regions import break_away
from anomsynth.generators.pores.pitting import Pitting
from anomsynth.testing import make_surface


def centred_surface(side: int) -> Surface:
    """Return a surface whose only site is its centre, so that nothing is cut off."""
    sites = np.array([[side // 2, side // 2]], dtype=np.int32)
    return replace(make_surface(side, side, border=0), sites=sites)


@given(share=st.floats(0.005, 0.15), seed=st.integers(0, 20))
def test_lost_region_has_the_drawn_area(share, seed) -> None:
    surface = centred_surface(400)
    pitting = Pitting(
        mode="polygon", area_share=share, edge_probability=0, growth=0.02, elongation=1, opacity=1
    )

    layer = pitting.generate(surface, stream(seed))

    top, left, bottom, right = layer.box
    assert min(top, left, 400 - bottom, 400 - right) > 0, "cut by the outline"
    assert layer.coverage.sum(dtype=float) / 400**2 == pytest.approx(share, rel=0.05)
    # The law also counts pixels that the soft rim covers in part.
    rim = EDGE_PX / 2 * 2 * np.sqrt(np.pi * share) / 400
    assert layer.measured["area_share"] == pytest.approx(share + rim, rel=0.05)


def test_lost_regions_span_three_decades() -> None:
    surface = make_surface(256, 256)
    shares = [
        Pitting(mode="polygon").generate(surface, stream(seed)).measured["area_share"]
        for seed in range(60)
    ]

    assert min(shares) < 0.002
    assert max(shares) > 0.1


def test_regions_at_the_outline_touch_it() -> None:
    surface = make_surface(200, 200, border=20)
    outline = surface.foreground & ~(
        cv2.erode(surface.foreground.astype(np.uint8), np.ones((3, 3))) > 0
    )
    touched = 0
    for seed in range(20):
        layer = Pitting(mode="polygon", edge_probability=1, area_share=0.02).generate(
            surface, stream(seed)
        )
        touched += bool((outline[layer.box.slices] & (layer.coverage > 0.3)).any())

    assert touched == 20


def test_lost_region_is_sharp_at_any_resolution() -> None:
    for side in (200, 900):
        pitting = Pitting(mode="polygon", area_share=0.1, opacity=1, edge_probability=0)
        layer = pitting.generate(make_surface(side, side, border=0), stream(2))

        half = np.count_nonzero((layer.coverage > 0.02) & (layer.coverage < 0.98))
        whole = np.count_nonzero(layer.coverage >= 0.98)
        assert half < 16 * np.sqrt(whole)


def test_regions_at_the_outline_lie_at_corners_as_often_as_told() -> None:
    def far(chance: float) -> float:
        pitting = Pitting(
            mode="polygon", edge_probability=1, corner_probability=chance, area_share=0.01
        )
        layers = [pitting.generate(make_surface(200, 200), stream(seed)) for seed in range(12)]
        middles = [
            np.array(layer.origin) + np.array(layer.support.shape) / 2 - 100 for layer in layers
        ]
        return float(np.mean([np.abs(middle).min() for middle in middles]))

    # A corner is far from the middle along both axes, 92 pixels.
    assert far(1) > 70 > far(0) + 10


def test_the_rim_of_a_region_is_as_wide_as_drawn(monkeypatch) -> None:
    broken = []

    def spy(phi, region, *rest):
        broken.append(region)
        return break_away(phi, region, *rest)

    monkeypatch.setattr(pitting_module, "break_away", spy)
    Pitting(mode="polygon", rim_width=0.1, area_share=0.1).generate(make_surface(), stream(0))

    (region,) = broken
    assert region.rim_px == pytest.approx(1.5 + 0.1 * region.size_px)
