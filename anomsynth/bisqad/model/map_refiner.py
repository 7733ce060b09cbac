"""From what is left of features after they were restored to a finer map of defects."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

GROUPS, WIDTHS = 8, (64, 32)  # channels at each size
RARE = -3.0  # logit of the first guess: 5 % of the pixels are anomalous


class MapRefiner(nn.Module):
    """Two steps of a 3 x 3 convolution, group normalisation and enlarging to twice the size.

    Parameters
    ----------
    depth : int
        Features of a place.
    generator : torch.Generator
        Draws the weights.
    """

    def __init__(self, depth: int, generator: torch.Generator) -> None:
        super().__init__()
        before = (depth, *WIDTHS)
        self.steps = nn.ModuleList(
            _Convolution(one, other, 3, generator)
            for one, other in zip(before, WIDTHS, strict=False)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(GROUPS, width) for width in WIDTHS)
        self.head = _Convolution(WIDTHS[-1], 1, 1, generator)
        nn.init.constant_(self.head.bias, RARE)

    def forward(self, left: Tensor) -> Tensor:
        """Return logits (B, 1, 4 h, 4 w) of what is left (B, depth, h, w)."""
        for step, norm in zip(self.steps, self.norms, strict=True):
            left = functional.silu(norm(step(left)))
            left = functional.interpolate(
                left, scale_factor=2, mode="bilinear", align_corners=False
            )
        logits: Tensor = self.head(left)
        return logits


class _Convolution(nn.Conv2d):
    """A convolution whose weights a given generator draws."""

    bias: nn.Parameter

    def __init__(self, before: int, after: int, size: int, generator: torch.Generator) -> None:
        self._generator = generator
        super().__init__(before, after, size, padding=size // 2)
        del self._generator

    @torch.no_grad()
    def reset_parameters(self) -> None:
        reach = 1 / math.sqrt(self.weight[0].numel())  # as torch's own default
        self.weight.uniform_(-reach, reach, generator=self._generator)
        self.bias.zero_()
