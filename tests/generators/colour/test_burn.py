"""Burns have temper colours on metal and a quick transition on organic matter."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.colour._heat import film_gains, oxide_thickness
from anomsynth.generators.colour.burn import Burn
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(channels: int) -> None:
    for mode in ("tint", "char"):
        check_generator(Burn(mode=mode), make_surface(channels=channels))
    check_generator(Burn(), make_surface(30, 34, border=4, channels=channels))


ROUND = {"radius": 0.15, "aspect": 1, "pass_probability": 0, "flicker": 0}


def centred(channels: int = 3) -> Surface:
    surface = make_surface(300, 300, channels=channels)
    return replace(surface, sites=np.array([[150, 150]], dtype=np.int32))


def test_temper_colours_come_in_order_from_the_rim() -> None:  # TH2 on the pixel grid
    burn = Burn(mode="tint", tint_c=345, hold=1, unevenness_nm=4, purity=0.8, **ROUND)

    layer = burn.generate(centred(), stream(0))

    line = layer.tint[150 - layer.origin[0], 150 - layer.origin[1] :]
    straw = line[np.argmax(line[:, 0] - line[:, 2])]
    assert straw[0] > straw[1] > straw[2]
    blue = line[:, 2] - line[:, 0]
    assert blue[0] > 0.1  # the hottest place is blue
    assert np.argmax(blue) < np.argmin(blue)  # straw lies farther out than blue
    np.testing.assert_allclose(line[-1], 1, atol=0.05)


def test_the_isotherm_of_a_spot_has_the_kernels_radius() -> None:  # TH1 on the pixel grid
    burn = Burn(mode="tint", tint_c=345, hold=1, unevenness_nm=4, purity=0.8, **ROUND)
    surface = centred()

    layer = burn.generate(surface, stream(0))

    line = layer.tint[150 - layer.origin[0], 150 - layer.origin[1] :, 2]
    found = float(np.argmin(line))
    # The film that reflects the least blue, and the temperature that grows it in a short hold.
    thickness, gains = film_gains(4.0, 0.8)
    celsius = np.linspace(200, 345, 2000)
    grown = oxide_thickness(celsius)
    hottest = np.interp(thickness[gains[:80, 2].argmin()], grown, celsius)
    radius = 0.15 * surface.part_size_px * np.sqrt(np.log((345 - 20) / (hottest - 20)))
    assert found == pytest.approx(radius, rel=0.05)


def test_hotter_burns_grow_thicker_oxide() -> None:
    thickest = [
        Burn(mode="tint", tint_c=celsius, hold=1, **ROUND)
        .generate(centred(), stream(0))
        .measured["thickest_nm"]
        for celsius in (240, 300, 360)
    ]

    assert thickest[0] < thickest[1] < thickest[2]
    assert thickest[1] == pytest.approx(49.6, rel=0.1)


def test_char_is_dark_in_the_middle_and_brown_around() -> None:
    layer = Burn(mode="char", char_c=400, soot=0, **ROUND).generate(centred(), stream(0))

    row, col = 150 - layer.origin[0], 150 - layer.origin[1]
    assert layer.coverage[row, col] > 0.7
    assert layer.albedo[row, col] < 0.4
    ring = (layer.coverage < 0.05) & (layer.absorbance[..., 2] > 0.1)
    red, green, blue = layer.absorbance[ring].mean(axis=0)
    assert 0 < red < green < blue


def test_a_pass_is_longer_than_a_spot() -> None:
    common = {"mode": "char", "radius": 0.05, "aspect": 1, "char_c": 400}

    spot = Burn(**common, pass_probability=0).generate(centred(), stream(3)).support
    run = Burn(**common, pass_probability=1, length=5).generate(centred(), stream(3)).support

    assert max(run.shape) > 1.8 * max(spot.shape)


def test_an_even_pass_is_straight_and_alike_at_both_ends() -> None:
    even = {"flicker": 0, "bow": 0, "power_scatter": 0, "aspect": 1}
    burn = Burn(mode="tint", radius=0.05, tint_c=345, pass_probability=1, length=5, **even)

    seen = burn.generate(centred(), stream(3)).support

    rows, cols = np.nonzero(seen)
    turned = np.zeros_like(seen)  # by half a turn about its middle
    turned[rows.min() + rows.max() - rows, cols.min() + cols.max() - cols] = True
    assert (turned & seen).sum() > 0.97 * seen.sum()


def test_a_grey_photo_shows_the_tint_by_its_luminance() -> None:
    layer = Burn(mode="tint", **ROUND).generate(centred(1), stream(0))

    assert layer.tint is None
    assert layer.absorbance.ndim == 2


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Burn().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "melt"),
        ("radius", 0),
        ("tint_c", -3),
        ("purity", 1.2),
        ("flicker", -0.1),
        ("hot", 1),
    ],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "burn", field: value})


def test_golden_absorbance(golden) -> None:
    layer = Burn(mode="char").generate(make_surface(), stream(42, "golden"))

    golden("burn_absorbance", layer.absorbance)
