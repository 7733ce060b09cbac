"""Filtered datasets hold the best samples in a tree that loaders accept."""

import csv

import cv2
import numpy as np
import pytest

from anomsynth.dataset.labelled import Labelled, find_labelled
from anomsynth.errors import OutputError
from anomsynth.scoring.selection import Candidate, check_target, select, write_selection


def write(path, array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, array)[1].tobytes())


@pytest.fixture
def tree(tmp_path):
    """Write a category with JPEG photos, PNG defects of two kinds and odd names."""
    root = tmp_path / "foreign"
    picture, mask = np.full((20, 30), 90, np.uint8), np.zeros((20, 30), np.uint8)
    mask[5:9, 5:9] = 1
    for name in ("x", "xy"):
        write(root / "bolt" / "train" / "good" / f"{name}.jpg", picture)
    write(root / "bolt" / "test" / "good" / "7.png", picture)
    for index in (1, 2, 10):
        write(root / "bolt" / "test" / "crack" / f"{index}.png", picture + index)
        write(root / "bolt" / "ground_truth" / "crack" / f"{index}_mask.png", mask)
    write(root / "bolt" / "test" / "dent" / "1.bmp", picture)
    write(root / "bolt" / "ground_truth" / "dent" / "1.png", mask * 255)
    return root


def candidates(items, *scores) -> list[Candidate]:
    defects = [item for item in items if not item.good]
    return [Candidate(item, score, "why") for item, score in zip(defects, scores, strict=True)]


def test_low_scores_and_the_worse_share_of_each_kind_are_rejected(tree) -> None:
    items = candidates(find_labelled(tree), 0.9, 0.2, 0.8, 0.6)

    chosen = select(items, min_score=0.5, keep_top=0.3)

    assert [one.score for one in chosen.kept] == [0.9, 0.6]
    # Names sort as 1, 10, 2.
    assert [one.reason for one in chosen.rejected] == [
        "score 0.200 is below 0.5: why",
        "not among the best 1 of 3 of crack: why",
    ]
    assert chosen.rule == "of each kind the best 30 %, rounded up, and a score of 0.5 or more"


def test_what_has_no_score_is_rejected_with_its_reason(tree) -> None:
    chosen = select(candidates(find_labelled(tree), None, 0.2, 0.3, 0.1))

    assert [one.reason for one in chosen.rejected] == ["why"]
    assert len(chosen.kept) == 3


def test_the_new_tree_is_found_again_with_fixed_names_and_true_masks(tree, tmp_path) -> None:
    items = find_labelled(tree)
    chosen = select(candidates(items, 0.9, 0.1, 0.8, 0.6), min_score=0.5)

    write_selection(tmp_path / "best", chosen, [item for item in items if item.good])

    found = find_labelled(tmp_path / "best")
    assert [item.id for item in found] == [
        "bolt/train/good/000000",
        "bolt/train/good/000001",
        "bolt/test/crack/000000",
        "bolt/test/crack/000001",
        "bolt/test/dent/000000",
        "bolt/test/good/000000",
    ]
    for item in found:
        assert item.image.suffix == ".png"
        if not item.good:
            assert item.mask.name == f"{item.image.stem}_mask.png"
            values = cv2.imread(str(item.mask), cv2.IMREAD_UNCHANGED)
            assert np.unique(values).tolist() == [0, 255]
            assert values.shape == (20, 30)
    assert not list((tmp_path / "best" / "_anomsynth").glob(".tmp*"))


def test_tables_say_where_files_came_from_and_why_others_did_not(tree, tmp_path) -> None:
    items = find_labelled(tree)
    chosen = select(candidates(items, 0.9, 0.1, 0.8, 0.6), min_score=0.5)

    write_selection(tmp_path / "best", chosen, [])

    metadata = tmp_path / "best" / "_anomsynth"
    kept = list(csv.DictReader((metadata / "kept.csv").read_text().splitlines()))
    rejected = list(csv.DictReader((metadata / "rejected.csv").read_text().splitlines()))
    assert [row["score"] for row in kept] == [str(one.score) for one in chosen.kept]
    assert kept[0]["image"] == "bolt/test/crack/000000.png"
    assert [row["reason"] for row in rejected] == ["score 0.100 is below 0.5: why"]


@pytest.mark.parametrize("copy", [True, False])
def test_png_files_go_along_as_they_are(tree, tmp_path, copy) -> None:
    items = find_labelled(tree)
    chosen = select(candidates(items, 0.9, 0.9, 0.9, 0.9))

    write_selection(tmp_path / "best", chosen, [], copy=copy)

    new = tmp_path / "best" / "bolt" / "test" / "crack" / "000000.png"
    old = chosen.kept[0].item.image
    assert new.read_bytes() == old.read_bytes()
    assert (new.stat().st_ino == old.stat().st_ino) != copy


def test_defects_of_both_splits_get_numbers_of_their_own(tmp_path) -> None:
    picture = np.full((8, 8), 9, np.uint8)
    items = []
    for split in ("train", "test"):
        write(tmp_path / split / "a.png", picture)
        write(tmp_path / split / "m.png", picture * 0 + 255)
        items.append(
            Labelled("c", split, "dent", tmp_path / split / "a.png", tmp_path / split / "m.png")
        )

    write_selection(tmp_path / "out", select(candidates(items, 1.0, 1.0)), [])

    assert len(list((tmp_path / "out" / "c" / "test" / "dent").iterdir())) == 2


def test_nothing_is_overwritten_and_no_dataset_is_written_into(tree, tmp_path) -> None:
    with pytest.raises(OutputError, match="not an empty folder"):
        check_target(tree, [])
    with pytest.raises(OutputError, match="lies inside the dataset"):
        check_target(tree / "new", [tree])
    check_target(tmp_path / "new", [tree])
