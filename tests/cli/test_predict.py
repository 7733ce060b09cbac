"""`anomsynth predict` writes maps, scores and decisions, and says what it could not read."""

import json
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.model.run import build_detector, write_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import RunConfig, write_calibration  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.detectors.pyramid import Pyramid  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

CONFIG = RunConfig("tf_efficientnet_lite0", (24, 40, 112), (4, 8, 16), Pyramid(width=8), size=64)


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", build_detector(CONFIG), CONFIG)
    write_calibration(tmp_path / "run", [-100.0] * 98 + [100.0])
    return tmp_path / "run"


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 30), dtype=np.uint8)
        write_png(folder / f"{number}.png", pixels, folder)
    return folder


def test_maps_and_scores_are_written(call, run, images, tmp_path) -> None:
    result = call("predict", run, images, "--out", tmp_path / "out")

    assert result.exit_code == 0, result.output
    assert (
        "0 of 3 photos defective (score above 100.000, at most 1 % false alarms)" in result.stdout
    )
    assert len(list((tmp_path / "out/maps").iterdir())) == 3
    assert (tmp_path / "out/scores.csv").read_text().startswith("image,score,threshold,defective,")


def test_rate_moves_the_threshold(call, run, images, tmp_path) -> None:
    result = call("predict", run, images, "--out", tmp_path, "--false-alarm-rate", "0.02", "--json")

    values = json.loads(result.stdout)
    assert values["threshold"] == -100
    assert values["defective"] == values["photos"] == 3
    assert values["false_alarm_rate"] == pytest.approx(0.02)


def test_given_threshold_needs_no_calibration(call, run, images, tmp_path) -> None:
    (run / "calibration.json").unlink()

    without = call("predict", run, images, "--out", tmp_path / "a")
    given = call("predict", run, images, "--out", tmp_path / "b", "--threshold", "-50", "--json")

    assert without.exit_code == 2
    assert "--threshold" in without.stderr
    assert json.loads(given.stdout)["defective"] == 3


def test_too_few_good_photos_are_admitted(call, run, images, tmp_path) -> None:
    write_calibration(run, [1.0, 2.0, 3.0])

    result = call("predict", run, images, "--out", tmp_path / "out", "--quiet")

    assert result.exit_code == 0
    assert "3 good photos cannot promise 1 % false alarms, 99 could" in result.stderr
    assert "25 % are to be expected" in result.stderr


def test_too_few_good_photos_are_told_before_the_first_photo(
    call, run, images, tmp_path, monkeypatch
) -> None:
    write_calibration(run, [1.0, 2.0, 3.0])
    monkeypatch.setattr("anomsynth.bisqad.model.run.load_run", lambda *_, **__: 1 / 0)

    result = call("predict", run, images, "--out", tmp_path / "out")

    assert isinstance(result.exception, ZeroDivisionError)
    assert "3 good photos cannot promise" in result.stderr


@pytest.mark.parametrize(
    ("scores", "words", "said"),
    [
        ([1.0, 2.0, 3.0], (), "A lower --false-alarm-rate changes nothing, for the threshold is"),
        ([1.0, 2.0, 3.0], ("--threshold", 5), "Fewer by a higher --threshold, or add"),
        ([*range(499)], ("--false-alarm-rate", 0.02), "Fewer by --false-alarm-rate 0.01, or add"),
        ([*range(99)], (), "A lower --false-alarm-rate changes nothing"),
    ],
)
def test_what_is_advised_against_false_alarms_changes_something(
    call, run, images, tmp_path, scores, words, said
) -> None:
    write_calibration(run, [float(score) for score in scores])

    result = call("predict", run, images, "--out", tmp_path / "out", *words)

    assert result.exit_code == 0, result.output
    (line,) = (one for one in result.stdout.splitlines() if one.startswith("Good ones"))
    assert said in line
    assert "to the good photos and train again" in line


def test_float_maps_and_single_photos(call, run, images, tmp_path) -> None:
    result = call(
        "predict", run, images / "1.png", images / "2.png", "-o", tmp_path / "o", "--format", "tiff"
    )

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "o/maps").iterdir()) == ["1.tiff", "2.tiff"]
    assert cv2.imread(str(tmp_path / "o/maps/1.tiff"), cv2.IMREAD_UNCHANGED).shape == (20, 30)


def test_corrupt_image_is_named_and_costs_exit_code_3(call, run, images, tmp_path) -> None:
    (images / "1.png").write_bytes(b"broken")

    result = call("predict", run, images, "--out", tmp_path / "out", "--json")

    assert result.exit_code == 3
    assert "1.png" in result.stderr
    values = json.loads(result.stdout)
    assert values["photos"] == 2
    assert values["unread"][0]["image"].endswith("1.png")


def test_earlier_results_are_kept_unless_asked(call, run, images, tmp_path) -> None:
    first = call("predict", run, images, "--out", tmp_path / "out")
    second = call("predict", run, images, "--out", tmp_path / "out")
    third = call("predict", run, images, "--out", tmp_path / "out", "--overwrite")

    assert [result.exit_code for result in (first, second, third)] == [0, 2, 0]
    assert "--overwrite" in second.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--false-alarm-rate", "2"], "--false-alarm-rate: must be between 0 and 1, got 2"),
        (["--threshold", "nan"], "--threshold: expected a finite number"),
        (["--device", "cuda:99"], "--device cuda:99"),
    ],
)
def test_user_errors_are_one_line_and_write_nothing(
    call, run, images, tmp_path, words, said
) -> None:
    result = call("predict", run, images, "--out", tmp_path / "out", *words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_without_torch_one_line_names_the_extra(call, run, images, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    result = call("predict", run, images, "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert "not installed: torch; pip install 'anomsynth[train]'" in result.stderr
