"""The check of detectors passes the built-in one and catches what training could not bear."""

from typing import Literal

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - needs torch
from torch.nn import functional  # noqa: E402 - needs torch

from anomsynth.bisqad.detector import Detector, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.model.network import DetectorNetwork  # noqa: E402 - needs torch
from anomsynth.errors import PluginError  # noqa: E402 - needs torch
from anomsynth.testing import check_detector  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("kind", detectors.kinds())
def test_built_in_detectors_keep_their_contract(kind) -> None:
    check_detector(detectors.build({"kind": kind}))


class Rows(DetectorNetwork):
    """The smallest honest network: a linear map of the finest level."""

    def __init__(self, shapes, generator):
        super().__init__(shapes.channels, shapes.strides)
        drawn = torch.randn(1, shapes.channels[0], 1, 1, generator=generator)
        self.row = nn.Parameter(drawn)

    def forward(self, features, keep=None):
        return functional.conv2d(self.normalised(features, 0), self.row)


class Honest(Detector):
    kind: Literal["honest"] = "honest"

    def build(self, shapes, generator):
        return Rows(shapes, generator)


class BatchStatistics(Rows):
    def forward(self, features, keep=None):
        logits = super().forward(features)
        return logits - logits.mean()


class DropsOut(Rows):
    def forward(self, features, keep=None):
        return functional.dropout(super().forward(features), training=True)


class EvaluatesOtherwise(Rows):
    def forward(self, features, keep=None):
        return super().forward(features) * (2 if self.training else 1)


class Counts(Rows):
    def __init__(self, shapes, generator):
        super().__init__(shapes, generator)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, features, keep=None):
        self.calls += 1
        return super().forward(features)


class HidesState(Rows):
    def __init__(self, shapes, generator):
        super().__init__(shapes, generator)
        self.hidden = float(torch.randn(1, generator=generator))

    def forward(self, features, keep=None):
        return super().forward(features) + self.hidden


class Unused(Rows):
    def __init__(self, shapes, generator):
        super().__init__(shapes, generator)
        self.spare = nn.Parameter(torch.randn(3, generator=generator))


class OwnGenerator(Rows):
    def __init__(self, shapes, generator):
        super().__init__(shapes, generator)
        self.bias = nn.Parameter(torch.randn(1))

    def forward(self, features, keep=None):
        return super().forward(features) + self.bias


class Coarse(Rows):
    def forward(self, features, keep=None):
        return super().forward(features)[..., ::2, ::2]


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (BatchStatistics, "depends on the other images"),
        (DropsOut, "hidden randomness"),
        (EvaluatesOtherwise, "evaluates otherwise"),
        (Counts, "state changes when it is called"),
        (HidesState, "state outside parameters and buffers"),
        (Unused, "spare: the map does not depend on it"),
        (OwnGenerator, "torch's own is used"),
        (Coarse, r"map of \(3, 1, 6, 6\), expected \(3, 1, 12, 12\)"),
    ],
)
def test_a_broken_network_is_caught(monkeypatch, network, complaint) -> None:
    check_detector(Honest())
    monkeypatch.setattr(Honest, "build", lambda self, shapes, draw: network(shapes, draw))

    with pytest.raises(PluginError, match=complaint):
        check_detector(Honest())
