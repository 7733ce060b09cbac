"""A plan settles everything before anything is written, and refuses what cannot end well."""

import json
from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.rng import stream
from anomsynth.dataset.images import write_png
from anomsynth.errors import InputError, OutputError, UserError
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.record import differences
from anomsynth.pipeline.units import UNIT_SAMPLES


@pytest.fixture
def many(tmp_path, photo_maker):
    """Return a folder of eleven photos."""
    return photo_maker(tmp_path / "many", *(f"{n:02d}.png" for n in range(11)))


def test_planning_writes_nothing(photos, tmp_path, recipe) -> None:
    plan = make_plan(photos, tmp_path / "out", recipe, RunOptions(per_image=3))

    assert plan.samples == 12
    assert plan.categories == ("my part",)
    assert plan.kinds == ("crack", "pitting")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("share", "tested"), [(0, 0), (0.2, 2), (0.25, 3), (0.5, 6), (1, 10)])
def test_the_test_share_is_exact_and_leaves_one_to_train_on(
    many, tmp_path, recipe, share, tested
) -> None:
    plan = make_plan(many, tmp_path / "out", recipe, RunOptions(test_share=share))

    assert sum(unit.split == "test" for unit in plan.units) == tested


def test_the_split_goes_by_the_photos_own_numbers(many, tmp_path, recipe) -> None:
    plan = make_plan(many, tmp_path / "out", recipe, RunOptions(test_share=0.3))

    numbers = {u.image: stream(5, "many", u.image, "split").random() for u in plan.units}
    held_out = [numbers[unit.image] for unit in plan.units if unit.split == "test"]
    kept = [numbers[unit.image] for unit in plan.units if unit.split == "train"]
    assert max(held_out) < min(kept)


@pytest.mark.parametrize("count", [1, 5, 11, 12, 40])
def test_a_count_is_spread_evenly(many, tmp_path, recipe, count) -> None:
    plan = make_plan(many, tmp_path / "out", recipe, RunOptions(count=count))

    shares = [unit.samples for unit in plan.units]
    assert sum(shares) == plan.samples == count
    assert max(shares) - min(shares) <= 1
    assert plan.per_photo == max(shares)


@pytest.mark.parametrize("share", [0.2, 0.5, 1])
def test_for_anomalib_two_samples_are_made_of_each_photo_that_no_training_sees(
    many, tmp_path, recipe, share
) -> None:
    options = RunOptions(purpose="anomalib", test_share=share)

    plan = make_plan(many, tmp_path / "out", recipe, options)

    assert [unit.samples for unit in plan.units] == [
        2 if unit.split == "test" else 0 for unit in plan.units
    ]
    assert [unit.begins for unit in plan.units] == [
        sum(other.samples for other in plan.units[:rank]) for rank in range(len(plan.units))
    ]
    assert plan.per_photo == 2


def test_for_anomalib_all_photos_do_where_none_is_kept_for_testing(many, tmp_path, recipe) -> None:
    options = RunOptions(purpose="anomalib", test_share=0)

    plan = make_plan(many, tmp_path / "out", recipe, options)

    assert sum(unit.samples for unit in plan.units) == 2
    assert max(unit.samples for unit in plan.units) == 1


def test_many_samples_are_split_into_pieces(photos, tmp_path, recipe) -> None:
    samples = 2 * UNIT_SAMPLES + 1
    plan = make_plan(photos, tmp_path / "out", recipe, RunOptions(per_image=samples))

    pieces = plan.units[1].pieces()

    assert [index for piece in pieces for index in piece.indices] == list(range(samples))
    assert [piece.samples for piece in pieces] == [UNIT_SAMPLES, UNIT_SAMPLES, 1]
    assert replace(plan.units[1], samples=0).pieces() == [replace(plan.units[1], samples=0)]


def test_the_width_of_names_follows_from_the_plan(photos, tmp_path, recipe) -> None:
    plan = make_plan(photos, tmp_path / "out", recipe, RunOptions(per_image=300_000))

    assert plan.layout.digits == 7


def test_the_output_may_not_lie_in_the_source_nor_hold_it(photos, tmp_path, recipe) -> None:
    (tmp_path / "link").symlink_to(photos)

    for out in (photos / "out", photos, tmp_path / "link" / "out"):
        with pytest.raises(OutputError, match="lies in the source folder"):
            make_plan(photos, out, recipe, RunOptions())
    with pytest.raises(OutputError, match="holds the source folder"):
        make_plan(photos, tmp_path, recipe, RunOptions())


def test_a_filled_output_needs_resume_or_overwrite(photos, tmp_path, recipe, make) -> None:
    make(photos, tmp_path / "out", per_image=1)

    with pytest.raises(OutputError, match="not empty") as caught:
        make_plan(photos, tmp_path / "out", recipe, RunOptions(per_image=1))

    assert "`resume=True` or `overwrite=True`" in caught.value.hint


