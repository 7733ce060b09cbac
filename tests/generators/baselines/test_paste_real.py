"""Real defects lie where they fit, bring their own contrast, and leave no seam."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.cutout import Cutout
from anomsynth.core.rng import stream
from anomsynth.core.types import Surface
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.errors import PlacementError
from anomsynth.generators.baselines.paste_real import PasteReal
from anomsynth.testing import check_generator, make_surface


class One:
    """A source of one defect: a dark disc of radius 6 on a surface of some grey level."""

    def __init__(self, level: int = 120, dark: int = 60, part: np.ndarray | None = None) -> None:
        rows, cols = np.mgrid[:48, :48]
        disc = np.hypot(rows - 24, cols - 24) <= 6
        pixels = np.full((48, 48, 1), level, np.uint8)
        pixels[disc] = dark
        whole = np.ones((48, 48), bool) if part is None else part
        self.cutout = Cutout(pixels, disc & whole, whole, 200)

    def pick(self, rng: np.random.Generator) -> Cutout:
        rng.random()
        return self.cutout


def surface_with(source, channels: int = 1) -> Surface:
    return replace(make_surface(channels=channels), defects=source)


def levels(light: np.ndarray) -> np.ndarray:
    return 255 * linear_to_srgb(light.astype(float))[..., 0]


@pytest.mark.parametrize("blend", ["alpha", "poisson", "either"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(blend: str, channels: int) -> None:
    check_generator(PasteReal(blend=blend), surface_with(StandInDefects(), channels))


def test_needs_real_defects() -> None:
    with pytest.raises(PlacementError, match="no real defects to paste"):
        PasteReal().generate(make_surface(), stream(0))


@pytest.mark.parametrize("blend", ["alpha", "poisson"])
def test_defect_is_as_dark_beside_its_new_surroundings_as_it_was_beside_the_old(blend) -> None:
    surface = surface_with(One(level=200, dark=100))
    layer = PasteReal(blend=blend, magnification=1, turn_deg=0).generate(surface, stream(3))
    before = levels(surface.linear(layer.box))
    after = levels(layer.exposed)
    inner = layer.coverage >= 1
    if blend == "poisson":
        inner &= after < np.median(before) - 60

    darker = float(np.median(after[inner]) - np.median(before))

    # Half of 200 in the file's levels; Poisson keeps the difference, alpha the ratio of light.
    expected = -100 if blend == "poisson" else -0.5 * float(np.median(before))
    assert darker == pytest.approx(expected, rel=0.2)


def test_magnification_is_that_of_the_defect() -> None:
    surface = surface_with(One())
    areas = [
        PasteReal(magnification=size, turn_deg=0).generate(surface, stream(1)).measured["defect_px"]
        for size in (1, 1.5)
    ]

    assert areas[1] / areas[0] == pytest.approx(2.25, rel=0.1)


def test_pictures_of_another_size_are_brought_to_that_of_the_photo() -> None:
    source = One()
    source.cutout = replace(source.cutout, side=400)  # twice as large as the photo
    layer = PasteReal(magnification=1).generate(surface_with(source), stream(1))

    assert layer.measured["defect_px"] == pytest.approx(np.pi * 36 / 4, rel=0.25)


@pytest.mark.parametrize("seed", range(8))
def test_a_defect_on_the_outline_is_set_on_the_outline_and_turned_with_it(seed) -> None:
    part = np.ones((48, 48), bool)
    part[:24] = False  # half of the disc is on the part, below its upper outline
    surface = surface_with(One(part=part))
    layer = PasteReal(blend="alpha", magnification=1).generate(surface, stream(seed))

    rows, cols = np.argwhere(layer.support).T + np.array(layer.origin)[:, None]
    sides = (rows - 8, 151 - rows, cols - 8, 191 - cols)
    distances = np.min(sides, axis=0)  # to the part's outline, a rectangle 8 pixels in

    assert np.min(np.abs(distances)) <= 1.5
    # A half disc with its straight side on the outline: hardly anything lies outside.
    assert np.mean(distances >= -1) > 0.8


def test_an_inner_defect_goes_where_the_surface_looks_like_its_old_surroundings() -> None:
    plain = make_surface()
    pixels = plain.pixels.copy()
    pixels[:, 100:] = np.clip(pixels[:, 100:].astype(int) + 60, 0, 255)
    bright = float(np.median(pixels[:, 100:]))
    surface = replace(plain, pixels=pixels, defects=One(level=round(bright), dark=60))

    right = [PasteReal().generate(surface, stream(seed)).box.right > 100 for seed in range(10)]

    assert all(right)


def test_gradients_leave_no_seam() -> None:
    surface = surface_with(One(level=200, dark=100))
    for seed in range(4):
        layer = PasteReal(blend="poisson").generate(surface, stream(seed))
        before, after = levels(surface.linear(layer.box)), levels(layer.exposed)

        assert np.abs(after - before)[~layer.support].max() < 0.6


def test_too_large_a_defect_has_no_room() -> None:
    source = One()
    source.cutout = replace(source.cutout, side=4)

    with pytest.raises(PlacementError, match=r"larger than the photo|fits nowhere"):
        PasteReal().generate(surface_with(source), stream(0))
