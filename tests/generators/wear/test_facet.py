"""A facet is a level floor with feed marks of one pitch, and steps nowhere at its outline."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.facet import Facet
from anomsynth.testing import check_generator, make_surface

INNER = {"edge_probability": 0, "irregularity": 0, "aspect": 1}


def test_keeps_the_generator_contract() -> None:
    check_generator(Facet())
    check_generator(Facet(edge_probability=1, rim_probability=0))
    check_generator(Facet(), make_surface(channels=3))
    check_generator(Facet(), make_surface(9, 30, border=0))


def test_the_floor_is_what_a_plane_cuts_off_a_paraboloid() -> None:
    surface = make_surface(400, 400, mm_per_px=1)
    flat = Facet(length=0.4, depth=0.1, tool_radius=1e4, **INNER)
    layer = flat.generate(surface, stream(2))

    half, top = 0.2 * 384, 0.1 * 0.4 * 384
    low = layer.height.min()
    assert low == pytest.approx(-top, rel=0.02)
    row, col = np.unravel_index(layer.height.argmin(), layer.height.shape)
    for away in (0.3, 0.6, 0.9):
        step = round(away * half)
        if row - step >= 0:
            assert layer.height[row - step, col] == pytest.approx(-top * (1 - away**2), abs=0.6)


def test_grooves_have_their_pitch_and_cusps_the_height_of_feed_marks() -> None:
    surface = make_surface(400, 400, mm_per_px=1)
    flat = Facet(length=0.6, depth=0, pitch=0.04, tool_radius=2, unevenness=0, **INNER)
    layer = flat.generate(surface, stream(1))

    pitch = 0.04 * 384
    assert layer.height.max() == pytest.approx(pitch / 16, rel=0.05)
    spectrum = np.abs(np.fft.rfft2(layer.height - layer.height.mean()))
    rows = np.fft.fftfreq(layer.height.shape[0])[:, None]
    cols = np.fft.rfftfreq(layer.height.shape[1])[None, :]
    frequency = np.hypot(rows, cols)
    spectrum[frequency < 0.5 / pitch] = 0  # the flat's own outline
    peak = frequency.ravel()[spectrum.argmax()]
    assert 1 / peak == pytest.approx(pitch, rel=0.08)


def test_flats_at_an_edge_touch_it() -> None:
    surface = make_surface(300, 300, border=40)
    for seed in range(8):
        layer = Facet(edge_probability=1, rim_probability=0, length=0.2).generate(
            surface, stream(seed)
        )
        rows, cols = np.nonzero(layer.support)
        places = np.stack([rows + layer.origin[0], cols + layer.origin[1]], axis=1)
        gaps = [np.abs(places[:, axis] - side).min() for axis in (0, 1) for side in (40, 259)]
        assert min(gaps) <= 1


def test_a_fresh_face_hides_the_old_one() -> None:
    surface = make_surface()
    layer = Facet(fresh=0.8, length=0.3, **INNER).generate(surface, stream(0))

    assert layer.coverage.max() == pytest.approx(0.8)
    bare = Facet(fresh=0.8, length=0.3, tone=1.3, **INNER).generate(surface, stream(0))
    assert bare.albedo[layer.coverage > 0.7].mean() == pytest.approx(1.3, rel=0.05)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Facet().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("length", 0), ("depth", 2), ("pitch", -1), ("grooves", 3)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "facet", field: value})


def test_golden_height(golden) -> None:
    golden("facet_height", Facet().generate(make_surface(96, 96), stream(42)).height)