@pytest.mark.parametrize("option", [{}, {"resume": True}, {"overwrite": True}])
def test_a_foreign_folder_is_never_used(photos, tmp_path, recipe, option) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()

    with pytest.raises(OutputError, match="not made by anomsynth"):
        make_plan(photos, tmp_path / "out", recipe, RunOptions(**option))


def test_resume_and_overwrite_exclude_each_other(photos, tmp_path, recipe) -> None:
    with pytest.raises(OutputError, match="exclude each other"):
        make_plan(photos, tmp_path / "out", recipe, RunOptions(resume=True, overwrite=True))


def test_resuming_with_other_settings_says_which(
    photos, tmp_path, recipe, make, photo_maker
) -> None:
    out = tmp_path / "out"
    make(photos, out, per_image=1)

    def refusal(source, changed, **options) -> str:
        with pytest.raises(OutputError, match="begun with other settings") as caught:
            make_plan(source, out, changed, RunOptions(resume=True, **options))
        return str(caught.value)

    assert "options per_image was 1, is 2" in refusal(photos, recipe, per_image=2)
    other = recipe.model_copy(update={"seed": 6})
    assert refusal(photos, other, per_image=1).endswith("settings: seed was 5, is 6")
    finer = recipe.model_copy(update={"mm_per_px": 0.2})
    assert "recipe mm_per_px was 0.1, is 0.2" in refusal(photos, finer, per_image=1)
    elsewhere = photo_maker(tmp_path / "b" / "my part", "a.png")
    assert "source" in refusal(elsewhere, recipe, per_image=1)
    photo_maker(photos, "new.png")
    assert "categories my part" in refusal(photos, recipe, per_image=1)


def test_a_run_recorded_with_old_names_is_resumed(photos, tmp_path, recipe, make) -> None:
    out = tmp_path / "out"
    make(photos, out, per_image=1)
    record = out / "_anomsynth" / "run.json"
    written = record.read_text()
    assert '"mixed_probability"' in written
    record.write_text(written.replace('"mixed_probability"', '"mixed_share"'))

    make_plan(photos, out, recipe, RunOptions(per_image=1, resume=True))


def test_recipes_by_category_recorded_with_old_names_are_resumed(
    photos, tmp_path, recipe, make
) -> None:
    out = tmp_path / "out"
    make(photos, out, per_image=1)
    path = out / "_anomsynth" / "run.json"
    written = json.loads(path.read_text().replace('"mixed_probability"', '"mixed_share"'))
    by_category = dict.fromkeys(written["categories"], written.pop("recipe"))
    today = dict.fromkeys(written["categories"], recipe.model_dump(mode="json"))

    assert differences({**written, "recipes": by_category}, {**written, "recipes": today}) == []


def test_what_a_recipe_says_to_people_may_change(photos, tmp_path, recipe, make) -> None:
    make(photos, tmp_path / "out", per_image=1)

    reworded = recipe.model_copy(update={"description": "Other words", "stands_for": ("bolts",)})
    make_plan(photos, tmp_path / "out", reworded, RunOptions(per_image=1, resume=True))


def test_a_run_of_before_parts_were_decided_once_says_so(photos, tmp_path, recipe, make) -> None:
    out = tmp_path / "out"
    make(photos, out, per_image=1)
    path = out / "_anomsynth" / "run.json"
    written = json.loads(path.read_text())
    del written["foreground"]
    path.write_text(json.dumps(written))

    with pytest.raises(OutputError, match="an older version made it"):
        make_plan(photos, out, recipe, RunOptions(per_image=1, resume=True))


def test_jobs_and_links_may_change_when_a_run_is_resumed(photos, tmp_path, recipe, make) -> None:
    make(photos, tmp_path / "out", per_image=1)

    options = RunOptions(per_image=1, resume=True, jobs=2, link="hardlink", strict=True)
    make_plan(photos, tmp_path / "out", recipe, options)


def test_zero_workers_are_refused(photos, tmp_path, recipe) -> None:
    with pytest.raises(UserError, match="`jobs`: expected a number of processes, got 0"):
        make_plan(photos, tmp_path / "out", recipe, RunOptions(jobs=0))


def test_masks_that_fit_no_photo_are_refused(photos, tmp_path, recipe) -> None:
    (tmp_path / "roi").mkdir()
    write_png(tmp_path / "roi" / "other.png", np.ones((9, 9), np.uint8), tmp_path)

    with pytest.raises(InputError, match="holds no mask of any photo"):
        make_plan(photos, tmp_path / "out", recipe, RunOptions(roi=tmp_path / "roi"))
    with pytest.raises(InputError, match="no such folder of masks"):
        make_plan(photos, tmp_path / "out", recipe, RunOptions(avoid=tmp_path / "gone"))
