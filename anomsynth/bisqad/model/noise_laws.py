"""How noises move the features of a photo's places."""

import torch
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.model.attention import jittered

LEAST = 1e-6  # length of a way that has a direction


def pushed_outwards(features: Tensor, centres: Tensor, reach: float) -> Tensor:
    """Return features away from the most similar centre by a length that all places share [1]_.

    ``f + reach r (f - c) / |f - c|`` with c the centre of the largest cosine and r the mean of
    ``|f - c|`` over the photo.

    Parameters
    ----------
    features : (C, h, w)
    centres : (K, C)
    reach : float, >= 0

    References
    ----------
    .. [1] Q. Chen et al., "Progressive boundary guided anomaly synthesis for industrial anomaly
       detection", IEEE Transactions on Circuits and Systems for Video Technology, 2024.
    """
    places = features.flatten(1).T
    alike = functional.normalize(places, dim=1) @ functional.normalize(centres, dim=1).T
    away = places - centres[alike.argmax(1)]
    length = away.norm(dim=1, keepdim=True)
    pushed = places + reach * length.mean() * away / length.clamp_min(LEAST)
    return pushed.T.reshape(features.shape)


def locally_gaussian(
    features: Tensor, reach: int, strength: float, generator: torch.Generator
) -> Tensor:
    """Return features with normal noise that varies as those around each place do.

    With the n features x_j in a square around a place, their mean m and standard normal z_j, the
    noise is ``strength sum z_j (x_j - m) / sqrt (n - 1)``: its covariance is exactly the sample
    covariance of the square, times the square of the strength.

    Parameters
    ----------
    features : (C, h, w)
    reach : int
        Places from a place to the square's edge; at the margin, the last ones count repeatedly.
    strength : float, >= 0
    generator : torch.Generator
    """
    side = 2 * reach + 1
    padded = functional.pad(features[None], [reach] * 4, mode="replicate")
    near = functional.unfold(padded, side)[0].view(len(features), side**2, -1)
    spread = near - near.mean(1, keepdim=True)
    drawn = torch.randn(spread.shape[1:], generator=generator).to(features)
    noise = (spread * drawn).sum(1) / (side**2 - 1) ** 0.5
    return features + strength * noise.view_as(features)


def jittered_map(features: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    """Return features (C, h, w) with noise in proportion to their length; see `jittered`."""
    places = features.permute(1, 2, 0)
    noise = torch.randn(places.shape, generator=generator).to(features)
    return jittered(places, scale, noise).permute(2, 0, 1)
