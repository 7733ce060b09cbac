"""Training, evaluation and prediction from Python are those of the commands, and print nothing."""

import importlib.util
import inspect
import json
import sys
from pathlib import Path

import pytest

import anomsynth as asy
from anomsynth import cli
from anomsynth.errors import MissingExtraError, UserError

needs_torch = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "timm", "lightning_fabric")),
    reason="needs the train extra",
)
pytestmark = pytest.mark.torch
QUICK = {"weights": "uniform", "size": 64, "epochs": 1}


@pytest.fixture
def dataset(tmp_path, write_photos) -> Path:
    """Make one sample of each photo, some of them good ones for tests."""
    photos = write_photos(tmp_path / "photos", 5) / "plate"
    asy.generate(photos, tmp_path / "set", kinds="pitting", per_image=1, test_share=0.4, jobs=1)
    return tmp_path / "set"


@needs_torch
def test_a_detector_is_trained_measured_and_used_as_by_the_commands(
    dataset, tmp_path, call, tree, capfd
) -> None:
    counted: list[tuple[int, int]] = []
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"

    asy.train(dataset, ours, **QUICK)
    measured = asy.evaluate(
        ours, dataset, bootstrap=3, on_progress=lambda *now: counted.append(now)
    )
    found = asy.predict(ours, dataset / "plate/test/good", ours / "maps")
    printed = capfd.readouterr()
    call("train", dataset, "--out", theirs, "--weights", "uniform", "--size", 64, "--epochs", 1)
    said = call("evaluate", theirs, dataset, "--bootstrap", 3, "--json")
    call("predict", theirs, dataset / "plate/test/good", "--out", theirs / "maps")

    assert printed == ("", "")
    assert tree(ours)["model.safetensors"] == tree(theirs)["model.safetensors"]
    renamed = {
        name: content.replace(b"theirs", b"ours") for name, content in tree(theirs / "maps").items()
    }
    assert tree(ours / "maps") == renamed
    assert json.loads(said.stdout)["mean"] == measured.mean
    assert counted[-1] == (7, 7)
    assert len(found.decisions) == 2


@pytest.mark.parametrize("name", ["train", "evaluate", "predict", "export_model"])
def test_options_and_defaults_are_those_of_the_command(name) -> None:
    command = inspect.signature(getattr(getattr(cli, name), name)).parameters
    function = inspect.signature(getattr(asy, name)).parameters

    shared = [option for option in command if option not in {"quiet", "as_json", "fields"}]
    assert [option for option in function if not option.startswith("on_")] == shared
    for option in shared:
        assert function[option].default == command[option].default, option


@pytest.mark.parametrize("name", ["train", "evaluate", "predict"])
def test_a_missing_package_is_named_before_anything_is_read(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    given = [tmp_path / "a", tmp_path / "b", *([tmp_path / "c"] if name == "predict" else [])]

    with pytest.raises(MissingExtraError, match="safetensors") as caught:
        getattr(asy, name)(*given)

    assert caught.value.hint == "pip install 'anomsynth[train]'"


@needs_torch
def test_mistakes_name_the_option(tmp_path) -> None:
    with pytest.raises(UserError, match="`epochs` and `minutes` exclude"):
        asy.train(tmp_path, tmp_path / "run", epochs=1, minutes=1)
    with pytest.raises(UserError, match="`size`: expected a multiple of 32"):
        asy.train(tmp_path, tmp_path / "run", size=100)
    with pytest.raises(UserError, match="`size`: expected a whole number, got 'x'"):
        asy.train(tmp_path, tmp_path / "run", size="x")
    with pytest.raises(UserError, match=r"`weights`: expected bilevel, .* got 'nope'"):
        asy.train(tmp_path, tmp_path / "run", weights="nope")
    with pytest.raises(UserError, match="`hypergrad`: expected implicit, unrolled, got 'nope'"):
        asy.train(tmp_path, tmp_path / "run", hypergrad="nope")
    with pytest.raises(UserError, match="`file_format`: expected png16, tiff, got 'jpg'"):
        asy.predict(tmp_path, tmp_path, tmp_path, file_format="jpg")
    with pytest.raises(UserError, match="`bootstrap`: must be at least 0"):
        asy.evaluate(tmp_path, tmp_path, bootstrap=-1)
    with pytest.raises(UserError, match="`threshold`: expected a finite number"):
        asy.predict(tmp_path, tmp_path, tmp_path, threshold=float("nan"))
