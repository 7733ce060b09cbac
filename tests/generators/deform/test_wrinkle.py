"""Wrinkles have the wavelength and amplitude of a film on a soft base."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.deform._wrinkling import (
    critical_strain,
    focused,
    star,
    wave_field,
    wavelength,
)
from anomsynth.generators.deform.wrinkle import Wrinkle
from anomsynth.testing import check_generator, make_surface

STIFF = {
    "film_thickness_mm": 0.05,
    "modulus_ratio": 500,
    "strain_ratio": 3,
    "unevenness": 0,
    "softness": 0.4,
    "focus": 0,
    "bending": 0,
    "merging": 0,
}
EXPECTED_MM = 2 * np.pi * 0.05 * (500 / 3) ** (1 / 3)  # 1.73


def spectrum(height: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the power spectrum of a relief and its wave vectors, per pixel."""
    power = np.abs(np.fft.fft2(height, (512, 512))) ** 2
    down, right = np.meshgrid(np.fft.fftfreq(512), np.fft.fftfreq(512), indexing="ij")
    return power, down, right


@pytest.mark.parametrize("pattern", ["uniaxial", "radial", "labyrinth", "herringbone"])
def test_keeps_the_generator_contract(pattern: str) -> None:
    check_generator(Wrinkle(pattern=pattern))
    check_generator(Wrinkle(pattern=pattern), make_surface(channels=3))
    check_generator(Wrinkle(pattern=pattern), make_surface(8, 30, border=0))


@pytest.mark.parametrize("pattern", ["uniaxial", "labyrinth", "herringbone"])
def test_wavelength_follows_the_film(pattern: str) -> None:  # DE5
    surface = make_surface(320, 320, mm_per_px=0.1)
    found = []
    for seed in range(4):
        layer = Wrinkle(pattern=pattern, area_share=0.4, **STIFF).generate(surface, stream(seed))
        power, down, right = spectrum(layer.height)
        radius = np.hypot(down, right)
        rings = np.histogram(radius, bins=np.arange(0.02, 0.2, 0.002), weights=power)
        weight = rings[0] * (rings[0] > 0.3 * rings[0].max())
        middle = (rings[1][1:] + rings[1][:-1]) / 2
        found.append(0.1 * weight.sum() / (weight * middle).sum())

    assert np.mean(found) == pytest.approx(EXPECTED_MM, rel=0.08)


def test_amplitude_follows_the_strain() -> None:
    surface = make_surface(320, 320)

    def height(strain_ratio: float) -> float:
        layer = Wrinkle(
            pattern="uniaxial", area_share=0.4, **STIFF | {"strain_ratio": strain_ratio}
        ).generate(surface, stream(2))
        return float(np.sqrt(2) * layer.height[np.abs(layer.height) > 0.001].std())

    measured = Wrinkle(**STIFF).generate(surface, stream(0)).measured
    assert measured["amplitude_px"] == pytest.approx(0.05 / 0.1 * np.sqrt(3 - 1))
    assert height(5) / height(2) == pytest.approx(2, rel=0.05)
    assert height(2) == pytest.approx(0.05, rel=0.25)
    with pytest.raises(RecipeError, match="strain_ratio"):
        generators.build({"kind": "wrinkle", "strain_ratio": [0.5, 2]})


def test_wavelength_is_that_of_the_film_on_its_base() -> None:  # DE5
    # 2 pi h (Ef / 3 Es)^(1/3): the root is 1, 2 and 5.
    found = [wavelength(0.1, ratio) for ratio in (3, 24, 375)]

    assert found == pytest.approx([0.2 * np.pi, 0.4 * np.pi, np.pi])


def test_waves_have_the_amplitude_of_a_sine_and_the_stated_band() -> None:
    length, sides = 12.0, 480
    down, right = np.fft.fftfreq(sides)[:, None], np.fft.fftfreq(sides)
    power = {}
    for angle in (None, 0.0):
        fields = [
            wave_field((sides, sides), length, angle, np.random.default_rng(s)) for s in range(3)
        ]
        assert np.std(fields) == pytest.approx(np.sqrt(0.5), rel=1e-3)
        power[angle] = sum(np.abs(np.fft.fft2(field)) ** 2 for field in fields)

    # A ring of 15 % of the wave number, and lobes of 0.18 radians to either side.
    off = np.hypot(down, right) * length - 1
    near = np.abs(off) < 0.6
    ring = power[None] / np.maximum(off + 1, 0.1)  # as many waves as the ring is long
    assert np.sqrt(np.average(off[near] ** 2, weights=ring[near])) == pytest.approx(0.15, rel=0.1)
    turn = np.arctan(down / np.where(right == 0, 1e-9, right))
    aside = np.sqrt(np.average(turn[near] ** 2, weights=power[0.0][near]))
    assert aside == pytest.approx(0.18, rel=0.1)


