"""Tables for anomalib; anomalib itself runs in consumers/tabular_loads.py."""

import csv
from pathlib import Path

import pytest

from anomsynth.errors import InputError


def rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_path_is_absolute_and_there(write, ours) -> None:
    out = write(ours, "anomalib_tabular").out

    tables = sorted(out.glob("*.csv"))
    assert [table.stem for table in tables] == ["plate", "täfel chen"]
    for table in tables:
        for row in rows(table):
            assert Path(row["image_path"]).is_absolute()
            assert Path(row["image_path"]).is_file()
            assert (row["label_index"] == "1") == bool(row["mask_path"])
            assert not row["mask_path"] or Path(row["mask_path"]).is_file()


def test_relative_paths_start_at_the_table(write, ours) -> None:
    out = write(ours, "anomalib_tabular", absolute=False).out

    found = rows(out / "plate.csv")
    assert all((out / row["image_path"]).is_file() for row in found)
    assert not any(Path(row["image_path"]).is_absolute() for row in found)


def test_the_datasets_own_splits_are_kept(write, foreign) -> None:
    found = rows(write(foreign, "anomalib_tabular").out / "plate.csv")

    splits = [(row["split"], row["label_index"]) for row in found]
    assert splits.count(("train", "0")) == 4
    assert splits.count(("test", "0")) == 3
    assert splits.count(("test", "1")) == 6
    assert len(splits) == 13


def test_no_cell_but_a_mask_is_empty(write, ours) -> None:
    found = rows(write(ours, "anomalib_tabular").out / "plate.csv")

    empty = {name for row in found for name, value in row.items() if not value}
    assert empty == {"mask_path"}  # anomalib refuses tables with other empty cells


def test_defects_in_training_are_refused_as_anomalib_does(write, foreign) -> None:
    (foreign / "plate/test/dent").rename(foreign / "plate/train/dent")

    with pytest.raises(InputError, match="in the training set"):
        write(foreign, "anomalib_tabular")
