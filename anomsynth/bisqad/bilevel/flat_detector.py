"""A detector as a function of one parameter vector, as hypergradients need it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from anomsynth.bisqad.bilevel.gauss_newton import Loss, Losses, Product, gauss_newton_product
from anomsynth.bisqad.data.pool import Batch
from anomsynth.bisqad.model.losses import loss_curvature, sample_losses


class FlatDetector:
    """Losses of a detector on batches, as functions of its parameters as one vector (P,).

    Parameters
    ----------
    detector : nn.Module
        Its own parameters are read, never changed.
    """

    def __init__(self, detector: nn.Module) -> None:
        self._detector = detector
        named = dict(detector.named_parameters())
        self._names = list(named)
        self._shapes = [value.shape for value in named.values()]
        self._sizes = [value.numel() for value in named.values()]

    @property
    def theta(self) -> Tensor:
        """The parameters of now, (P,)."""
        return torch.cat([value.detach().flatten() for value in self._detector.parameters()])

    def logits(self, theta: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return the map (B, 1, h, w) of features under other parameters."""
        parts = torch.split(theta, self._sizes)
        values = {
            name: part.view(shape)
            for name, part, shape in zip(self._names, parts, self._shapes, strict=True)
        }
        answer: Tensor = functional_call(self._detector, values, (features,))
        return answer

    def losses(self, batch: Batch) -> Losses:
        """Return theta -> loss (B,) of each sample."""
        return lambda theta: sample_losses(self.logits(theta, batch.features), batch.masks)

    def loss(self, batch: Batch, weights: Tensor | None = None) -> Loss:
        """Return theta -> weighted mean loss."""
        losses = self.losses(batch)
        if weights is None:
            return lambda theta: losses(theta).mean()
        return lambda theta: (weights * losses(theta)).mean()

    def product(self, batch: Batch, weights: Tensor, theta: Tensor) -> Product:
        """Return the product with the Gauss-Newton matrix of the weighted mean loss."""
        return gauss_newton_product(
            lambda at: self.logits(at, batch.features),
            lambda logits: loss_curvature(logits, batch.masks, weights),
            theta,
        )
