"""`anomsynth score` scores, filters and compares datasets."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest

from anomsynth.testing import make_pixels


@pytest.fixture
def dataset(tmp_path):
    """Write a foreign tree: 3 good photos, 4 photographed dents, 4 flat cracks."""
    root = tmp_path / "set"
    disc = cv2.circle(np.zeros((80, 80), np.uint8), (40, 36), 12, 255, -1)
    for index in range(11):
        image = make_pixels(80, 80, seed=index)[..., 0].copy()
        kind = "good" if index < 3 else "dent" if index < 7 else "crack"
        if kind == "dent":
            image = (
                (image - 45.0 * cv2.GaussianBlur(disc, (0, 0), 0.8) / 255).clip(0).astype(np.uint8)
            )
        if kind == "crack":
            image[disc > 0] = 40
        folder = root / "plate" / ("train" if kind == "good" else "test") / kind
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{index:03d}.png"), image)
        if kind != "good":
            truth = root / "plate" / "ground_truth" / kind
            truth.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(truth / f"{index:03d}_mask.png"), disc)
    return root


def test_scores_and_reasons_are_printed_and_written(call, dataset) -> None:
    result = call("score", dataset, "--jobs", 1)

    assert result.exit_code == 0
    assert "4 of 8 images with a score of 0.5 or more" in result.stdout
    assert "there is a seam along the outline of its mask" in result.stdout
    assert (dataset / "_anomsynth" / "scores.csv").read_text().count("\n") == 9
    assert len(json.loads((dataset / "_anomsynth" / "scores.json").read_text())["images"]) == 8


def test_json_lines_end_with_the_result(call, dataset, tmp_path) -> None:
    result = call("score", dataset, "--jobs", 1, "--json", "--out", tmp_path / "tables")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["scored"] * 8 + ["result"]
    assert lines[-1]["passed"] == 4
    assert not (dataset / "_anomsynth").exists()
    assert (tmp_path / "tables" / "scores.csv").is_file()


def test_quiet_prints_nothing(call, dataset) -> None:
    assert call("score", dataset, "--jobs", 1, "--quiet").output == ""


@pytest.mark.parametrize(("share", "code"), [(0.5, 0), (0.6, 3)])
def test_scripts_learn_when_too_few_pass(call, dataset, share, code) -> None:
    result = call("score", dataset, "--jobs", 1, "--require", share)

    assert result.exit_code == code
    assert ("--require asks for 60.0%" in result.stderr) == (code == 3)


def test_the_filter_writes_what_passes_with_the_good_photos(call, dataset, tmp_path) -> None:
    out = tmp_path / "best"

    result = call("score", dataset, "--jobs", 1, "--filter-to", out)

    assert "4 of 8 defect images kept (a score of 0.5 or more), with 3 good photos" in result.stdout
    names = sorted(path.relative_to(out).as_posix() for path in (out / "plate").rglob("*.png"))
    assert names == sorted(
        [f"plate/train/good/{index:06d}.png" for index in range(3)]
        + [f"plate/test/dent/{index:06d}.png" for index in range(4)]
        + [f"plate/ground_truth/dent/{index:06d}_mask.png" for index in range(4)]
    )
    assert "seam" in (out / "_anomsynth" / "rejected.csv").read_text()


def test_a_filter_that_nothing_passes_says_which_limit_would(call, dataset, tmp_path) -> None:
    out = tmp_path / "best"
    strict = ("--min-score", 0.999, "--filter-to", out)

    result = call("score", dataset, "--jobs", 1, *strict)

    assert result.exit_code == 2
    assert "--filter-to: nothing passes: of 8 scores the best is 0." in result.stderr
    assert ", below 0.999" in result.stderr
    assert "Next" not in result.output
    assert not out.exists()
    limit = re.search(r"--min-score (\S+) keeps (\d) image", result.stderr)
    again = call("score", dataset, "--jobs", 1, "--min-score", limit[1], "--filter-to", out)
    assert f"{limit[2]} of 8 defect images kept" in again.stdout


def test_a_damaged_good_photo_is_not_passed_on_by_a_filter(call, dataset, tmp_path) -> None:
    good = dataset / "plate" / "train" / "good" / "001.png"
    content = bytearray(good.read_bytes())
    content[len(content) // 2] ^= 1
    good.write_bytes(content)

    result = call("score", dataset, "--jobs", 1, "--filter-to", tmp_path / "best")

    assert result.exit_code == 2
    assert f"{good}: damaged" in result.stderr
    assert not (tmp_path / "best").exists()


def test_the_best_share_of_each_kind_is_kept(call, dataset, tmp_path) -> None:
    best = ("--keep-top", 0.5, "--filter-to", tmp_path / "best")

    result = call("score", dataset, "--jobs", 1, *best, "--hardlink")

    kept = "4 of 8 defect images kept (of each kind the best 50 %, rounded up), with 3 good photos"
    assert kept in result.stdout
    for kind in ("dent", "crack"):
        assert len(list((tmp_path / "best" / "plate" / "test" / kind).iterdir())) == 2


def test_folders_of_images_and_masks_are_scored(call, dataset, tmp_path) -> None:
    result = call(
        "score", "--images", dataset / "plate" / "test" / "dent",
        "--masks", dataset / "plate" / "ground_truth" / "dent",
        "--jobs", 1, "--out", tmp_path / "tables",
    )  # fmt: skip

    assert "4 of 4 images with a score" in result.stdout


def test_broken_entries_are_named_and_the_rest_is_scored(call, dataset) -> None:
    (dataset / "plate" / "ground_truth" / "dent" / "003_mask.png").unlink()
    (dataset / "plate" / "test" / "dent" / "004.png").write_bytes(b"")

    result = call("score", dataset, "--jobs", 1)

    assert result.exit_code == 3
    assert "003.png: no mask" in result.stderr
    assert "004.png: the file is empty" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert "2 of 8 images with a score" in result.stdout


def test_sets_are_compared_with_real_defects(call, dataset) -> None:
    result = call("score", dataset, "--jobs", 1, "--reference", dataset, "--json", "--quiet")
    assert result.output == ""

    found = json.loads((dataset / "_anomsynth" / "scores.json").read_text())["set"]
    assert found["real"] == found["synthetic"] == 8
    assert found["kid"]["low"] <= found["kid"]["value"] <= found["kid"]["high"]
    assert found["mmd_p"] > 0.5
    few = call("score", dataset, "--jobs", 1, "--reference", dataset)
    assert "too few real defects to compare them with each other" in few.stdout


def test_the_yardstick_is_one_half_of_the_real_defects_against_the_other(call, dataset) -> None:
    mask = dataset / "plate" / "ground_truth" / "dent"
    for index in range(20, 28):
        shutil.copy(mask / "003_mask.png", mask / f"{index:03d}_mask.png")
        picture = make_pixels(80, 80, seed=index)
        cv2.imwrite(str(dataset / "plate" / "test" / "dent" / f"{index:03d}.png"), picture)

    told = call("score", dataset, "--jobs", 1, "--reference", dataset).stdout

    found = json.loads((dataset / "_anomsynth" / "scores.json").read_text())
    assert found["set"]["real"] == 16
    assert found["real_halves"]["real"] == found["real_halves"]["synthetic"] == 8
    assert "real against real" in told
    assert "of the real defects have a synthetic one as near as real ones" in told


@pytest.mark.slow
def test_own_photos_calibrate_and_the_file_is_used(call, dataset, tmp_path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for index in range(5):
        cv2.imwrite(str(photos / f"{index}.png"), make_pixels(128, 128, seed=50 + index))
    saved = tmp_path / "new" / "mine.json"

    made = call("score", "--calibrate", photos, "--save", saved, "--jobs", 1)
    used = call("score", dataset, "--calibration", saved, "--jobs", 1)

    assert made.stdout == f"calibration on {saved}\n"
    assert "5 photos of" in json.loads(saved.read_text())["source"]
    assert used.exit_code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to score"),
        (["nowhere"], "nowhere: no such folder"),
        (["--images", "."], "--images and --masks belong together"),
        (["--calibrate", "."], "--calibrate and --save belong together"),
        ([".", "--keep-top", "0"], "--keep-top: expected a share"),
        ([".", "--require", "1.5"], "--require: expected a share"),
        ([".", "--jobs", "0"], "--jobs: expected a number"),
        (["SET", "--calibration", "nothing.json"], "cannot be read as a calibration"),
        (["SET", "--filter-to", "SET/plate"], "not an empty folder"),
        (["SET", "--filter-to", "SET/new"], "lies inside the dataset"),
        (["SET", "--images", "x", "--masks", "y"], "exclude each other"),
        (["SET/plate/train/good"], "no labelled images"),
    ],
)
def test_mistakes_are_named(call, dataset, words, message) -> None:
    given = [word.replace("SET", str(dataset)) for word in words]

    result = call("score", *given)

    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.torch
def test_a_learned_score_needs_a_run_and_no_calibration(call, dataset, tmp_path) -> None:
    pytest.importorskip("torch")
    both = call("score", dataset, "--sqe", tmp_path, "--calibration", tmp_path / "x.json")
    none = call("score", dataset, "--sqe", tmp_path / "nothing")

    assert both.exit_code == 2
    assert "exclude each other" in both.stderr
    assert none.exit_code == 2
    assert "nothing" in none.stderr


def test_scorers_are_chosen_by_kind_with_fields_of_their_own(call, dataset, tmp_path) -> None:
    plain = call("score", dataset, "--jobs", 1, "--json")
    named = call("score", dataset, "--jobs", 1, "--json", "--scorer", "sqe")
    missing = ("--scorer", "sqe", "--option", f"calibration={tmp_path / 'no.json'}")

    assert named.stdout == plain.stdout
    assert "no.json: cannot be read" in call("score", dataset, *missing).stderr
    assert "did you mean 'sqe'?" in call("score", dataset, "--scorer", "sqee").stderr
    assert (
        "run: is missing; see: anomsynth show learned"
        in call("score", dataset, "--scorer", "learned").stderr
    )
    twice = call("score", dataset, "--scorer", "sqe", "--sqe", tmp_path)
    assert "exclude each other" in twice.stderr
