"""Features of good photos disturbed in training, within regions that count as defects then."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.data.pool import Batch, Pool
from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.bisqad.model.network import DetectorNetwork, resized

LONGEST = 2.0  # times as long as wide, a region


@dataclass(frozen=True, slots=True, eq=False)
class Disturbance:
    """Applies a noise to batches.

    Attributes
    ----------
    noise : FeatureNoise
    network : DetectorNetwork
        Says in which units features are, and gives side maps of disturbed ones.
    centres : sequence of (K, C) tensors, or None
        Of each level, for noises that ask for them.
    """

    noise: FeatureNoise
    network: DetectorNetwork
    centres: Sequence[Tensor] | None

    @classmethod
    def of(cls, noise: FeatureNoise, network: DetectorNetwork, normals: Pool) -> "Disturbance":
        """Return the disturbance by a noise that is told what these good photos look like."""
        if not noise.asks_centres:
            return cls(noise, network, None)
        total: list[Tensor] = []
        for batch in normals.batches():
            levels = range(len(network.channels))
            sums = [network.normalised(batch.features, level).sum(0) for level in levels]
            total = [one + other for one, other in zip(total, sums, strict=True)] if total else sums
        return cls(noise, network, [(one / len(normals)).flatten(1).T for one in total])

    @torch.no_grad()
    def applied(self, batch: Batch, first: int, generator: torch.Generator) -> Batch:
        """Return a batch some of whose good photos, from place `first` on, are disturbed."""
        features, masks = [level.clone() for level in batch.features], batch.masks.clone()
        for at in range(first, len(batch)):
            drawn = torch.rand(6, generator=generator)
            if float(drawn[0]) >= self.noise.share:
                continue
            shape = (masks.shape[1], masks.shape[2])
            region = ellipse(shape, self.noise.area.at(float(drawn[1])), drawn[2:]).to(masks)
            one = [level[at : at + 1] for level in batch.features]
            changed = self._disturbed(one, region, generator)
            for level, values in zip(features, changed, strict=True):
                level[at] = values
            masks[at] = torch.maximum(masks[at], region)
        return replace(batch, features=features, masks=masks)

    def _disturbed(
        self, features: Sequence[Tensor], region: Tensor, generator: torch.Generator
    ) -> list[Tensor]:
        """Return the levels (C, h, w) of one photo, and its side maps if it has some."""
        count = len(self.network.channels)
        found = []
        for level in range(count):
            here = self.network.normalised(features, level)[0]
            centres = None if self.centres is None else self.centres[level]
            noisy = self.noise.disturb(here, centres, generator)
            inside = _at(region, here) >= 0.5
            mean, scale = (
                self.network.get_buffer(f"{name}{level}")[0] for name in ("mean", "scale")
            )
            found.append(torch.where(inside, noisy * scale + mean, features[level][0]))
        if len(features) > count:
            given = features[-1][0]
            anew = self.network.side_maps([one[None] for one in found])
            if anew is not None:
                given = torch.where(_at(region, given) >= 0.5, anew[0], given)
            found.append(given)
        return found


def ellipse(shape: tuple[int, int], share: float, drawn: Tensor) -> Tensor:
    """Return a region (h, w) in {0, 1}: an ellipse of a share of a map, or all of it.

    Parameters
    ----------
    shape : (int, int)
    share : float in (0, 1]
        Of the map; what juts out of it is cut off, the middle and one place at least are inside.
    drawn : (4,) in [0, 1)
        Where its middle is, how long it is, and its direction.
    """
    height, width = shape
    if share >= 1:
        return torch.ones(shape)
    row, col, long, turn = (float(value) for value in drawn)
    ratio = LONGEST ** (2 * long - 1)
    radius = math.sqrt(share * height * width / math.pi)
    rows = torch.arange(height)[:, None] - int(row * height)
    cols = torch.arange(width) - int(col * width)
    along = rows * math.cos(math.pi * turn) + cols * math.sin(math.pi * turn)
    across = cols * math.cos(math.pi * turn) - rows * math.sin(math.pi * turn)
    away = (along / math.sqrt(ratio)).square() + (across * math.sqrt(ratio)).square()
    return (away <= max(radius, 0.5) ** 2).float()


def _at(region: Tensor, values: Tensor) -> Tensor:
    """Return the share of each place of values (C, h, w) that a region covers, (h, w)."""
    size = (values.shape[-2], values.shape[-1])
    grid = region[None, None]
    if size[0] < region.shape[0]:
        return functional.adaptive_avg_pool2d(grid, size)[0, 0]
    return resized(grid, size)[0, 0]
