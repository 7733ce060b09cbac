"""Shards share the work out, fit together, and refuse what does not fit."""

from collections import Counter

import pytest
from pydantic import ValidationError

from anomsynth.errors import OutputError, UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.shards import in_shard

PHOTOS = [("b", str(n)) for n in range(7)] + [("a", str(n)) for n in range(4)]


def test_every_photo_is_in_exactly_one_shard() -> None:
    shards = [list(in_shard(PHOTOS, (index, 3))) for index in (1, 2, 3)]

    assert [sum(column) for column in zip(*shards, strict=True)] == [1] * len(PHOTOS)
    assert Counter(map(sum, shards)) == {4: 2, 3: 1}


def test_many_small_categories_are_shared_out_evenly() -> None:
    photos = [(f"{n:02}", "only.png") for n in range(8)]

    assert [sum(in_shard(photos, (index, 4))) for index in (1, 2, 3, 4)] == [2, 2, 2, 2]


def test_no_shard_is_everything() -> None:
    assert all(in_shard(PHOTOS, None))


def test_more_shards_than_photos_are_refused() -> None:
    with pytest.raises(UserError, match="holds only 11 photos"):
        list(in_shard(PHOTOS, (1, 12)))


@pytest.mark.parametrize("shard", [(0, 4), (5, 4), (1, 0)])
def test_a_shard_is_one_of_all(shard) -> None:
    with pytest.raises(ValidationError, match="i from 1 to n"):
        RunOptions(shard=shard)


def test_shards_write_disjoint_files_with_the_numbers_of_the_whole(datasets, tree) -> None:
    datasets.make("whole", per_image=2)
    pictures = {}
    for index in (1, 2, 3):
        datasets.make(f"out{index}", per_image=2, shard=(index, 3))
        found = tree(datasets.root / f"out{index}" / "my part")
        assert not pictures.keys() & found.keys()
        pictures |= found

    assert pictures == tree(datasets.root / "whole" / "my part")


def test_shards_of_one_folder_leave_each_other_alone(datasets) -> None:
    datasets.make("out", per_image=1, shard=(1, 2))
    before = datasets.tree("out")

    datasets.make("out", per_image=1, shard=(2, 2))

    after = datasets.tree("out")
    assert {name: after[name] for name in before} == before
    assert len(after) > len(before)


def plan_shard(datasets, recipe, **options) -> None:
    make_plan(datasets.source, datasets.root / "out", recipe, RunOptions(**options))


def test_a_shard_that_was_begun_needs_resume(datasets, recipe) -> None:
    datasets.make("out", per_image=1, shard=(1, 2))

    with pytest.raises(OutputError, match="not empty"):
        plan_shard(datasets, recipe, per_image=1, shard=(1, 2))
    assert datasets.make("out", per_image=1, shard=(1, 2), resume=True).written == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"per_image": 2, "shard": (2, 2)}, "per_image was 1, is 2"),
        ({"per_image": 1, "shard": (2, 3)}, "shards of 2, this is one of 3"),
        ({"per_image": 1, "shard": (2, 2), "overwrite": True}, "`overwrite` and `shard` exclude"),
        ({"per_image": 1}, "holds shards of a run"),
    ],
)
def test_what_does_not_fit_to_the_shards_is_refused(datasets, recipe, options, message) -> None:
    datasets.make("out", per_image=1, shard=(1, 2))

    with pytest.raises(OutputError, match=message):
        plan_shard(datasets, recipe, **options)


def test_a_shard_has_no_place_in_a_whole_dataset(datasets, recipe) -> None:
    datasets.make("out", per_image=1)

    with pytest.raises(OutputError, match="holds a whole dataset"):
        plan_shard(datasets, recipe, per_image=1, shard=(1, 2), resume=True)
