"""An evaluation measures what it claims on the images it could read, and shows them."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.evaluation.category import evaluate_category  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.inference import predict_labelled, predict_photos  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.labelled_set import find_tests, read_groups  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.page import choose, evaluation_page  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.predictions import LabelledPrediction, Prediction, UnreadablePhoto  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run import build_detector, load_run, write_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import RunConfig  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.dataset.labelled import Labelled  # noqa: E402 - needs torch
from anomsynth.detectors.pyramid import Pyramid  # noqa: E402 - needs torch
from anomsynth.errors import InputError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SIZE = 64
CONFIG = RunConfig("tf_efficientnet_lite0", (24, 40, 112), (4, 8, 16), Pyramid(width=8), size=SIZE)


def draw(folder, kind, number, *, size=(48, 80)):
    """Write a grey photo with a bright square, and its mask."""
    rng = np.random.default_rng([number, len(kind)])
    pixels = rng.integers(90, 110, size, dtype=np.uint8)
    mask = np.zeros(size, np.uint8)
    if kind != "good":
        mask[10:26, 20:44] = 255
        pixels[mask > 0] = 240
        (folder / "ground_truth" / kind).mkdir(parents=True, exist_ok=True)
        path = folder / "ground_truth" / kind / f"{number:03}_mask.png"
        write_png(path, mask, path.parent)
    path = folder / "test" / kind / f"{number:03}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, pixels, path.parent)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, build_detector(CONFIG), CONFIG)
    return load_run(folder)


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "plate"
    for kind, count in (("good", 4), ("crack", 3), ("dent", 2)):
        for number in range(count):
            draw(folder, kind, number)
    return folder


def samples_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["samples"]


def predictions_by(detector_says, *, kinds=("good", "good", "crack", "crack", "dent")):
    """Return images with maps made by a function of the truth."""
    items = []
    for number, kind in enumerate(kinds):
        truth = np.zeros((SIZE, SIZE), bool)
        if kind != "good":
            truth[8 * number : 8 * number + 9, 10:30] = True
        values = detector_says(truth).astype(np.float32)
        path = f"{kind}/{number}.png"
        labelled = Labelled("plate", "test", kind, Path(path), None)
        prediction = Prediction(Path(path), (SIZE, SIZE), values, float(values.max()))
        items.append(LabelledPrediction(labelled, prediction, truth, labelled.id))
    return items


def test_perfect_maps_reach_one_everywhere() -> None:
    result = evaluate_category(predictions_by(lambda truth: truth * 2.0), resamples=10)

    for row in result.values.values():
        assert row == pytest.approx(dict.fromkeys(row, 1.0))
    assert result.intervals["all"]["aupro"] == pytest.approx((1, 1))
    assert result.images == {"good": 2, "crack": 2, "dent": 1}


def test_inverted_maps_reach_nothing() -> None:
    row = evaluate_category(predictions_by(lambda truth: 1.0 - truth), resamples=0).values["all"]

    assert row["pixel_auroc"] == 0
    assert row["aupro"] == pytest.approx(0, abs=1e-6)


def test_result_as_json_has_null_where_nothing_is_measured() -> None:
    items = predictions_by(lambda truth: truth * 2.0)
    lost = [
        LabelledPrediction(
            item.labelled, item.prediction, None if not item.labelled.good else item.truth, "x"
        )
        for item in items
    ]

    values = evaluate_category(lost, resamples=3).as_json()

    text = json.dumps(values, allow_nan=False)
    assert json.loads(text)["metrics"]["all"]["aupro"] == {"value": None, "low": None, "high": None}
    assert values["defects_without_marked_pixels"] == 3
    assert values["metrics"]["all"]["image_auroc"]["value"] == 1


def test_only_unreadable_images_of_a_class_are_reported() -> None:
    with pytest.raises(InputError, match="no good images or no defects"):
        evaluate_category(
            predictions_by(lambda truth: truth * 1.0, kinds=("good", "good")), resamples=0
        )


def test_every_test_image_is_predicted_with_its_truth(run, dataset) -> None:
    images = find_tests(dataset)["plate"]

    predictions = list(predict_labelled(run, images, {}))

    assert [item.labelled for item in predictions] == list(images)
    assert len({item.group for item in predictions}) == len(images)
    for item in predictions:
        assert item.prediction.map.shape == (SIZE // 4, SIZE // 4)
        assert item.prediction.shape == (48, 80)
        assert item.truth.shape == (SIZE, SIZE)
        # 16 x 24 of 48 x 80 pixels, whatever the size.
        share = 0 if item.labelled.good else 16 * 24 / (48 * 80)
        assert item.truth.mean() == pytest.approx(share, abs=0.02)
    assert math.isfinite(evaluate_category(predictions, resamples=0).values["all"]["aupro"])


def test_bad_files_cost_themselves_only(run, dataset) -> None:
    (dataset / "test/crack/001.png").write_bytes(b"broken")
    mask = dataset / "ground_truth/dent/000_mask.png"
    write_png(mask, np.zeros((5, 5), np.uint8), mask.parent)
    images = find_tests(dataset)["plate"]

    results = list(predict_labelled(run, images, {}))

    bad = [item for item in results if isinstance(item, UnreadablePhoto)]
    assert [item.path.name for item in bad] == ["001.png", "000.png"]
    assert "000_mask.png" in bad[1].message
    assert len(results) == len(images)


def test_empty_and_missing_masks_are_of_unknown_place(run, dataset) -> None:
    empty = dataset / "ground_truth/crack/000_mask.png"
    write_png(empty, np.zeros((48, 80), np.uint8), empty.parent)
    (dataset / "ground_truth/crack/001_mask.png").unlink()

    predictions = list(predict_labelled(run, find_tests(dataset)["plate"], {}))

    truths = {item.labelled.id: item.truth for item in predictions}
    assert truths["plate/test/crack/000"] is None
    assert truths["plate/test/crack/001"] is None
    assert evaluate_category(predictions, resamples=0).unlocated == 2


def test_photos_give_the_same_scores_in_any_batch(run, dataset) -> None:
    paths = [item.image for item in find_tests(dataset)["plate"]]

    together = list(predict_photos(run, paths))
    alone = list(predict_photos(run, paths, batch=1))

    pairs = zip(together, alone, strict=True)
    for one, two in [(first.prediction, second.prediction) for first, second in pairs]:
        assert one.score == pytest.approx(two.score, abs=1e-4)
        assert np.allclose(one.map, two.map, atol=1e-4)


def test_objects_are_read_and_resampled(run, dataset) -> None:
    lines = ["file,group", *(f"test/crack/{number:03}.png,a" for number in range(3))]
    (dataset / "groups.csv").write_text("\n".join(lines))
    groups = read_groups(dataset)

    predictions = list(predict_labelled(run, find_tests(dataset)["plate"], groups))

    assert read_groups(dataset.parent) == groups
    assert [item.group for item in predictions if item.labelled.kind == "crack"] == ["a"] * 3
    assert evaluate_category(predictions, resamples=0).grouped


def test_damaged_list_of_objects_is_reported(dataset) -> None:
    (dataset / "groups.csv").write_text("photo,object\n1,2\n")

    with pytest.raises(InputError, match=r"groups\.csv: expected the columns"):
        read_groups(dataset)


@pytest.mark.parametrize("kind", ["good", "defects"])
def test_one_class_only_is_reported(tmp_path, kind) -> None:
    draw(tmp_path / "plate", "good" if kind == "good" else "crack", 0)

    with pytest.raises(InputError, match=f"all {kind}"):
        find_tests(tmp_path)


def test_unknown_category_lists_the_known(dataset) -> None:
    with pytest.raises(InputError, match="'screw'") as caught:
        find_tests(dataset.parent, "screw")

    assert "plate" in caught.value.hint


def test_dataset_without_test_images_is_reported(tmp_path) -> None:
    (tmp_path / "train" / "good").mkdir(parents=True)
    write_png(tmp_path / "train/good/0.png", np.zeros((8, 8), np.uint8), tmp_path)

    with pytest.raises(InputError, match="no test images"):
        find_tests(tmp_path)


def test_page_is_one_file_that_shows_every_kind(run, dataset) -> None:
    predictions = list(predict_labelled(run, find_tests(dataset)["plate"], {}))

    page = evaluation_page(
        evaluate_category(predictions, resamples=5), predictions, "run <1> on plate"
    )

    assert "run &lt;1&gt; on plate" in page
    assert ">Heat maps</h2>" in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    samples = samples_of(page)
    assert {sample["kind"] for sample in samples} == {"good", "crack", "dent"}
    assert len(samples) == len(predictions)
    assert all(sample["thumb"]["heat"].startswith("data:image/webp") for sample in samples)
    assert [bool(one["thumb"]["outline"]) for one in samples] == [
        one["kind"] != "good" for one in samples
    ]


def test_what_is_taken_for_the_other_class_stands_first(run, dataset) -> None:
    predictions = list(predict_labelled(run, find_tests(dataset)["plate"], {}))
    wrong = {"crack/001.png": -50.0, "good/002.png": 40.0}
    told = [
        replace(item, prediction=replace(item.prediction, score=wrong.get(name, right)))
        for item in predictions
        for name in [f"{item.labelled.kind}/{item.labelled.image.name}"]
        for right in [-1.0 if item.labelled.good else 1.0]
    ]

    page = evaluation_page(evaluate_category(told, resamples=0), told, "run")

    ranked = sorted(samples_of(page), key=lambda sample: -sample["rank"])
    assert [sample["path"] for sample in ranked[:2]] == ["crack/001.png", "good/002.png"]


def test_page_shows_misses_first_and_false_alarms_of_good_images() -> None:
    kinds = ["crack"] * 30
    items = predictions_by(lambda truth: truth * float(truth.argmax()), kinds=kinds[:7])

    along = choose(items * 3, highest=False)
    highest = choose(items * 3, highest=True)

    scores = [item.prediction.score for item in items]
    assert along[0].prediction.score == min(scores)
    assert along[-1].prediction.score == max(scores)
    assert [item.prediction.score for item in along] == sorted(
        item.prediction.score for item in along
    )
    assert highest[0].prediction.score == highest[1].prediction.score == max(scores)
