"""A restorer inside another detector's network: trained in one go, and still from then on."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.network import Batches, resized
from anomsynth.bisqad.model.reconstruction import ReconstructionNetwork, ReconstructionOptions
from anomsynth.bisqad.model.reference import ReferenceNetwork

STEPS, PHOTOS = 400, 8  # of learning; good photos in each
DECAY, LONGEST_STEP = 1e-4, 5.0  # of AdamW; norm to which gradients are cut
MOST_PHOTOS = 2000  # that are learned from


class ReconstructionPart(ReferenceNetwork):
    """Distances of a `ReconstructionNetwork`, all of whose state is in buffers.

    Parameters
    ----------
    shapes : FeatureShapes
    options : ReconstructionOptions
        Without a gate, which only defects can teach.
    generator : torch.Generator
        Draws the weights, and what they learn from.
    """

    def __init__(
        self, shapes: FeatureShapes, options: ReconstructionOptions, generator: torch.Generator
    ) -> None:
        super().__init__(shapes)
        self.shapes, self.options = shapes, options
        self.register_buffer("seed", torch.randint(2**31, (), generator=generator))
        self.network = self._fresh()
        still(self.network)

    def fit(self, batches: Batches) -> None:
        """Train a network anew on good photos, and take over its weights; see the base class."""
        learner = self._fresh()
        learner.take_normal(self)
        parts, count = [], 0
        for features in batches():
            parts.append(learner.places(features).half().cpu())
            count += len(parts[-1])
            if count >= MOST_PHOTOS:
                break
        with torch.enable_grad():
            train(learner, torch.cat(parts), int(self.get_buffer("seed")))
        learner.take_left(part.float() for part in parts)
        self.network.load_state_dict(learner.state_dict())

    def described(self, features: Sequence[Tensor]) -> Tensor:
        """Return features (B, n, n, depth) of the places that are restored: at stride 16."""
        return self.joined(features, self.network.side).permute(0, 2, 3, 1)

    def distances(self, places: Tensor) -> Tensor:
        """Return distances (B, side, side) of places (B, n, n, depth), linearly between them."""
        coarse = self.network.side
        found = self.network.distances(places.flatten(1, 2)).view(-1, 1, coarse, coarse)
        return resized(found, (self.side, self.side))[:, 0]

    def _fresh(self) -> ReconstructionNetwork:
        generator = torch.Generator().manual_seed(int(self.get_buffer("seed")))
        return ReconstructionNetwork(self.shapes, self.options, generator)


def train(network: ReconstructionNetwork, places: Tensor, seed: int) -> None:
    """Let a network restore places (N, side^2, depth) of good photos, on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    adam = torch.optim.AdamW(network.parameters(), lr=network.rate, weight_decay=DECAY)
    falling = torch.optim.lr_scheduler.OneCycleLR(adam, network.rate, STEPS, pct_start=0.1)
    masks = torch.zeros(PHOTOS, network.side, network.side)
    for _ in range(STEPS):
        drawn = torch.randint(len(places), (PHOTOS,), generator=generator)
        keep = network.draw_keep(PHOTOS, generator)
        loss = network.losses_of(places[drawn].float(), masks, keep).mean()
        adam.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), LONGEST_STEP)
        adam.step()
        falling.step()


def still(module: nn.Module) -> None:
    """Turn all parameters of a module into buffers of the same names: nothing trains them."""
    for part in module.modules():
        for name, value in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, value.detach())
