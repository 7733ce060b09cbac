"""`check_generator` catches the mistakes it exists for."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from anomsynth.core.component import Range, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator
from anomsynth.testing import check_generator


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
    ],
)
def test_catches(broken, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_generator(broken)
