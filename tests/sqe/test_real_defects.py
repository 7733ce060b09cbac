"""Real defects score above pastes and fills."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from anomsynth.core.rng import stream
from anomsynth.dataset.labelled import find_labelled
from anomsynth.pipeline.scoring import read_labelled
from anomsynth.sqe.controls import Specimen, flat_fill
from anomsynth.sqe.estimator import Estimator

TILES = Path(__file__).parents[2] / "../shared/data/magnetic_tile"
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
    estimator = Estimator.default()
    items = find_labelled(TILES)
    goods = [item for item in items if item.good and item.split == "test"]
    found: dict[str, list[float]] = {"cutpaste": [], "flat": []}
    for kind in ("blowhole", "break", "crack", "fray", "uneven"):
        members = [item for item in items if item.kind == kind]
        for index in np.linspace(0, len(members) - 1, PER_KIND).astype(int):
            photo, mask = read_labelled(members[index])
            found.setdefault(kind, []).append(estimator.score(photo.pixels, mask).score)
            good = next(
                pixels
                for item in goods[3 * index :] + goods
                if (pixels := estimator_photo(item)) is not None
            )
            fits = np.zeros(good.shape[:2], dtype=bool)
            rows, cols = (min(n, m) for n, m in zip(fits.shape, mask.shape, strict=True))
            fits[:rows, :cols] = mask[:rows, :cols]
            rng = stream(0, kind, int(index))
            if fits.any():
                specimen = Specimen(good, fits, good, good)
                image, fits = flat_fill(specimen, 1.0, rng)
                found["flat"].append(estimator.score(image, fits).score)
                found["cutpaste"].append(estimator.score(*cut_and_paste(good, fits, rng)).score)
    return found


def estimator_photo(item):
    from anomsynth.dataset.images import read_photo  # noqa: PLC0415 - only with the tiles

    return read_photo(item.image).pixels


@pytest.mark.slow
@pytest.mark.parametrize("fake", ["cutpaste", "flat"])
def test_real_defects_score_above(scores, fake) -> None:
    real = [score for kind, several in scores.items() for score in several if kind.islower()]
    real = [s for kind in ("blowhole", "break", "crack", "fray", "uneven") for s in scores[kind]]

    auc = mannwhitneyu(real, scores[fake]).statistic / (len(real) * len(scores[fake]))

    assert auc >= 0.85
