"""The examples run from anywhere and write only where they are told to."""

import importlib.util
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run_example(name: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, folder / "out"],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_one_sample_saves_an_image_and_its_mask(tmp_path) -> None:
    said = run_example("one_sample.py", tmp_path)

    assert {path.name for path in (tmp_path / "out").iterdir()} == {"image.png", "mask.png"}
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    assert "d' = " in said


@pytest.mark.slow
def test_own_generator_makes_drip_marks(tmp_path) -> None:
    said = run_example("own_generator.py", tmp_path)

    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "drip_mark.png",
        "drip_mark_mask.png",
    }
    assert "drip marks on the part" in said


@pytest.mark.slow
@pytest.mark.torch
def test_torch_dataset_feeds_a_loader(tmp_path) -> None:
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed: pip install 'anomsynth[train]'")

    said = run_example("torch_dataset.py", tmp_path)

    assert "epoch 1: (8, 3, 256, 256)" in said
    assert list(tmp_path.iterdir()) == []


def test_the_container_takes_all_of_torch_from_the_index_without_cuda() -> None:
    if importlib.util.find_spec("timm") is None:
        pytest.skip("timm is not installed: pip install 'anomsynth[train]'")
    lines = (EXAMPLES / "Dockerfile").read_text().splitlines()
    steps = [line for line in lines if line.startswith("RUN pip install")]
    needed = {re.match(r"[\w-]+", one)[0] for one in requires("timm") if "extra" not in one}

    own = [line.split() for line in steps if "/whl/cpu" in line]

    assert len(own) == 1
    assert {"torch", "torchvision"} <= needed
    assert {name for name in needed if name.startswith("torch")} <= set(own[0])
    assert steps.index(" ".join(own[0])) < next(
        at for at, line in enumerate(steps) if "/src[train]" in line
    )


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_says_how_it_is_called(path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip()]

    assert len(lines) <= 40
    assert f"python {path.name}" in lines[0]
