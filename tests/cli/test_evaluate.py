"""`anomsynth evaluate` prints, writes and exits as it says."""

import json
import shutil
import sys
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.model.run import build_detector, write_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import RunConfig  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.detectors.pyramid import Pyramid  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

CONFIG = RunConfig("tf_efficientnet_lite0", (24, 40, 112), (4, 8, 16), Pyramid(width=8), size=64)


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "run", build_detector(CONFIG), CONFIG)
    return tmp_path / "run"


def make_category(folder) -> None:
    rng = np.random.default_rng(0)
    for kind in ("good", "crack", "dent"):
        for number in range(2):
            pixels = rng.integers(90, 110, (32, 40), dtype=np.uint8)
            mask = np.zeros((32, 40), np.uint8)
            mask[8:20, 10:22] = 255
            image = folder / "test" / kind / f"{number}.png"
            image.parent.mkdir(parents=True, exist_ok=True)
            if kind != "good":
                pixels[mask > 0] = 200
                truth = folder / "ground_truth" / kind
                truth.mkdir(parents=True, exist_ok=True)
                write_png(truth / f"{number}_mask.png", mask, truth)
            write_png(image, pixels, image.parent)


@pytest.fixture
def dataset(tmp_path):
    make_category(tmp_path / "data" / "plate")
    return tmp_path / "data"


def test_table_files_and_page_are_made(call, run, dataset) -> None:
    result = call("evaluate", run, dataset, "--bootstrap", 3)

    assert result.exit_code == 0, result.output
    for word in ("all defects", "mean of kinds", "crack", "dent", "AUPRO", "95 % interval"):
        assert word in result.stdout
    page = (run / "evaluation" / "index.html").read_text()
    assert "run on plate" in page
    values = json.loads((run / "evaluation" / "metrics.json").read_text())
    entry = values["categories"][0]["metrics"]["all"]["aupro"]
    assert 0 <= entry["low"] <= entry["high"] <= 1
    assert sorted(path.name for path in (run / "evaluation").iterdir()) == [
        "index.html",
        "metrics.json",
    ]


def test_an_earlier_evaluation_is_kept_unless_asked(call, run, dataset, tmp_path) -> None:
    fixed = ("evaluate", run, dataset, "--bootstrap", 0)
    first = call(*fixed)
    before = (run / "evaluation/metrics.json").read_bytes()
    make_category(tmp_path / "other" / "plate")

    second = call("evaluate", run, tmp_path / "other", "--bootstrap", 0)

    assert (first.exit_code, second.exit_code) == (0, 2)
    assert f"holds an earlier evaluation on {dataset}; choose another folder by --out" in (
        second.stderr
    )
    assert (run / "evaluation/metrics.json").read_bytes() == before
    assert call(*fixed, "--out", tmp_path / "out").exit_code == 0
    assert call(*fixed, "--overwrite").exit_code == 0


def test_a_dataset_that_the_detector_was_trained_on_is_told(
    call, dataset, tmp_path, monkeypatch
) -> None:
    for name in ("other", "few"):
        make_category(tmp_path / name / "plate")
    training = {name: str(tmp_path / at) for name, at in (("val", "other"), ("learn", "few"))}
    training["dataset"] = str(dataset.resolve())
    folder = tmp_path / "own"
    write_run(folder, build_detector(CONFIG), replace(CONFIG, training=training))
    monkeypatch.chdir(tmp_path)

    known = call("evaluate", folder, "data", "--bootstrap", 0, "--out", "known")
    val = call("evaluate", folder, "other", "--bootstrap", 0, "--out", "val")
    few = call("evaluate", folder, "few", "--bootstrap", 0, "--out", "real")
    fresh = call("evaluate", folder, dataset / "plate", "--bootstrap", 0, "--out", "fresh")

    assert "the detector was trained on this dataset" in known.stderr
    assert "the detector was trained on this dataset" in few.stderr
    assert "the detector was weighted by this dataset" in val.stderr
    assert fresh.stderr == ""
    assert "was trained on this dataset" in (tmp_path / "known/index.html").read_text()
    assert json.loads((tmp_path / "fresh/metrics.json").read_text())["seen"] is None


def test_json_is_the_whole_answer(call, run, dataset, tmp_path) -> None:
    result = call("evaluate", run, dataset, "--bootstrap", 0, "--json", "--out", tmp_path / "out")

    (line,) = result.stdout.splitlines()
    values = json.loads(line)
    assert values["event"] == "result"
    written = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert written["categories"] == values["categories"]
    assert values["categories"][0]["images"] == {"crack": 2, "dent": 2, "good": 2}
    assert "low" not in values["categories"][0]["metrics"]["all"]["aupro"]


