"""`anomsynth train` trains, says what it did, and names what is wrong with a call."""

import json
import shutil
import signal
import sys
from types import ModuleType
from typing import Literal

import pytest

pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("lightning_fabric")

import numpy as np
import torch
import typer
from typer.testing import CliRunner

from anomsynth.bisqad.detector import Detector
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.bisqad.model.run import load_run
from anomsynth.cli.train import train
from anomsynth.cli.train_progress import TrainProgress
from anomsynth.dataset.images import write_png
from anomsynth.testing import make_pixels

pytestmark = pytest.mark.torch


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "tile"
    for number in range(10):
        pixels = make_pixels(64, 64, seed=number)[..., 0].copy()
        folder = root / ("train/good" if number < 4 else "test/dent")
        truth = root / "ground_truth/dent"
        for place in (folder, truth):
            place.mkdir(parents=True, exist_ok=True)
        if number >= 4:
            mask = np.zeros((64, 64), np.uint8)
            mask[20:40, 4 * number : 4 * number + 16] = 255
            pixels[mask > 0] //= 2
            write_png(truth / f"{number}_mask.png", mask, truth)
        write_png(folder / f"{number}.png", pixels, folder)
    return root


@pytest.fixture
def call(dataset, tmp_path):
    program = typer.Typer()
    program.command()(train)

    def call(*words: object, data=dataset):
        given = [data, "--out", tmp_path / "run", "--size", 64, "--epochs", 2, *words]
        return CliRunner().invoke(program, [str(word) for word in given])

    return call


def test_trains_and_says_what_to_do_next(call, tmp_path) -> None:
    result = call("--weights", "uniform")

    assert result.exit_code == 0, result.output
    assert "2 epochs" in result.stdout
    run = tmp_path / "run"
    assert f"anomsynth evaluate {run} REAL_DATASET" in result.stdout
    assert f"anomsynth predict {run} PHOTOS --out RESULTS" in result.stdout
    assert "learning takes 2 epochs" in result.stderr
    assert (
        "predict cannot promise 1 % false alarms: that takes 99 good photos kept apart, these are 1"
    ) in result.stderr
    assert "learning from 5 defects and 3 good photos; 1 and 1 are kept apart" in result.stderr
    assert (tmp_path / "run/model.safetensors").is_file()


def test_real_defects_are_learned_and_a_resumed_run_keeps_to_them(call, dataset, tmp_path) -> None:
    real = tmp_path / "real"
    for folder in ("test", "ground_truth"):
        shutil.copytree(dataset / folder, real / folder)

    trained = call("--weights", "uniform", "--learn", real)
    (tmp_path / "run/model.safetensors").unlink()
    other = call("--weights", "uniform", "--resume")

    assert trained.exit_code == 0, trained.output
    weights = (tmp_path / "run/weights.csv").read_text()
    assert weights.count("learn/") == 6
    assert "learning from 11 defects" in trained.stderr  # one of six is held out
    assert "learning takes 2 epochs" in trained.stderr
    assert other.exit_code == 2
    assert f"was begun with learn {real}, not None" in other.stderr


def test_a_single_epoch_is_one(call) -> None:
    result = call("--weights", "uniform", "--epochs", 1)

    assert "learning takes 1 epoch\n" in result.stderr


def test_json_is_lines_with_the_result_last(call) -> None:
    result = call("--json", "--spoil", "0.4")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    kinds = [line["event"] for line in lines]
    assert result.exit_code == 0
    assert kinds[0] == "Prepared"
    assert kinds[-2:] == ["TrainFinished", "result"]
    assert lines[-1]["spoiled_weight"] > 0
    assert lines[-1]["effective_share"] > 0.2


def test_the_search_for_weights_is_counted_among_the_epochs(call, tmp_path) -> None:
    result = call()

    assert "learning takes 3 epochs: 1 to find weights, then 2 to train" in result.stderr
    assert "(3 epochs)" in result.stdout


def test_time_instead_of_epochs_promises_no_epochs(dataset, tmp_path) -> None:
    program = typer.Typer()
    program.command()(train)
    words = [dataset, "--out", tmp_path / "run", "--size", 64, "--minutes", 0.01]

    result = CliRunner().invoke(program, [str(word) for word in words])

    assert result.exit_code == 0, result.output
    assert "learning takes" not in result.stderr


def test_quiet_prints_nothing(call) -> None:
    result = call("--weights", "uniform", "--quiet")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_corrupt_image_is_named_and_ends_in_code_3(call, dataset) -> None:
    (dataset / "test/dent/6.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")

    result = call("--weights", "uniform")

    assert result.exit_code == 3
    assert "6.png" in result.stderr
    assert "1 image could not be used" in result.stderr


