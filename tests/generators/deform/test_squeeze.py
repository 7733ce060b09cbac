"""Squeezing keeps the area of what is squeezed."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.deform._squeezing import pure_strain, waist
from anomsynth.generators.deform.squeeze import Squeeze
from anomsynth.testing import check_generator, make_surface


def outlined(channels: int = 1) -> Surface:
    """Return a bright part of 120 x 60 pixels on a dark ground, reachable all over."""
    surface = make_surface(140, 200, channels=channels)
    part = np.zeros((140, 200), bool)
    part[40:100, 40:160] = True
    pixels = np.where(part[..., None], np.maximum(surface.pixels, 150), 20).astype(np.uint8)
    sites = np.argwhere(part).astype(np.int32)
    return replace(
        surface,
        pixels=pixels,
        foreground=part,
        allowed=part.copy(),
        sites=sites,
        reachable=np.ones_like(part),
    )


def determinant(rows: np.ndarray, cols: np.ndarray, step: float) -> np.ndarray:
    rr, rc = np.gradient(rows, step)
    cr, cc = np.gradient(cols, step)
    return rr * cc - rc * cr


@pytest.mark.parametrize("mode", ["region", "body"])
def test_keeps_the_generator_contract(mode: str) -> None:
    check_generator(Squeeze(mode=mode), outlined())
    check_generator(Squeeze(mode=mode), outlined(3))
    check_generator(Squeeze(mode="region"), make_surface(12, 40, border=0))


@pytest.mark.parametrize("strength", [-0.5, 0.2, 0.5])
def test_the_flow_has_jacobian_one(strength: float) -> None:
    axis = np.linspace(-1.2, 1.2, 241)
    along, across = pure_strain(axis[:, None], axis[None, :], strength)

    inner = determinant(along, across, axis[1] - axis[0])[2:-2, 2:-2]
    assert np.abs(inner - 1).max() < 0.01
    stretch = np.gradient(along[:, 120], axis)[120]
    assert stretch == pytest.approx(np.exp(-strength), rel=0.02)


@pytest.mark.parametrize("narrowing", [-0.3, 0.1, 0.4])
def test_the_waist_has_jacobian_one(narrowing: float) -> None:
    x, y = np.linspace(-80, 80, 321)[:, None], np.linspace(-30, 30, 121)[None, :]
    along, across = waist(x, y, 5.0, 60.0, narrowing)

    inner = determinant(np.broadcast_to(along, across.shape), across, 0.5)[2:-2, 2:-2]
    assert np.abs(inner - 1).max() < 0.01
    middle = np.abs(x[:, 0] - 5).argmin()
    assert across[middle, -1] == pytest.approx(30 / (1 - narrowing), rel=1e-3)


def test_a_region_on_the_pixel_grid_keeps_its_area() -> None:
    layer = Squeeze(mode="region", radius=0.25, strain=0.4).generate(
        make_surface(300, 300, border=0), stream(1)
    )
    rows, cols = np.indices(layer.support.shape).astype(float)
    moved = rows - layer.displacement[..., 0], cols - layer.displacement[..., 1]

    inner = determinant(*moved, 1.0)[layer.support]
    assert inner.mean() == pytest.approx(1, abs=0.005)
    assert np.percentile(np.abs(inner - 1), 95) < 0.05


@pytest.mark.parametrize("bulge", [0, 1])
def test_a_squeezed_part_has_the_same_area_and_another_width(bulge: int) -> None:
    surface = outlined()
    layer = Squeeze(
        mode="body", narrowing=0.3, bulge_probability=bulge, half_length=0.45, place=0
    ).generate(surface, stream(0))
    picture = surface.linear(layer.box)[..., 0].copy()
    picture[layer.support] = layer.exposed[..., 0][layer.support]
    whole = surface.linear(Box(0, 0, *surface.shape))[..., 0].copy()
    whole[layer.box.slices] = picture
    part = whole > 0.15

    assert layer.rigid
    assert layer.overhang
    assert part.sum() == pytest.approx(surface.part_area_px, rel=0.02)
    width = part[:, 95:105].sum(axis=0).mean()
    assert width == pytest.approx(60 * (1.3 if bulge else 0.7), rel=0.06)
    assert ndimage.label(part)[1] == 1


def test_there_is_no_seam_where_the_flow_ends_and_no_ghost_of_the_old_outline() -> None:
    surface = outlined()
    layer = Squeeze(
        mode="body", narrowing=0.25, bulge_probability=0, half_length=0.4, place=0
    ).generate(surface, stream(0))
    light = surface.linear(Box(0, 0, *surface.shape))[..., 0].copy()
    dark, bright = light[:20].max(), light[45:95, 45:155].min()
    light[layer.box.slices][layer.support] = layer.exposed[..., 0][layer.support]

    assert light[60:80, 45:155].min() > 0.8 * bright  # the ends of the flow are at 52 and 148
    assert light[36:42, 95:105].max() < 1.3 * dark  # where the outline was


def test_a_mask_within_a_texture_is_squeezed_inside() -> None:
    surface = outlined()
    layer = Squeeze().generate(replace(surface, reachable=surface.foreground), stream(0))

    assert layer.displacement is not None


def test_parts_that_fill_the_picture_are_squeezed_inside() -> None:
    full = Squeeze().generate(make_surface(160, 200, border=0), stream(0))

    assert full.displacement is not None
    assert Squeeze().generate(outlined(), stream(0)).exposed is not None


def test_sizes_follow_the_part() -> None:
    shifts = [
        Squeeze(mode="region")
        .generate(make_surface(160 * s, 200 * s, border=0), stream(0))
        .measured["largest_shift_px"]
        / s
        for s in (1, 2)
    ]

    assert shifts[1] == pytest.approx(shifts[0], rel=0.05)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Squeeze().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "all"), ("narrowing", 0), ("strain", -1), ("radius", 2), ("reaching", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "squeeze", field: value})


def test_golden_displacement(golden) -> None:
    layer = Squeeze(mode="region", radius=0.12).generate(make_surface(), stream(42, "golden"))

    golden("squeeze_displacement", layer.displacement)
