"""How many samples a category and each of its photos get, and which photos test."""

import math
from collections.abc import Sequence

import numpy as np

from anomsynth.core.rng import stream
from anomsynth.dataset.source_image import SourceImage
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


def made_of(tested: bytes, options: RunOptions) -> bytes | None:
    """Tell of each photo by 1 or 0 whether samples are made of it; None if of all.

    Parameters
    ----------
    tested : bytes
        Whether each photo is `held_out`.
    options : RunOptions
    """
    # Of a defect on a photo that it has learnt, a memory of good places knows all but the defect:
    # a threshold chosen there is none for new photos. With no photo held out there is no choice.
    return tested if options.purpose == "anomalib" and any(tested) else None


def share_of(rank: int, photos: int, samples: int) -> tuple[int, int]:
    """Return how many samples lie before a photo, and its own: spread evenly over the ranks."""
    begins = rank * samples // photos
    return begins, (rank + 1) * samples // photos - begins


def held_out(seed: int, category: str, photos: Sequence[SourceImage], options: RunOptions) -> bytes:
    """Tell of each photo by 1 or 0 whether it is kept for testing; one is left to train on.

    Each photo draws its own number, so adding one moves no more than one other across. Of a sweep
    all are kept: nothing of it is to be trained on.
    """
    if options.sweep is not None:
        return b"\1" * len(photos)
    wanted = min(math.floor(options.test_share * len(photos) + 0.5), len(photos) - 1)
    draws = (float(stream(seed, category, photo.key, "split").random()) for photo in photos)
    numbers = np.fromiter(draws, dtype=np.float64)
    tested = np.zeros(len(photos), dtype=np.uint8)
    tested[np.argsort(numbers, kind="stable")[:wanted]] = 1
    return tested.tobytes()
