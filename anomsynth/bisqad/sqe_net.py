"""The learned quality of a sample: a small network from what is measured on it to a logit."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

HIDDEN = 6
LARGEST_INPUT = 4.0  # standard deviations; what lies beyond says no more


class SqeNet(nn.Module):
    """Quality logit of samples, from measured terms; about 150 parameters.

    ``logit = a . x + v . tanh(W x + b)`` of standardised inputs x. A constant would drop out of
    the weights, so there is none. All starts at weight 1: a and v are zero.

    So few parameters on purpose: one free logit a sample learns a small trusted set by heart
    (200 logits against 60 trusted samples cost 1 % accuracy where nothing was wrong).

    Parameters
    ----------
    names : sequence of str
        Of the inputs, in their order.
    generator : torch.Generator, optional
        Draws W; seed 0 by default.
    """

    def __init__(self, names: Sequence[str], *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.names = tuple(names)
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        count = len(self.names)
        draw = torch.randn((HIDDEN, count), generator=generator) / max(count, 1) ** 0.5
        self.register_buffer("center", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.straight = nn.Parameter(torch.zeros(count))
        self.bent = nn.Parameter(torch.zeros(HIDDEN))
        self.turns = nn.Parameter(draw)
        self.shift = nn.Parameter(torch.zeros(HIDDEN))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the quality logits (n,) of samples with these inputs (n, k)."""
        scaled = (inputs - self.get_buffer("center")) / self.get_buffer("scale")
        x = scaled.clamp(-LARGEST_INPUT, LARGEST_INPUT)
        return x @ self.straight + torch.tanh(x @ self.turns.T + self.shift) @ self.bent

    @torch.no_grad()
    def standardise_by(self, inputs: Tensor) -> None:
        """Take center and scale of each input from samples (n, k): median and mean deviation."""
        center = inputs.median(dim=0).values
        spread = (inputs - center).abs().mean(dim=0) * 1.25  # of a normal distribution: its sd
        self.get_buffer("center").copy_(center)
        self.get_buffer("scale").copy_(torch.where(spread > 1e-6, spread, torch.ones(())))