def test_quiet_prints_nothing(call, run, dataset) -> None:
    result = call("evaluate", run, dataset, "--bootstrap", 0, "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_categories_are_measured_apart(call, run, dataset, tmp_path) -> None:
    make_category(dataset / "tile")

    fixed = ("evaluate", run, dataset, "--bootstrap", 0, "--json", "--out")
    both = call(*fixed, tmp_path / "both")
    one = call(*fixed, tmp_path / "one", "--category", "tile")

    values = json.loads(both.stdout)
    assert [item["category"] for item in values["categories"]] == ["plate", "tile"]
    assert (tmp_path / "both" / "plate" / "index.html").is_file()
    rows = [item["metrics"]["all"]["aupro"]["value"] for item in values["categories"]]
    assert values["mean"]["aupro"] == pytest.approx(sum(rows) / 2, abs=2e-6)
    assert [item["category"] for item in json.loads(one.stdout)["categories"]] == ["tile"]


def test_corrupt_image_is_named_and_costs_exit_code_3(call, run, dataset) -> None:
    (dataset / "plate/test/crack/1.png").write_bytes(b"broken")

    result = call("evaluate", run, dataset, "--bootstrap", 0, "--json")

    assert result.exit_code == 3
    assert "crack/1.png" in result.stderr
    values = json.loads(result.stdout)
    assert values["categories"][0]["images"]["crack"] == 1
    assert len(values["unread"]) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "{data}"], "nowhere: no such folder"),
        (["{data}", "{data}"], "not a run"),
        (["{run}", "{run}"], "no labelled images"),
        (["{run}", "{data}", "--category", "screw"], "'screw'"),
        (["{run}", "{data}", "--device", "gpu"], "no such device 'gpu'"),
    ],
)
def test_user_errors_are_one_line(call, run, dataset, words, said) -> None:
    given = (word.format(run=run, data=dataset) for word in words)

    result = call("evaluate", *given, "--bootstrap", 0)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (run / "evaluation").exists()


def test_threads_are_those_asked_for(call, run, dataset) -> None:
    before = torch.get_num_threads()
    try:
        result = call("evaluate", run, dataset, "--bootstrap", 0, "--threads", 3)
        used = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)

    assert (result.exit_code, used) == (0, 3)


def test_without_torch_one_line_names_the_extra(call, run, dataset, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "safetensors", None)

    result = call("evaluate", run, dataset)

    assert result.exit_code == 2
    assert result.stderr == (
        "anomsynth: not installed: torch, safetensors; pip install 'anomsynth[train]'\n"
    )


@pytest.fixture
def trained(dataset, call, tmp_path):
    """Train on a set of its own; the marked photos of `dataset` are what it is tested on."""
    for number in range(6):
        pixels = np.random.default_rng(number).integers(90, 110, (32, 40), dtype=np.uint8)
        folder = tmp_path / "own/plate/train/good"
        folder.mkdir(parents=True, exist_ok=True)
        write_png(folder / f"{number}.png", pixels, folder)
    own = tmp_path / "nearest"
    done = call(
        "train", tmp_path / "own", "--out", own, "--detector", "nearest", "--size", 64, "--quiet"
    )
    assert done.exit_code == 0, done.output
    return own


def test_references_learn_from_the_run_s_photos_and_stand_in_the_same_table(
    call, trained, dataset, tmp_path
) -> None:
    fixed = ("evaluate", trained, dataset, "--bootstrap", 3, "--reference", "nearest,gaussian")
    result = call(*fixed, "--out", tmp_path / "out")

    assert result.exit_code == 0, result.output
    assert "first the good photos of the run are learned by nearest, gaussian" in result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    # The same kind, seed and photos: the same numbers as the run's own.
    (own,) = (row[2:] for row in rows if row[:2] == ["all", "defects"] and len(row) > 9)
    (again,) = (row[3:] for row in rows if row[:3] == ["all,", "by", "nearest"])
    assert own == again
    values = json.loads((tmp_path / "out/metrics.json").read_text())
    assert list(values["references"]) == ["nearest", "gaussian"]
    assert values["references"]["nearest"]["mean"] == values["mean"]
    page = (tmp_path / "out/index.html").read_text()
    assert '<th scope="row">gaussian</th>' in page
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "index.html",
        "metrics.json",
    ]


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ("gaussain", "--reference: no model of the normal 'gaussain'; did you mean 'gaussian'?"),
        ("pyramid", "--reference: no model of the normal 'pyramid'; known: "),
        (",", "--reference: expected a,b,..."),
    ],
)
def test_references_are_models_of_the_normal(call, run, dataset, kinds, said) -> None:
    result = call("evaluate", run, dataset, "--reference", kinds)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_photos_that_references_need_must_be_there(call, run, trained, dataset, tmp_path) -> None:
    shutil.rmtree(tmp_path / "own")

    gone = call("evaluate", trained, dataset, "--reference", "gaussian")
    unknown = call("evaluate", run, dataset, "--reference", "gaussian")

    assert (gone.exit_code, unknown.exit_code) == (2, 2)
    assert "photos that cannot be read any more" in gone.stderr
    assert "does not say what it has learned from" in unknown.stderr
    assert not (trained / "evaluation").exists()
