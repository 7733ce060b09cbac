"""A light decoder from frozen features to a map of anomalous places."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.network import DetectorNetwork, resized

WIDTH = 32
GROUPS = 8
RARE = -3.0  # logit of the first guess: 5 % of the pixels are anomalous
BESIDE = 1  # level at which side maps come in


class Decoder(DetectorNetwork):
    """Top-down decoder of features at strides 4, 8 and 16 to a map of logits at stride 4.

    Each level is normalised by the statistics of normal photos, projected to `width` channels and
    added to the enlarged coarser level [1]_; a 3 x 3 convolution with group normalisation [2]_
    follows. There is no running state and no hidden randomness: the map is a smooth function of
    parameters and features, so `torch.func.functional_call`, losses of single samples and
    Hessian-vector products mean what they say. SiLU instead of ReLU gives curvature everywhere.

    One decoder of several products shares its weights; what differs between products is added to
    its 1 x 1 convolutions and to scale and offset of its norms [3]_, for the product that each
    photo shows. That is nothing at first, and weight decay keeps it small where it earns nothing.

    Parameters
    ----------
    shapes : FeatureShapes
        Levels that are coarser than 4, 8, 16 are enlarged after their projection.
    width : int, a multiple of 8
        Channels inside.
    maps : int
        Side maps that come after the features; they are projected and added at stride 8.
    generator : torch.Generator, optional
        Draws the initial weights; seed 0 by default. The global generator is never used.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Feature pyramid networks for object detection", CVPR 2017.
    .. [2] Y. Wu and K. He, "Group normalization", ECCV 2018.
    .. [3] After S.-A. Rebuffi, H. Bilen and A. Vedaldi, "Learning multiple visual domains with
       residual adapters", NeurIPS 2017.
    """

    def __init__(
        self,
        shapes: FeatureShapes,
        width: int = WIDTH,
        *,
        maps: int = 0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(shapes.channels, shapes.strides, shapes.products)
        self.width = width
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        self.lateral = nn.ModuleList(
            _Projection(count, width, self.products) for count in self.channels
        )
        self.beside = _convolution(maps, width, 1, bias=False) if maps else None
        self.blocks = nn.ModuleList(_Block(width, self.products) for _ in self.channels)
        self.head = _Projection(width, 1, self.products)
        self._draw_weights(generator)

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return logits (B, 1, h, w); see the base class.

        Parameters
        ----------
        features : (B, C, h, w) each, finest first
            Followed by the side maps (B, R, h, w), where there are some.
        keep : (B, width, 1, 1) each, optional
            Factors of the projected channels, from `draw_keep`: drop-out in training.
        """
        height, width = self.map_size(features)
        numbers = None if self.finder is None else self.finder(features)
        coarser: Tensor | None = None
        for level in reversed(range(len(self.channels))):
            here = self.lateral[level](self.normalised(features, level), numbers)
            if keep is not None:
                here = here * keep[level]
            size = (math.ceil(height / 2**level), math.ceil(width / 2**level))
            here = resized(here, size)
            if self.beside is not None and level == min(BESIDE, len(self.channels) - 1):
                here = here + resized(self.beside(features[-1]), size)
            if coarser is not None:
                here = here + resized(coarser, size)
            coarser = self.blocks[level](functional.silu(here), numbers)
        logits: Tensor = self.head(coarser, numbers)
        return logits

    def draw_keep(
        self, count: int, generator: torch.Generator, *, share: float = 0.1
    ) -> list[Tensor]:
        """Draw drop-out of whole channels for `count` images, one tensor a level.

        Each factor is 0 with probability `share`, else 1 / (1 - share); pass them to `forward`,
        twice if two passes are to be compared.
        """
        shape = (count, self.width, 1, 1)
        device = self.get_buffer("mean0").device
        return [
            (torch.rand(shape, generator=generator, device=generator.device) >= share).to(device)
            / (1 - share)
            for _ in self.channels
        ]

    @torch.no_grad()
    def _draw_weights(self, generator: torch.Generator) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                reach = 1 / math.sqrt(module.weight[0].numel())  # as torch's own default
                module.weight.uniform_(-reach, reach, generator=generator)
                if module.bias is not None:
                    module.bias.uniform_(-reach, reach, generator=generator)
        if self.head.bias is not None:
            self.head.bias.fill_(RARE)


class _Block(nn.Module):
    """Convolution, group normalisation, what each product adds to it, SiLU."""

    def __init__(self, width: int, products: int) -> None:
        super().__init__()
        self.convolution = _convolution(width, width, 3, bias=False)
        self.norm = nn.GroupNorm(GROUPS, width)
        several = products > 1
        self.own = nn.Parameter(torch.zeros(products, 2, width, 1, 1)) if several else None

    def forward(self, features: Tensor, numbers: Tensor | None) -> Tensor:
        here: Tensor = self.norm(self.convolution(features))
        if self.own is not None and numbers is not None:
            scale, offset = self.own[numbers].unbind(1)
            here = here * (1 + scale) + offset
        return functional.silu(here)


def _convolution(before: int, after: int, size: int, *, bias: bool = True) -> nn.Conv2d:
    return _Undrawn(before, after, size, padding=size // 2, bias=bias)


class _Undrawn(nn.Conv2d):
    """A convolution for whose weights torch's global generator is not asked."""

    def reset_parameters(self) -> None:
        # `to_empty` of one on the device meta would do the same, but imports sympy for a second.
        return


class _Projection(_Undrawn):
    """A 1 x 1 convolution, and what each product adds to its weights and bias."""

    def __init__(self, before: int, after: int, products: int) -> None:
        super().__init__(before, after, 1)
        several = products > 1
        self.own = nn.Parameter(torch.zeros(products, after, before + 1)) if several else None

    def forward(  # type: ignore[override]
        self, features: Tensor, numbers: Tensor | None
    ) -> Tensor:
        here = super().forward(features)
        if self.own is None or numbers is None:
            return here
        own = self.own[numbers]
        added = own[..., :-1] @ features.flatten(2) + own[..., -1:]
        return here + added.view_as(here)
