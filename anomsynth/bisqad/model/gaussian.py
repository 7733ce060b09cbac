"""A Gaussian of features at each place of a photo: what PaDiM takes for normal."""

import torch
from torch import Tensor

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.network import Batches
from anomsynth.bisqad.model.reference import ReferenceNetwork

BLOCKS = 16  # along a side; places of one block share a covariance
RIDGE = 0.01  # added to each variance, in units of the features' spread


class GaussianReference(ReferenceNetwork):
    """Mahalanobis distance of a place's features from good photos at that place [1]_.

    Parameters
    ----------
    shapes : FeatureShapes
    dimensions : int
        Features that are looked at, drawn from all.
    prior : float, >= 0
        Photos that the mean covariance of all places counts for at each.
    generator : torch.Generator
        Draws the features.

    Notes
    -----
    With mean m of the place and covariance S of its block, the distance of x is
    ``sqrt((x - m)^T S^-1 (x - m) / d)``, so about 1 on good photos. Unlike in the paper, places
    of a block share a covariance and it is drawn to that of all places,
    ``S = (1 - a) S_block + a S_all + 0.01 I`` with ``a = prior / (prior + 2 n)`` for n photos
    (neighbours say nearly the same: four places count for two). That needs a fourth of the
    memory; on six real sets pixel AP rose by 0 to 7 points, most with few photos.

    References
    ----------
    .. [1] T. Defard et al., "PaDiM: a patch distribution modeling framework for anomaly detection
       and localization", ICPR workshops 2020.
    """

    def __init__(
        self, shapes: FeatureShapes, dimensions: int, prior: float, generator: torch.Generator
    ) -> None:
        super().__init__(shapes)
        self.prior = prior
        drawn = torch.randperm(self.depth, generator=generator)[:dimensions]
        self.across = -(-self.side // min(BLOCKS, self.side))  # places along a block's side
        self.blocks = -(-self.side // self.across)
        count = len(drawn)
        self.register_buffer("drawn", drawn)
        self.register_buffer("means", torch.zeros(self.side, self.side, count))
        shape = (self.blocks**2, count, count)
        # Half the bytes, for they are most of a run; distances move by less than 1e-3 of theirs.
        self.register_buffer("whitening", torch.zeros(shape, dtype=torch.float16))

    def fit(self, batches: Batches) -> None:
        """Take means and covariances, by a pass each; see the base class."""
        means, count = torch.zeros(self.get_buffer("means").shape, dtype=torch.float64), 0
        for features in batches():
            looked = self._looked(self.described(features))
            means += looked.double().sum(0).cpu()
            count += len(looked)
        self.get_buffer("means").copy_(means / count)
        square = torch.zeros(self.get_buffer("whitening").shape, dtype=torch.float64)
        for features in batches():
            rows = self._centred(self.described(features))
            square += (rows.transpose(1, 2) @ rows).double().cpu()
        inside = self._by_block(torch.ones(1, self.side, self.side, 1)).sum((1, 2))
        covariance = square / (inside * max(count - 1, 1)).clamp_min(1).view(-1, 1, 1)
        share = self.prior / (self.prior + 2 * count)
        # Of all places, not of all blocks: those at the margin may have fewer.
        of_all = (covariance * inside.view(-1, 1, 1)).sum(0) / inside.sum()
        ridge = RIDGE * torch.eye(square.shape[1], dtype=torch.float64)
        lower = torch.linalg.cholesky((1 - share) * covariance + share * of_all + ridge)
        inverse = torch.linalg.solve_triangular(lower, torch.eye(len(ridge)).double(), upper=False)
        self.get_buffer("whitening").copy_(inverse)

    def distances(self, places: Tensor) -> Tensor:
        """Return Mahalanobis distances; see the base class."""
        rows = self._centred(places)
        white = rows @ self.get_buffer("whitening").to(rows.dtype).transpose(1, 2)
        lengths = white.square().mean(2, keepdim=True).sqrt()
        count = places.shape[0]  # `len` would be a constant of an exported graph
        shape = (self.blocks, self.blocks, count, self.across, self.across)
        grid = lengths.view(shape).permute(2, 0, 3, 1, 4)
        padded = self.blocks * self.across
        return grid.reshape(count, padded, padded)[:, : self.side, : self.side]

    def _looked(self, places: Tensor) -> Tensor:
        return places[..., self.get_buffer("drawn")]

    def _centred(self, places: Tensor) -> Tensor:
        return self._by_block(self._looked(places) - self.get_buffer("means"))

    def _by_block(self, values: Tensor) -> Tensor:
        """Return values (B, side, side, d) as (blocks, rows, d); zeros where a block juts out."""
        beyond = self.blocks * self.across - self.side
        padded = torch.nn.functional.pad(values, (0, 0, 0, beyond, 0, beyond))
        count, *_, depth = values.shape
        shape = (count, self.blocks, self.across, self.blocks, self.across, depth)
        grid = padded.view(shape).permute(1, 3, 0, 2, 4, 5)
        return grid.reshape(self.blocks**2, -1, depth)
