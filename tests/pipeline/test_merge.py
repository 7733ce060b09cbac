"""Merged shards are the dataset of a single run, byte by byte, or the merge says what is amiss."""

import json
import shutil
from pathlib import Path

import pytest

from anomsynth.dataset.manifest import read_lines, to_json
from anomsynth.errors import OutputError
from anomsynth.pipeline.merge import merge
from anomsynth.pipeline.replay import replay
from anomsynth.recipe.load import build_recipe

EXTRAS = ("class", "height")


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def categories(datasets, photo_maker) -> Path:
    """Return a source of three categories, whose order is not that of their names' case."""
    for folder, names in (("a", "123"), ("B", "12"), ("c", "1")):
        photo_maker(datasets.root / "photos" / folder, *(f"{name}.png" for name in names))
    (datasets.root / "photos" / "a" / "2.png").write_bytes(b"no picture")
    return datasets.root / "photos"


@pytest.fixture
def sharded(datasets, make):
    """Return a folder with the two shards of the four photos."""
    for index in (2, 1):
        make(datasets.source, datasets.root / "out", per_image=1, shard=(index, 2))
    return datasets.root / "out"


def records(out: Path) -> Path:
    return out / "_anomsynth" / ".shards"


@pytest.mark.parametrize("shards", [1, 4])
def test_the_result_is_that_of_a_single_run(categories, datasets, make, tree, shards) -> None:
    whole = make(categories, datasets.root / "whole", count=5, extras=EXTRAS)
    for index in range(shards, 0, -1):
        make(categories, datasets.root / "out", count=5, extras=EXTRAS, shard=(index, shards))

    merged = merge(datasets.root / "out")

    assert tree(datasets.root / "out") == tree(datasets.root / "whole")
    assert (merged.written, merged.failed, merged.by_kind) == (
        whole.written, whole.failed, whole.by_kind,
    )  # fmt: skip
    assert merged.failed_images == whole.failed_images == ("a/2.png",)


def test_merging_again_changes_nothing(sharded, tree) -> None:
    first = merge(sharded)
    before = tree(sharded)

    again = merge(sharded)

    assert tree(sharded) == before
    assert (again.written, again.by_kind) == (first.written, first.by_kind)


def test_a_merged_dataset_can_be_replayed_and_resumed(sharded, datasets, tree) -> None:
    merge(sharded)
    before = tree(sharded)

    datasets.make("out", per_image=1, resume=True)

    assert tree(sharded) == before
    assert replay(sharded, "my part/3").kinds


@pytest.mark.parametrize("step", range(4))
def test_a_merge_that_died_is_made_good(sharded, datasets, tree, monkeypatch, step) -> None:
    datasets.make("whole", per_image=1)
    really, calls = Path.replace, iter(range(100))

    def dies(path, target):
        if next(calls) == step:
            raise Killed
        return really(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            merge(sharded)
    merge(sharded)

    assert tree(sharded) == datasets.tree("whole")


def test_a_missing_shard_is_named(datasets) -> None:
    datasets.make("out", per_image=1, shard=(2, 3))

    with pytest.raises(OutputError, match="missing: 1/3, 3/3") as caught:
        merge(datasets.root / "out")
    assert "`shard=(1, 3)`, `shard=(3, 3)`" in caught.value.hint


def test_an_unfinished_shard_is_named(sharded) -> None:
    (records(sharded) / "2-of-2" / "journal.jsonl").write_text("")

    with pytest.raises(OutputError, match="unfinished shards: 2/2"):
        merge(sharded)


def test_a_shard_without_its_manifest_is_unfinished(sharded) -> None:
    (records(sharded) / "2-of-2" / "my part" / "manifest.jsonl").unlink()

    with pytest.raises(OutputError, match="missing, shard 2/2 is unfinished"):
        merge(sharded)


def test_a_shard_of_another_run_is_refused(sharded, datasets, make, recipe) -> None:
    other = build_recipe({**json.loads(recipe.model_dump_json()), "seed": 6}, "test")
    make(datasets.source, datasets.root / "other", per_image=1, shard=(2, 2), recipe=other)
    shutil.rmtree(records(sharded) / "2-of-2")
    shutil.move(records(datasets.root / "other") / "2-of-2", records(sharded))

    with pytest.raises(OutputError, match="2/2 is of another run than 1/2: seed was 5, is 6"):
        merge(sharded)


def test_shards_of_an_older_version_are_of_one_run(sharded) -> None:
    for folder in ("1-of-2", "2-of-2"):
        record = records(sharded) / folder / "run.json"
        written = record.read_text()
        assert '"mixed_probability"' in written
        older = json.loads(written.replace('"mixed_probability"', '"mixed_share"'))
        del older["foreground"]
        record.write_text(json.dumps(older))

    assert merge(sharded).written == 4


def test_shards_of_different_numbers_are_refused(sharded) -> None:
    shutil.copytree(records(sharded) / "1-of-2", records(sharded) / "1-of-3")

    with pytest.raises(OutputError, match="different runs: 1/2, 1/3, 2/2"):
        merge(sharded)


def test_something_else_among_the_shards_is_refused(sharded) -> None:
    (records(sharded) / "notes.txt").write_text("")

    with pytest.raises(OutputError, match=r"notes\.txt: not a shard"):
        merge(sharded)


@pytest.mark.parametrize("damage", ["fewer", "more", "other"])
def test_a_manifest_of_other_photos_is_refused(sharded, damage) -> None:
    manifest = records(sharded) / "2-of-2" / "my part" / "manifest.jsonl"
    lines = list(read_lines(manifest))
    if damage == "fewer":
        lines = [line for line in lines if line["image"] == lines[0]["image"]]
    elif damage == "more":
        lines.append({**lines[-1], "image": "z.png"})
    else:
        lines[-1]["image"] = lines[-2]["image"] = "z.png"
    manifest.write_text("".join(f"{to_json(line)}\n" for line in lines))

    with pytest.raises(OutputError, match="does not list the photos of this run"):
        merge(sharded)
    assert not (sharded / "_anomsynth" / "my part" / "manifest.jsonl").exists()


def test_a_damaged_record_is_named(sharded) -> None:
    (records(sharded) / "1-of-2" / "run.json").write_text("{")

    with pytest.raises(OutputError, match=r"1-of-2/run\.json: damaged: no JSON"):
        merge(sharded)


def test_an_unmerged_dataset_says_what_to_do(sharded) -> None:
    with pytest.raises(OutputError, match="shards that are not merged") as caught:
        replay(sharded, "my part/0")
    assert "anomsynth merge" in caught.value.hint


def test_a_folder_without_shards_is_no_place_to_merge(datasets, tmp_path) -> None:
    with pytest.raises(OutputError, match="not a dataset of anomsynth"):
        merge(tmp_path / "gone")

    datasets.make("out", per_image=1)
    (datasets.root / "out" / "_anomsynth" / "journal.jsonl").write_text("")
    with pytest.raises(OutputError, match="an unfinished run, not shards"):
        merge(datasets.root / "out")
