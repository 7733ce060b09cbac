"""A mistake in a path or an option is found before torch is imported, which takes seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from anomsynth.bisqad.model.run_config import RunConfig, write_config
from anomsynth.bisqad.options import LITE0, TrainOptions
from anomsynth.dataset.images import write_png
from anomsynth.testing import make_pixels

SCRIPT = """\
import sys
from pathlib import Path

from anomsynth.bisqad.evaluation.evaluate import evaluate
from anomsynth.bisqad.evaluation.predict import predict
from anomsynth.bisqad.options import TrainOptions, TrainPlan
from anomsynth.bisqad.plans import EvaluatePlan, PredictPlan
from anomsynth.bisqad.training.train import train
from anomsynth.errors import UserError

folder = Path(sys.argv[1])
data = folder / "data"
marked = folder / "marked"
calls = {
    "no dataset": lambda: train(TrainPlan(folder / "nowhere", folder / "out")),
    "no defects": lambda: train(TrainPlan(data, folder / "out")),
    "no trusted defects": lambda: train(
        TrainPlan(data, folder / "out", TrainOptions(val=folder / "nowhere"))
    ),
    "a run already": lambda: train(TrainPlan(data, folder / "run")),
    "no such backbone": lambda: train(
        TrainPlan(marked, folder / "out", TrainOptions(backbone="resnet_none"))
    ),
    "no such device": lambda: train(TrainPlan(marked, folder / "out", device="gpu")),
    "no threads": lambda: train(TrainPlan(marked, folder / "out", threads=0)),
    "no folder for features": lambda: train(
        TrainPlan(marked, folder / "out", cache=folder / "begun/checkpoint.safetensors")
    ),
    "no such category": lambda: train(
        TrainPlan(marked, folder / "out", TrainOptions(category="bolt"))
    ),
    "other options": lambda: train(
        TrainPlan(marked, folder / "begun", TrainOptions(size=64), resume=True)
    ),
    "dataset gone": lambda: train(TrainPlan(folder / "gone", folder / "begun", resume=True)),
    "not finished": lambda: predict(
        PredictPlan(folder / "begun", (data,), folder / "out", threshold=0.0)
    ),
    "not finished, to evaluate": lambda: evaluate(EvaluatePlan(folder / "begun", marked)),
    "no tests": lambda: evaluate(EvaluatePlan(folder / "run", data)),
    "no run": lambda: predict(PredictPlan(folder / "nowhere", (data,), folder / "out")),
    "no photos": lambda: predict(PredictPlan(folder / "run", (folder / "run",), folder / "out")),
}
for name, call in calls.items():
    try:
        call()
    except UserError as error:
        print(name, "torch" in sys.modules, repr(str(error)), "torch" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    photos = tmp_path / "data/tile/train/good"
    photos.mkdir(parents=True)
    write_png(photos / "0.png", make_pixels(32, 32)[..., 0].copy(), photos)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_text("{}")
    for kind in ("train/good", "test/good", "test/dent", "ground_truth/dent"):
        place = tmp_path / "marked/tile" / kind
        place.mkdir(parents=True)
        for number in range(2):
            pixels = make_pixels(32, 32, seed=number)[..., 0].copy()
            write_png(place / f"{number}.png", pixels, place)
    begin_run(tmp_path / "begun")
    return tmp_path


def begin_run(folder: Path) -> None:
    """Write what a training leaves that was interrupted."""
    folder.mkdir()
    said = json.dumps({"options": TrainOptions().record(), "finished": {}})
    header = json.dumps({"__metadata__": {"anomsynth": said}}).encode()
    checkpoint = len(header).to_bytes(8, "little") + header
    (folder / "checkpoint.safetensors").write_bytes(checkpoint)
    config = RunConfig(LITE0, (24, 40, 112), (4, 8, 16), TrainOptions().detector)
    write_config(folder, config)


def test_mistakes_are_found_before_torch_is_imported(folder) -> None:
    command = [sys.executable, "-c", SCRIPT, str(folder)]

    result = subprocess.run(command, capture_output=True, text=True, check=True)

    lines = result.stdout.splitlines()
    assert len(lines) == 16, f"not every call was refused: {lines}"
    assert [line for line in lines if line.endswith("True")] == []
    assert not (folder / "out").exists()
