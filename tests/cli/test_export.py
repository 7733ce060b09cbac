"""`anomsynth export` writes other formats and says what it left out."""

import json
import runpy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from anomsynth.cli.main import app

MADE = runpy.run_path(str(Path(__file__).parents[1] / "consumers" / "traps.py"))


@pytest.fixture
def dataset(tmp_path) -> Path:
    return MADE["sound_tree"](tmp_path / "data").parent


def export(*words):
    return CliRunner().invoke(app, ["export", *map(str, words)])


def test_writes_one_format_and_says_how_to_load_it(dataset, tmp_path) -> None:
    result = export(dataset, tmp_path / "out", "--to", "coco")

    assert result.exit_code == 0
    assert f"coco: 12 images -> {tmp_path / 'out'}" in result.stdout
    assert "from pycocotools.coco import COCO" in result.stdout
    assert (tmp_path / "out/annotations/instances_train.json").is_file()


def test_several_formats_have_folders_of_their_own(dataset, tmp_path) -> None:
    result = export(dataset, tmp_path / "out", "--to", "yolo,anomalib-tabular,uniad_json")

    assert result.exit_code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["anomalib-tabular", "uniad-json", "yolo"]


def test_options_reach_the_formats_that_have_them(dataset, tmp_path) -> None:
    words = ["--to", "webdataset,coco", "--val-share", 0, "--shard-size", 5, "--seed", 3]
    result = export(dataset, tmp_path / "out", *words)

    assert result.exit_code == 0
    shards = sorted(path.name for path in (tmp_path / "out/webdataset").glob("*.tar"))
    assert shards == [f"train-00000{number}.tar" for number in range(3)]
    assert not list((tmp_path / "out/coco").rglob("*val*"))


def test_relative_paths_and_a_licence(dataset, tmp_path) -> None:
    words = ["--to", "anomalib-tabular,croissant", "--relative", "--license", "CC0-1.0"]
    export(dataset, tmp_path / "out", *words)

    table = (tmp_path / "out/anomalib-tabular/plate.csv").read_text()
    described = json.loads((tmp_path / "out/croissant/croissant.json").read_text())
    assert "\nplate/test/crack/000000.png,1,test,plate/ground_truth/crack/" in table
    assert described["license"] == "CC0-1.0"


def test_bad_pictures_are_one_line_each_and_code_3(dataset, tmp_path) -> None:
    (dataset / "plate/ground_truth/crack/000000_mask.png").unlink()
    (dataset / "plate/test/good/000001.png").write_bytes(b"")

    result = export(dataset, tmp_path / "out", "--to", "coco", "--quiet")

    assert (result.exit_code, result.stdout) == (3, "")
    assert sorted(result.stderr.splitlines()) == [
        "anomsynth: left out: plate/test/crack/000000.png: it has no mask",
        "anomsynth: left out: plate/test/good/000001.png: the file is empty",
    ]
    assert (tmp_path / "out/annotations/instances_train.json").is_file()


def test_json_is_one_result(dataset, tmp_path) -> None:
    (dataset / "plate/ground_truth/crack/000000_mask.png").unlink()

    result = export(dataset, tmp_path / "out", "--to", "coco", "--json")

    shown = json.loads(result.stdout)
    done = {"format": "coco", "out": str(tmp_path / "out"), "images": 11, "left_out": 1}
    assert shown["exports"] == [{**done, "not_carried": {}}]
    assert shown["left_out"] == {"plate/test/crack/000000.png": "it has no mask"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "cocoa"], "did you mean 'coco'?"),
        (["--to", ","], "--to"),
        (["--to", "coco", "--shard-size", "9"], "--shard-size: coco has no such option"),
        (["--to", "coco", "--relative"], "--relative: coco has no such option"),
        (["--to", "uniad-json", "--val-share", "0.1"], "--val-share: uniad-json has no"),
        (["--to", "webdataset", "--shard-size", "big"], "a size like 500MB, got 'big'"),
        (["--to", "yolo", "--val-share", "0"], "val_share"),
        ([], "--to"),
    ],
)
def test_wrong_words_are_one_line_and_nothing_is_written(dataset, tmp_path, words, said) -> None:
    result = export(dataset, tmp_path / "out", *words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_needs_overwrite(dataset, tmp_path) -> None:
    words = [dataset, tmp_path / "out", "--to", "coco"]
    export(*words)

    refused, replaced = export(*words), export(*words, "--overwrite")

    assert (refused.exit_code, replaced.exit_code) == (2, 0)
    assert "--overwrite" in refused.stderr


def test_no_format_is_written_if_one_cannot_be(dataset, tmp_path) -> None:
    (tmp_path / "out/yolo").mkdir(parents=True)
    (tmp_path / "out/yolo/mine.txt").write_text("mine")

    result = export(dataset, tmp_path / "out", "--to", "coco,yolo")

    assert result.exit_code == 2
    assert not (tmp_path / "out/coco").exists()


def test_fields_of_built_in_formats_are_options_too_each_format_taking_its_own(
    dataset, tmp_path
) -> None:
    words = [dataset, tmp_path / "out", "--to", "coco,webdataset"]
    result = export(*words, "--option", "val_share=0.5", "--option", "shard-size=1")

    assert result.exit_code == 0, result.stderr
    made = json.loads((tmp_path / "out/coco/.anomsynth-export.json").read_text())["format"]
    assert made["val_share"] == 0.5
    assert len(list((tmp_path / "out/webdataset").glob("train-*.tar"))) > 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--option", "val_shar=0.5"], "did you mean 'val_share'?"),
        (["--option", "val_share=many"], "valid number"),
        (["--option", "val_share"], "expected NAME=VALUE, got 'val_share'"),
        (["--option", "seed=1", "--option", "seed=2"], "given twice"),
        (["--option", "val_share=0.5", "--val-share", "0.2"], "given twice"),
        (["--option", "kind=yolo"], "no field 'kind'"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(dataset, tmp_path, words, said) -> None:
    result = export(dataset, tmp_path / "out", "--to", "coco", *words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "out").exists()
