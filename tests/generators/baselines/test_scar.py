"""CutPaste-Scar pastes a thin turned strip."""

import numpy as np
import pytest

from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.errors import PlacementError, RecipeError
from anomsynth.generators.baselines.scar import Scar
from anomsynth.testing import check_generator, make_surface


@pytest.mark.parametrize("colour", ["photo", "random", "mixed"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keeps_the_generator_contract(colour: str, channels: int) -> None:
    check_generator(Scar(colour=colour), make_surface(channels=channels))
    check_generator(Scar(colour=colour), make_surface(24, 30, border=2, channels=channels))


def test_sizes_are_the_paper_s_and_follow_the_picture() -> None:
    for side in (256, 512):
        surface = make_surface(side, side)
        layers = [Scar().generate(surface, stream(seed)) for seed in range(150)]
        widths = np.array([layer.measured["width_px"] for layer in layers]) * 256 / side
        lengths = np.array([layer.measured["length_px"] for layer in layers]) * 256 / side

        assert (widths.min(), widths.max()) == pytest.approx((2, 16), abs=0.6)
        assert (lengths.min(), lengths.max()) == pytest.approx((10, 25), abs=0.6)


@pytest.mark.parametrize("turn", [-45, 0, 30])
def test_the_strip_is_turned_and_keeps_its_area(turn: float) -> None:
    scar = Scar(width=6 / 256, length=24 / 256, turn_deg=turn)
    layer = scar.generate(make_surface(256, 256), stream(0))

    rows, cols = np.nonzero(layer.support)
    axis = np.linalg.eigh(np.cov(rows, cols))[1][:, 1]
    assert layer.support.sum() == pytest.approx(6 * 24, rel=0.12)
    along = np.degrees(np.arctan2(axis[1], axis[0]))
    assert abs((along - turn + 90) % 180 - 90) < 5


def test_a_coloured_strip_has_one_colour() -> None:
    plain = Scar(colour="random").generate(make_surface(channels=3), stream(1))
    own = Scar(colour="photo").generate(make_surface(channels=3), stream(1))

    assert plain.exposed[plain.support].std(axis=0).max() < 1e-6
    assert own.exposed[own.support].std(axis=0).min() > 1e-4


def test_a_grey_photo_gets_a_grey_strip() -> None:
    assert Scar(colour="random").generate(make_surface(), stream(1)).exposed.shape[2] == 1


def test_is_rigid() -> None:
    assert Scar().generate(make_surface(), stream(0)).rigid


def test_needs_room() -> None:
    with pytest.raises(PlacementError):
        Scar().generate(make_surface(16, 16), stream(0))


@pytest.mark.parametrize(
    ("field", "value"),
    [("colour", "red"), ("width", 0), ("length", 2), ("turn_deg", [5, -5]), ("a", 1)],
)
def test_rejects_bad_parameters(field: str, value: object) -> None:
    with pytest.raises(RecipeError, match=field):
        generators.build({"kind": "scar", field: value})


def test_golden_light(golden) -> None:
    layer = Scar().generate(make_surface(), stream(42, "golden"))

    golden("scar_light", layer.exposed[..., 0] * layer.support)
