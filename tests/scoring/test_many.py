"""Memory grows by less than 0.3 kB with each sample, whatever is done with a dataset."""

import json
import tracemalloc
from collections import deque
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.core.sample import Quality
from anomsynth.dataset.exports import read_source
from anomsynth.dataset.exports._split import divide
from anomsynth.dataset.labelled import find_labelled
from anomsynth.dataset.validate import validate
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.units import PieceList
from anomsynth.recipe.load import load_recipe
from anomsynth.reports.collect import collect
from anomsynth.reports.page import build_page
from anomsynth.scoring.score import score_dataset
from anomsynth.scoring.selection import Candidate, select
from anomsynth.scoring.tables import write_scores

FEW, MANY = 200, 1000
MOST = 300  # bytes a sample
SIDE = 12


class Half:
    """Scores in no time, with as many terms and reasons as a real score has."""

    def score(self, image, mask, *, original=None, residuals=None) -> Quality:
        terms = {f"term_{nth}": 0.1 + float(image[0, 0, 0]) / 1000 for nth in range(20)}
        return Quality(0.5, 0.5, 0.5, terms, terms, ("it is made up", "there is nothing to see"))


def make(root: Path, count: int) -> Path:
    """Write a dataset of ours in short: pictures, masks and a manifest with long lines."""
    for folder in ("train/good", "test/good", "test/scratch", "ground_truth/scratch"):
        (root / "part" / folder).mkdir(parents=True)
    metadata = root / "_anomsynth" / "part"
    metadata.mkdir(parents=True)
    (metadata.parent / "run.json").write_text("{}")
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[3:6, 2:8] = 255
    with (metadata / "manifest.jsonl").open("w") as manifest:
        for number in range(count):
            pixels = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE), np.uint8)
            files = {
                "image": f"part/test/scratch/{number:06d}.png",
                "mask": f"part/ground_truth/scratch/{number:06d}_mask.png",
            }
            if number % 20 == 0:
                files = {"image": f"part/{'train' if number else 'test'}/good/{number:06d}.png"}
            cv2.imwrite(str(root / files["image"]), pixels)
            if "mask" in files:
                cv2.imwrite(str(root / files["mask"]), mask)
            line = {
                "what": "sample" if "mask" in files else "normal",
                "category": "part",
                "image": f"{number // 20}.png",
                "files": files,
                "scores": {"score": 0.5},
                "record": {"instances": [{"kind": "scratch", "pad": "x" * 900}]},
            }
            manifest.write(json.dumps(line) + "\n")
    return root


@pytest.fixture(scope="module")
def datasets(tmp_path_factory) -> tuple[Path, Path]:
    """Return a dataset of few samples and one of many."""
    folder = tmp_path_factory.mktemp("many")
    return make(folder / "few", FEW), make(folder / "many", MANY)


def list_them(root: Path) -> object:
    return find_labelled(root)


def divide_them(root: Path) -> object:
    source = read_source(root)
    return source, divide(source.pictures, 0.2, 0), source.kinds


def check_them(root: Path) -> object:
    return validate(root)


def score_them(root: Path) -> object:
    scored = score_dataset(find_labelled(root), Half())
    candidates = [Candidate(one.item, 0.5) for one in scored[:3]]
    write_scores(root.parent / "scores", scored, root, {})
    return scored, select(candidates, min_score=0.2)


def show_them(root: Path) -> object:
    found = collect(root, Half(), root.parent / "page.html")
    deque(build_page(found), maxlen=0)
    return found


def plan_them(root: Path) -> object:
    plan = make_plan(
        root / "part" / "test" / "scratch",
        root.parent / "out",
        load_recipe("metal"),
        RunOptions(source_layout="photos"),
    )
    return plan, PieceList(plan.units)


@pytest.mark.parametrize(
    "work", [list_them, divide_them, check_them, score_them, show_them, plan_them]
)
def test_memory_hardly_grows_with_the_number_of_samples(
    work: Callable[[Path], object], datasets, monkeypatch
) -> None:
    monkeypatch.setattr("anomsynth.dataset.spill.IN_MEMORY", 1)  # what is kept goes to disk at once
    few, many = datasets
    work(few)  # for what is imported at first use

    # The least of several: now and then Python's table of interned names grows by megabytes.
    grown = min(peak(work, many) for _ in range(3)) - min(peak(work, few) for _ in range(3))

    assert grown / (MANY - FEW) < MOST


def peak(work: Callable[[Path], object], root: Path) -> int:
    """Return the most bytes in use while a function works and its result is there."""
    tracemalloc.start()
    try:
        result = work(root)
        _, most = tracemalloc.get_traced_memory()
        del result
        return most
    finally:
        tracemalloc.stop()
