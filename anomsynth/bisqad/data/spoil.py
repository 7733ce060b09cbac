"""Deliberately spoiled samples: what weighting has to find, for experiments and tests.

Not the negative controls of `anomsynth.sqe.controls`, on purpose: the hand-made score, which the
weights begin with, is calibrated on those, so finding them again would prove little. They also
need the good photo of each sample, which a dataset of another tool does not have.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.rng import stream
from anomsynth.core.types import Box, Mask

Fault = Literal["shifted", "filled"]

TRIES = 40
MOST_OVERLAP = 0.2  # of a shifted mask with where it belongs


def choose_faults(ids: list[str], share: float, seed: int) -> dict[str, Fault]:
    """Choose which samples are spoiled and how: half of them each way.

    Parameters
    ----------
    ids : list of str
        Of all samples; the choice does not depend on their order.
    share : float in [0, 1]
    seed : int
    """
    names = sorted(ids)
    order = stream(seed, "spoil").permutation(len(names))[: round(share * len(names))]
    return {
        names[place]: "shifted" if nth % 2 == 0 else "filled" for nth, place in enumerate(order)
    }


def spoil(
    image: NDArray[np.generic], mask: Mask, fault: Fault, rng: np.random.Generator
) -> tuple[NDArray[np.generic], Mask]:
    """Return a spoiled copy of an image and its mask.

    Parameters
    ----------
    image : (H, W, C) uint8 or uint16
    mask : (H, W) bool
    fault : {"shifted", "filled"}
        "shifted": the mask moves to another place of the picture, where nothing is wrong.
        "filled": one flat colour replaces the defect.
    rng : numpy.random.Generator
    """
    if fault == "shifted":
        return image, _shifted(mask, rng)
    level = rng.uniform(
        0, 255 if image.dtype == np.uint8 else 65535, size=image.shape[2] if _coloured(image) else 1
    )
    filled = image.copy()
    filled[mask] = level.astype(image.dtype)
    return filled, mask


def _coloured(image: NDArray[np.generic]) -> bool:
    return bool((image != image[..., :1]).any())


def _shifted(mask: Mask, rng: np.random.Generator) -> Mask:
    """Roll the mask over the picture's edge to where it overlaps least with itself."""
    height, width = mask.shape
    area = max(int(mask.sum()), 1)
    best, least = mask, 2.0
    for _ in range(TRIES):
        rows, cols = int(rng.integers(height)), int(rng.integers(width))
        moved = np.roll(mask, (rows, cols), axis=(0, 1))
        overlap = int((moved & mask).sum()) / area
        if overlap < least:
            best, least = moved, overlap
        if least <= MOST_OVERLAP and Box.around(best) is not None:
            break
    return best