def test_critical_strain() -> None:
    assert critical_strain(1000) == pytest.approx(0.25 * (3 / 1000) ** (2 / 3))


def test_uniaxial_crests_are_parallel_and_a_labyrinth_has_no_direction() -> None:
    surface = make_surface(320, 320)

    def anisotropy(pattern: str, seed: int) -> float:
        layer = Wrinkle(pattern=pattern, area_share=0.4, **STIFF).generate(surface, stream(seed))
        power, down, right = spectrum(layer.height)
        twice = 2 * np.arctan2(down, right)
        total = power.sum()
        return float(np.hypot((power * np.cos(twice)).sum(), (power * np.sin(twice)).sum()) / total)

    assert np.mean([anisotropy("uniaxial", seed) for seed in range(3)]) > 0.75
    assert np.mean([anisotropy("labyrinth", seed) for seed in range(3)]) < 0.3


def test_the_film_stays_flat_where_the_strain_is_below_the_critical_one() -> None:
    """Just above the threshold wrinkles stand in places, far above it all over the region."""
    surface = make_surface(320, 320)

    def wrinkled(strain_ratio: float) -> float:
        shares = []
        for seed in range(4):
            film = STIFF | {"strain_ratio": strain_ratio, "unevenness": 0.8, "softness": 0.05}
            layer = Wrinkle(pattern="labyrinth", area_share=0.2, **film).generate(
                surface, stream(seed)
            )
            high = np.abs(layer.height) > 0.15 * np.abs(layer.height).max()
            shares.append(np.count_nonzero(high))
        return float(np.mean(shares))

    assert wrinkled(1.1) < 0.7 * wrinkled(6)


def test_ridges_are_narrower_than_the_valleys_between_them() -> None:
    waves = np.sin(np.linspace(0, 20 * np.pi, 4001, dtype=np.float32))[None]
    ridges = focused(waves, 1.0)

    assert focused(waves, 0.0) is waves
    assert float((ridges**2).mean()) == pytest.approx(0.5, rel=1e-3)
    assert float(ridges.mean()) == pytest.approx(0, abs=1e-4)
    # exp(2 sin) stands above half of its way for 0.27 of a period, a sine for a half.
    above = ridges > 0.5 * (ridges.max() + ridges.min())
    assert above.mean() == pytest.approx(0.27, abs=0.01)


def test_waves_merge_two_by_two_inside_the_region() -> None:
    surface = make_surface(320, 320)

    def middle_wavelength(merging: float) -> float:
        film = STIFF | {"merging": merging, "film_thickness_mm": 0.03}
        found = []
        for seed in range(4):
            layer = Wrinkle(pattern="uniaxial", area_share=0.4, **film).generate(
                surface, stream(seed)
            )
            power, down, right = spectrum(layer.height)
            found.append((power * np.hypot(down, right)).sum() / power.sum())
        return float(1 / np.mean(found))

    assert middle_wavelength(1.0) / middle_wavelength(0.0) == pytest.approx(2, rel=0.15)


def test_the_number_of_wrinkles_about_a_point_stays_with_the_distance() -> None:
    field = star((301, 301), 12.0, (150.0, 150.0), 100.0, np.random.default_rng(0))
    turns = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    for radius in (80, 140):
        rows, cols = 150 + radius * np.sin(turns), 150 + radius * np.cos(turns)
        ring = field[rows.round().astype(int), cols.round().astype(int)]
        power = np.abs(np.fft.rfft(ring)) ** 2
        power[0] = 0
        middle = int(np.searchsorted(np.cumsum(power), 0.5 * power.sum()))
        assert middle == pytest.approx(2 * np.pi * 100 / 12, rel=0.1)


def test_the_relief_dies_out_smoothly() -> None:
    surface = make_surface(320, 320)
    for seed in range(4):
        layer = Wrinkle(**STIFF, area_share=0.05).generate(surface, stream(seed))
        rim = layer.support & ~np.pad(layer.support, 1)[2:, 1:-1]
        rim[-1] = False  # cut by the picture, not at rest

        assert np.abs(layer.height[rim]).max() < 0.05 * np.abs(layer.height).max()


def test_wavelength_in_millimeters_does_not_depend_on_resolution() -> None:
    waves = [
        Wrinkle(**STIFF)
        .generate(make_surface(300, 300, mm_per_px=scale), stream(0))
        .measured["wavelength_px"]
        * scale
        for scale in (0.1, 0.05)
    ]

    assert waves[0] == pytest.approx(waves[1], rel=1e-6)


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Wrinkle().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pattern", "zebra"),
        ("film_thickness_mm", 0),
        ("modulus_ratio", -3),
        ("unevenness", 2),
        ("film", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "wrinkle", field: value})


def test_golden_height(golden) -> None:
    layer = Wrinkle(area_share=0.05).generate(make_surface(96, 96), stream(42, "golden"))

    golden("wrinkle_height", layer.height)
