"""A transformer that restores the features of each place from others: UniAD's network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from anomsynth.bisqad.model.attention import Attention, Linear, Thought, neighbour_mask

FAINT = 0.02  # standard deviation of what queries and positions begin as


@dataclass(frozen=True, slots=True)
class RestorerSizes:
    """Dimensions of a network that restores.

    Attributes
    ----------
    side : int
        Places along each side of a photo.
    depth : int
        Features of a place.
    width : int, a multiple of 4
        Channels inside.
    layers : int
        Of the encoder and of the decoder, each.
    window : int
        See `neighbour_mask`.
    """

    side: int
    depth: int
    width: int
    layers: int
    window: int


class Restorer(nn.Module):
    """Encoder and decoder with neighbour masks, and queries of their own in each layer [1]_.

    A place's query in the decoder is learned, the same for all photos: features cannot pass from
    input to output along it, as they could along a residual connection. Unlike the authors' each
    part is normalised at its input, which learns faster in few epochs, and nothing drops out.

    Parameters
    ----------
    sizes : RestorerSizes
    generator : torch.Generator
        Draws the weights.

    References
    ----------
    .. [1] Z. You et al., "A unified model for multi-class anomaly detection", NeurIPS 2022.
    """

    def __init__(self, sizes: RestorerSizes, generator: torch.Generator) -> None:
        super().__init__()
        self.sizes = sizes
        places = sizes.side**2
        self.inward = Linear(sizes.depth, sizes.width, generator)
        self.outward = Linear(sizes.width, sizes.depth, generator)
        self.place = _faint(places, sizes.width, generator)
        every = range(sizes.layers)
        self.encoder = nn.ModuleList(EncoderLayer(sizes.width, generator) for _ in every)
        self.decoder = nn.ModuleList(_DecoderLayer(places, sizes.width, generator) for _ in every)
        self.last = nn.LayerNorm(sizes.width)
        unseen = neighbour_mask(sizes.side, sizes.window)
        self.register_buffer("unseen", unseen, persistent=False)  # follows from the sizes

    def encoded(self, inside: Tensor) -> Tensor:
        """Return what the encoder makes of places (B, N, width)."""
        for layer in self.encoder:
            inside = layer(inside, self.place, self.get_buffer("unseen"))
        return inside

    def decoded(self, memory: Tensor) -> Tensor:
        """Return restored features (B, N, depth) of encoded places (B, N, width)."""
        inside = memory
        for layer in self.decoder:
            inside = layer(inside, memory, self.place, self.get_buffer("unseen"))
        restored: Tensor = self.outward(self.last(inside))
        return restored

    def forward(self, inside: Tensor) -> Tensor:
        """Return restored features (B, N, depth) of places that `inward` has projected."""
        return self.decoded(self.encoded(inside))


class EncoderLayer(nn.Module):
    """Each place takes in others that it may see, and thinks.

    Parameters
    ----------
    width : int, a multiple of 4
    generator : torch.Generator
    """

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.attention = Attention(width, generator)
        self.thought = Thought(width, generator)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, inside: Tensor, place: Tensor, unseen: Tensor) -> Tensor:
        """Return places (B, N, width); `place` (N, width) tells where they are."""
        seen = self.norms[0](inside)
        inside = inside + self.attention(seen + place, seen + place, seen, unseen)
        changed: Tensor = inside + self.thought(self.norms[1](inside))
        return changed


class _DecoderLayer(nn.Module):
    def __init__(self, places: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.query = _faint(places, width, generator)
        self.to_memory, self.to_before = (Attention(width, generator) for _ in range(2))
        self.thought = Thought(width, generator)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))

    def forward(self, before: Tensor, memory: Tensor, place: Tensor, unseen: Tensor) -> Tensor:
        asking = self.query.expand_as(memory)
        known = self.norms[0](memory)
        asking = asking + self.to_memory(asking + place, known + place, known, unseen)
        known, asked = self.norms[1](before), self.norms[2](asking)
        asking = asking + self.to_before(asked + place, known + place, known, unseen)
        changed: Tensor = asking + self.thought(self.norms[3](asking))
        return changed


def _faint(places: int, width: int, generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(FAINT * torch.randn(places, width, generator=generator))
