"""Damaged records, odd files and two runs at once end in one clear line."""

import errno
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.lock import alone_in
from anomsynth.errors import InputError, OutputError, RecipeError
from anomsynth.pipeline import backends
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.replay import replay
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import load_recipe


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_among_photos_is_passed_over_and_hangs_nothing(photos, tmp_path, make) -> None:
    os.mkfifo(photos / "pipe.png")
    (photos / "endless.png").symlink_to("/dev/zero")

    plan = make_plan(photos, tmp_path / "out", _recipe(make), RunOptions())
    with pytest.raises(InputError, match="a pipe, a device"):
        read_photo(photos / "pipe.png")

    assert plan.ignored == 2
    assert {unit.path.name for unit in plan.units}.isdisjoint({"pipe.png", "endless.png"})


def _recipe(make):
    return make.__closure__[0].cell_contents


def test_links_that_lead_nowhere_cost_themselves(photos, tmp_path, make) -> None:
    (photos / "loop.png").symlink_to("loop.png")
    (photos / "gone.png").symlink_to("nothing.png")
    (photos / "loop").symlink_to("loop")

    finished = make(photos, tmp_path / "out", per_image=1)

    assert finished.written > 0
    assert set(finished.failed_images) == {"my part/loop.png", "my part/gone.png"}
    with pytest.raises(InputError, match=r"loop\.png: a link that leads to itself"):
        read_photo(photos / "loop.png")
    with pytest.raises(InputError, match=r"gone\.png: a link to a file that is not there"):
        read_photo(photos / "gone.png")


def test_jfif_is_jpeg(tmp_path) -> None:
    Image.new("L", (8, 6), 99).save(tmp_path / "a.jfif", format="JPEG")

    assert read_photo(tmp_path / "a.jfif").pixels.shape == (6, 8, 1)


