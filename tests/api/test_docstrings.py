"""The examples of the functions run as they stand."""

import doctest
import importlib
import tempfile
from pathlib import Path

import pytest

import anomsynth as asy

ROOT = Path(__file__).parents[2]
TORCH = ("train", "evaluate", "predict")
FILES = [
    pytest.param(path, id=path.stem, marks=pytest.mark.torch if path.stem in TORCH else ())
    for path in sorted((ROOT / "anomsynth" / "api").glob("[!_]*.py"))
]


@pytest.mark.parametrize("path", FILES)
def test_examples_run(path: Path, tmp_path, monkeypatch) -> None:
    for package in ("torch", "timm", "lightning_fabric") if path.stem in TORCH else ():
        pytest.importorskip(package)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    result = doctest.testmod(importlib.import_module(f"anomsynth.api.{path.stem}"))

    assert result.failed == 0
    assert result.attempted > 0 or path.stem == "options"


def test_every_function_has_an_example() -> None:
    functions = [getattr(asy, name) for name in asy.__all__ if name.islower()]
    ours = [one for one in functions if getattr(one, "__module__", "").startswith("anomsynth.api")]

    assert len(ours) >= 9
    for function in ours:
        assert ">>> " in function.__doc__
