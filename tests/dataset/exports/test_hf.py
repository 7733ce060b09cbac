"""`datasets` loads a Hugging Face export offline."""

import json

import numpy as np
import pytest

# The packages' own warnings are not ours to repair.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def load(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()

    def load(out):
        return datasets.load_dataset(
            "imagefolder", data_dir=str(out), cache_dir=str(tmp_path / "cache")
        )

    return load


@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_images_masks_and_facts_come_back(write, load, truth, request, name) -> None:
    dataset = request.getfixturevalue(name)
    exported = write(dataset, "hf")

    loaded = load(exported.out)

    assert sorted(loaded) == ["train", "validation"]
    rows = [row for split in loaded.values() for row in split]
    assert len(rows) == exported.images
    for row in rows:
        mask = np.array(row["mask"])
        assert np.array_equal(mask > 0, truth(dataset, row["id"]))
        assert set(np.unique(mask)) <= {0, 255}
        assert row["image"].size == row["mask"].size
        assert row["label"] == int(row["kind"] != "good") == int(mask.any())
        assert len(row["objects"]["bbox"]) == len(row["objects"]["kind"])
        if row["label"] and name == "ours":
            assert 0 < row["score"] <= 1
            assert set(row["objects"]["kind"]) <= {"crack", "pitting"}


def test_a_split_without_defects_has_the_columns_of_the_other(write, load, foreign) -> None:
    for path in sorted(foreign.glob("plate/*/*/*")):
        if path.parent.name != "good" and (path.parent.name, path.stem[:6]) != ("crack", "000000"):
            path.unlink()
    out = write(foreign, "hf").out

    columns = {
        frozenset(json.loads(line))
        for table in out.glob("*/metadata.jsonl")
        for line in table.read_text().splitlines()
    }

    assert len(columns) == 1
    assert "objects" not in next(iter(columns))
    assert len(load(out)["validation"]) > 0
