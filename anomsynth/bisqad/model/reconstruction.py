"""Restored features beside seen ones: where they differ, UniAD takes a photo for defective."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.attention import Thought, jittered
from anomsynth.bisqad.model.losses import truth_at
from anomsynth.bisqad.model.network import Batches, DetectorNetwork, Marked, resized
from anomsynth.bisqad.model.restorer import Restorer, RestorerSizes

STRIDE = 16  # pixels between two places; a coarser backbone is taken as it is
LEAST_LEFT = 1e-4  # of a feature, in units of its variance over good photos
GATED = 0.5  # weight of the gate's cross-entropy beside the mean square of what is not restored


@dataclass(frozen=True, slots=True)
class ReconstructionOptions:
    """How features are restored; see `Reconstruction`.

    Attributes
    ----------
    width, layers, window : int
        See `RestorerSizes`.
    jitter : float, >= 0
        See `jittered`.
    blocks : tuple of int
        Places along the sides of the blocks that are hidden in turn; empty hides nothing.
    gate : bool
    """

    width: int
    layers: int
    window: int
    jitter: float
    blocks: tuple[int, ...] = ()
    gate: bool = False


class ReconstructionNetwork(DetectorNetwork):
    """Distance of each place's features from what the others say they should be [1]_.

    Parameters
    ----------
    shapes : FeatureShapes
    options : ReconstructionOptions
    generator : torch.Generator
        Draws the weights.

    Notes
    -----
    With features f at N places and restored ones r, the distance of a place is
    ``sqrt(mean (r - f)^2 / l)`` over its features, where l is what is left of each feature on good
    photos, the mean of ``(r - f)^2`` there: features that cannot be told from the surroundings
    would drown the others (the authors take l = 1). Learned is the mean of ``(r - f)^2``, where r
    is restored from f with jitter: noise of rms ``scale |f| / d``.

    With blocks, half of the places are hidden from the restorer, in blocks like a chessboard, at
    several sizes (after the abstract of MMAE); a learned token stands for them. In training size
    and colour of the fields are drawn; ``(r - f)^2`` is the mean over sizes of what it is where
    the place is hidden.

    The gate (after the abstract of FADeR, which has two linear layers attenuate features of
    defects) says how much of a place is let through, ``g x + (1 - g) token``. It is told by the
    masks of our defects, by cross-entropy; of photos with defects only good places are restored.

    References
    ----------
    .. [1] Z. You et al., "A unified model for multi-class anomaly detection", NeurIPS 2022.
    .. [2] Y. Park et al., "Feature attenuation of defective representation can resolve incomplete
       masking on anomaly detection", arXiv 2407.04597, 2024.
    """

    rate = 1e-3

    def __init__(
        self, shapes: FeatureShapes, options: ReconstructionOptions, generator: torch.Generator
    ) -> None:
        super().__init__(shapes.channels, shapes.strides)
        side, depth = places_along(shapes), sum(shapes.channels)
        self.options, self.side = options, side
        sizes = RestorerSizes(side, depth, options.width, options.layers, options.window)
        self.restorer = Restorer(sizes, generator)
        covered = bool(options.blocks) or options.gate
        self.token = nn.Parameter(torch.zeros(options.width)) if covered else None
        self.gate = Thought(depth, generator, after=1) if options.gate else None
        fields = [chessboard(side, block) for block in options.blocks]
        hidden = torch.stack([*fields, *(~field for field in fields)]) if fields else None
        self.register_buffer("hidden", hidden, persistent=False)  # follows from the options
        self.register_buffer("left", torch.ones(depth))

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return distances (B, 1, h, w) at stride 4; see the base class."""
        del keep
        maps = self.distances(self.places(features))
        return resized(maps.view(-1, 1, self.side, self.side), self.map_size(features))

    def places(self, features: Sequence[Tensor]) -> Tensor:
        """Return features (B, N, depth) of each place; see `joined`."""
        return self.joined(features, self.side).flatten(2).transpose(1, 2)

    def distances(self, places: Tensor) -> Tensor:
        """Return distances (B, N) of places (B, N, depth)."""
        return root_mean(self.unrestored(places) / self.get_buffer("left"))

    def unrestored(self, places: Tensor) -> Tensor:
        """Return squares of what is not restored (B, N, depth) of places (B, N, depth)."""
        if not self.options.blocks:
            restored, _ = self.restored(places)
            return (restored - places).square()
        found = torch.zeros_like(places)
        for cover in self.get_buffer("hidden"):
            restored, _ = self.restored(places, cover)
            found = found + (restored - places).square() * cover[:, None]
        return found / len(self.options.blocks)

    @torch.no_grad()
    def take_left(self, parts: Iterable[Tensor]) -> None:
        """Take from places (B, N, depth) of good photos what is left of each feature there."""
        means = [(self.unrestored(part).mean((0, 1)), len(part)) for part in parts]
        total = sum(count for _, count in means)
        left = torch.stack([mean * (count / total) for mean, count in means]).sum(0)
        self.get_buffer("left").copy_(left.clamp_min(LEAST_LEFT))

    def settle(self, good: Batches, marked: Sequence[Marked]) -> None:
        """Take what is left of features of held-out good photos, and the unit of maps."""
        self.take_left(self.places(features) for features in good())
        super().settle(good, marked)

    def restored(self, places: Tensor, cover: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return restored features (B, N, depth), and the logits (B, N) of the gate, if any.

        Parameters
        ----------
        places : (B, N, depth)
        cover : (N,) or (B, N) bool, optional
            Places that are hidden.
        """
        inside = self.restorer.inward(places)
        open_to = None
        if self.gate is not None and self.token is not None:
            open_to = self.gate(places)[..., 0]
            through = torch.sigmoid(open_to)[..., None]
            inside = through * inside + (1 - through) * self.token
        if cover is not None and self.token is not None:
            inside = torch.where(cover[..., None], self.token, inside)
        return self.restorer(inside), open_to

    def losses(
        self,
        features: Sequence[Tensor],
        masks: Tensor,
        keep: Sequence[Tensor] | None = None,
        before: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Return what is not restored of each photo's good places, (B,); see the class."""
        del before
        return self.losses_of(self.places(features), masks, keep)

    def losses_of(
        self, places: Tensor, masks: Tensor, keep: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Return the losses (B,) of places (B, N, depth); see `losses`."""
        marked = truth_at(places.new_empty(len(places), 1, self.side, self.side), masks).flatten(1)
        seen, cover = places, None
        if keep is not None:
            noise, chosen = keep
            seen = jittered(places, self.options.jitter, noise)
            if self.options.blocks:
                cover = self.get_buffer("hidden")[chosen]
        restored, open_to = self.restored(seen, cover)
        good = (marked == 0).to(places.dtype)
        wrong = (restored - places).square().mean(2)
        loss = (wrong * good).sum(1) / good.sum(1).clamp_min(1)
        if open_to is None:
            return loss
        told = functional.binary_cross_entropy_with_logits(open_to, 1 - marked, reduction="none")
        return loss + GATED * told.mean(1)

    def draw_keep(self, count: int, generator: torch.Generator) -> list[Tensor]:
        """Draw the noise (B, N, depth) of the jitter, and which places are hidden (B,)."""
        sizes = self.restorer.sizes
        noise = torch.randn(count, self.side**2, sizes.depth, generator=generator)
        ways = max(2 * len(self.options.blocks), 1)
        chosen = torch.randint(ways, (count,), generator=generator)
        device = self.get_buffer("mean0").device
        return [noise.to(device), chosen.to(device)]


def places_along(shapes: FeatureShapes) -> int:
    """Return how many places there are along a photo's side."""
    return math.ceil(shapes.size / max(STRIDE, shapes.strides[0]))


def root_mean(squares: Tensor) -> Tensor:
    """Return the root (...) of the mean of squares (..., d)."""
    return (squares.mean(-1) + 1e-12).sqrt()  # the root of 0 has no slope


def chessboard(side: int, block: int) -> Tensor:
    """Return the dark fields (side^2,) bool of a chessboard over places, `block` along a field."""
    at = torch.arange(side) // block
    return ((at[:, None] + at) % 2 == 1).flatten()
