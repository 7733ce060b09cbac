"""Prototypes that optimal transport learns, some bound to places: what PRADOT takes for normal."""

import torch
from torch import Tensor
from torch.nn import functional

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.network import Batches
from anomsynth.bisqad.model.reference import ReferenceNetwork

CELLS = 16  # along a side; local prototypes belong to the middle of one
CANDIDATES = 20_000  # places that prototypes are learned from
ROWS = 1024  # of them that one step transports
STEPS, KEPT = 40, 0.9  # of learning; share of a prototype that stays in each
SPREAD = 0.01  # of the transport: weight of its entropy
ROUNDS, BALANCED = 100, 1e-4  # of Sinkhorn's scalings; error of a marginal that ends them


class PrototypesReference(ReferenceNetwork):
    """Distance of a place's features from the nearest prototypes of good photos [1]_.

    Parameters
    ----------
    shapes : FeatureShapes
    counts : (int, int)
        Local prototypes of each of 16 x 16 cells, and global ones.
    alpha : float in [0, 1]
        Share of the place in the cost of local prototypes.
    generator : torch.Generator
        Draws what prototypes begin as, and what they learn from.

    Notes
    -----
    Between features x at u and a prototype p at v, both places in the unit square, the costs are
    ``F = (1 - cos(x, p)) / 2`` and ``S = |u - v| / sqrt 2``, each in [0, 1], and together
    ``M = (1 - alpha) F + alpha S``; global prototypes have no place and alpha = 0. Learning
    transports a random set of places to the prototypes, all of equal mass, at the least cost with
    entropy 0.01 (`sinkhorn`); each prototype moves a tenth of the way to the mean of what arrives
    at it. The distance of a place is the mean of its least M to a local and to a global
    prototype, each in units of its mean over good photos. Unlike in the paper, costs are divided
    by the largest ones there can be, not by those of the batch, so that a map depends on no other
    photo; both kinds look at one set of features, where the authors join four models.

    References
    ----------
    .. [1] R. Trombetta and C. Lartizien, "Learning local and global prototypes with optimal
       transport for unsupervised anomaly detection and localization", arXiv 2508.12927, 2025.
    """

    def __init__(
        self,
        shapes: FeatureShapes,
        counts: tuple[int, int],
        alpha: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__(shapes)
        self.alpha = alpha
        self.register_buffer("seed", torch.randint(2**31, (), generator=generator))
        cells = min(CELLS, self.side)
        local = cells**2 * counts[0]
        self.register_buffer("local", torch.zeros(local, self.depth, dtype=torch.float16))
        self.register_buffer("shared", torch.zeros(counts[1], self.depth, dtype=torch.float16))
        self.register_buffer("units", torch.ones(2))
        apart = torch.cdist(_middles(self.side), _middles(cells).repeat(counts[0], 1)) / 2**0.5
        # Follows from the shapes alone, so it is not saved: (side^2, local).
        self.register_buffer("apart", apart, persistent=False)

    def fit(self, batches: Batches) -> None:
        """Learn the prototypes, in two passes; see the base class."""
        generator = torch.Generator().manual_seed(int(self.get_buffer("seed")))
        places, numbers = self.drawn_places(batches, CANDIDATES, generator)
        places = functional.normalize(places, dim=1)
        apart = self.get_buffer("apart").cpu()
        # Each local one begins as a place about where it belongs, each global one as any.
        wavering = torch.rand(len(places), 1, generator=generator) / CELLS
        begin = {"local": (apart[numbers] + wavering).argmin(0)}
        wanted = len(self.get_buffer("shared"))
        begin["shared"] = torch.randperm(len(places), generator=generator).repeat(
            -(-wanted // len(places))
        )[:wanted]
        for nth, name in enumerate(("local", "shared")):
            share, there = self._place_cost(nth, apart)
            found = places[begin[name]]
            for _ in range(STEPS):
                drawn = torch.randperm(len(places), generator=generator)[:ROWS]
                some = places[drawn]
                plan = sinkhorn(mixed_cost(some, found, share, there[numbers[drawn]]))
                found = KEPT * found + (1 - KEPT) * barycentres(plan, some)
            self.get_buffer(name).copy_(found)
            rows = zip(torch.split(places, ROWS), torch.split(numbers, ROWS), strict=True)
            least = [mixed_cost(some, found, share, there[at]).amin(1) for some, at in rows]
            self.get_buffer("units")[nth] = torch.cat(least).mean().clamp_min(1e-6)

    def distances(self, places: Tensor) -> Tensor:
        """Return the mean of the distances from local and global prototypes; see the base class."""
        alike = functional.normalize(places.flatten(1, 2), dim=2)
        apart, units = self.get_buffer("apart"), self.get_buffer("units")
        parts = []
        for nth, name in enumerate(("local", "shared")):
            share, there = self._place_cost(nth, apart)
            prototypes = self.get_buffer(name).to(alike.dtype)
            parts.append(mixed_cost(alike, prototypes, share, there).amin(2) / units[nth])
        return torch.stack(parts).mean(0).view(-1, self.side, self.side)

    def _place_cost(self, nth: int, apart: Tensor) -> tuple[float, Tensor]:
        """Return the features' share of the cost, and what the place adds (side^2, K or 1)."""
        alpha = (self.alpha, 0.0)[nth]
        return 1 - alpha, alpha * (apart if nth == 0 else apart[:, :1])


def mixed_cost(places: Tensor, prototypes: Tensor, share: float, there: Tensor) -> Tensor:
    """Return ``share (1 - cos) / 2 + there`` of every pair of a place and a prototype, (..., N, K).

    Parameters
    ----------
    places : (..., N, d)
        Of length one.
    prototypes : (K, d)
    share : float in [0, 1]
    there : (N, K) or (N, 1)
        Share of the place in the cost.
    """
    cosine = places @ functional.normalize(prototypes, dim=1).T
    return share * (1 - cosine) / 2 + there


def sinkhorn(cost: Tensor, spread: float = SPREAD, rounds: int = ROUNDS) -> Tensor:
    """Return the plan (N, K) float64 that transports equal masses at the least cost with entropy.

    Parameters
    ----------
    cost : (N, K) in [0, 1]
    spread : float
        Weight of the entropy; above 1 / 300, or float64 does not hold its exponentials.
    rounds : int
        Scalings at most; less if each column holds its 1 / K to one part in 10,000.

    Notes
    -----
    The plan ``diag(u) exp(-cost / spread) diag(v)`` is the only one of that form whose rows sum to
    1 / N and columns to 1 / K; scaling rows and columns in turn finds it [1]_. Rows come last.

    References
    ----------
    .. [1] M. Cuturi, "Sinkhorn distances: lightspeed computation of optimal transport", NeurIPS
       2013.
    """
    exact = cost.double()
    # What is taken from a whole row or column changes no plan, and keeps exponentials in range.
    exact = exact - exact.amin(1, keepdim=True)
    kernel = torch.exp(-(exact - exact.amin(0)) / spread)
    count, number = kernel.shape
    across = torch.ones(number, dtype=kernel.dtype, device=kernel.device)
    for _ in range(rounds):
        down = 1 / count / (kernel @ across)
        mass = down @ kernel
        error = (mass * across * number - 1).abs().max()
        if error < BALANCED:
            break
        across = 1 / number / mass
    down = 1 / count / (kernel @ across)
    return down[:, None] * kernel * across


def barycentres(plan: Tensor, places: Tensor) -> Tensor:
    """Return the mean (K, d) of the places (N, d) that a plan brings to each prototype."""
    return ((plan / plan.sum(0)).T @ places.double()).to(places.dtype)


def _middles(side: int) -> Tensor:
    """Return the middles (side^2, 2) of the cells of a square in [0, 1], row by row."""
    along = (torch.arange(side) + 0.5) / side
    return torch.cartesian_prod(along, along)
