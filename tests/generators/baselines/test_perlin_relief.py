"""Perlin noise pushes the part where it passes the threshold, by the strength."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Box
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.fields.grid import Grid
from anomsynth.generators.baselines.perlin_relief import PerlinRelief, octave_noise
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    check_generator(PerlinRelief(), make_surface(channels=channels))
    check_generator(PerlinRelief(), make_surface(24, 30, border=2))


@pytest.mark.parametrize("seed", range(5))
def test_heights_are_the_noise_times_the_strength_above_the_threshold(seed) -> None:
    relief = PerlinRelief(strength_mm=0.8, threshold=0.25, inward_probability=0)

    layer = relief.generate(make_surface(), stream(seed))
    high = layer.height[layer.support] / 0.8

    assert high.min() > 0.25
    assert high.max() <= 1
    assert not layer.height[~layer.support].any()


def test_strength_scales_the_height_and_nothing_else() -> None:
    weak = PerlinRelief(strength_mm=0.2).generate(make_surface(), stream(4))
    strong = PerlinRelief(strength_mm=1.0).generate(make_surface(), stream(4))

    assert np.array_equal(weak.support, strong.support)
    assert strong.height == pytest.approx(5 * weak.height, rel=1e-5)


def test_a_higher_threshold_leaves_less() -> None:
    areas = [
        np.mean(
            [
                PerlinRelief(threshold=level)
                .generate(make_surface(), stream(seed))
                .measured["area_px"]
                for seed in range(6)
            ]
        )
        for level in (0.05, 0.2, 0.35)
    ]

    assert areas[0] > 1.5 * areas[1] > 1.5 * areas[2]


def test_the_noise_points_inwards_as_often_as_asked() -> None:
    def inward(probability: float) -> list[bool]:
        relief = PerlinRelief(inward_probability=probability)
        layers = [relief.generate(make_surface(), stream(seed)) for seed in range(6)]
        return [bool(layer.height.min() < 0) for layer in layers]

    assert all(inward(1))
    assert not any(inward(0))
    assert 0 < sum(inward(0.5)) < 6


def fields(octaves: int, persistence: float = 0.5) -> list[np.ndarray]:
    """Return fields of noise on 256 pixels, the cells of whose first octave are 64 wide."""
    grid = Grid.over(Box(0, 0, 256, 256), 256)
    relief = PerlinRelief(scale=0.25, octaves=octaves, persistence=persistence)
    drawn = relief.draw_ranges(stream(0))
    return [octave_noise(grid, drawn, 256, np.random.default_rng(seed)) for seed in range(24)]


def fineness(noise: list[np.ndarray]) -> float:
    """Return the rms slope of fields over their standard deviation."""
    steps = np.mean([np.square(np.diff(field, axis=1)).mean() for field in noise])
    return float(np.sqrt(steps / np.mean([field.var() for field in noise])))


def test_octaves_are_twice_as_fine_and_fall_by_the_persistence() -> None:
    first = fields(1)
    second = [1.5 * both - one for both, one in zip(fields(2), first, strict=True)]

    assert fineness(second) / fineness(first) == pytest.approx(2, rel=0.1)
    sizes = [np.sqrt(np.mean([field.var() for field in noise])) for noise in (first, second)]
    assert sizes[1] / sizes[0] == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("octaves", [1, 3])
def test_noise_stays_within_one(octaves) -> None:
    assert max(np.abs(field).max() for field in fields(octaves)) <= 1


def test_cells_are_a_share_of_the_part() -> None:
    def crossings(scale: float) -> float:
        found = []
        for seed in range(6):
            relief = PerlinRelief(scale=scale, octaves=1, threshold=0.1)
            layer = relief.generate(make_surface(256, 256), stream(seed))
            inside = layer.support
            rim = (inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum()
            found.append(rim / inside.sum())
        return float(np.mean(found))

    assert crossings(0.1) / crossings(0.4) == pytest.approx(4, rel=0.35)


def test_needs_a_part_and_a_threshold_that_noise_passes() -> None:
    with pytest.raises(PlacementError, match="no pixel is allowed"):
        PerlinRelief().generate(make_surface(16, 16), stream(0))
    with pytest.raises(PlacementError, match="passes the threshold nowhere"):
        PerlinRelief(threshold=1).generate(make_surface(), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("scale", 0), ("strength_mm", 0), ("octaves", 0), ("persistence", 2), ("threshold", -1)],
)
def test_rejects_bad_parameters(field: str, value: float) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "perlin_relief", field: value})


def test_golden_height(golden) -> None:
    layer = PerlinRelief().generate(make_surface(), stream(42, "golden"))
    golden("perlin_relief_height", layer.height)
