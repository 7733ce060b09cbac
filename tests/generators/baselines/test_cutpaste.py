"""CutPaste pastes a rectangle of the photo, of the sizes of its paper."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.baselines.cutpaste import CutPaste
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(CutPaste(), make_surface(channels=channels))
    check_generator(CutPaste(), make_surface(24, 30, border=2, channels=channels))


def test_the_patch_is_a_piece_of_the_photo() -> None:
    surface = make_surface()
    noise = np.random.default_rng(0).integers(0, 256, surface.pixels.shape).astype(np.uint8)
    surface = replace(surface, pixels=noise)
    layer = CutPaste(jitter=0, area_share=0.03, aspect=1).generate(surface, stream(0))

    light = surface.linear(type(layer.box)(0, 0, *surface.shape))[..., 0]
    patch = layer.exposed[..., 0]
    rows, cols = patch.shape
    starts = np.argwhere(np.abs(light - patch[0, 0]) < 1e-4)
    starts = starts[(starts[:, 0] + rows <= 160) & (starts[:, 1] + cols <= 200)]
    assert any(np.allclose(light[r : r + rows, c : c + cols], patch, atol=1e-4) for r, c in starts)


def test_areas_and_aspects_are_the_paper_s() -> None:
    layers = [CutPaste().generate(make_surface(), stream(seed)) for seed in range(120)]
    areas = np.array([layer.measured["area_share"] for layer in layers])
    aspects = np.array([layer.measured["aspect"] for layer in layers])

    assert areas.min() == pytest.approx(0.02, rel=0.1)
    assert areas.max() == pytest.approx(0.15, rel=0.1)
    assert aspects.min() == pytest.approx(0.3, rel=0.15)
    assert aspects.max() == pytest.approx(3.3, rel=0.15)


def test_colours_are_jittered_by_the_share_that_is_asked_for() -> None:
    surface = make_surface(channels=3)
    flat = replace(surface, pixels=np.full_like(surface.pixels, 128))

    def spread(jitter: float) -> float:
        found = [
            CutPaste(jitter=jitter, area_share=0.02).generate(flat, stream(seed)).exposed.mean()
            for seed in range(40)
        ]
        return float(np.std(found))

    assert spread(0) < 1e-6
    assert spread(0.2) == pytest.approx(2 * spread(0.1), rel=0.1)
    assert spread(0.1) > 0.01


def test_a_grey_photo_stays_grey() -> None:
    layer = CutPaste().generate(make_surface(channels=1), stream(0))

    assert layer.exposed.shape[2] == 1


def test_is_rigid_and_keeps_its_hard_edges() -> None:
    layer = CutPaste().generate(make_surface(), stream(0))

    assert layer.rigid
    assert layer.thin
    assert (layer.coverage == 1).all()


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        CutPaste().generate(make_surface(16, 16), stream(0))
    with pytest.raises(PlacementError):
        CutPaste().generate(make_surface(1, 1, border=0), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("area_share", 0), ("aspect", -1), ("jitter", 2), ("area", 1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "cutpaste", field: value})


def test_golden_light(golden) -> None:
    surface = make_surface(channels=3)
    layer = CutPaste(area_share=0.02).generate(surface, stream(42, "golden"))

    golden("cutpaste_light", layer.exposed)
