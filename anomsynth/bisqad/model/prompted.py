"""Photos restored beside one good photo, and what is left refined by masks: OneNIP's network."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.attention import Attention, Linear, Thought, jittered, neighbour_mask
from anomsynth.bisqad.model.coreset import farthest_points
from anomsynth.bisqad.model.losses import sample_losses
from anomsynth.bisqad.model.map_refiner import MapRefiner
from anomsynth.bisqad.model.network import (
    Batches,
    DetectorNetwork,
    Marked,
    image_score,
    middle_and_spread,
    resized,
)
from anomsynth.bisqad.model.reconstruction import LEAST_LEFT, places_along, root_mean
from anomsynth.bisqad.model.restorer import FAINT, EncoderLayer

REFINED = 0.5  # weight of the refiner's loss beside the mean square of what is not restored
SAME = 0.02  # rms between two photos' features below which they are one photo, rounded


@dataclass(frozen=True, slots=True)
class PromptedSizes:
    """Dimensions of a network that restores beside a prompt; see `RestorerSizes`.

    Attributes
    ----------
    width, layers, window : int
    jitter : float, >= 0
        See `jittered`.
    prompts : int
        Good photos to choose the prompt from.
    """

    width: int
    layers: int
    window: int
    jitter: float
    prompts: int


class PromptedNetwork(DetectorNetwork):
    """Restores a photo with a good one at hand, and rates what differs from it [1]_.

    Parameters
    ----------
    shapes : FeatureShapes
    sizes : PromptedSizes
    generator : torch.Generator
        Draws the weights.

    Notes
    -----
    The prompt of a photo is, of the few that are kept, the one whose mean features are nearest;
    those kept are the good photos whose mean features differ most (where the authors draw any of
    the category), so that one network serves several categories. An encoder with neighbour mask
    sees both; in the decoder places of the prompt ask the photo, and the photo's the prompt. What
    comes out begins as the prompt: features of the photo reach it by attention alone.

    Learned are the mean of ``(r - f)^2`` and half of the refiner's loss (`sample_losses`), where r
    is restored and f belongs to the photo as it was before the defect was made, so that defects
    are restored to what really was there. In training the prompt is another photo than f. The
    refiner turns ``|r - x|``, x the photo's features, into a map at stride 4. The map is the mean
    of its logits and of the distance ``sqrt(mean (r - x)^2 / l)``, both in units of good photos; l
    is what is left of each feature on them, see `ReconstructionNetwork`.

    References
    ----------
    .. [1] B.-B. Gao, "Learning to detect multi-class anomalies with just one normal image prompt",
       ECCV 2024.
    """

    rate = 1e-3

    def __init__(
        self, shapes: FeatureShapes, sizes: PromptedSizes, generator: torch.Generator
    ) -> None:
        super().__init__(shapes.channels, shapes.strides)
        self.sizes, self.side, depth = sizes, places_along(shapes), sum(shapes.channels)
        width, every = sizes.width, range(sizes.layers)
        self.inward, self.outward = Linear(depth, width, generator), Linear(width, depth, generator)
        self.place = nn.Parameter(FAINT * torch.randn(self.side**2, width, generator=generator))
        self.encoder = nn.ModuleList(EncoderLayer(width, generator) for _ in every)
        self.decoder = nn.ModuleList(_TwoWayLayer(width, generator) for _ in every)
        self.to_photo = Attention(width, generator)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.refiner = MapRefiner(depth, generator)
        shape = (sizes.prompts, self.side**2, depth)
        self.register_buffer("prompts", torch.zeros(shape, dtype=torch.float16))
        self.register_buffer("left", torch.ones(depth))
        self.register_buffer("middles", torch.zeros(2))
        self.register_buffer("spreads", torch.ones(2))
        unseen = neighbour_mask(self.side, sizes.window)
        self.register_buffer("unseen", unseen, persistent=False)  # follows from the sizes

    def forward(self, features: Sequence[Tensor], keep: Sequence[Tensor] | None = None) -> Tensor:
        """Return the refiner's logits (B, 1, h, w); see the base class."""
        del keep
        return self.parts(features)[:, :1]

    def anomaly_map(self, features: Sequence[Tensor]) -> Tensor:
        """Return the mean of both maps in units of good photos; see the base class."""
        joined = self._joined_parts(self.parts(features))
        return (joined - self.get_buffer("center")) / self.get_buffer("spread")

    def parts(self, features: Sequence[Tensor]) -> Tensor:
        """Return the refiner's logits, and distances from what is restored, (B, 2, h, w)."""
        places = self._places(features)
        restored = self.restored(places, self.chosen(places))
        size = self.map_size(features)
        away = root_mean((restored - places).square() / self.get_buffer("left"))
        away = away.view(-1, 1, self.side, self.side)
        return torch.cat([self._refined(restored - places, size), resized(away, size)], dim=1)

    def learn_normal(self, batches: Batches) -> None:
        """Take the units of features from good photos, and the prompts; see the base class."""
        self.normalise_by(batches())
        with torch.no_grad():
            means = torch.cat([self._places(features).mean(1) for features in batches()])
            central = int((means - means.mean(0)).square().sum(1).argmin())
            order = torch.tensor([central, *(at for at in range(len(means)) if at != central)])
            count = min(self.sizes.prompts, len(means))
            wanted = order[farthest_points(means[order].cpu(), count)]
            # A few good photos are taken several times: that changes no choice.
            taken = wanted[torch.arange(self.sizes.prompts) % count].tolist()
            start = 0
            for features in batches():
                places = self._places(features)
                for nth, at in enumerate(taken):
                    if start <= at < start + len(places):
                        self.get_buffer("prompts")[nth] = places[at - start]
                start += len(places)

    def chosen(self, places: Tensor, target: Tensor | None = None) -> Tensor:
        """Return the prompt (B, N, depth) of each photo (B, N, depth): the most similar one.

        `target` (B, N, depth) is what is to be restored: that photo itself is no prompt.
        """
        prompts = self.get_buffer("prompts").to(places.dtype)
        away = (places.mean(1)[:, None] - prompts.mean(1)).square().sum(2)
        if target is not None:
            square = [(target - one).square().mean((1, 2)) for one in prompts]
            apart = torch.stack(square, dim=1).sqrt()
            away = away + torch.where(apart < SAME, torch.inf, 0.0)
        return prompts[away.argmin(1)]

    def restored(self, places: Tensor, prompts: Tensor) -> Tensor:
        """Return restored features (B, N, depth) of places beside prompts, both (B, N, depth)."""
        unseen = self.get_buffer("unseen")
        count = places.shape[0]
        inside = self.inward(torch.cat([places, prompts]))
        for layer in self.encoder:
            inside = layer(inside, self.place, unseen)
        photo, prompt = inside[:count], inside[count:]
        for layer in self.decoder:
            prompt, photo = layer(prompt, photo, self.place, unseen)
        asking, known = self.norms[0](prompt), self.norms[1](photo)
        found = prompt + self.to_photo(asking + self.place, known + self.place, known, unseen)
        restored: Tensor = self.outward(self.norms[2](found))
        return restored

    def losses(
        self,
        features: Sequence[Tensor],
        masks: Tensor,
        keep: Sequence[Tensor] | None = None,
        before: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Return what is not restored to the photos before, and what the refiner misses, (B,)."""
        places = self._places(features)
        target = places if before is None else self._places(before)
        seen = places if keep is None else jittered(places, self.sizes.jitter, keep[0])
        restored = self.restored(seen, self.chosen(places, target))
        wrong = (restored - target).square().mean((1, 2))
        size = self.map_size(features)
        return wrong + REFINED * sample_losses(self._refined(restored - places, size), masks)

    def draw_keep(self, count: int, generator: torch.Generator) -> list[Tensor]:
        """Draw the noise (B, N, depth) of the jitter."""
        shape = (count, *self.get_buffer("prompts").shape[1:])
        noise = torch.randn(shape, generator=generator)
        return [noise.to(self.get_buffer("mean0").device)]

    @torch.no_grad()
    def settle(self, good: Batches, marked: Sequence[Marked]) -> None:
        """Take what is left of features, the units of both maps, and of their mean."""
        del marked
        left = []
        for features in good():
            places = self._places(features)
            left.append((self.restored(places, self.chosen(places)) - places).square().mean(1))
        self.get_buffer("left").copy_(torch.cat(left).mean(0).clamp_min(LEAST_LEFT))
        parts = torch.cat([self.parts(features) for features in good()])
        for nth in range(2):
            middle, spread = middle_and_spread(image_score(parts[:, nth : nth + 1]))
            self.get_buffer("middles")[nth] = middle
            self.get_buffer("spreads")[nth] = spread
        self.set_unit(image_score(self._joined_parts(parts)))

    def _joined_parts(self, parts: Tensor) -> Tensor:
        middles, spreads = (self.get_buffer(name) for name in ("middles", "spreads"))
        return ((parts - middles.view(1, -1, 1, 1)) / spreads.view(1, -1, 1, 1)).mean(1, True)

    def _places(self, features: Sequence[Tensor]) -> Tensor:
        return self.joined(features, self.side).flatten(2).transpose(1, 2)

    def _refined(self, left: Tensor, size: tuple[int, int]) -> Tensor:
        grid = left.abs().transpose(1, 2).reshape(-1, left.shape[2], self.side, self.side)
        return functional.interpolate(
            self.refiner(grid), size=size, mode="bilinear", align_corners=False
        )


class _TwoWayLayer(nn.Module):
    """The prompt asks the photo, thinks, and the photo asks the prompt."""

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.to_photo, self.to_prompt = (Attention(width, generator) for _ in range(2))
        self.thought = Thought(width, generator)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(5))

    def forward(
        self, prompt: Tensor, photo: Tensor, place: Tensor, unseen: Tensor
    ) -> tuple[Tensor, Tensor]:
        asking, known = self.norms[0](prompt), self.norms[1](photo)
        prompt = prompt + self.to_photo(asking + place, known + place, known, unseen)
        prompt = prompt + self.thought(self.norms[2](prompt))
        asking, known = self.norms[3](photo), self.norms[4](prompt)
        photo = photo + self.to_prompt(asking + place, known + place, known, unseen)
        return prompt, photo
