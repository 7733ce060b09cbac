"""Explains real defects by what mechanisms make: simulate, compare, weigh, simulate more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError
from anomsynth.fitting.candidates import Suspect
from anomsynth.fitting.defect import Defect
from anomsynth.fitting.describe import describe
from anomsynth.fitting.maker import LayerMaker
from anomsynth.fitting.mixture import Mixture, floor_of, unmix
from anomsynth.fitting.simulate import Layers
from anomsynth.fitting.space import Cloud, Space

FIRST = 48  # layers of every candidate
MORE = 48  # layers of a likely candidate in each further batch
BATCHES = 2
LIKELY = 6  # candidates that get more layers
FEWEST = 12  # layers without which a candidate cannot be judged

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Explanation:
    """How mechanisms explain real defects.

    Attributes
    ----------
    candidates : tuple of Suspect
        Those that could be made on the photos.
    layers : tuple of Layers
        What each makes.
    mixture : Mixture
        Their weights and those of none, and who made which defect.
    likeness : tuple of (n, m) float64
        For each candidate how near each of its layers is to each defect; rows sum to 1.
    counts : (n,) float64
        How much each defect counts: those of one picture count as one.
    """

    candidates: tuple[Suspect, ...]
    layers: tuple[Layers, ...]
    mixture: Mixture
    likeness: tuple[Floats, ...]
    counts: Floats

    def by_kind(self, row: int) -> list[tuple[str, float]]:
        """Return how likely each kind made a defect, the likeliest first; "" is none."""
        shares: dict[str, float] = {}
        for candidate, share in zip(self.candidates, self.mixture.shares[row], strict=False):
            shares[candidate.kind] = shares.get(candidate.kind, 0.0) + float(share)
        shares[""] = float(self.mixture.shares[row, -1])
        return sorted(shares.items(), key=lambda item: -item[1])

    def nearest(self, row: int, most: int) -> list[tuple[int, int]]:
        """Return candidate and position of the layers that look most like a defect."""
        ranked = [
            (float(self.mixture.shares[row, number] * value), number, at)
            for number, likeness in enumerate(self.likeness)
            for at, value in enumerate(likeness[row])
        ]
        ranked.sort(key=lambda item: -item[0])
        return [(number, at) for _, number, at in ranked[:most]]


def explain(pictures: Sequence[Sequence[Defect]], maker: LayerMaker) -> Explanation:
    """Explain the defects of some pictures.

    Parameters
    ----------
    pictures : defects of each picture
    maker : LayerMaker
        Makes what they are compared with.

    Raises
    ------
    InputError
        If hardly any mechanism can be tried on these photos.
    """
    looks = np.array(
        [list(describe(defect).values()) for several in pictures for defect in several]
    )
    counts = np.concatenate([_counts(several) for several in pictures])
    candidates = maker.trial.candidates
    maker.expect(len(candidates) * FIRST + min(LIKELY, len(candidates)) * MORE * BATCHES)
    maker.make([(number, range(FIRST)) for number in range(len(candidates))])
    for batch in range(BATCHES):
        so_far = _weigh(looks, counts, candidates, maker.layers)
        order = np.argsort(-so_far.mixture.weights[:-1], kind="stable")[:LIKELY]
        start = FIRST + batch * MORE
        likely = [candidates.index(so_far.candidates[at]) for at in order]
        maker.make([(number, range(start, start + MORE)) for number in likely])
    return _weigh(looks, counts, candidates, maker.layers)


def _weigh(
    looks: Floats,
    counts: Floats,
    candidates: Sequence[Suspect],
    made: Mapping[int, Sequence[Layers]],
) -> Explanation:
    """Compare defects with the layers there are."""
    kept = [
        (candidates[number], _joined(parts))
        for number, parts in sorted(made.items())
        if sum(len(part.index) for part in parts) >= FEWEST
    ]
    if len(kept) < 2:
        msg = "hardly any mechanism can be tried on these photos"
        raise InputError(msg, hint="give larger good photos, or say where the part is")
    layers = tuple(layers for _, layers in kept)
    # Likely candidates have more layers; each says as much about the space as any other.
    space = Space.spanned_by([item.looks[:FIRST] for item in layers])
    clouds = [Cloud.of(space.place(item.looks)) for item in layers]
    places = space.place(looks)
    densities = np.column_stack([cloud.density(places) for cloud in clouds])
    prior = np.array([candidate.weight for candidate, _ in kept])
    mixture = unmix(densities, floor_of(clouds), prior / prior.sum(), counts)
    likeness = []
    for cloud in clouds:
        kernels = cloud.kernels(places)
        shares = np.exp(kernels - kernels.max(axis=1, keepdims=True))
        likeness.append(shares / shares.sum(axis=1, keepdims=True))
    chosen = tuple(candidate for candidate, _ in kept)
    return Explanation(chosen, layers, mixture, tuple(likeness), counts)


def _joined(parts: Sequence[Layers]) -> Layers:
    first = parts[0]
    return Layers(
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.looks for part in parts]),
        np.concatenate([part.values for part in parts]),
        first.descriptors,
        first.parameters,
    )


def _counts(defects: Sequence[Defect]) -> Floats:
    """Return how much each defect of one picture counts: as its side does, one in all."""
    sides = np.sqrt([defect.area for defect in defects])
    return np.asarray(sides / sides.sum(), np.float64)
