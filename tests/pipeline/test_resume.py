"""Whatever stops a run, resuming it ends in the bytes of a run that nothing stopped."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import anomsynth
from anomsynth.dataset.images import write_png
from anomsynth.pipeline.events import SampleDone, Started
from anomsynth.pipeline.replay import replay

EXTRAS = ("class", "height", "foreground")
SCRIPT = """
import json, signal, sys
from pathlib import Path
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import build_recipe

# A shell makes its jobs in the background, and all that they start, deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
source, out, recipe, jobs = sys.argv[1:]
extras = ("class", "height", "foreground")
options = RunOptions(per_image=4, jobs=int(jobs), resume=True, extras=extras)
plan = make_plan(Path(source), Path(out), build_recipe(json.loads(recipe), "test"), options)
try:
    run(plan, lambda event: print(type(event).__name__, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def start(source: Path, out: Path, recipe, jobs: int) -> subprocess.Popen:
    settings = recipe.model_dump_json()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(source), str(out), settings, str(jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(anomsynth.__file__).parents[1],
    )


@pytest.fixture
def large(datasets, photo_maker):
    """Return a datasets of ten photos."""
    folder = photo_maker(datasets.root / "part", *(f"{n}.png" for n in range(10)))
    return replace(datasets, source=folder)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_ends_in_the_same_bytes(large, recipe, jobs) -> None:
    large.make("whole", per_image=4, extras=EXTRAS)
    out = large.root / "out"
    rng = np.random.default_rng(jobs)
    unfinished = 0

    for _ in range(3):
        process = start(large.source, out, recipe, jobs)
        assert process.stdout.readline() == "Started\n", process.stderr.read()
        for _ in range(rng.integers(0, 8)):
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.communicate()
        unfinished += (out / "_anomsynth" / "journal.jsonl").exists()
    process = start(large.source, out, recipe, jobs)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    assert unfinished >= 2
    assert large.tree("out") == large.tree("whole")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_cleanly(large, recipe, jobs) -> None:
    out = large.root / "out"
    process = start(large.source, out, recipe, jobs)
    for _ in range(3):
        process.stdout.readline()

    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    assert output.endswith("interrupted\n")
    assert "Traceback" not in errors
    assert not (out / "_anomsynth" / ".tmp").exists()
    large.make("out", per_image=4, extras=EXTRAS, resume=True)
    large.make("whole", per_image=4, extras=EXTRAS)
    assert large.tree("out") == large.tree("whole")


@pytest.mark.slow
@pytest.mark.parametrize(("method", "least"), [("replace", 8), ("unlink", 1)])
def test_a_death_between_any_two_writes_is_made_good(
    datasets, photo_maker, monkeypatch, method, least
) -> None:
    small = replace(datasets, source=photo_maker(datasets.root / "part", "a.bmp"))
    small.make("whole", per_image=1, extras=EXTRAS)
    whole = small.tree("whole")
    really = getattr(Path, method)
    deaths = 0

    for moment in range(100):
        calls = 0

        def dies(path, *rest, moment=moment, **options):
            nonlocal calls
            calls += 1
            if calls > moment:  # a dead process cleans nothing up either
                raise Killed
            return really(path, *rest, **options)

        out = f"out{moment}"
        monkeypatch.setattr(Path, method, dies)
        monkeypatch.setattr("shutil.rmtree", lambda *_, **__: None)
        try:
            small.make(out, per_image=1, extras=EXTRAS)
        except Killed:
            deaths += 1
        monkeypatch.undo()
        if calls <= moment:
            break
        small.make(out, per_image=1, extras=EXTRAS, resume=True)
        assert small.tree(out) == whole, f"after {moment} calls"

    assert deaths >= least


def test_only_what_is_missing_is_made_again(photos, tmp_path, make, tree) -> None:
    make(photos, tmp_path / "out", per_image=2, extras=EXTRAS)
    whole = tree(tmp_path / "out")
    next((tmp_path / "out" / "my part" / "ground_truth").rglob("*.png")).unlink()
    events = []

    make(photos, tmp_path / "out", per_image=2, extras=EXTRAS, resume=True, on_event=events.append)

    assert events[0] == Started(total=8, done=6)
    assert sum(isinstance(event, SampleDone) for event in events) == 2
    assert tree(tmp_path / "out") == whole


@pytest.mark.parametrize("pattern", ["my part/test/*/*.png", "my part/train/*/*.png", "**/*.tiff"])
def test_damaged_files_are_made_again(photos, tmp_path, make, tree, pattern) -> None:
    make(photos, tmp_path / "out", per_image=1, extras=EXTRAS)
    whole = tree(tmp_path / "out")
    victims = sorted((tmp_path / "out").glob(pattern))
    victims[0].write_bytes(b"")
    if pattern.endswith("png"):
        write_png(victims[-1], np.zeros((96, 128), np.uint8), tmp_path)

    make(photos, tmp_path / "out", per_image=1, extras=EXTRAS, resume=True)

    assert tree(tmp_path / "out") == whole


def test_resuming_a_finished_run_changes_nothing(photos, tmp_path, make, tree) -> None:
    first = make(photos, tmp_path / "out", per_image=2)
    whole = tree(tmp_path / "out")
    events = []

    again = make(photos, tmp_path / "out", per_image=2, resume=True, on_event=events.append)

    assert tree(tmp_path / "out") == whole
    assert events == [Started(total=8, done=8), again]
    assert (again.written, again.by_kind) == (first.written, first.by_kind)


def test_resuming_an_empty_folder_starts_from_nothing(photos, tmp_path, make, tree) -> None:
    make(photos, tmp_path / "a", per_image=1, resume=True)
    make(photos, tmp_path / "b", per_image=1)

    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_a_photo_that_was_mended_is_used_when_resumed(photos, tmp_path, make, tree) -> None:
    good = (photos / "a.png").read_bytes()
    (photos / "a.png").write_bytes(good[:100])
    make(photos, tmp_path / "out", per_image=1)
    (photos / "a.png").write_bytes(good)

    finished = make(photos, tmp_path / "out", per_image=1, resume=True)
    make(photos, tmp_path / "whole", per_image=1)

    assert finished.failed == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_resumed_run_does_not_depend_on_the_journals_order(photos, tmp_path, make, tree) -> None:
    make(photos, tmp_path / "out", per_image=1)
    whole = tree(tmp_path / "out")
    manifest = tmp_path / "out/_anomsynth/my part/manifest.jsonl"
    groups: dict[str, list[str]] = {}
    for line in manifest.read_text().splitlines(keepends=True):
        groups.setdefault(json.loads(line)["image"], []).append(line)
    manifest.write_text("".join("".join(lines) for lines in reversed(groups.values())))

    make(photos, tmp_path / "out", per_image=1, resume=True)

    assert tree(tmp_path / "out") == whole


@pytest.mark.parametrize("ended", [True, False])
def test_photos_that_were_replaced_are_done_anew(datasets, photo_maker, monkeypatch, ended) -> None:
    other = photo_maker(datasets.root / "other", "x.png", "y.png")
    if not ended:
        monkeypatch.setattr("anomsynth.pipeline.run._finish", dies)
    with contextlib.nullcontext() if ended else pytest.raises(Killed):
        datasets.make("out", per_image=4, extras=EXTRAS)
    monkeypatch.undo()
    (datasets.source / "a.png").write_bytes((other / "x.png").read_bytes())
    (datasets.source / "d.jpg").write_bytes(b"no picture any more")

    datasets.make("out", per_image=4, extras=EXTRAS, resume=True)
    datasets.make("whole", per_image=4, extras=EXTRAS)

    assert datasets.tree("out") == datasets.tree("whole")
    assert replay(datasets.root / "out", "my part/0").kinds


def dies(*_: object) -> None:
    raise Killed
