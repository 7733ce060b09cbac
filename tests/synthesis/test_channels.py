"""A channel that a class of layers declares survives whatever is done to layers."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.component import UnitRange, parameter
from anomsynth.core.layer import PLAIN, VECTORS, Channel, DefectLayer
from anomsynth.core.roles import Generator, Refiner
from anomsynth.core.types import Float32, Light
from anomsynth.errors import PluginError
from anomsynth.recipe.models import Material, Mechanism
from anomsynth.synthesis.render import prepare, render
from anomsynth.synthesis.scene import crop_layer, make_scene
from anomsynth.testing import check_generator, make_surface


@dataclass(frozen=True, slots=True, eq=False)
class Magnetised(DefectLayer):
    """A layer with two more channels."""

    flux: Annotated[Float32 | None, Channel(PLAIN, neutral=0.5, within=(0, 1))] = None
    backing: Annotated[Float32 | None, Channel(VECTORS, neutral=2, seen_alone=False)] = None


class Magnet(Generator):
    """A square film with a flux."""

    kind: Literal["magnet"] = "magnet"
    strength: UnitRange = parameter((0.2, 0.9), "share", "of the flux")

    def generate(self, surface, rng) -> Magnetised:
        drawn = self.draw_ranges(rng)
        origin = 20 + int(rng.integers(9)), 20
        return magnetised(self.flux(drawn.strength), origin, drawn.numbers)

    def flux(self, strength: float) -> float:
        return strength


class Forgetful(Magnet):
    """Its flux comes from what is not recorded."""

    def flux(self, strength: float) -> float:
        return self.ranges["strength"].high * strength


class Strong(Magnet):
    """Its flux leaves what the channel may hold."""

    def flux(self, strength: float) -> float:
        return 1 + strength


SEEN: list[DefectLayer] = []


class Watcher(Refiner):
    """Remembers the layers that reach the refiners."""

    kind: Literal["watcher"] = "watcher"

    def refine(self, change, surface, rng):
        SEEN.append(change.layer)
        return change


def magnetised(flux: float, origin=(30, 40), numbers=None) -> Magnetised:
    square = (24, 16)
    support = np.zeros(square, bool)
    support[2:-2, 2:-2] = True
    return Magnetised(
        kind="magnet",
        origin=origin,
        support=support,
        absorbance=(0.6 * support).astype(np.float32),
        flux=np.where(support, flux, 0.5).astype(np.float32),
        backing=np.full((*square, 2), 7, np.float32),
        parameters=numbers or {},
    )


def test_a_declared_channel_is_a_row_of_the_table() -> None:
    assert list(Magnetised.channels()) == [*DefectLayer.channels(), "flux", "backing"]
    assert Magnetised.channels()["flux"].neutral == 0.5


def test_it_survives_cropping_and_is_neutral_around() -> None:
    surface = make_surface(border=8)
    layer, box = crop_layer(magnetised(0.9, (0, 100)), surface, 5)

    inside = layer.support
    assert box.top == 3
    assert inside.sum() == 14 * 12  # what lies on the part
    assert (layer.flux[inside] == np.float32(0.9)).all()
    assert (layer.flux[~inside] == 0.5).all()
    assert layer.backing[0, 0].tolist() == [2, 2]  # new room
    assert layer.backing[inside].min() == 7


def test_it_survives_rendering_in_whole_and_in_pieces() -> None:
    surface = make_surface()
    layer, box = crop_layer(magnetised(0.9), surface, 5)
    scene = make_scene(surface, surface.linear(box), box, Light(), Material())
    item = prepare(layer, scene)

    assert item.layer.flux.tolist() == [[np.float32(0.9)]] * 240
    assert item.layer.backing.shape == (240, 1, 2)
    for some in (slice(3, 9), np.array([5, 1, 200])):
        assert item.take(some).layer.flux.shape == (len(np.arange(240)[some]), 1)
    assert render(item, layer, 1.0).layer.flux is layer.flux


def test_it_survives_the_whole_of_a_synthesis_with_refiners() -> None:
    recipe = asy.load_recipe("generic")
    refiners = (*recipe.refiners, Watcher())
    recipe = recipe.model_copy(
        update={"mechanisms": (Mechanism(generator=Magnet()),), "refiners": refiners}
    )
    SEEN.clear()

    sample = asy.synthesize(make_surface(), recipe)

    assert sample.kinds == ("magnet",)
    layer = SEEN[-1]
    assert layer.flux.shape == layer.backing.shape[:2] == layer.support.shape
    strength = sample.instances[0].parameters["strength"]
    assert (layer.flux[layer.support] == np.float32(strength)).all()


def test_it_is_compared_when_a_layer_is_replayed() -> None:
    check_generator(Magnet())

    with pytest.raises(PluginError, match="do not replay"):
        check_generator(Forgetful())


def test_its_bounds_are_checked() -> None:
    with pytest.raises(PluginError, match=r"flux: 1\.\d+ is too high"):
        check_generator(Strong())


@pytest.mark.parametrize(
    ("shape", "planes"), [((24, 16), r"\(24, 16, 2\)"), ((24, 16, 3), r"\(24, 16, 2\)")]
)
def test_arrays_of_other_planes_are_refused(shape, planes) -> None:
    support = np.ones((24, 16), bool)

    with pytest.raises(ValueError, match=rf"backing: expected float32 {planes}, got float32"):
        Magnetised(kind="m", origin=(0, 0), support=support, backing=np.zeros(shape, np.float32))
