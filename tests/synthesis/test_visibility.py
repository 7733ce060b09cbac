"""Amplitudes are solved for the visibility asked for."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import delta_e, lab
from anomsynth.core.layer import DefectLayer
from anomsynth.core.types import Light
from anomsynth.recipe.models import Material
from anomsynth.synthesis.render import compose, prepare, render
from anomsynth.synthesis.scene import crop_layer, make_scene
from anomsynth.synthesis.visibility import keep_visibility, solve_gain, visibility
from anomsynth.testing import make_surface


def scene_and_item(albedo: float = 0.7, channels: int = 1):
    surface = make_surface(channels=channels)
    rows, cols = np.mgrid[-15:16, -15:16]
    support = np.hypot(rows, cols) <= 14
    layer = DefectLayer(
        kind="test",
        origin=(60, 80),
        support=support,
        coverage=support.astype(np.float32),
        albedo=np.full(support.shape, albedo, np.float32),
    )
    layer, box = crop_layer(layer, surface, 18)
    scene = make_scene(surface, surface.linear(box), box, light=Light(), material=Material())
    return scene, prepare(layer, scene), layer


def test_visibility_is_rms_change_over_the_surface_deviation() -> None:
    difference = np.array([[0.0, 0.5, 6.0, 8.0]], np.float32)

    assert visibility(difference, 2.0) == pytest.approx(np.sqrt((36 + 64) / 2) / 2)


def test_invisible_change_has_no_visibility() -> None:
    assert visibility(np.full((3, 3), 1.0, np.float32), 1.0) == 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("target", [2.5, 4.0, 6.0])
def test_solution_reaches_the_target(target, channels) -> None:
    scene, item, _ = scene_and_item(channels=channels)

    solution = solve_gain(item, target, 1.0)

    change = delta_e(lab(compose(item, solution.gain)), lab(item.before))
    assert visibility(change, scene.normal_sd) == pytest.approx(target, rel=0.05)


def saturated(item, gain: float) -> float:
    after = compose(item, gain)
    return float(((after >= 0.985) | (after <= 6e-4)).mean())


def test_clipped_pixels_cap_the_amplitude() -> None:
    _, item, _ = scene_and_item(albedo=3.0)

    free = solve_gain(item, 60.0, 1.0)
    capped = solve_gain(item, 60.0, 0.05)

    assert saturated(item, free.gain) > 0.5
    assert saturated(item, capped.gain) <= 0.06
    assert capped.gain < free.gain


def test_contrast_lost_by_refining_comes_back() -> None:
    scene, item, layer = scene_and_item()
    solution = solve_gain(item, 3.0, 1.0)
    change = render(item, layer, solution.gain)
    dimmed = replace(change, after=change.before + 0.8 * (change.after - change.before))

    kept, factor = keep_visibility(dimmed, scene, solution.visibility)

    difference = delta_e(lab(kept.after), lab(kept.before))
    assert 1.15 < factor < 1.4
    assert visibility(difference[layer.support], scene.normal_sd) == pytest.approx(3.0, rel=0.05)


def test_a_defect_refined_away_is_refused() -> None:
    scene, item, layer = scene_and_item()
    change = render(item, layer, 1.0)
    faded = replace(change, after=change.before + 0.3 * (change.after - change.before))

    target = visibility(delta_e(lab(change.after), lab(change.before)), scene.normal_sd)

    assert keep_visibility(faded, scene, target) is None
    assert keep_visibility(faded, scene, 0.0) is None  # it was not to be seen, and now is
    assert keep_visibility(faded, scene, 0.0, faint=True) == (faded, 1.0)


def test_amplitude_is_found_in_few_looks(monkeypatch) -> None:
    looks = []
    monkeypatch.setattr(
        "anomsynth.synthesis.visibility.compose", lambda *a: looks.append(1) or compose(*a)
    )
    _, item, _ = scene_and_item()
    targets = np.geomspace(1.5, 8, 12)

    for target in targets:
        solve_gain(item, float(target), 1.0)

    assert len(looks) < 4.5 * len(targets)


def test_out_of_reach_the_nearest_amplitude_is_returned() -> None:
    _, item, _ = scene_and_item(albedo=0.98)

    assert solve_gain(item, 1000.0, 1.0).gain == 4.0
    _, item, _ = scene_and_item(albedo=0.1)
    assert solve_gain(item, 0.01, 1.0).gain == pytest.approx(0.15)
