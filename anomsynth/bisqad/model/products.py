"""Which of several products a photo shows: told by the photo alone, without a label."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from anomsynth.bisqad.model.coreset import farthest_points

KNOWN = 32  # photos of each product that are remembered
FEWEST = 2  # photos that have a spread


class ProductFinder(nn.Module):
    """Finds the product whose good photos are most alike, by their features as a whole.

    Parameters
    ----------
    channels : sequence of int
        Of the feature maps.
    products : int
        At least 2.

    Notes
    -----
    A photo is described by mean and standard deviation of each channel over its places, in units
    of their spread among photos of one product; the product is that of the nearest of up to 32
    remembered photos of each, which are far from each other (`farthest_points`). Some defect on a
    part moves such means little, next to another part. Several photos instead of one mean: photos
    of one product may be of several sorts, as tiles of a photo are.
    """

    def __init__(self, channels: Sequence[int], products: int) -> None:
        super().__init__()
        self.levels, self.products = len(channels), products
        depth = 2 * sum(channels)
        self.register_buffer("unit", torch.ones(depth))
        self.register_buffer("known", torch.zeros(products, KNOWN, depth))

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the number (B,) int64 of the product on each photo.

        Parameters
        ----------
        features : (B, C, h, w) each, finest first
            As a network gets them; what comes after the levels is left out.
        """
        known = self.get_buffer("known").flatten(0, 1)
        described = self.described(features)
        # |x - k|^2 but for what all have in common.
        nearest = (known.square().sum(1) - 2 * described @ known.T).argmin(1)
        return nearest // KNOWN

    def described(self, features: Sequence[Tensor]) -> Tensor:
        """Return mean and spread (B, depth) of each channel over the places of a photo."""
        parts = []
        for level in features[: self.levels]:
            values = level.flatten(2).to(self.get_buffer("unit").dtype)
            mean = values.mean(2)
            parts += [mean, (values - mean[..., None]).square().mean(2).sqrt()]
        return torch.cat(parts, dim=1) / self.get_buffer("unit")

    @torch.no_grad()
    def learn(self, described: Tensor, numbers: Tensor) -> None:
        """Remember good photos.

        Parameters
        ----------
        described : (N, depth)
            By `described`, in its first unit.
        numbers : (N,) int64
            Their products; there must be a photo of each.
        """
        means = torch.stack([described[numbers == at].mean(0) for at in range(self.products)])
        unit = (described - means[numbers]).square().mean(0).sqrt() + 1e-4
        self.get_buffer("unit").copy_(unit)
        for product in range(self.products):
            own = described[numbers == product] / unit
            chosen = farthest_points(own, min(KNOWN, len(own)))
            # Fewer photos are taken several times: that changes no distance.
            self.get_buffer("known")[product] = own[chosen[torch.arange(KNOWN) % len(chosen)]]


def places_of(product: int, numbers: Tensor) -> Tensor:
    """Return where in `numbers` (N,) a product is; everywhere if it is there less than twice.

    What its photos cannot tell, those of all products have to.
    """
    places = (numbers == product).nonzero()[:, 0]
    return places if len(places) >= FEWEST else torch.arange(len(numbers))
