"""The renderer changes light by the laws it names, and nothing where nothing happens."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.layer import DefectLayer
from anomsynth.core.types import Light
from anomsynth.recipe.models import Material
from anomsynth.synthesis.render import prepare, render
from anomsynth.synthesis.scene import CELLS, TALL, crop_layer, local_mean, make_scene
from anomsynth.testing import make_surface

MATT = Material(specular=0, ambient=0)
OVERHEAD_LIGHT = Light(azimuth_deg=0, elevation_deg=45)


def disc(size: int = 41, radius: float = 15) -> np.ndarray:
    rows, cols = np.mgrid[:size, :size] - size // 2
    return np.hypot(rows, cols) <= radius


def make_item(layer: DefectLayer, *, material: Material = MATT, channels: int = 1):
    surface = make_surface(channels=channels)
    layer, box = crop_layer(layer, surface, 10)
    scene = make_scene(surface, surface.linear(box), box, light=OVERHEAD_LIGHT, material=material)
    return prepare(layer, scene), layer


def flat_layer(**fields) -> DefectLayer:
    return DefectLayer(kind="test", origin=(60, 80), support=disc(), **fields)


def test_a_flat_clear_layer_changes_nothing() -> None:
    support = disc()
    item, layer = make_item(
        flat_layer(
            height=np.zeros(support.shape, np.float32),
            openness=np.ones(support.shape, np.float32),
            absorbance=np.zeros(support.shape, np.float32),
            displacement=np.zeros((*support.shape, 2), np.float32),
        ),
        material=Material(),
    )

    change = render(item, layer, 1.0)

    assert np.allclose(change.after, change.before, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_film_follows_beer_lambert_with_a_double_pass(channels) -> None:
    depth = (0.3 * disc()).astype(np.float32)
    item, layer = make_item(flat_layer(absorbance=depth), channels=channels)

    change = render(item, layer, 2.0)

    ratio = change.after[layer.support] / change.before[layer.support]
    assert ratio == pytest.approx(np.exp(-2 * 2.0 * 0.3), rel=1e-4)


@pytest.mark.parametrize("slope", [0.02, 0.1, -0.3])
def test_a_tilted_facet_shades_by_lambert(slope) -> None:
    size = 41
    cols = np.arange(size, dtype=np.float32)
    relief = np.repeat((slope * 0.1 * cols)[None, :], size, axis=0)  # mm at 0.1 mm/px
    layer = DefectLayer(
        kind="test",
        origin=(60, 80),
        support=np.ones((size, size), bool),
        height=relief.astype(np.float32),
    )
    item, layer = make_item(layer)

    change = render(item, layer, 1.0)

    # Light from +col at 45 degrees: n.l / l_z with n = (-slope, 1) / norm.
    expected = (1 - slope) / np.sqrt(1 + slope**2)
    middle = (slice(20, 40), slice(20, 40))
    assert (change.after / change.before)[middle] == pytest.approx(expected, rel=1e-3)


def test_new_material_shows_the_local_light_times_its_albedo() -> None:
    support = disc()
    item, layer = make_item(
        flat_layer(
            coverage=support.astype(np.float32), albedo=np.full(support.shape, 0.5, np.float32)
        )
    )

    change = render(item, layer, 2.0)

    expected = item.scene.mean[layer.support] * 0.5**2
    assert np.allclose(change.after[layer.support], expected, rtol=1e-5)
    assert (change.hidden[layer.support] == 1).all()


def test_displacement_takes_the_surface_from_where_it_was() -> None:
    support = disc()
    shift = np.zeros((*support.shape, 2), np.float32)
    shift[..., 1] = 3
    item, layer = make_item(flat_layer(displacement=shift * support[..., None]))

    change = render(item, layer, 1.0)

    inner = (slice(25, 35), slice(25, 35))
    moved = np.roll(change.before, 3, axis=1)
    assert np.allclose(change.after[inner], moved[inner], atol=2e-3)


def test_a_stretching_displacement_caps_the_gain_before_it_folds() -> None:
    rows, cols = np.mgrid[:41, :41].astype(np.float32) - 20
    bump = np.exp(-(rows**2 + cols**2) / 50)
    shift = np.stack([np.zeros_like(bump), 6 * bump], axis=2).astype(np.float32)
    item, _ = make_item(flat_layer(displacement=shift))

    steepest = np.abs(np.gradient(shift[..., 1], axis=1)).max()

    assert item.most_gain * steepest < 1


def test_roughening_kills_contrast_of_gloss() -> None:
    item, layer = make_item(flat_layer(roughness=disc().astype(np.float32)))

    change = render(item, layer, 1.0)

    assert change.after[layer.support].std() < 0.5 * change.before[layer.support].std()


def test_nothing_changes_outside_the_support() -> None:
    support = disc()
    item, layer = make_item(
        flat_layer(
            height=(disc(41, 10) * 0.5).astype(np.float32), absorbance=support.astype(np.float32)
        )
    )

    change = render(item, layer, 1.5)

    assert np.array_equal(change.after[~layer.support], change.before[~layer.support])


def test_a_layer_beyond_the_border_is_cut_and_one_off_the_part_is_none() -> None:
    surface = make_surface()
    over = DefectLayer(
        kind="test", origin=(-20, -20), support=disc(), absorbance=disc().astype(np.float32)
    )
    off = DefectLayer(
        kind="test", origin=(500, 500), support=disc(), absorbance=disc().astype(np.float32)
    )

    cut = crop_layer(over, surface, 5)

    assert cut is not None
    layer, box = cut
    assert min(box) >= 0
    assert not (layer.support & ~surface.allowed[box.slices]).any()
    assert not layer.absorbance[~layer.support].any()
    assert crop_layer(off, surface, 5) is None


@pytest.mark.parametrize("channels", [1, 3])
def test_exposed_light_shows_as_it_is_however_strong_the_defect(channels) -> None:
    shown = np.full((41, 41, channels), 0.7, np.float32)
    item, layer = make_item(
        flat_layer(coverage=disc().astype(np.float32), exposed=shown), channels=channels
    )

    full, stronger, half = (render(item, layer, gain).after for gain in (1.0, 3.0, 0.5))

    inside = layer.support
    before = item.scene.before[inside]
    assert full[inside] == pytest.approx(0.7)
    assert np.array_equal(full, stronger)
    assert half[inside] == pytest.approx((before + 0.7) / 2, abs=1e-6)
    assert item.most_gain == 1


def test_coverage_needs_something_to_show() -> None:
    covered = disc().astype(np.float32)

    with pytest.raises(ValueError, match="albedo or exposed"):
        flat_layer(coverage=covered)
    with pytest.raises(ValueError, match="albedo or exposed"):
        flat_layer(coverage=covered, albedo=covered + 1, exposed=covered[..., None])


def test_only_overhanging_defects_leave_the_part() -> None:
    surface = replace(make_surface(border=30), reachable=np.ones((160, 200), bool))
    across = {"kind": "test", "origin": (10, 80), "support": disc()}

    kept, _ = crop_layer(DefectLayer(**across), surface, 10)
    free, _ = crop_layer(DefectLayer(**across, overhang=True), surface, 10)

    assert np.count_nonzero(free.support) == np.count_nonzero(disc())
    assert np.count_nonzero(kept.support) < 0.7 * np.count_nonzero(disc())


@pytest.mark.parametrize("channels", [1, 3])
def test_the_mean_light_of_a_large_box_is_that_of_a_small_one(channels: int) -> None:
    height, width = CELLS * TALL + 7, 300
    rows, cols = np.mgrid[:height, :width]
    light = np.stack([0.5 + 0.2 * np.sin(rows / 90 + k) + cols / 1500 for k in range(channels)], 2)
    light = light.astype(np.float32)
    part = cols < 200

    small = light[::2]

    assert local_mean(light, None) == pytest.approx(local_mean(small, None), abs=4e-3)
    assert local_mean(light, part)[:, :12] == pytest.approx(
        local_mean(small, part[::2])[:, :12], abs=4e-3
    )
