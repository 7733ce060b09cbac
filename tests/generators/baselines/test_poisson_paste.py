"""Poisson pasting keeps gradients inside and the photo at the rim."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Pixels
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.baselines._cloning import clone, fitting_side
from anomsynth.generators.baselines.poisson_paste import PoissonPaste
from anomsynth.testing import check_generator, make_surface


class Ramp:
    """A texture source of a slanted plane."""

    def pick(self, rng: np.random.Generator) -> Pixels:
        rng.random()
        return np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 200, axis=0)


@pytest.mark.parametrize("gradients", ["import", "mixed", "either"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(gradients: str, channels: int) -> None:
    check_generator(PoissonPaste(gradients=gradients), make_surface(channels=channels))
    small = make_surface(24, 30, border=2, channels=channels)
    check_generator(PoissonPaste(gradients=gradients), small)


@pytest.mark.parametrize("gradients", ["import", "mixed"])
def test_there_is_no_seam(gradients: str) -> None:
    surface = make_surface()
    for seed in range(6):
        layer = PoissonPaste(gradients=gradients).generate(surface, stream(seed))
        before = linear_to_srgb(surface.linear(layer.box).astype(float))[..., 0]
        after = linear_to_srgb(layer.exposed.astype(float))[..., 0]
        rim = ~layer.support

        assert np.abs(after - before)[rim].max() < 0.002
        # Just inside, brightness has hardly moved.
        assert np.median(np.abs(after - before)[1, 1:-1]) < 0.04


def test_imported_curvature_is_the_patch_s() -> None:
    surface = replace(make_surface(), textures=Ramp())
    layer = PoissonPaste(gradients="import", magnification=1).generate(surface, stream(0))
    levels = 255 * linear_to_srgb(layer.exposed.astype(float))[..., 0]

    inner = levels[1:-1, 1:-1]
    curvature = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    # A plane has none, so the cloned patch is a membrane on the photo's rim.
    assert np.abs(curvature - 4 * inner).max() < 0.5


def test_mixing_keeps_the_photo_s_own_edges() -> None:
    surface = make_surface()
    pixels = surface.pixels.copy()
    pixels[:, ::8] = 250
    surface = replace(surface, pixels=pixels, textures=Ramp())

    def lines(gradients: str) -> float:
        layer = PoissonPaste(gradients=gradients, magnification=1).generate(surface, stream(1))
        return float(np.abs(np.diff(layer.exposed[4:-4, 4:-4, 0], axis=1)).max())

    assert lines("mixed") > 0.4
    assert lines("import") < 0.2


def test_sides_follow_a_truncated_gamma_distribution() -> None:
    surface = make_surface(500, 500, border=0)
    paste = PoissonPaste(magnification=1)
    rows = [paste.generate(surface, stream(seed)).measured["rows"] / 500 for seed in range(150)]

    assert min(rows) >= 0.06
    assert max(rows) <= 0.401
    # Median of 0.06 + Gamma(2, 0.1) is 0.06 + 0.168.
    assert np.median(rows) == pytest.approx(0.228, rel=0.15)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        PoissonPaste().generate(make_surface(16, 16), stream(0))
    with pytest.raises(PlacementError):
        PoissonPaste().generate(make_surface(2, 20, border=0), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gradients", "both"),
        ("least_size", 0),
        ("largest_size", 2),
        ("magnification", 0),
        ("size", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "poisson_paste", field: value})


def test_golden_light(golden) -> None:
    layer = PoissonPaste().generate(make_surface(), stream(42, "golden"))

    golden("poisson_paste_light", layer.exposed[..., 0])


def pictures(side: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = fitting_side(33, 99), fitting_side(47 + side, 99)
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 255, (rows, cols, 2)).astype(np.float32) for _ in range(2))


def laplace(field: np.ndarray) -> np.ndarray:
    return (
        field[:-2, 1:-1]
        + field[2:, 1:-1]
        + field[1:-1, :-2]
        + field[1:-1, 2:]
        - 4 * field[1:-1, 1:-1]
    )


def test_import_takes_the_patch_s_curvature_and_the_target_s_rim() -> None:
    target, patch = pictures()
    out = clone(target, patch, mixed=False)

    assert np.abs(laplace(out) - laplace(patch)).max() < 0.02
    rim = np.ones(out.shape[:2], bool)
    rim[1:-1, 1:-1] = False
    assert np.array_equal(out[rim], target[rim])


def test_cloning_a_picture_into_itself_changes_nothing() -> None:
    target, _ = pictures()

    for mixed in (False, True):
        assert np.abs(clone(target, target, mixed=mixed) - target).max() < 1e-3


def test_mixing_with_a_flat_patch_changes_nothing() -> None:
    target, patch = pictures()

    assert np.abs(clone(target, np.zeros_like(patch), mixed=True) - target).max() < 1e-3


@pytest.mark.parametrize("side", [*range(1, 40), 100, 397])
@pytest.mark.parametrize("most", [3, 10, 57, 400])
def test_fitting_sides_are_near_and_exact(side: int, most: int) -> None:
    found = fitting_side(side, most)

    assert 3 <= found <= max(most, 3)
    if most > 1.15 * side + 4:
        assert side <= found <= 1.15 * side + 3 or side < 3