def test_an_emptied_record_does_not_block_overwriting(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    (tmp_path / "out" / "_anomsynth" / "run.json").write_text("")

    finished = make(photos, tmp_path / "out", per_image=1, overwrite=True)

    assert finished.written > 0


def test_an_emptied_record_lets_no_foreign_file_be_deleted(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    (tmp_path / "out" / "_anomsynth" / "run.json").write_text("")
    (tmp_path / "out" / "notes").mkdir()
    (tmp_path / "out" / "notes" / "mine.txt").write_text("keep")

    with pytest.raises(OutputError, match=r"mine\.txt: not made by anomsynth"):
        make(photos, tmp_path / "out", per_image=1, overwrite=True)
    assert (tmp_path / "out" / "notes" / "mine.txt").exists()


@pytest.mark.parametrize("place", ["my part/train", "my part", "_anomsynth"])
def test_nothing_is_written_through_a_linked_folder(place, photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    moved = tmp_path / "elsewhere"
    (tmp_path / "out" / place).rename(moved)
    (tmp_path / "out" / place).symlink_to(moved)

    with pytest.raises(OutputError, match="a link to a folder"):
        make(photos, tmp_path / "out", per_image=1, resume=True)


@pytest.mark.parametrize(
    "line",
    ['{"what": "sample"', "[1]", '{"what":"sample","index":"x","category":"my part"}', '{"a":1}'],
)
def test_broken_lines_of_a_manifest_are_named(line, photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    manifest = tmp_path / "out" / "_anomsynth" / "my part" / "manifest.jsonl"
    manifest.write_text(line + "\n" + manifest.read_text())

    for command in (
        lambda: make(photos, tmp_path / "out", per_image=1, resume=True),
        lambda: replay(tmp_path / "out", "my part/0"),
        lambda: asy.merge(tmp_path / "out"),
        lambda: asy.export(tmp_path / "out", tmp_path / "coco", to="coco"),
    ):
        with pytest.raises(OutputError, match=r"my part/manifest\.jsonl: line 1 is "):
            command()
    problems = asy.validate(tmp_path / "out").findings
    assert any(one.level == "error" and one.message.startswith("line 1 is") for one in problems)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("kind", ["pipe", "folder"])
@pytest.mark.parametrize("name", ["run.json", "my part/manifest.jsonl"])
def test_a_record_that_is_no_file_hangs_nothing(name, kind, photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    record = tmp_path / "out" / "_anomsynth" / name
    record.unlink()
    os.mkfifo(record) if kind == "pipe" else record.mkdir()

    for command in (
        lambda: make(photos, tmp_path / "out", per_image=1, resume=True),
        lambda: replay(tmp_path / "out", "my part/0"),
        lambda: asy.merge(tmp_path / "out"),
    ):
        with pytest.raises(OutputError, match=f"{name}: cannot be read: (no file but|Is a dir)"):
            command()


def test_a_damaged_number_of_a_sample_is_named_by_replay(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)
    manifest = tmp_path / "out" / "_anomsynth" / "my part" / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace('"index":0', '"index":"zero"'))

    with pytest.raises(OutputError, match=r"manifest\.jsonl: line \d is damaged: index: input"):
        replay(tmp_path / "out", "my part/0")


def test_a_second_run_into_the_same_folder_is_refused(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "out", per_image=1)

    with (
        alone_in(tmp_path / "out"),
        pytest.raises(OutputError, match="another run writes into it"),
    ):
        make(photos, tmp_path / "out", per_image=1, overwrite=True)

    assert list((tmp_path / "out" / "my part" / "train" / "good").iterdir())


def test_a_billion_samples_are_planned_without_being_listed(photos, tmp_path, make) -> None:
    started = time.perf_counter()

    plan = make_plan(photos, tmp_path / "out", _recipe(make), RunOptions(per_image=10**9))

    assert sum(unit.piece_count for unit in plan.units) > 10**7
    assert time.perf_counter() - started < 5


def test_without_semaphores_threads_do_the_work(
    photos, tmp_path, make, monkeypatch, caplog
) -> None:
    import multiprocessing  # noqa: PLC0415 - what the package imports late

    def refuse(_context, *_):
        raise OSError(errno.EROFS, "Read-only file system")

    context = type(multiprocessing.get_context("spawn"))
    monkeypatch.setattr(context, "Semaphore", refuse)

    finished = make(photos, tmp_path / "out", per_image=1, jobs=2)

    assert finished.written > 0
    assert "working with threads" in caplog.text


def test_workers_that_never_start_are_not_out_of_memory() -> None:
    jobs = backends._UnderWay([])
    unit = SimpleNamespace(category="", image="", first=0, path=Path("a"))
    jobs._again.append(SimpleNamespace(unit=unit))
    jobs._deaths["", "", 0] = backends.MOST_DEATHS

    with pytest.raises(OutputError, match="do not start") as caught:
        jobs.begin_anew(OSError("no"))

    assert "memory" not in caught.value.hint


def test_a_full_disk_says_how_a_run_goes_on_and_others_do_not(
    photos, tmp_path, make, monkeypatch
) -> None:
    plan = make_plan(photos, tmp_path / "out", _recipe(make), RunOptions(per_image=1))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OutputError, match="the disk is full") as caught:
        run(plan)

    assert "resume=True" in caught.value.hint


RECIPE = """version = 1
mm_per_px = 0.1
severity = { d_prime = DPRIME }
[[mechanisms]]
generator = { kind = "crack" }
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (RECIPE.replace("DPRIME", "[1e300, 1e300]"), "must be at most 1e\\+12"),
    ],
)
def test_recipes_beyond_all_bounds_are_refused_in_one_line(text, message, tmp_path) -> None:
    (tmp_path / "r.toml").write_text(text)

    with pytest.raises(RecipeError, match=message):
        load_recipe(tmp_path / "r.toml")


def test_a_byte_order_mark_before_a_recipe_is_passed_over(tmp_path) -> None:
    (tmp_path / "r.toml").write_text("\ufeff" + RECIPE.replace("DPRIME", "3"), encoding="utf-8")

    assert load_recipe(tmp_path / "r.toml").severity.d_prime.low == 3
