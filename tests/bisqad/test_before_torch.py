"""A mistake in a path or an option is found before torch is imported, which takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

from anomsynth.dataset.images import write_png
from anomsynth.testing import make_pixels

SCRIPT = """\
import sys
from pathlib import Path

from anomsynth.bisqad.evaluation.evaluate import evaluate
from anomsynth.bisqad.evaluation.predict import predict
from anomsynth.bisqad.options import EvaluatePlan, PredictPlan, TrainOptions, TrainPlan
from anomsynth.bisqad.training.train import train
from anomsynth.errors import UserError

folder = Path(sys.argv[1])
data = folder / "data"
calls = {
    "no dataset": lambda: train(TrainPlan(folder / "nowhere", folder / "out")),
    "no defects": lambda: train(TrainPlan(data, folder / "out")),
    "no trusted defects": lambda: train(
        TrainPlan(data, folder / "out", TrainOptions(val=folder / "nowhere"))
    ),
    "a run already": lambda: train(TrainPlan(data, folder / "run")),
    "no tests": lambda: evaluate(EvaluatePlan(folder / "run", data)),
    "no run": lambda: predict(PredictPlan(folder / "nowhere", (data,), folder / "out")),
    "no photos": lambda: predict(PredictPlan(folder / "run", (folder / "run",), folder / "out")),
}
for name, call in calls.items():
    try:
        call()
    except UserError:
        print(name, "torch" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    photos = tmp_path / "data/tile/train/good"
    photos.mkdir(parents=True)
    write_png(photos / "0.png", make_pixels(32, 32)[..., 0].copy(), photos)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.json").write_text("{}")
    return tmp_path


def test_mistakes_are_found_before_torch_is_imported(folder) -> None:
    command = [sys.executable, "-c", SCRIPT, str(folder)]

    result = subprocess.run(command, capture_output=True, text=True, check=True)

    lines = result.stdout.splitlines()
    assert len(lines) == 7, "not every call was refused"
    assert [line for line in lines if line.endswith("True")] == []
    assert not (folder / "out").exists()
