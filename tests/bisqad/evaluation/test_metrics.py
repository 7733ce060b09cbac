"""Metrics agree with scikit-learn on every value, and AUPRO with brute force."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

import cv2
from scipy import ndimage
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from anomsynth.bisqad.evaluation.aupro import aupro
from anomsynth.bisqad.evaluation.bootstrap import intervals, resample
from anomsynth.bisqad.evaluation.metrics import METRICS, PredictionSet, measure, rank_metrics
from anomsynth.bisqad.evaluation.pixels import bin_edges, count_pixels, enlarged
from anomsynth.core.rng import stream

pytestmark = pytest.mark.torch

SIZE = 48


def make_set(seed=0, images=20, strength=2.0):
    """Smooth noise maps; half of the images have truth in which the map is raised."""
    rng = np.random.default_rng(seed)
    maps, truths, kinds = [], [], []
    for index in range(images):
        values = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)).astype(np.float32), (0, 0), 1.5)
        truth = np.zeros((SIZE, SIZE), bool)
        for _ in range(3 * (index % 2)):
            row, col = rng.integers(0, SIZE - 12, 2)
            height, width = rng.integers(2, 12, 2)
            truth[row : row + height, col : col + width] = True
        maps.append(values * 4 + truth * np.float32(strength * rng.random()))
        truths.append(truth)
        kinds.append(("good", "crack", "good", "dent")[index % 4])
    return maps, truths, np.array(kinds)


def make_evidence(seed=0, **options):
    maps, truths, kinds = make_set(seed, **options)
    scores = np.array([values.max() for values in maps], dtype=np.float64)
    return PredictionSet(scores, kinds, count_pixels(maps, truths))


def aupro_by_brute_force(maps, truths, limit=0.3):
    """Threshold at every value, label regions with scipy, integrate by the trapezoid rule."""
    values = np.unique(np.stack(maps))[::-1]
    regions = []
    for image, truth in enumerate(truths):
        labels, count = ndimage.label(truth, np.ones((3, 3)))
        regions += [np.sort(maps[image][labels == one]) for one in range(1, count + 1)]
    good = np.sort(np.stack(maps)[~np.stack(truths)])
    rates, found = [0.0], [0.0]
    for value in values:
        rates.append((good >= value).sum() / len(good))
        found.append(np.mean([(region >= value).mean() for region in regions]))
    grid = np.linspace(0, limit, 20_001)
    return np.trapezoid(np.interp(grid, rates, found), grid) / limit


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strength", [0.0, 3.0])
def test_aupro_agrees_with_brute_force(seed, strength) -> None:
    maps, truths, _ = make_set(seed, images=4, strength=strength)
    maps = [np.round(values, 2) for values in maps]  # ties, and fewer thresholds to try

    assert aupro(maps, truths) == pytest.approx(aupro_by_brute_force(maps, truths), abs=1e-3)


def test_aupro_of_perfect_and_of_blind_maps() -> None:
    _, truths, _ = make_set()
    perfect = [truth.astype(np.float32) for truth in truths]
    blind = [np.zeros((SIZE, SIZE), np.float32) for _ in truths]

    assert aupro(perfect, truths) == pytest.approx(1)
    assert aupro(blind, truths) == pytest.approx(0.15)


def test_aupro_weighs_small_regions_like_large_ones() -> None:
    truth = np.zeros((SIZE, SIZE), bool)
    truth[2:4, 2:4] = True
    truth[10:40, 10:40] = True
    small, large = (np.zeros((SIZE, SIZE), np.float32) for _ in "ab")
    small[2:4, 2:4] = 1
    large[10:40, 10:40] = 1

    # One of two regions at no false alarm, the other grows with the rate of chance.
    assert aupro([small], [truth]) == pytest.approx(0.5 + 0.5 * 0.15, abs=1e-3)
    assert aupro([large], [truth]) == pytest.approx(0.5 + 0.5 * 0.15, abs=1e-3)


def test_pixels_touching_at_corners_are_one_region() -> None:
    truth = np.eye(6, dtype=bool)

    assert count_pixels([np.zeros((6, 6), np.float32)], [truth]).regions.tolist() == [1]


def test_aupro_without_a_region_is_not_defined() -> None:
    assert np.isnan(aupro([np.zeros((4, 4), np.float32)], [np.zeros((4, 4), bool)]))


@pytest.mark.parametrize("seed", range(3))
def test_pixel_metrics_agree_with_scikit_learn_on_every_pixel(seed) -> None:
    maps, truths, kinds = make_set(seed)
    coarse = [cv2.resize(values, (12, 12), interpolation=cv2.INTER_AREA) for values in maps]
    predictions = PredictionSet(np.zeros(len(maps)), kinds, count_pixels(coarse, truths))
    labels = np.stack(truths).ravel()
    values = np.stack([enlarged(values, (SIZE, SIZE)) for values in coarse]).ravel()
    precision, recall, _ = precision_recall_curve(labels, values)

    row = measure(predictions)["all"]

    assert row["pixel_auroc"] == pytest.approx(roc_auc_score(labels, values), abs=1e-3)
    assert row["pixel_ap"] == pytest.approx(average_precision_score(labels, values), abs=1e-3)
    best = (2 * precision * recall / (precision + recall + 1e-12)).max()
    assert row["pixel_f1"] == pytest.approx(best, abs=1e-3)


def test_small_defects_found_at_once_are_not_blurred_by_large_ones_that_are_missed() -> None:
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(512, 512)).astype(np.float32) for _ in range(3)]
    truths = [np.zeros((512, 512), bool) for _ in range(3)]
    truths[1][100:500, 100:500] = True  # missed
    truths[2][::64, ::64] = True  # 64 pixels, among the highest 0.1 % of all values
    maps[2][truths[2]] += 3
    predictions = PredictionSet(
        np.zeros(3), np.array(["good", "stain", "pore"]), count_pixels(maps, truths)
    )
    labels = np.concatenate([truths[0].ravel(), truths[2].ravel()])
    values = np.concatenate([maps[0].ravel(), maps[2].ravel()])

    row = measure(predictions)["pore"]

    assert row["pixel_ap"] == pytest.approx(average_precision_score(labels, values), abs=1e-3)
    assert row["pixel_ap"] > 0.02


def test_ties_count_half() -> None:
    area, average, best = rank_metrics(np.array([1.0, 3.0]), np.array([0.0, 3.0]))

    assert area == pytest.approx(1 / 4 + 3 / 4 / 2)
    assert average == pytest.approx(1 / 2)
    assert best == pytest.approx(2 * 3 / (3 + 6))


def test_image_metrics_agree_with_scikit_learn() -> None:
    predictions = make_evidence()
    labels = predictions.kinds != "good"

    row = measure(predictions)["all"]

    assert row["image_auroc"] == pytest.approx(roc_auc_score(labels, predictions.scores))
    assert row["image_ap"] == pytest.approx(average_precision_score(labels, predictions.scores))
    best = max(
        2
        * (labels & (predictions.scores >= limit)).sum()
        / (labels.sum() + (predictions.scores >= limit).sum())
        for limit in predictions.scores
    )
    assert row["image_f1"] == pytest.approx(best)


def test_a_kind_is_measured_on_its_own_images_and_all_good_ones() -> None:
    maps, truths, kinds = make_set()
    scores = np.array([values.max() for values in maps], dtype=np.float64)
    chosen = [index for index, kind in enumerate(kinds) if kind != "dent"]
    whole = measure(PredictionSet(scores, kinds, count_pixels(maps, truths)))
    part = PredictionSet(
        scores[chosen],
        kinds[chosen],
        count_pixels([maps[i] for i in chosen], [truths[i] for i in chosen]),
    )

    alone = measure(part)

    for name in METRICS:
        assert whole["crack"][name] == pytest.approx(alone["all"][name], abs=1e-3)
        assert whole["macro"][name] == pytest.approx(
            (whole["crack"][name] + whole["dent"][name]) / 2
        )


def test_weights_count_like_repeated_images() -> None:
    maps, truths, kinds = make_set(images=8)
    counts = count_pixels(maps, truths)
    scores = np.array([values.max() for values in maps], dtype=np.float64)
    weights = np.array([2, 1, 0, 3, 1, 1, 1, 0], dtype=np.float64)
    rows = np.repeat(np.arange(8), weights.astype(int))
    repeated = PredictionSet(
        scores[rows],
        kinds[rows],
        type(counts)(
            counts.negative[rows],
            counts.positive[rows],
            counts.overlap[rows],
            counts.regions[rows],
        ),
    )

    weighted = measure(PredictionSet(scores, kinds, counts), weights)

    for subset, row in measure(repeated).items():
        assert weighted[subset] == pytest.approx(row, nan_ok=True)


def test_defects_of_unknown_place_count_for_images_only() -> None:
    maps, truths, kinds = make_set()
    scores = np.array([values.max() for values in maps], dtype=np.float64)
    unknown = [None if kind == "dent" else truth for kind, truth in zip(kinds, truths, strict=True)]

    table = measure(PredictionSet(scores, kinds, count_pixels(maps, unknown)))

    assert np.isnan(table["dent"]["pixel_ap"])
    assert table["dent"]["image_auroc"] > 0
    assert table["macro"]["pixel_ap"] == table["crack"]["pixel_ap"]
    assert table["all"]["pixel_ap"] == pytest.approx(table["crack"]["pixel_ap"])


def test_one_class_only_has_no_ranking() -> None:
    assert np.isnan(rank_metrics(np.array([1.0, 2.0]), np.zeros(2))).all()


def test_maps_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        bin_edges([np.full((2, 2), np.nan, np.float32)], [None])


def test_resampling_keeps_objects_together_and_every_kind_present() -> None:
    predictions = make_evidence(images=16)
    groups = [str(index // 8) if index % 4 else f"good{index}" for index in range(16)]

    for number in range(10):
        weights = resample(predictions, groups, stream(0, number))
        for group in set(groups):
            members = [index for index, name in enumerate(groups) if name == group]
            assert len(set(weights[members])) == 1
        assert all(
            weights[predictions.kinds == kind].sum() > 0 for kind in ("good", "crack", "dent")
        )


def test_intervals_hold_the_number_and_are_the_same_again() -> None:
    predictions = make_evidence(images=16)
    groups = [str(index) for index in range(16)]
    values = measure(predictions)

    found = intervals(predictions, groups, count=20)

    assert intervals(predictions, groups, count=20) == found
    assert intervals(predictions, groups, count=20, seed=1) != found
    for subset, row in found.items():
        for name, (low, high) in row.items():
            assert 0 <= low < high <= 1, (subset, name)
            assert low - 0.05 <= values[subset][name] <= high + 0.05


def test_photos_of_the_same_objects_make_wider_intervals_than_as_many_objects() -> None:
    maps, truths, kinds = make_set(images=12)
    rows = np.repeat(np.arange(12), 6)  # six photos of each object
    scores = np.array([maps[row].max() for row in rows], dtype=np.float64)
    counts = count_pixels([maps[row] for row in rows], [truths[row] for row in rows])
    predictions = PredictionSet(scores, kinds[rows], counts)

    objects = intervals(predictions, [str(row) for row in rows], count=20)["all"]
    images = intervals(predictions, [str(index) for index in range(len(rows))], count=20)["all"]

    for name in ("image_auroc", "pixel_auroc", "pixel_ap", "aupro"):
        assert np.diff(objects[name]) > 1.3 * np.diff(images[name])
