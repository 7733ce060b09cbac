"""Lumps have the shape and the size asked for, the stuff's colour, and a shadow."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Light, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.loose.lump import Lump
from anomsynth.testing import check_generator, make_surface

EVEN = {"ragged": 0, "roughness": 0, "edge_probability": 0}


def test_keeps_the_generator_contract() -> None:
    check_generator(Lump())
    check_generator(Lump(edge_probability=1))
    check_generator(Lump(own_probability=0), make_surface(channels=3))
    check_generator(Lump(), make_surface(9, 30, border=0))


def centred(side: int) -> Surface:
    """Return a surface on which defects lie in the middle, one millimeter per pixel."""
    middle = np.array([[side // 2, side // 2]], np.int32)
    return replace(make_surface(side, side, mm_per_px=1), sites=middle)


def relief_of(lump: Lump, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a lump's height in pixels, and how deep each pixel lies inside it."""
    layer = lump.generate(centred(400), stream(seed))
    inside = (layer.coverage > 0.99).astype(np.uint8)
    return layer.height, cv2.distanceTransform(inside, cv2.DIST_L2, 5)


@pytest.mark.parametrize("rounding", [0.02, 0.3])
def test_its_relief_is_the_lower_envelope_of_faces(rounding: float) -> None:
    for seed in range(4):
        height, depth = relief_of(Lump(length=0.25, rounding=rounding, **EVEN), seed)
        for axis in (0, 1):
            bend = np.diff(height, 2, axis=axis)
            core = np.take(depth, range(1, depth.shape[axis] - 1), axis=axis) > 5
            assert core.any()
            assert bend[core].max() < 0.02  # an envelope is nowhere hollow


def test_its_faces_are_flat_and_their_edges_as_round_as_asked() -> None:
    def flat_share(rounding: float) -> float:
        shares = []
        for seed in range(6):
            lump = Lump(length=0.25, faces=6, rounding=rounding, thickness=0.5, **EVEN)
            height, depth = relief_of(lump, seed)
            bend = np.hypot(cv2.Laplacian(height, cv2.CV_32F), 0)
            shares.append((np.abs(bend)[depth > 4] < 0.02).mean())
        return float(np.mean(shares))

    assert flat_share(0.02) > 0.6
    assert flat_share(0.3) < 0.5 * flat_share(0.02)


def test_it_is_as_high_as_drawn() -> None:
    for thick in (0.2, 0.6):
        highest = [
            relief_of(Lump(length=0.2, aspect=1, thickness=thick, tilt=0, **EVEN), seed)[0].max()
            for seed in range(9)
        ]
        assert np.median(highest) == pytest.approx(thick * 0.2 * 384, abs=1.6)


def test_its_faces_are_as_rough_as_drawn() -> None:
    smooth = relief_of(Lump(length=0.3, **EVEN), 2)[0]
    height, depth = relief_of(Lump(length=0.3, **(EVEN | {"roughness": 0.2})), 2)
    down, right = np.gradient(height - smooth)

    core = depth > 6
    # The finest facets are smaller than what the edge of a lump is rounded to.
    assert np.sqrt((down**2 + right**2)[core].mean()) == pytest.approx(0.2, rel=0.45)


def test_its_shadow_falls_away_from_the_light() -> None:
    surface = replace(make_surface(300, 300), light=Light(azimuth_deg=180, elevation_deg=40))
    layer = Lump(length=0.1, aspect=1, thickness=0.6, ambient=0.3, lamp=0.3, **EVEN).generate(
        surface, stream(1)
    )

    shadow = layer.absorbance
    columns = np.arange(shadow.shape[1])
    middle = (layer.coverage.sum(axis=0) * columns).sum() / layer.coverage.sum()
    assert (shadow.sum(axis=0) * columns).sum() / shadow.sum() > middle + 2


def test_own_stuff_has_the_tone_of_the_part() -> None:
    lump = Lump(own_probability=1, tone=1.1, **EVEN)
    layer = lump.generate(make_surface(channels=3), stream(2))

    assert layer.albedo[layer.coverage > 0.5].mean(axis=0) == pytest.approx([1.1] * 3, rel=0.05)


def test_own_stuff_has_the_speckles_of_the_part() -> None:
    surface = make_surface(300, 300, channels=3)
    rng = np.random.default_rng(0)
    seeds = rng.random((300, 300)) < 0.01
    red = cv2.dilate(seeds.astype(np.uint8), np.ones((4, 4), np.uint8)) > 0
    pixels = surface.pixels.copy()
    pixels[red, 1:] //= 3
    speckled = replace(surface, pixels=pixels)

    layer = Lump(length=0.3, own_probability=1, tone=1, **EVEN).generate(speckled, stream(4))

    inside = layer.albedo[layer.coverage > 0.9]
    reddish = (inside[:, 1] < 0.7 * inside[:, 0]).mean()
    assert reddish == pytest.approx(red.mean(), rel=0.5)
    assert inside.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.12)


def test_a_lump_on_the_outline_stands_out_of_it() -> None:
    surface = make_surface(300, 300, border=60)
    beyond = 0
    for seed in range(8):
        layer = Lump(length=0.3, edge_probability=1).generate(surface, stream(seed))
        part = surface.foreground[layer.box.slices]
        beyond += bool((layer.coverage[~part] > 0.5).any())
        assert layer.overhang
        assert not layer.absorbance[~part].any()

    assert beyond >= 5


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Lump().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("length", 2), ("aspect", 0), ("ambient", 2), ("own_probability", 2), ("faces", 0)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "lump", field: value})


def test_golden_height(golden) -> None:
    golden("lump_height", Lump().generate(make_surface(96, 96), stream(42, "golden")).height)
