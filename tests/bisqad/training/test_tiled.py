"""A training on tiles ends in a detector that looks at tiles, and in thresholds for photos."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch

import anomsynth as asy  # noqa: E402 - needs torch
from anomsynth.bisqad.training.events import Prepared  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch

pytestmark = [pytest.mark.torch, pytest.mark.slow]

SHAPE, SIZE = (400, 560), 64


def photo(seed, *, line):
    """Return a textured photo, with a hairline of three pixels or without."""
    rng = np.random.default_rng(seed)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (100, 140)).astype(np.float32), (0, 0), 2)
    pixels = 120 + 6 * cv2.resize(coarse / coarse.std(), SHAPE[::-1]) + rng.normal(0, 2, SHAPE)
    mask = np.zeros(SHAPE, np.uint8)
    if line:
        row, col = int(rng.integers(80, 320)), int(rng.integers(90, 470))
        cv2.line(mask, (col - 60, row - 40), (col + 60, row + 40), 255, 3)
    return np.clip(pixels - 60 * (mask > 0), 0, 255).astype(np.uint8), mask


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("set") / "plate"
    for number in range(32):
        line = number >= 16
        pixels, mask = photo(number, line=line)
        kind = "test/hair" if line else "train/good" if number < 8 else "test/good"
        (root / kind).mkdir(parents=True, exist_ok=True)
        write_png(root / kind / f"{number}.png", pixels, root / kind)
        if line:
            truth = root / "ground_truth/hair"
            truth.mkdir(parents=True, exist_ok=True)
            write_png(truth / f"{number}_mask.png", mask, truth)
    return root


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory):
    run = tmp_path_factory.mktemp("run") / "tiled"
    events = []
    asy.train(dataset, run, weights="uniform", size=SIZE, epochs=25, on_event=events.append)
    return run, events


def test_the_run_knows_its_tiles_and_thresholds_are_of_photos(trained) -> None:
    run, events = trained

    config = json.loads((run / "config.json").read_text())
    scores = json.loads((run / "calibration.json").read_text())["normal_scores"]
    (prepared,) = [event for event in events if isinstance(event, Prepared)]
    assert prepared.tile == config["tile"]
    assert SIZE <= config["tile"] <= 128
    assert (prepared.normals, prepared.held_normals, len(scores)) == (8, 8, 8)


def test_a_hairline_is_found_in_its_place_at_the_size_of_the_photo(trained, tmp_path) -> None:
    run, _ = trained
    pixels, mask = photo(100, line=True)
    write_png(tmp_path / "hair.png", pixels, tmp_path)
    write_png(tmp_path / "good.png", photo(101, line=False)[0], tmp_path)
    images = [tmp_path / "good.png", tmp_path / "hair.png"]

    good, hair = asy.predict(run, images, tmp_path / "out", false_alarm_rate=0.15).decisions

    assert hair.score > good.score + 1
    assert hair.defective
    found = cv2.imread(str(tmp_path / "out" / hair.mask), cv2.IMREAD_UNCHANGED) > 0
    assert found.shape == SHAPE
    near = cv2.dilate(mask, np.ones((17, 17), np.uint8)) > 0
    assert found[mask > 0].mean() > 0.6
    assert (found & near).sum() > 0.8 * found.sum()


def test_an_evaluation_compares_at_the_fine_grain_of_tiles(trained, dataset, tmp_path) -> None:
    run, _ = trained

    result = asy.evaluate(run, dataset, out=tmp_path / "ev", bootstrap=0)

    assert result.mean["pixel_auroc"] > 0.95
    assert result.mean["image_auroc"] > 0.9


def test_as_a_whole_the_same_training_finds_less(dataset, trained, tmp_path) -> None:
    run, _ = trained
    options = {"weights": "uniform", "size": SIZE, "epochs": 25}
    asy.train(dataset, tmp_path / "whole", tile=None, **options)

    found = [
        asy.evaluate(folder, dataset, out=tmp_path / name, bootstrap=0).mean["pixel_ap"]
        for name, folder in (("whole_ev", tmp_path / "whole"), ("tiles_ev", run))
    ]

    assert json.loads((tmp_path / "whole/config.json").read_text())["tile"] is None
    assert found[1] > found[0] + 0.1
