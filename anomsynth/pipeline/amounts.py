"""How many samples a category and each of its photos get, and which photos test."""

import math
from collections.abc import Sequence

from anomsynth.core.rng import stream
from anomsynth.dataset.folders import SourceImage
from anomsynth.pipeline.options import RunOptions

PER_GOOD = 2  # samples to a good test photo, where a threshold is chosen on them


def samples_of(photos: int, good: int, options: RunOptions) -> int:
    """Return how many samples a category gets that tests on `good` of its photos."""
    if options.sweep is not None:
        return len(options.sweep.cells)
    if options.purpose == "anomalib":
        # Its thresholds are chosen on the test set: with more, they reject good parts.
        return PER_GOOD * max(good, 1)
    return options.per_image * photos if options.count is None else options.count


def share_of(rank: int, photos: int, samples: int) -> tuple[int, int]:
    """Return how many samples lie before a photo, and its own: spread evenly over the ranks."""
    begins = rank * samples // photos
    return begins, (rank + 1) * samples // photos - begins


def held_out_photos(
    seed: int, category: str, photos: Sequence[SourceImage], options: RunOptions
) -> frozenset[str]:
    """Pick the good photos that are kept for testing; at least one is left to train on.

    Each photo draws its own number, so adding one moves no more than one other across. Of a sweep
    all are kept: nothing of it is to be trained on.
    """
    if options.sweep is not None:
        return frozenset(photo.key for photo in photos)
    wanted = min(math.floor(options.test_share * len(photos) + 0.5), len(photos) - 1)
    order = sorted(
        (float(stream(seed, category, photo.key, "split").random()), photo.key) for photo in photos
    )
    return frozenset(key for _, key in order[:wanted])
