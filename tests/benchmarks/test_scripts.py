"""The scripts behind the numbers of RESULTS.md run, here with next to nothing to measure."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from anomsynth.dataset.images import write_png
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import load_recipe
from anomsynth.testing import make_pixels

HERE = Path(__file__).parent

pytestmark = pytest.mark.slow


def call(name: str, *words: object) -> str:
    """Run a script; return what it prints."""
    command = [sys.executable, str(HERE / name), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells(table: str, name: str) -> list[str]:
    """Return the cells of the only row of a Markdown table that has this name."""
    (row,) = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", table, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


@pytest.fixture
def normals(tmp_path, write_photos) -> Path:
    """Write two small photos of each of two categories."""
    return write_photos(tmp_path / "normals", 2)


def test_the_table_of_speeds_has_a_figure_in_every_cell() -> None:
    said = call("table.py", "--sizes", 256, "--photos", 1, "--rounds", 1, "--workers", 0)

    assert re.search(r"as long as on an AMD EPYC: \d+\.\d at 256 x 256, \d+\.\d at 1024", said)
    assert all(int(cell) > 0 for cell in cells(said, "256 x 256, preset `generic`"))
    for name in ("refined and scored", "neither refined nor scored"):
        found = [cell.split(", ") for cell in cells(said, f"256 x 256, {name}")]
        assert all(float(ms) > 0 for ms, _ in found)
        assert all(float(ratio.removesuffix(" x")) > 1 for _, ratio in found)
    assert "workers" not in said


def test_encoders_are_compared_by_time_and_size() -> None:
    pytest.importorskip("zlib_ng")

    said = call("png.py", "--rounds", 1)

    for name in ("rendered, 256 RGB", "mask, 1024"):
        shares = [list(map(float, cell.split(" / "))) for cell in cells(said, name)[:2]]
        assert shares[0][1] == shares[1][1] <= 1.05
    assert len(call("processors.py").strip()) == 64


def test_many_tiny_samples_are_measured(tmp_path) -> None:
    said = call("many.py", tmp_path, "--samples", "60,120", "--side", 48)

    for name in ("generate", "validate", "export --to coco", "export --to yolo", "score", "report"):
        few, many, _ = cells(said, name)
        assert all(re.fullmatch(r"\d+\.\d\d ms, \d+ MB", cell) for cell in (few, many))
    assert "exit code" not in said


def test_checkouts_are_compared_on_the_same_photos(normals, tmp_path) -> None:
    root = HERE.parents[1]

    said = call("paired.py", normals, tmp_path, root, root, "--first", 1, "--rounds", 1)

    rows = re.findall(rf"^\| {root.name} \| (.*) \| (.*) \| (.*) \|$", said, re.MULTILINE)
    assert len(rows) == 2
    assert rows[0][1] == "1.00"
    assert all(float(took) > 0 and size == "1.00" for took, _, size in rows)


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="no page cache to be emptied here")
def test_what_a_dataset_costs_a_disk_is_told(normals, tmp_path) -> None:
    dataset, work = tmp_path / "dataset", tmp_path / "work"
    options = RunOptions(per_image=1, test_share=0.5)
    run(make_plan(normals, dataset, load_recipe("generic"), options))

    said = call(
        "storage.py", dataset, work, "--normals", normals, "--shards", 2, "--count", 1, "--jobs", 1
    )

    assert said.startswith("8 pictures; milliseconds a picture")  # 4 good ones, 4 samples
    loose, packed = map(int, cells(said, "files"))
    assert (loose, packed) == (12, len(list((work / "webdataset").glob("*.tar"))))
    for name in ("list with sizes", "read in order", "copy"):
        assert all(float(cell) >= 0 for cell in cells(said, name))
    assert "merge of 2 shards, 2 samples and 4 good photos: " in said
    assert sorted(path.name for path in work.iterdir()) == ["shards", "webdataset"]


def test_a_dry_run_of_the_full_size_is_killed_and_resumed_to_its_end(tmp_path) -> None:
    said = call(
        "full_size.py", tmp_path, "--categories", 2, "--photos", 1, "--count", 1,
        "--kill-after", 0, "--jobs", 1,
    )  # fmt: skip

    killed, resumed, rest = said.split("\n", 2)
    assert killed.endswith("exit code -9, 0 samples on disk")
    assert resumed.endswith("exit code 0, 2 samples on disk")
    report = json.loads(rest)
    assert report["categories"] == report["photos"] == 2
    assert report["samples"] == report["asked"] == 2
    assert report["peak_mb_parent"] > 0


def test_the_table_of_detectors_has_numbers_of_each_set(tmp_path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("timm")
    for name in ("plate", "tile"):
        for number in range(8):
            pixels = make_pixels(64, 64, seed=number + 10 * len(name))[..., 0].copy()
            folder = tmp_path / name / ("train/good", "test/good", "test/dent")[min(number // 3, 2)]
            folder.mkdir(parents=True, exist_ok=True)
            if number >= 6:
                truth = tmp_path / name / "ground_truth/dent"
                truth.mkdir(parents=True, exist_ok=True)
                mask = np.zeros((64, 64), np.uint8)
                mask[10:30, 20:40] = 255
                pixels[mask > 0] //= 3
                write_png(truth / f"{number}_mask.png", mask, truth)
            write_png(folder / f"{number}.png", pixels, folder)
    sets = (tmp_path / "plate", tmp_path / "tile")
    small = ("--samples", 3, "--size", 64, "--epochs", 1)

    said = call(
        *("neighbours.py", tmp_path / "work", *sets, *small, "--unified"),
        *("--detectors", "pyramid:width=8@jitter:share=0.5 onenip:width=8"),
    )

    assert "| detector | plate | tile | mean |" in said
    for name in ("`pyramid:width=8@jitter:share=0.5`", "`onenip:width=8`"):
        for cell in cells(said, name):
            assert all(0 <= float(value) <= 100 for value in cell.split(" / "))
    assert list((tmp_path / "work/unified").glob("*/model.safetensors"))
