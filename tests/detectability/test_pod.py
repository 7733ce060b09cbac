"""`pod` finds the limits of detectors whose limits are known, and says what it cannot."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from anomsynth.api.pod import pod
from anomsynth.detectability.likelihood import quantile
from anomsynth.detectability.study import ALL, FalseCalls
from anomsynth.errors import InputError, OutputError, UserError

TRUE = 1.5 * np.exp(quantile("logit", 0.9) / 3)  # a90 of a detector that finds half at 1.5 mm


@pytest.mark.parametrize("ending", [".npy", ".tiff", ".png"])
def test_maps_of_any_detector_give_its_curve(swept, tmp_path, ending) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5, ending)

    done = pod(swept.root, maps=maps)
    whole = {one.name: one.by_size for one in done.subsets}

    assert np.array_equal(done.ours.hits, swept.found(1.5))
    assert set(whole) == {"crack", "pitting", ALL}
    assert whole[ALL].a90 < whole[ALL].a90_95
    assert whole[ALL].a90 == pytest.approx(TRUE, rel=0.3)
    assert whole[ALL].a50 == pytest.approx(1.5, rel=0.3)


def test_the_threshold_keeps_false_alarms_as_rare_as_was_asked(swept, tmp_path) -> None:
    done = pod(swept.root, maps=swept.maps(tmp_path / "maps", 1.5), false_alarm_rate=0.1)
    limit, calls = done.ours.limit, done.ours.false_calls

    assert limit.false_alarms <= 0.1
    assert (calls.pictures, calls.called) == (40, 3)  # the fourth highest is the limit
    assert calls.rate < calls.rate_bound < 0.25
    assert calls.area_cm2 == pytest.approx(40 * (64 * 0.1 / 10) ** 2)


def test_bounds_of_false_calls_are_exact() -> None:
    none = FalseCalls(59, 0, 0, 10.0, 0)

    assert none.rate_bound == pytest.approx(1 - 0.05 ** (1 / 59))
    assert none.calls_bound == pytest.approx(-np.log(0.05))
    assert FalseCalls(5, 5, 5, 1.0, 5).rate_bound == 1


def test_a_call_beside_the_defect_is_no_hit_unless_within_the_tolerance(swept, tmp_path) -> None:
    maps = swept.maps(tmp_path / "maps", 0.01)
    for picture, (row, col) in zip(swept.flaws, swept.centres, strict=True):
        values = np.zeros((64, 64), np.float32)
        values[row, col + 7] = 5  # five pixels beside the mask
        np.save((maps / picture.partition("/test/")[2]).with_suffix(".npy"), values)

    near = pod(swept.root, maps=maps, tolerance=4.5, out=tmp_path / "near")
    far = pod(swept.root, maps=maps, tolerance=5.5, out=tmp_path / "far")

    assert not near.ours.hits.any()
    assert far.ours.hits.all()


def test_everything_is_written_for_people_and_for_programs(swept, tmp_path) -> None:
    done = pod(swept.root, maps=swept.maps(tmp_path / "maps", 1.5), a_hat=True)
    names = {path.name for path in done.out.iterdir()}
    values = json.loads((done.out / "pod.json").read_text())
    page = done.page.read_text()

    assert names == {"index.html", "pod.json", "flaws.csv", "curves.csv", "pod.png"}
    assert values["subsets"][2]["by_size"]["a90_95"] == done.subsets[2].by_size.a90_95
    assert "never replaces" in values["meaning"]
    assert "never replaces" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    with Image.open(done.out / "pod.png") as plot:
        assert plot.size == (2080, 1980)
    with (done.out / "flaws.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["found"] for row in rows] == [str(int(hit)) for hit in done.ours.hits]
    missed = [flaw for flaw, hit in zip(done.swept.flaws, done.ours.hits, strict=True) if not hit]
    largest = max(missed, key=lambda flaw: flaw.size_mm)
    assert f'largest missed: <button type="button" data-open="{largest.picture}">' in page
    with (done.out / "curves.csv").open() as file:
        curve = [row for row in csv.DictReader(file) if row["by"] == "size_mm"]
    assert all(float(row["lower_95"]) <= float(row["pod"]) for row in curve)


def test_size_and_visibility_together_part_what_each_does(tmp_path) -> None:
    from tests.detectability.conftest import hand_made  # noqa: PLC0415

    swept = hand_made(tmp_path / "swept", {"crack": "length"})
    plain = np.arange(80) % 2 == 1
    rows = [f"{picture},0" for picture in swept.good]
    luck = np.random.default_rng(3).logistic(size=80)
    score = 3 * np.log(swept.sizes) + 2 * np.log(np.where(plain, 4, 1)) + luck
    rows += [f"{picture},{value}" for picture, value in zip(swept.flaws, score, strict=True)]
    table = swept.table(tmp_path / "scores.csv", rows)

    both = pod(swept.root, scores=table, threshold=1).subsets[0].both

    assert both.levels[0][0] < both.levels[-1][0]
    assert both.levels[0][1] > both.levels[-1][1]


def test_scores_count_for_the_whole_picture_and_say_so(swept, tmp_path) -> None:
    found = swept.found(1.5)
    rows = [f"{picture.partition('/test/')[2]},0.5" for picture in swept.good]
    rows += [f"{name},{int(hit)}" for name, hit in zip(swept.flaws, found, strict=True)]

    done = pod(swept.root, scores=swept.table(tmp_path / "scores.csv", rows))

    assert np.array_equal(done.ours.hits, found)
    assert "luck" in " ".join(done.warnings)


def test_clicks_of_a_person_are_hits_where_the_defect_is(swept, tmp_path) -> None:
    found = swept.found(1.5)
    rows = [f"{picture},,," for picture in swept.good]
    for name, hit, (row, col) in zip(swept.flaws, found, swept.centres, strict=True):
        rows.append(f"{name},1,2,3")  # a click into the corner
        rows += [f"{name},1,{row},{col}"] if hit else []
    table = swept.table(tmp_path / "clicks.csv", rows, "image,score,row,column")

    done = pod(swept.root, scores=table)

    assert np.array_equal(done.ours.hits, found)
    assert done.ours.false_calls.called == 0


def test_clicks_need_no_score_and_tables_may_be_written_otherwise(swept, tmp_path) -> None:
    found = swept.found(1.5)
    rows = [f"{swept.root}/{picture};;;" for picture in swept.good]
    for name, hit, (row, col) in zip(swept.flaws, found, swept.centres, strict=True):
        rows.append(f"./{swept.root.name}/{name};;{row};{col}" if hit else f"{name};;;")
    table = swept.table(tmp_path / "clicks.csv", rows, "Image; Score;row;column")

    done = pod(swept.root, scores=table)

    assert np.array_equal(done.ours.hits, found)
    rows[-1] = f"{swept.flaws[-1]};;64;3"
    table = swept.table(tmp_path / "off.csv", rows, "Image; Score;row;column")
    with pytest.raises(InputError, match=r"row 64, column 3 lie off .* 64 rows and 64 columns"):
        pod(swept.root, scores=table, out=tmp_path / "off")


def test_an_inspection_that_calls_nearly_everything_is_not_believed(swept, tmp_path) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)

    done = pod(swept.root, maps=maps, threshold=0.5)

    (told,) = [line for line in done.warnings if "hits are partly false calls" in line]
    assert f"calls on {done.ours.false_calls.rate:.0%} of good pictures" in told
    usual = pod(swept.root, maps=maps, out=tmp_path / "usual").warnings
    assert not any("partly false calls" in line for line in usual)


def test_a_scale_that_nobody_gave_is_told(swept, tmp_path) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)
    record = swept.root / "_anomsynth" / "run.json"
    values = json.loads(record.read_text())

    known = pod(swept.root, maps=maps, out=tmp_path / "known")
    record.write_text(json.dumps({**values, "recipe": {"part_mm": 100.0, "mm_per_px": None}}))
    assumed = pod(swept.root, maps=maps, out=tmp_path / "assumed")

    told = [line for line in assumed.warnings if "sizes in mm are assumed" in line]
    assert "a square of 100 mm, 0.1 mm a pixel" in told[0]
    assert not any("assumed" in line for line in known.warnings)
    assert assumed.as_json()["mm_per_px"] == [0.1, 0.1]


def test_few_flaws_bear_no_curve_over_size_and_visibility(tmp_path) -> None:
    from tests.detectability.conftest import hand_made  # noqa: PLC0415

    swept = hand_made(tmp_path / "swept", {"crack": "length"}, per_kind=24)
    maps = swept.maps(tmp_path / "maps", 1.5)

    (subset,) = pod(swept.root, maps=maps).subsets

    assert subset.both.levels == ()
    assert "24 flaws, too few for both: 60 are needed" in subset.both.reasons[0]


def test_flaws_that_stand_out_and_are_missed_bear_no_curve_over_both(tmp_path) -> None:
    from tests.detectability.conftest import hand_made  # noqa: PLC0415

    swept = hand_made(tmp_path / "swept", {"crack": "length"})
    faint = np.arange(80) % 2 == 0
    rows = [f"{picture},0" for picture in swept.good]
    luck = np.random.default_rng(3).logistic(size=80)
    score = 3 * np.log(swept.sizes) + 2 * faint + luck
    rows += [f"{picture},{value}" for picture, value in zip(swept.flaws, score, strict=True)]

    table = swept.table(tmp_path / "scores.csv", rows)
    both = pod(swept.root, scores=table, threshold=1).subsets[0].both

    assert both.levels == ()
    assert "plainer flaws are not found more often" in both.reasons[0]


def test_false_calls_by_area_count_where_the_scale_is_known(tmp_path) -> None:
    from tests.detectability.conftest import hand_made  # noqa: PLC0415

    swept = hand_made(tmp_path / "swept", {"crack": "length"}, per_kind=30)
    done = pod(swept.root, maps=swept.maps(tmp_path / "maps", 1.5), threshold=0.5)
    calls = done.ours.false_calls

    assert calls.area_cm2 == pytest.approx(30 * (64 * 0.1 / 10) ** 2)
    assert 0 < calls.calls_there < calls.calls
    assert done.as_json()["inspection"]["false_calls_per_cm2"] == pytest.approx(
        calls.calls_there / calls.area_cm2
    )


def test_two_detectors_are_compared_on_the_same_flaws(swept, tmp_path) -> None:
    sharp = swept.maps(tmp_path / "sharp", 1.0)
    blunt = swept.maps(tmp_path / "blunt", 1.8)

    done = pod(swept.root, maps=sharp, against=blunt)
    one = done.subsets[2].difference

    true = 0.8 * np.exp(quantile("logit", 0.9) / 3)
    assert one.low <= true <= one.high
    assert one.low > 0
    assert (one.only_first > 0, one.only_second) == (True, 0)
    assert "blunt" in done.page.read_text()


def test_what_the_data_cannot_bear_is_not_stated(swept, tmp_path) -> None:
    done = pod(swept.root, maps=swept.maps(tmp_path / "maps", 0.001))

    assert all(one.by_size.a90_95 is None for one in done.subsets)
    assert "every flaw was found" in done.page.read_text()


def test_few_good_pictures_are_told_with_how_many_it_takes(swept, tmp_path) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)

    done = pod(swept.root, maps=maps, false_alarm_rate=0.01)

    assert "40 good pictures cannot promise 1 % false alarms, 99 could" in done.warnings[0]


def _spoil_map(swept, maps) -> None:
    path = (maps / swept.flaws[3].partition("/test/")[2]).with_suffix(".npy")
    np.save(path, np.zeros((32, 32), np.float32))


def _drop_map(swept, maps) -> None:
    (maps / swept.flaws[3].partition("/test/")[2]).with_suffix(".npy").unlink()


def _nan_map(swept, maps) -> None:
    path = (maps / swept.good[0].partition("/test/")[2]).with_suffix(".npy")
    np.save(path, np.full((64, 64), np.nan))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_spoil_map, "a map of 32 x 32 px to a picture of 64 x 64"),
        (_drop_map, "no map of 1 of 200 pictures, e.g. part/test/crack/000003.png"),
        (_nan_map, "holds NaN"),
    ],
)
def test_maps_that_do_not_fit_are_named(swept, tmp_path, spoil, message) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)
    spoil(swept, maps)

    with pytest.raises(InputError, match=message):
        pod(swept.root, maps=maps)
    assert not (tmp_path / "swept-pod").exists()


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        (["other/1.png,1"], "image,score", r"names other pictures \(such as 'other/1'\)"),
        (["part/test/good/000000.png,1"], "image,score", "no line for 199 of 200 pictures"),
        (["a,1"], "file,score", "no column 'image'"),
        (["part/test/good/000000.png,many"], "image,score", "line 2: 'many' is no number"),
        (["part/test/good/000000.png,"], "image,score", "line 2: no score"),
        (["part/test/good/000000.png,,3,4"], "image,score,x,y", "line 2: no score"),
        (["good/000000.png,1", "good/000000.png,1"], "image,score", "line 3: a second"),
        (["part/test/good/000000.png,1,,"], "image,score,row,column", "line 2: a mark without a"),
        (["part/test/good/000000.png,1,3,"], "image,score,row,column", "line 2: a mark without a"),
        ([], "image,score", "holds no line"),
    ],
)
def test_tables_that_do_not_fit_are_named(swept, tmp_path, rows, head, message) -> None:
    with pytest.raises(InputError, match=message):
        pod(swept.root, scores=swept.table(tmp_path / "scores.csv", rows, head))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "one inspection is needed, got nothing"),
        ({"run": "run", "maps": "maps"}, "got `run` and `maps`"),
        ({"maps": "none"}, "none: no such folder"),
        ({"scores": "none.csv"}, "no such file"),
        ({"maps": "maps", "false_alarm_rate": 0}, "`false_alarm_rate`"),
        ({"maps": "maps", "tolerance": -1}, "`tolerance`: expected pixels"),
        ({"maps": "maps", "threshold": float("nan")}, "`threshold`: expected a finite"),
        ({"maps": "maps", "link": "cauchit"}, "`link`: no such curve 'cauchit'"),
        ({"maps": "maps", "against": "nowhere"}, "`against`: nowhere: no such file"),
        ({"maps": "maps", "against": "swept"}, "`against`: another sweep needs `run`"),
    ],
)
def test_options_that_do_not_fit_are_named(swept, tmp_path, monkeypatch, options, message) -> None:
    monkeypatch.chdir(tmp_path)
    swept.maps(tmp_path / "maps", 1.5)

    with pytest.raises(UserError) as caught:
        pod(swept.root, **options)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_sweep_is_named(swept, tmp_path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        pod(tmp_path / "none", maps=tmp_path)
    with pytest.raises(InputError, match="not a sweep"):
        pod(tmp_path, maps=tmp_path)
    record = swept.root / "_anomsynth" / "run.json"
    record.write_text('{"format": 1, "categories": {"part": {}}, "options": {}}')
    with pytest.raises(InputError, match="a dataset, but not a sweep"):
        pod(swept.root, maps=tmp_path)
    record.write_text('{"categories": {"part": {}}, "options": {"sweep": {"kinds": []}}}')
    shutil.rmtree(swept.root / "_anomsynth" / "part")
    with pytest.raises(InputError, match="an unfinished sweep"):
        pod(swept.root, maps=tmp_path)


def test_an_earlier_study_is_kept_unless_it_may_be_replaced(swept, tmp_path) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)
    pod(swept.root, maps=maps)

    with pytest.raises(OutputError, match="an earlier study"):
        pod(swept.root, maps=maps)
    pod(swept.root, maps=maps, overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_results_do_not_lie_among_other_files(swept, tmp_path, overwrite) -> None:
    maps = swept.maps(tmp_path / "maps", 1.5)
    before = sorted(swept.root.rglob("*"))

    with pytest.raises(OutputError, match="holds other files"):
        pod(swept.root, maps=maps, out=swept.root, overwrite=overwrite)

    assert sorted(swept.root.rglob("*")) == before
