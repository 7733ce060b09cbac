"""`anomsynth replay` rebuilds a sample and proves that it is the same."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def dataset(call, photos, recipe_file, tmp_path):
    out = tmp_path / "out"
    call("generate", photos, out, "--preset", recipe_file, "--jobs", 1, "--count", 1)
    return out


def read(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def first_sample(dataset) -> tuple[str, dict]:
    manifest = dataset / "_anomsynth" / "plate" / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    line = next(line for line in lines if line["what"] == "sample")
    return f"plate/{line['number']}", line


def test_writes_the_images_that_are_in_the_dataset(call, dataset, tmp_path) -> None:
    sample_id, _ = first_sample(dataset)
    saved = next((dataset / "plate" / "ground_truth").rglob("*.png"))

    result = call("replay", dataset, sample_id, "--out", tmp_path / "again")

    assert result.exit_code == 0
    assert f"{sample_id}: identical" in result.stdout
    assert "Next: anomsynth report" in result.stdout
    rebuilt = tmp_path / "again" / f"{sample_id.replace('/', '_')}_mask.png"
    assert np.array_equal(read(rebuilt), read(saved))


def test_writes_nothing_unless_asked(call, dataset, tmp_path) -> None:
    before = sorted(tmp_path.rglob("*"))

    result = call("replay", dataset, first_sample(dataset)[0])

    assert result.exit_code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_json_is_one_object(call, dataset) -> None:
    sample_id, line = first_sample(dataset)

    shown = json.loads(call("replay", dataset, sample_id, "--json").stdout)

    assert shown["identical"] is True
    assert shown["kinds"] == line["record"]["kinds"]


def test_quiet_prints_nothing(call, dataset) -> None:
    result = call("replay", dataset, first_sample(dataset)[0], "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_a_changed_photo_is_noticed(call, dataset, photos) -> None:
    for path in (photos / "plate").iterdir():
        Image.fromarray(255 - read(path)).save(path)

    result = call("replay", dataset, first_sample(dataset)[0])

    assert result.exit_code == 2
    assert "not the photo" in result.stderr


@pytest.mark.parametrize("sample_id", ["plate/999", "plat/0", "plate", "plate/x"])
def test_an_unknown_sample_is_named(call, dataset, sample_id) -> None:
    result = call("replay", dataset, sample_id)

    assert result.exit_code == 2
    assert sample_id in result.stderr


def test_a_folder_without_a_dataset_is_named(call, photos) -> None:
    result = call("replay", photos, "plate/0")

    assert result.exit_code == 2
    assert "photos" in result.stderr
