"""Real defects score above pastes and fills."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from anomsynth.core.rng import stream
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.labelled import find_labelled, read_labelled
from anomsynth.sqe.controls import ControlBase, flat_fill
from anomsynth.sqe.estimator import Estimator

TILES = Path(__file__).parents[2] / "../shared/data/magnetic_tile"
KINDS = ("blowhole", "break", "crack", "fray", "uneven")
PER_KIND = 8

pytestmark = pytest.mark.skipif(not TILES.is_dir(), reason="no real tiles on this machine")


def cut_and_paste(pixels, mask, rng):
    """Move a jittered rectangle of the size of a mask elsewhere, as CutPaste does."""
    height, width = mask.shape
    rows, cols = np.nonzero(mask)
    tall = min(max(int(np.ptp(rows)) + 1, 8), height // 3)
    wide = min(max(int(np.ptp(cols)) + 1, 8), width // 3)
    (top, new_top), (left, new_left) = (
        rng.integers(0, n - m, 2) for n, m in ((height, tall), (width, wide))
    )
    patch = pixels[top : top + tall, left : left + wide] * rng.uniform(0.9, 1.1)
    image, marked = pixels.copy(), np.zeros_like(mask)
    place = slice(new_top, new_top + tall), slice(new_left, new_left + wide)
    image[place] = np.clip(patch, 0, 255)
    marked[place] = True
    return image, marked


@pytest.fixture(scope="module")
def scores() -> dict[str, list[float]]:
    """Return scores of real defects by kind, and of pastes and fills of like size on good tiles."""
    estimator = Estimator.default()
    items = find_labelled(TILES)
    goods = [item for item in items if item.good and item.split == "test"]
    found: dict[str, list[float]] = {"cutpaste": [], "flat": []}
    for kind in KINDS:
        members = [item for item in items if item.kind == kind]
        for index in np.linspace(0, len(members) - 1, PER_KIND).astype(int).tolist():
            photo, mask = read_labelled(members[index])
            found.setdefault(kind, []).append(estimator.score(photo.pixels, mask).score)
            good = read_photo(goods[(7 * index + len(kind)) % len(goods)].image).pixels
            fits = np.zeros(good.shape[:2], dtype=bool)
            rows, cols = (min(n, m) for n, m in zip(fits.shape, mask.shape, strict=True))
            fits[:rows, :cols] = mask[:rows, :cols]
            if not fits.any():
                continue
            rng = stream(0, kind, index)
            fill = flat_fill(ControlBase(good, fits, good, good), 1.0, rng)
            found["flat"].append(estimator.score(*fill).score)
            found["cutpaste"].append(estimator.score(*cut_and_paste(good, fits, rng)).score)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("fake", ["cutpaste", "flat"])
def test_real_defects_score_above(scores, fake) -> None:
    real = [score for kind in KINDS for score in scores[kind]]

    auc = mannwhitneyu(real, scores[fake]).statistic / (len(real) * len(scores[fake]))

    assert auc >= 0.9
