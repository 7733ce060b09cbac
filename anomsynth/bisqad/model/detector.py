"""The detector: a light decoder from frozen features to a map of how anomalous each place is."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 32
GROUPS = 8
TOP = 3  # places whose mean is the score of an image
RARE = -3.0  # logit of the first guess: 5 % of the pixels are anomalous
STRIDES = (4, 8, 16)


class Detector(nn.Module):
    """Top-down decoder of features at strides 4, 8 and 16 to a map of logits at stride 4.

    Each level is normalised by the statistics of normal photos, projected to `width` channels and
    added to the enlarged coarser level [1]_; a 3 x 3 convolution with group normalisation [2]_
    follows. There is no running state and no hidden randomness: the map is a smooth function of
    parameters and features, so `torch.func.functional_call`, losses of single samples and
    Hessian-vector products mean what they say. SiLU instead of ReLU gives curvature everywhere.

    Parameters
    ----------
    channels : sequence of int
        Of the feature maps, finest first; as `Backbone.channels`.
    width : int, a multiple of 8
        Channels inside.
    strides : sequence of int
        As `Backbone.strides`. Levels that are coarser than 4, 8, 16 are enlarged after their
        projection.
    generator : torch.Generator, optional
        Draws the initial weights; seed 0 by default. The global generator is never used.

    References
    ----------
    .. [1] T.-Y. Lin et al., "Feature pyramid networks for object detection", CVPR 2017.
    .. [2] Y. Wu and K. He, "Group normalization", ECCV 2018.
    """

    def __init__(
        self,
        channels: Sequence[int],
        width: int = WIDTH,
        *,
        strides: Sequence[int] = STRIDES,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.channels, self.width, self.strides = tuple(channels), width, tuple(strides)
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        self.lateral = nn.ModuleList(_convolution(count, width, 1) for count in channels)
        self.blocks = nn.ModuleList(_Block(width) for _ in channels)
        self.head = _convolution(width, 1, 1)
        for level, count in enumerate(channels):
            self.register_buffer(f"mean{level}", torch.zeros(1, count, 1, 1))
            self.register_buffer(f"scale{level}", torch.ones(1, count, 1, 1))
        self._draw_weights(generator)

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return logits (B, 1, h, w) at stride 4 of features of B images.

        Parameters
        ----------
        features : (B, C, h, w) each, finest first
            As a `Backbone` returns them.
        keep : (B, width, 1, 1) each, optional
            Factors of the projected channels, from `draw_keep`: drop-out in training.
        """
        height, width = (
            math.ceil(side * self.strides[0] / STRIDES[0]) for side in features[0].shape[-2:]
        )
        coarser: Tensor | None = None
        for level in reversed(range(len(features))):
            mean, scale = self.get_buffer(f"mean{level}"), self.get_buffer(f"scale{level}")
            here = self.lateral[level]((features[level].to(mean.dtype) - mean) / scale)
            if keep is not None:
                here = here * keep[level]
            size = (math.ceil(height / 2**level), math.ceil(width / 2**level))
            here = _resized(here, size)
            if coarser is not None:
                here = here + _resized(coarser, size)
            coarser = self.blocks[level](functional.silu(here))
        return self.head(coarser)

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


def image_score(logits: Tensor, *, top: int = TOP) -> Tensor:
    """Return the score (B,) of images: the mean of the `top` highest logits of their maps."""
    flat = logits.flatten(1)
    return flat.topk(min(top, flat.shape[1]), dim=1).values.mean(1)


class _Block(nn.Module):
    """Convolution, group normalisation, SiLU."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = _convolution(width, width, 3, bias=False)
        self.norm = nn.GroupNorm(GROUPS, width)

    def forward(self, features: Tensor) -> Tensor:
        return functional.silu(self.norm(self.convolution(features)))


def _convolution(before: int, after: int, size: int, *, bias: bool = True) -> nn.Conv2d:
    # Built without storage, so that torch draws no weights from its global generator.
    empty = nn.Conv2d(before, after, size, padding=size // 2, bias=bias, device="meta")
    return empty.to_empty(device="cpu")


def _resized(values: Tensor, size: tuple[int, int]) -> Tensor:
    if values.shape[-2:] == size:
        return values
    return functional.interpolate(values, size=size, mode="bilinear", align_corners=False)
