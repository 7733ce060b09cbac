"""What every detector's network has in common: what is normal, and how it is called."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

MAP_STRIDE = 4  # pixels between two places of a map


class DetectorNetwork(nn.Module, ABC):
    """A network from frozen features to a map of logits at stride 4.

    A subclass normalises features by `normalised` and gives the map in `forward`. Losses of single
    samples, `torch.func.functional_call` and Hessian-vector products must mean what they say: no
    state outside parameters and buffers, no hidden randomness, no statistics over a batch, the
    same in training and in evaluation.

    Parameters
    ----------
    channels : sequence of int
        Of the feature maps, finest first; as `Backbone.channels`.
    strides : sequence of int
        As `Backbone.strides`.
    """

    def __init__(self, channels: Sequence[int], strides: Sequence[int]) -> None:
        super().__init__()
        self.channels, self.strides = tuple(channels), tuple(strides)
        for level, count in enumerate(self.channels):
            self.register_buffer(f"mean{level}", torch.zeros(1, count, 1, 1))
            self.register_buffer(f"scale{level}", torch.ones(1, count, 1, 1))

    @abstractmethod
    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return logits (B, 1, h, w) at stride 4 of features of B images; see `map_size`.

        Parameters
        ----------
        features : (B, C, h, w) each, finest first
            As a `Backbone` returns them.
        keep : sequence of tensors, optional
            From `draw_keep`: drop-out in training.
        """

    def draw_keep(self, count: int, generator: torch.Generator) -> Sequence[Tensor] | None:
        """Draw drop-out for `count` images, which `forward` applies; none by default."""
        del count, generator
        return None

    def map_size(self, features: Sequence[Tensor]) -> tuple[int, int]:
        """Return height and width of the map of these features."""
        height, width = (
            math.ceil(side * self.strides[0] / MAP_STRIDE) for side in features[0].shape[-2:]
        )
        return height, width

    def normalised(self, features: Sequence[Tensor], level: int) -> Tensor:
        """Return a level's features in units of the spread over normal photos."""
        mean, scale = self.get_buffer(f"mean{level}"), self.get_buffer(f"scale{level}")
        return (features[level].to(mean.dtype) - mean) / scale

    @torch.no_grad()
    def normalise_by(self, batches: Iterable[Sequence[Tensor]]) -> None:
        """Take mean and spread of each feature from batches of features of normal photos."""
        count = [0] * len(self.channels)
        total = [torch.zeros(channels, dtype=torch.float64) for channels in self.channels]
        square = [torch.zeros(channels, dtype=torch.float64) for channels in self.channels]
        for features in batches:
            for level, values in enumerate(features):
                exact = values.double().cpu()
                count[level] += exact.numel() // exact.shape[1]
                total[level] += exact.sum((0, 2, 3))
                square[level] += exact.square().sum((0, 2, 3))
        if 0 in count:
            raise ValueError("no features of normal photos to normalise by")
        for level, number in enumerate(count):
            mean = total[level] / number
            spread = (square[level] / number - mean.square()).clamp_min(0).sqrt() + 1e-4
            self.get_buffer(f"mean{level}").copy_(mean.view(1, -1, 1, 1))
            self.get_buffer(f"scale{level}").copy_(spread.view(1, -1, 1, 1))
