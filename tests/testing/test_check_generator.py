"""`check_generator` catches the mistakes it exists for."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from anomsynth.core.component import Range, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator
from anomsynth.errors import PluginError, RenamedWarning
from anomsynth.testing import check_generator, make_surface


class Stain(Generator):
    """A square film: the smallest honest generator."""

    kind: Literal["stain"] = "stain"
    depth: Range = parameter((0.1, 0.9), "", "optical depth")

    def generate(self, surface, rng):
        depth = self.depth.draw(rng)
        support = np.ones((9, 9), bool)
        return DefectLayer(
            kind=self.kind,
            origin=(20 + int(rng.integers(9)), 20),
            support=support,
            absorbance=np.full((9, 9), depth, np.float32),
            parameters={"depth": depth},
        )


class HiddenRandomness(Stain):
    def generate(self, surface, rng):
        layer = super().generate(surface, rng)
        return replace(layer, absorbance=layer.absorbance * np.float32(np.random.rand()))  # noqa: NPY002


class IgnoresStream(Stain):
    def generate(self, surface, rng):
        return super().generate(surface, stream(0))


class LeaksOut(Stain):
    def generate(self, surface, rng):
        layer = super().generate(surface, rng)
        support = layer.support.copy()
        support[0] = False
        return replace(layer, support=support)


class ForgetsParameters(Stain):
    def generate(self, surface, rng):
        return replace(super().generate(surface, rng), parameters={})


class NamesAnother(Stain):
    def generate(self, surface, rng):
        return replace(super().generate(surface, rng), kind="other")


class MakesNothing(Stain):
    def generate(self, surface, rng):
        super().generate(surface, rng)


class LiesElsewhere(Stain):
    def generate(self, surface, rng):
        return replace(super().generate(surface, rng), origin=(-900, -900))


class LiesBetweenPixels(Stain):
    def generate(self, surface, rng):
        layer = super().generate(surface, rng)
        return replace(layer, origin=(layer.origin[0] + 0.5, layer.origin[1]))


class HidesItsRelief(Stain):
    def generate(self, surface, rng):
        layer = super().generate(surface, rng)
        return replace(layer, height=layer.support.astype(np.float32))


class ColoursARadiograph(Stain):
    def transmit(self, surface, rng):
        return self.generate(surface, rng)


class MeasuresNothing(Stain):
    def generate(self, surface, rng):
        return replace(super().generate(surface, rng), measured={"depth": float("nan")})


def test_the_old_name_of_a_need_is_understood_and_told() -> None:
    with pytest.warns(RenamedWarning, match="Old: needs_parts is called needs_components now"):

        class Old(Stain):
            needs_parts = True

    assert Old.needs_components
    assert not Stain.needs_components


def test_the_old_name_of_the_components_is_understood_and_told() -> None:
    surface = make_surface()
    marked = replace(surface, components=surface.foreground.astype(np.uint8))

    with pytest.warns(RenamedWarning, match=r"Surface\.parts is called components now"):
        assert marked.parts is marked.components


def test_accepts_an_honest_one() -> None:
    check_generator(Stain())


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (HiddenRandomness(), "hidden state"),
        (IgnoresStream(), "rng is not used"),
        (LeaksOut(), "outside support"),
        (ForgetsParameters(), "not recorded"),
        (NamesAnother(), "another kind"),
        (Stain, "expected an instance of Generator, got the class Stain"),
        (MakesNothing(), "expected an instance of DefectLayer, got NoneType"),
        (LiesElsewhere(), "outside the picture"),
        (LiesBetweenPixels(), "expected whole pixels"),
        (HidesItsRelief(), "set has_relief = True"),
        (ColoursARadiograph(), "transmit: expected a chord and nothing else"),
        (MeasuresNothing(), "measured depth: NaN or infinity"),
    ],
)
def test_catches(broken, complaint: str) -> None:
    with pytest.raises(PluginError, match=complaint):
        check_generator(broken)
