"""Attention between the places of a photo, some of which it must not look at."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 4
WIDER = 2  # times the width, inside the part that looks at single places


class Linear(nn.Linear):
    """A linear map whose weights a given generator draws, evenly scaled [1]_; its offset is 0.

    Parameters
    ----------
    before, after : int
    generator : torch.Generator

    References
    ----------
    .. [1] X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
       neural networks", AISTATS 2010.
    """

    def __init__(self, before: int, after: int, generator: torch.Generator) -> None:
        self._generator = generator
        super().__init__(before, after)
        del self._generator

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw the weights; torch's global generator is not asked."""
        reach = math.sqrt(6 / (self.in_features + self.out_features))
        self.weight.uniform_(-reach, reach, generator=self._generator)
        self.bias.zero_()


class Attention(nn.Module):
    """Each place takes in a mean of values of others, by how their keys answer its query [1]_.

    Parameters
    ----------
    width : int, a multiple of 4
    generator : torch.Generator

    References
    ----------
    .. [1] A. Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (
            Linear(width, width, generator) for _ in range(4)
        )

    def forward(
        self, asking: Tensor, keys: Tensor, values: Tensor, unseen: Tensor | None = None
    ) -> Tensor:
        """Return (B, N, width) for places that ask (B, N, width) places (B, M, width).

        Parameters
        ----------
        asking, keys, values : (B, N or M, width)
        unseen : (N, M), optional
            0 where a place may look, minus infinity where not; see `neighbour_mask`.
        """
        parts = (self.query(asking), self.key(keys), self.value(values))
        query, key, value = (part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in parts)
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=unseen)
        taken: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return taken


class Thought(nn.Module):
    """What is done with a place alone: two linear maps with a curve between."""

    def __init__(self, width: int, generator: torch.Generator, after: int | None = None) -> None:
        super().__init__()
        self.first = Linear(width, WIDER * width, generator)
        self.second = Linear(WIDER * width, after or width, generator)

    def forward(self, places: Tensor) -> Tensor:
        """Return (..., after) of places (..., width)."""
        thought: Tensor = self.second(functional.silu(self.first(places)))
        return thought


def neighbour_mask(side: int, window: int) -> Tensor:
    """Return what places of a square must not see: themselves and those around (side^2, side^2).

    Minus infinity in a window of places around each, 0 elsewhere [1]_: what a place is restored
    from lies outside, so that a defect smaller than the window does not restore itself.

    Parameters
    ----------
    side : int
        Places along the square's side.
    window : int
        Places along the window's side, odd; smaller where a place would see nothing at all. 0 for
        no mask.

    References
    ----------
    .. [1] Z. You et al., "A unified model for multi-class anomaly detection", NeurIPS 2022.
    """
    reach = min((window - 1) // 2, side // 2 - 1)
    at = torch.arange(side)
    near = (at[:, None] - at).abs() <= reach
    around = (near[:, None, :, None] & near[None, :, None, :]).flatten(2).flatten(0, 1)
    return torch.zeros(side**2, side**2).masked_fill(around, -torch.inf)


def jittered(places: Tensor, scale: float, noise: Tensor) -> Tensor:
    """Return features with noise in proportion to their length [1]_.

    Parameters
    ----------
    places : (..., d)
    scale : float, >= 0
        The noise at a place has the rms ``scale |f| / d``.
    noise : (..., d)
        Of a standard normal distribution.

    References
    ----------
    .. [1] Z. You et al., "A unified model for multi-class anomaly detection", NeurIPS 2022.
    """
    return places + noise * scale * places.norm(dim=-1, keepdim=True) / places.shape[-1]
