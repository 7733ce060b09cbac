"""A manifest line is enough to make its sample again."""

import json

import numpy as np
import pytest

from anomsynth.dataset.images import read_photo, write_png
from anomsynth.dataset.manifest import read_lines, to_json
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.replay import replay
from anomsynth.recipe.load import load_recipe


@pytest.fixture
def dataset(photos, tmp_path, make):
    """Return a dataset of eight samples."""
    make(photos, tmp_path / "out", per_image=2)
    return tmp_path / "out"


def test_every_sample_replays(dataset) -> None:
    for line in read_lines(dataset / "_anomsynth" / "my part" / "manifest.jsonl"):
        if line["what"] != "sample":
            continue
        sample = replay(dataset, line["id"])

        stored = read_photo(dataset / line["files"]["image"])
        label = read_photo(dataset / line["files"]["mask"]).pixels[..., 0]
        assert np.array_equal(sample.image.reshape(stored.pixels.shape), stored.pixels)
        assert np.array_equal(sample.mask, label == 255)
        assert json.loads(to_json(sample.record)) == line["record"]


def test_masks_of_the_run_are_used_again(photos, tmp_path, make) -> None:
    (tmp_path / "roi").mkdir()
    inside = np.zeros((96, 128), np.uint8)
    inside[20:80, 30:100] = 1
    for path in photos.iterdir():
        write_png(tmp_path / "roi" / f"{path.stem}_mask.png", inside, tmp_path)
    make(photos, tmp_path / "out", per_image=1, roi=tmp_path / "roi")

    sample = replay(tmp_path / "out", "my part/0")

    assert not (sample.strict & (inside == 0)).any()


def test_a_changed_photo_is_noticed(dataset, photos) -> None:
    write_png(photos / "a.png", np.full((96, 128), 7, np.uint8), photos.parent)

    with pytest.raises(InputError, match=r"a\.png: not the photo that my part/0 was made of"):
        replay(dataset, "my part/0")


def test_a_missing_photo_is_named(dataset, photos) -> None:
    (photos / "a.png").unlink()

    with pytest.raises(InputError, match=r"a\.png: no such file"):
        replay(dataset, "my part/0")


def test_another_result_is_an_error_that_names_the_versions(dataset) -> None:
    path = dataset / "_anomsynth" / "run.json"
    record = json.loads(path.read_text())
    record["versions"]["numpy"] = "1.0"
    record["recipe"]["severity"]["d_prime"] = [8.0, 8.0]
    path.write_text(json.dumps(record))

    with pytest.raises(OutputError, match="came out differently") as caught:
        replay(dataset, "my part/0")

    assert "numpy was 1.0, is" in caught.value.hint


@pytest.mark.parametrize(
    ("sample_id", "reason"),
    [
        ("other/0", "no such category"),
        ("0", "no such category"),
        ("my part/99", "no such sample"),
        ("my part/x", "no such sample"),
    ],
)
def test_unknown_samples_are_named(dataset, sample_id, reason) -> None:
    with pytest.raises(OutputError, match=reason) as caught:
        replay(dataset, sample_id)

    assert sample_id in str(caught.value)
    assert caught.value.hint


def test_a_foreign_folder_has_no_samples(tmp_path) -> None:
    with pytest.raises(OutputError, match="not a dataset of anomsynth"):
        replay(tmp_path, "screw/0")


def test_a_run_that_recorded_its_components_as_parts_replays_and_resumes(
    photos, tmp_path, make
) -> None:
    (tmp_path / "marks").mkdir()
    marks = np.zeros((96, 128), np.uint8)
    marks[30:60, 40:80] = 1
    for path in photos.iterdir():
        write_png(tmp_path / "marks" / path.name, marks, tmp_path)
    kinds = [{"generator": {"kind": "missing_part"}}]
    recipe = load_recipe("generic", mechanisms=kinds, gates={"min_pixels": 1})
    wanted = {"recipe": recipe, "per_image": 1, "components": tmp_path / "marks"}
    make(photos, tmp_path / "out", **wanted)
    written = tmp_path / "out" / "_anomsynth" / "run.json"
    record = json.loads(written.read_text())
    record["options"]["parts"] = record["options"].pop("components")
    written.write_text(json.dumps(record))

    sample = replay(tmp_path / "out", "my part/0")

    assert sample.kinds == ("missing_part",)
    assert make(photos, tmp_path / "out", **wanted, resume=True).written == 4
