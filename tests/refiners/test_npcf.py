"""npcF brings fields to rest, conserves mass and never grows a support."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.registry import refiners
from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.errors import RecipeError
from anomsynth.refiners.npcf import Npcf
from anomsynth.testing import make_surface

RNG = stream(0)


def disc(size: int = 61, radius: float = 22) -> np.ndarray:
    rows, cols = np.mgrid[:size, :size] - size // 2
    return np.hypot(rows, cols) <= radius


def make_layer(**fields) -> DefectLayer:
    return DefectLayer(kind="test", origin=(40, 60), support=disc(), **fields)


def make_change(layer: DefectLayer, ratio: float) -> Change:
    surface = make_surface()
    box = Box(40, 60, 101, 121)
    before = surface.linear(box)
    after = np.where(layer.support[..., None], before * np.float32(ratio), before)
    return Change(
        box,
        layer,
        np.flatnonzero(layer.support),
        1.0,
        before,
        after,
        np.zeros(box.shape, np.float32),
    )


def test_film_keeps_its_mass_and_its_support() -> None:
    rng = np.random.default_rng(0)
    film = (rng.random(disc().shape) * disc()).astype(np.float32)

    layer, residuals = Npcf().relax(make_layer(absorbance=film), make_surface(), RNG)

    assert layer.absorbance.sum() == pytest.approx(film.sum(), rel=1e-4)
    assert not layer.absorbance[~disc()].any()
    assert residuals["mass_residual"] < 1e-4
    assert np.abs(layer.absorbance - film).max() > 0.1


def test_relief_satisfies_the_plate_equation() -> None:
    height = np.where(disc(61, 12), -0.1, 0).astype(np.float32)

    layer, residuals = Npcf(plate_px=2).relax(make_layer(height=height), make_surface(), RNG)

    assert residuals["plate_residual"] < 1e-2
    assert not layer.height[~disc()].any()
    assert layer.height.min() > -0.13


def test_thin_lines_even_out_along_themselves_and_keep_their_width() -> None:
    coverage = np.zeros((61, 61), np.float32)
    coverage[30, 10:50] = np.tile([0.65, 0.95], 20)
    layer = DefectLayer(
        kind="test",
        origin=(40, 60),
        support=coverage > 0,
        coverage=coverage,
        albedo=np.full(coverage.shape, 0.3, np.float32),
        thin=True,
    )

    rested, residuals = Npcf(line_px2=1).relax(layer, make_surface(), RNG)

    assert rested.coverage[30, 15:45].std() < 0.6 * coverage[30, 15:45].std()
    assert np.array_equal(rested.coverage > 0, coverage > 0)
    assert residuals["mass_residual"] < 0.05


def test_thin_defects_get_no_offset_and_areas_a_slow_one() -> None:
    area = make_layer(absorbance=np.where(disc(), 0.2, 0).astype(np.float32))
    change = make_change(area, 0.7)
    thin = replace(change, layer=replace(area, thin=True))

    refined = Npcf().refine(change, make_surface(), RNG)

    step = (refined.after - change.after)[..., 0]
    centre, rim = abs(step[30, 30]), abs(step[30, 30 + 21])
    assert centre > 5 * rim
    assert not step[~disc()].any()
    assert refined.residuals["poisson_residual"] < 1e-3
    assert Npcf().refine(thin, make_surface(), RNG) is thin


def test_switched_off_it_changes_nothing() -> None:
    film = (0.3 * disc()).astype(np.float32)
    layer = make_layer(absorbance=film, height=film)
    still = Npcf(plate_px=0, diffusion_px2=0, line_px2=0, offset_gain=0)

    rested, residuals = still.relax(layer, make_surface(), RNG)
    change = make_change(layer, 0.8)

    assert np.array_equal(rested.absorbance, film)
    assert np.array_equal(rested.height, film)
    assert residuals == {}
    assert still.refine(change, make_surface(), RNG) is change


def test_draws_nothing_as_it_says() -> None:
    rng = np.random.default_rng(0)
    layer = make_layer(absorbance=(0.2 * disc()).astype(np.float32))
    refiner = Npcf()

    relaxed, _ = refiner.relax(layer, make_surface(), rng)
    refiner.refine(make_change(relaxed, 0.7), make_surface(), rng)

    assert not refiner.random
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_rejects_bad_parameters() -> None:
    with pytest.raises(RecipeError, match="offset_gain"):
        refiners.build({"kind": "npcf", "offset_gain": 2})


def test_light_that_is_known_gets_no_offset() -> None:
    ground = np.full((61, 61, 1), 0.3, np.float32)
    gone = make_layer(coverage=disc().astype(np.float32), exposed=ground)
    change = make_change(replace(gone, rigid=True), 0.7)

    assert Npcf().refine(change, make_surface(), RNG) is change
    assert Npcf().refine(replace(change, layer=gone), make_surface(), RNG) is not change
