"""Datasets of any tool are scored, entry by entry."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.core.sample import Quality
from anomsynth.dataset.labelled import find_labelled, read_labelled
from anomsynth.dataset.layouts.simple import find_pairs
from anomsynth.dataset.provenance import find_provenance
from anomsynth.errors import OutputError
from anomsynth.scoring.score import describe_dataset, score_dataset
from anomsynth.scoring.tables import summarise, write_scores
from anomsynth.sqe.estimator import Estimator
from anomsynth.testing import make_pixels


def write(path, array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, array)[1].tobytes())


@pytest.fixture
def pairs(tmp_path):
    """Write five images with masks of the same stems: four with a dark disc, one without."""
    for index in range(5):
        image = make_pixels(96, 96, seed=index)[..., 0].copy()
        disc = cv2.circle(np.zeros((96, 96), np.uint8), (48, 40), 14, 255, -1)
        if index < 4:
            soft = cv2.GaussianBlur(disc, (0, 0), 0.8) / 255
            image = np.clip(image - 40 * soft, 0, 255).astype(np.uint8)
        write(tmp_path / "images" / f"{index}.png", image)
        write(tmp_path / "masks" / f"{index}.png", disc)
    return tmp_path


def test_entries_come_in_order_and_do_not_depend_on_jobs(pairs, monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.scoring.score.CHUNK", 2)
    items = find_labelled(pairs)
    seen = []

    alone = score_dataset(items, Estimator.default(), on_scored=seen.append)
    together = score_dataset(items, Estimator.default(), jobs=2)

    assert [one.item.image.stem for one in alone] == list("01234")
    assert seen == list(alone)
    assert list(alone) == list(together)
    assert min(one.quality.score for one in alone[:4]) > 0.4 > alone[4].quality.score


def test_unusable_entries_cost_themselves_only(pairs) -> None:
    anti_aliased = cv2.GaussianBlur(cv2.imread(str(pairs / "masks" / "1.png"), 0), (0, 0), 2)
    write(pairs / "masks" / "1.png", anti_aliased)
    write(pairs / "masks" / "2.png", np.zeros((50, 96), np.uint8))
    (pairs / "masks" / "3.png").unlink()
    (pairs / "images" / "4.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")

    scored = score_dataset(find_labelled(pairs), Estimator.default())

    assert scored[0].quality.score > 0.6
    for one, words in zip(
        scored[1:], ["not a binary mask", "50 pixels for a picture of 96 x 96", "no mask", "4.png"],
        strict=True,
    ):  # fmt: skip
        assert one.quality is None
        assert words in one.problem
        assert "\n" not in one.problem


def test_masks_of_zero_and_one_are_binary(pairs) -> None:
    write(pairs / "masks" / "0.png", (cv2.imread(str(pairs / "masks" / "0.png"), 0) > 0) * 1)

    _, mask = read_labelled(find_labelled(pairs)[0])

    assert mask.sum() > 500


def test_any_object_that_scores_will_do(pairs) -> None:
    class Half:
        def score(self, image, mask, *, original=None, residuals=None):
            return Quality(0.5, 0.5, 0.5, reasons=(f"{image.shape}", f"{int(mask.sum())}"))

    scored = score_dataset(find_labelled(pairs), Half())

    assert {one.quality.score for one in scored} == {0.5}
    assert scored[0].quality.reasons[0] == "(96, 96, 1)"


def test_the_good_photo_and_residuals_of_own_datasets_are_used(datasets) -> None:
    datasets.make("out", per_image=3, jobs=1)
    root = datasets.root / "out"
    items = find_labelled(root)

    found = find_provenance(items)
    scored = score_dataset(items, Estimator.default())

    assert len(scored) == len(found) > 0
    assert all(one.good.parent.name == "good" for one in found.values())
    assert [one.item for one in scored] == [item for item in items if not item.good]
    assert all("visibility" in one.quality.raw for one in scored)
    assert not any("visibility_blind" in one.quality.raw for one in scored)


@pytest.mark.parametrize("place", [".", "CATEGORY"])
def test_the_folder_one_is_in_is_scored_as_it_is_from_elsewhere(
    datasets, monkeypatch, place
) -> None:
    datasets.make("out", per_image=1, jobs=1)
    root = datasets.root / "out"
    expected = [one.quality for one in score_dataset(find_labelled(root), Estimator.default())]
    if place != ".":
        root = next(path for path in sorted(root.iterdir()) if path.name != "_anomsynth")
    monkeypatch.chdir(root)

    scored = score_dataset(find_labelled(Path()), Estimator.default())

    assert all("visibility" in one.quality.raw for one in scored)
    assert {one.quality.score for one in scored} <= {one.score for one in expected}


@pytest.mark.parametrize("line", ["not json", '{"a":1}'])
def test_a_damaged_manifest_is_named_instead_of_scoring_without_it(datasets, line) -> None:
    datasets.make("out", per_image=1, jobs=1)
    root = datasets.root / "out"
    (manifest,) = root.glob("_anomsynth/*/manifest.jsonl")
    manifest.write_text(f"{line}\n{manifest.read_text()}")

    with pytest.raises(OutputError, match=r"manifest\.jsonl: line 1 is"):
        score_dataset(find_labelled(root), Estimator.default())


def test_tables_hold_every_entry_with_its_reason(pairs, tmp_path) -> None:
    (pairs / "masks" / "3.png").unlink()
    items = find_pairs(pairs / "images", pairs / "masks")
    scored = score_dataset(items, Estimator.default())

    write_scores(tmp_path / "new", scored, pairs, {"min_score": 0.5})

    rows = (tmp_path / "new" / "scores.csv").read_text().splitlines()
    assert rows[0].startswith("image,mask,category,kind,score,fidelity,utility,edge_width")
    assert [row.split(",")[0] for row in rows[1:]] == [f"images/{index}.png" for index in range(5)]
    assert "no mask" in rows[4]
    found = json.loads((tmp_path / "new" / "scores.json").read_text())
    assert found["min_score"] == 0.5
    assert found["images"][0]["terms"]["noise"] <= 1
    assert "problem" in found["images"][3]


def test_summaries_count_by_category_and_kind(pairs) -> None:
    scored = score_dataset(find_labelled(pairs), Estimator.default())

    (line,) = summarise(scored, 0.4)

    assert (line["kind"], line["images"], line["passed"], line["unusable"]) == ("defect", 5, 4, 0)


def test_features_of_usable_entries_are_collected(pairs) -> None:
    (pairs / "masks" / "3.png").unlink()

    features = describe_dataset(find_labelled(pairs))

    assert features.shape == (4, 64)
    assert np.isfinite(features).all()
