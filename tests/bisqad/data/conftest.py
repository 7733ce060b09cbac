"""Datasets of small grey photos, some with a dark square and its mask."""

import numpy as np
import pytest

from anomsynth.dataset.images import write_png
from anomsynth.testing import make_pixels


@pytest.fixture
def write_image():
    """Write a grey photo; `spot` darkens a square and writes its mask."""

    def write_image(path, seed=0, spot=False):
        pixels = make_pixels(48, 40, seed=seed)[..., 0].copy()
        path.parent.mkdir(parents=True, exist_ok=True)
        if spot:
            truth = path.parents[2] / "ground_truth" / path.parent.name
            truth.mkdir(parents=True, exist_ok=True)
            mask = np.zeros((48, 40), np.uint8)
            mask[10:22, 12:24] = 255
            pixels[mask > 0] //= 3
            write_png(truth / f"{path.stem}_mask.png", mask, truth)
        write_png(path, pixels, path.parent)

    return write_image


@pytest.fixture
def write_dataset(write_image):
    """Write an MVTec-style dataset of some categories."""

    def write_dataset(root, *, categories=("tile",), test_good=8, defects=12):
        for category in categories:
            for number in range(12):
                write_image(root / category / f"train/good/{number:03d}.png", number)
            for number in range(test_good):
                write_image(root / category / f"test/good/{number:03d}.png", 100 + number)
            for number in range(defects):
                kind = "dent" if number % 3 else "crack"
                write_image(root / category / f"test/{kind}/{number:03d}.png", number, spot=True)
        return root

    return write_dataset
