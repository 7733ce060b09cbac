"""A facet is a level floor with feed marks of one pitch, and steps nowhere at its outline."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.facet import Facet
from anomsynth.surface.appearance import mean_light
from anomsynth.testing import check_generator, make_surface

INNER = {"edge_probability": 0, "irregularity": 0, "aspect": 1}
EVEN = {"scatter": 0, "unevenness": 0, "bare_probability": 0}


def test_keeps_the_generator_contract() -> None:
    check_generator(Facet())
    check_generator(Facet(edge_probability=1, rim_probability=0))
    check_generator(Facet(), make_surface(channels=3))
    check_generator(Facet(), make_surface(9, 30, border=0))


def centred(side: int) -> Surface:
    """Return a surface on which defects lie in the middle, one millimeter per pixel."""
    middle = np.array([[side // 2, side // 2]], np.int32)
    return replace(make_surface(side, side, mm_per_px=1, channels=3), sites=middle)


def test_the_floor_is_what_a_plane_cuts_off_a_paraboloid() -> None:
    flat = Facet(length=0.4, depth=0.05, tool_radius=1e4, **INNER, **EVEN)
    layer = flat.generate(centred(400), stream(2))

    half, top = 0.2 * 384, 0.05 * 0.4 * 384
    row, col = 200 - layer.origin[0], 200 - layer.origin[1]
    assert layer.height.min() == pytest.approx(-top, rel=0.02)
    for away in (0.3, 0.6, 0.9):
        step = round(away * half)
        assert layer.height[row - step, col] == pytest.approx(-top * (1 - away**2), abs=0.2)
    assert layer.height.max() <= 0  # nothing is put on


def test_grooves_have_their_pitch_and_cusps_the_height_of_feed_marks() -> None:
    flat = Facet(length=0.6, depth=0.06, pitch=0.04, tool_radius=3, **INNER, **EVEN)
    layer = flat.generate(centred(400), stream(1))

    pitch, half, top = 0.04 * 384, 0.3 * 384, 0.06 * 0.6 * 384
    places = zip(layer.height.shape, layer.origin, strict=True)
    down, right = (np.arange(side) + start - 200 for side, start in places)
    share = np.hypot(down[:, None], right) / half
    marks = layer.height + top * (1 - share**2)
    core = share < 0.7
    assert marks[core].max() == pytest.approx(pitch / 24, rel=0.1)
    spectrum = np.abs(np.fft.rfft2(np.where(core, marks - marks[core].mean(), 0)))
    frequency = np.hypot(
        np.fft.fftfreq(core.shape[0])[:, None], np.fft.rfftfreq(core.shape[1])[None, :]
    )
    spectrum[frequency < 0.5 / pitch] = 0  # the flat's own outline
    peak = frequency.ravel()[spectrum.argmax()]
    assert 1 / peak == pytest.approx(pitch, rel=0.08)


def test_grooves_run_out_one_by_one_along_their_way() -> None:
    def roughness(scatter: float) -> float:
        ratios = []
        for seed in range(6):
            flat = Facet(
                length=0.6, depth=0.03, pitch=0.03, tool_radius=1.5, scatter=scatter,
                unevenness=0, bare_probability=0, **(INNER | {"aspect": 2}),
            )  # fmt: skip
            layer = flat.generate(centred(400), stream(seed))
            shape = (layer.height < 0).astype(np.uint8)
            lines, _ = cv2.findContours(shape, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            longest = max(lines, key=len)
            hull = cv2.convexHull(longest)
            ratios.append(cv2.arcLength(longest, True) / cv2.arcLength(hull, True))
        return float(np.mean(ratios))

    smooth = Facet(length=0.6, depth=0.03, tool_radius=1e4, **(INNER | {"aspect": 2}), **EVEN)
    plain = smooth.generate(centred(400), stream(0))
    assert (plain.height < 0).sum() > 0
    assert roughness(0.55) > 1.15


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


def test_a_fresh_face_hides_the_old_one_and_is_brighter_or_darker() -> None:
    surface = centred(300)
    face = {"fresh": 0.8, "length": 0.3, "tone": 1.3, "streaks": 0, **INNER, **EVEN}
    for probability, tone in ((1, 1.3), (0, 1 / 1.3)):
        layer = Facet(brighter_probability=probability, **face).generate(surface, stream(0))
        assert layer.coverage.max() == pytest.approx(0.8)
        assert layer.albedo[layer.coverage > 0.7].mean() == pytest.approx(tone, rel=0.05)


def test_below_a_coat_another_stuff_shows_with_hardly_a_colour() -> None:
    surface = centred(300)
    blue = surface.pixels.copy()
    blue[..., :2] //= 4
    coated = replace(surface, pixels=blue)
    bare = Facet(length=0.3, bare_probability=1, **INNER).generate(coated, stream(0))

    shown = bare.albedo[bare.coverage > 0.5].mean(axis=0) * mean_light(coated, bare.box)
    coat = mean_light(coated, bare.box)
    assert np.ptp(shown) / shown.mean() < 0.5 < np.ptp(coat) / coat.mean()


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
