"""`anomsynth pod` on the command line, with a trained detector."""

import json

import pytest

WORDS = ["--kinds", "pitting", "--size", "1:4mm", "--levels", 2, "--per-level", 6]


@pytest.mark.slow
@pytest.mark.torch
def test_a_trained_detector_is_studied_and_its_training_photos_are_noticed(
    call, photos, tmp_path
) -> None:
    pytest.importorskip("torch")
    data, run, swept = (tmp_path / name for name in ("data", "run", "swept"))
    source = photos / "plate"
    assert call("generate", source, data, "--per-image", 1, "--jobs", 1).exit_code == 0
    small = ["--weights", "uniform", "--size", 64, "--epochs", 1]
    assert call("train", data, "--out", run, *small).exit_code == 0
    made = call("sweep", source, swept, *WORDS, "--mm-per-px", 0.1, "--jobs", 1)
    assert made.exit_code == 0

    done = call("pod", swept, "--run", run, "--false-alarm-rate", 0.4, "--json")
    result = json.loads(done.stdout.splitlines()[-1])

    assert done.exit_code == 0
    assert result["subsets"][0]["by_size"]["flaws"] == 12
    assert result["inspection"]["good_pictures"] == 3
    assert "was trained on 3 of the 3 photos of the sweep" in done.stderr
    assert (tmp_path / "swept-pod" / "index.html").exists()


def test_a_folder_that_is_no_sweep_is_one_line(call, tmp_path) -> None:
    done = call("pod", tmp_path, "--maps", tmp_path)

    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "not a sweep" in done.stderr


def test_the_help_says_what_a_curve_means(call) -> None:
    text = " ".join(call("pod", "--help").stdout.split())

    assert "simulated flaws" in text
    assert "never replaces it" in text