def test_a_second_run_needs_a_word(call) -> None:
    call("--weights", "uniform")

    again = call("--weights", "uniform")
    assert again.exit_code == 2
    assert "holds a run already; go on with it by --resume" in again.stderr
    assert call("--weights", "uniform", "--resume").exit_code == 0
    assert call("--weights", "uniform", "--overwrite").exit_code == 0


def test_a_detector_is_chosen_by_kind_with_fields_of_its_own(call, tmp_path) -> None:
    result = call("--weights", "uniform", "--detector", "pyramid", "--option", "width=8")

    assert result.exit_code == 0, result.output
    settings = json.loads((tmp_path / "run/config.json").read_text())
    assert settings["detector"] == {"kind": "pyramid", "width": 8}


class Rows(DetectorNetwork):
    """A linear map of the finest features."""

    def __init__(self, shapes, generator):
        super().__init__(shapes.channels, shapes.strides)
        drawn = torch.randn(1, shapes.channels[0], 1, 1, generator=generator)
        self.row = torch.nn.Parameter(0.01 * drawn)

    def forward(self, features, keep=None):
        maps = torch.nn.functional.conv2d(self.normalised(features, 0), self.row)
        return torch.nn.functional.interpolate(maps, size=self.map_size(features))


class Linear(Detector):
    kind: Literal["linear"] = "linear"

    def build(self, shapes, generator):
        return Rows(shapes, generator)


def test_a_plugins_detector_is_trained_loaded_and_its_version_kept(
    call, tmp_path, plugged, distribution, monkeypatch
) -> None:
    module = ModuleType("rows_plugin")
    module.Linear = Linear
    monkeypatch.setitem(sys.modules, "rows_plugin", module)
    point = ("anomsynth.detectors", "linear", "rows_plugin:Linear")
    plugged(distribution("rows", "1.0").point(*point))

    result = call("--detector", "linear")  # bi-level weights: gradients of its own

    assert result.exit_code == 0, result.output
    assert isinstance(load_run(tmp_path / "run").detector, Rows)
    plugged(distribution("rows", "1.1").point(*point))
    again = call("--detector", "linear", "--resume")
    assert again.exit_code == 2
    assert "begun with plugin rows 1.0, not rows 1.1" in again.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--detector", "pyramids"], "did you mean 'pyramid'?"),
        (["--option", "widht=8"], "did you mean 'width'?"),
        (["--option", "width=9"], "--option width: input should be a multiple of 8"),
        (["--device", "cuda:9"], "--device cuda:9"),
        (["--size", "70"], "--size: expected a multiple of 32, got 70"),
        (["--minutes", "1"], "--epochs and --minutes exclude each other"),
        (["--category", "bolt"], "no category 'bolt'"),
        (["--val", "nowhere"], "nowhere: no such folder"),
        (["--online"], "--online needs the recipe"),
        (["--backbone", "resnet_none"], "no backbone 'resnet_none' in timm"),
        (["--resume", "--overwrite"], "exclude each other"),
    ],
)
def test_one_line_says_what_is_wrong(call, tmp_path, words, message) -> None:
    result = call(*words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2
    assert not (tmp_path / "run/model.safetensors").exists()


def test_good_photos_alone_are_not_enough(call, dataset, tmp_path) -> None:
    shutil.rmtree(dataset / "test")

    result = call()

    assert result.exit_code == 2
    assert "good photos only" in result.stderr


def test_ctrl_c_keeps_a_checkpoint_and_says_how_to_go_on(call, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.bisqad.training.session.PROGRESS_EVERY", 1)
    shown = TrainProgress.__call__

    def interrupt(self, event):
        shown(self, event)
        if type(event).__name__ == "Progress":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TrainProgress, "__call__", interrupt)
    result = call("--weights", "uniform")
    monkeypatch.setattr(TrainProgress, "__call__", shown)

    assert result.exit_code == 130
    assert "interrupted; go on with: anomsynth" in result.stderr
    assert (tmp_path / "run/checkpoint.safetensors").is_file()
    finished = call("--weights", "uniform", "--resume")
    assert finished.exit_code == 0
    assert "going on after step 1" in finished.stderr


def test_noise_is_chosen_by_kind_and_recorded_with_its_options(call, tmp_path) -> None:
    done = call(
        *("--noise", "boundary", "--option", "share=0.5", "--option", "reach=0.3"),
        *("--option", "width=8", "--weights", "uniform"),
    )
    mistaken = call("--noise", "bound")

    assert done.exit_code == 0, done.output
    recorded = json.loads((tmp_path / "run/config.json").read_text())
    noise = recorded["training"]["noise"]
    assert (noise["kind"], noise["share"], noise["reach"]) == ("boundary", 0.5, 0.3)
    assert recorded["detector"]["width"] == 8
    assert mistaken.exit_code == 2
    assert "did you mean 'boundary'?" in mistaken.stderr
