"""Marks lose the share that is worn, come again where they are doubled; plain places stay."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.wear.worn_relief import WornRelief
from anomsynth.testing import check_generator, make_surface

WHOLE = {"radius": 0.3, "aspect": 1, "ragged": 0, "detail": 0.03}


def printed(channels: int = 1) -> Surface:
    """Return a part with bars printed on it."""
    surface = make_surface(300, 300, channels=channels)
    pixels = surface.pixels.copy()
    for left in range(40, 260, 40):
        pixels[40:260, left : left + 8] //= 2
    return replace(surface, pixels=pixels)


def contrast(light: np.ndarray, where: np.ndarray) -> float:
    return float(np.log(light[where]).std())


@pytest.mark.parametrize("mode", ["worn", "scraped", "doubled"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(mode: str, channels: int) -> None:
    check_generator(WornRelief(mode=mode), printed(channels))


@pytest.mark.parametrize("lost", [0.5, 1.0])
def test_wear_takes_its_share_of_the_marks(lost: float) -> None:
    surface = printed()
    ratios = []
    for seed in range(8):
        layer = WornRelief(mode="worn", lost=lost, **WHOLE).generate(surface, stream(seed))
        before = surface.linear(layer.box)[..., 0]
        down, right = (np.arange(side) - (side - 1) / 2 for side in before.shape)
        middle = np.hypot(down[:, None], right[None, :]) < 40
        if layer.box.shape[0] < 150 or layer.box.shape[1] < 150:
            continue  # cut by the border: its middle is elsewhere
        after = np.where(layer.support, layer.exposed[..., 0], before)
        ratios.append(contrast(after, middle) / contrast(before, middle))

    # A part of the contrast is slower than the marks and stays.
    assert np.median(ratios) == pytest.approx(1 - lost, abs=0.32)
    assert np.median(ratios) < 1 - 0.6 * lost


def test_a_second_strike_repeats_the_marks_at_its_distance() -> None:
    surface = printed()
    doubled = WornRelief(mode="doubled", shift=0.04, strength=1, **WHOLE)
    peaks = []
    for seed in range(8):
        layer = doubled.generate(surface, stream(seed))
        before = surface.linear(layer.box)[..., 0]
        change = np.log(layer.exposed[..., 0] / before) * layer.support
        spectrum = np.conj(np.fft.fft2(np.log(before) - np.log(before).mean())) * np.fft.fft2(
            change
        )
        match = np.fft.ifft2(spectrum).real
        rows, cols = (np.fft.fftfreq(side, 1 / side) for side in match.shape)
        near = np.hypot(rows[:, None], cols[None, :]) < 18  # bars repeat farther away
        _, col = np.unravel_index(np.where(near, match, -np.inf).argmax(), match.shape)
        peaks.append(abs(cols[col]))  # upright bars do not tell how far they moved along

    assert max(peaks) == pytest.approx(0.04 * 284, abs=1.5)


def test_damage_lies_on_marks_and_leaves_plain_places_alone() -> None:
    surface = printed()
    for seed in range(6):
        layer = WornRelief(mode="worn", **WHOLE).generate(surface, stream(seed))
        before = surface.linear(layer.box)[..., 0]
        change = np.abs(np.log(layer.exposed[..., 0] / before)) * layer.support
        on_bar = np.isin((np.arange(layer.box.left, layer.box.right)) % 40, range(8))
        assert change[:, on_bar].mean() > 3 * change[:, ~on_bar].mean()


def test_a_plain_part_has_nothing_to_wear() -> None:
    with pytest.raises(PlacementError):
        WornRelief().generate(make_surface(300, 300), stream(0))


@pytest.mark.parametrize(
    ("field", "value"), [("mode", "gone"), ("radius", 2), ("lost", 2), ("shove", 1)]
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "worn_relief", field: value})


def test_golden_exposed(golden) -> None:
    layer = WornRelief(mode="doubled").generate(printed(), stream(42))

    golden("worn_relief_exposed", layer.exposed[::4, ::4])
