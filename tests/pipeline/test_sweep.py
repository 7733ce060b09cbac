"""A sweep shows every level as often as ordered, and the same whoever makes it."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

from anomsynth.api.merge import merge
from anomsynth.api.replay import replay
from anomsynth.api.sweep import sweep
from anomsynth.dataset.images import read_photo
from anomsynth.errors import UserError

GRID = {"kinds": ["crack", "pitting"], "size": (1, 4), "levels": 3, "per_level": 2}


@pytest.fixture
def make(tmp_path, photos):
    """Make a sweep of four photos in a folder of this name."""

    def make(name, **options):
        given = {**GRID, "mm_per_px": 0.1, "refiners": [], "seed": 4, "jobs": 1, **options}
        return sweep(photos, tmp_path / name, **given)

    return make


def lines(root):
    text = (root / "_anomsynth" / "my part" / "manifest.jsonl").read_text()
    found = map(json.loads, text.splitlines())
    return {line["number"]: line for line in found if line["what"] == "sample"}


def arrays(root):
    """Return the hashes of every picture and mask, by file."""
    return {
        line["files"]["image"]: (line["sha256"], line["sweep"]) for line in lines(root).values()
    }


def test_every_level_is_there_as_often_as_ordered_beside_all_good_photos(make, tmp_path) -> None:
    done = make("out")

    cells = Counter(
        (line["sweep"]["kind"], line["sweep"]["level_mm"])
        for line in lines(tmp_path / "out").values()
    )
    assert cells == {(kind, size): 2 for kind in GRID["kinds"] for size in (1.0, 2.0, 4.0)}
    assert (done.written, done.good, done.failed) == (12, 4, 0)
    assert not (tmp_path / "out" / "my part" / "train").exists()
    assert {len(line["record"]["instances"]) for line in lines(tmp_path / "out").values()} == {1}


def test_levels_of_visibility_take_turns_within_a_size(make, tmp_path) -> None:
    make("out", severity=(0.5, 4), d_levels=2)

    found = lines(tmp_path / "out").values()
    cells = Counter((one["sweep"]["level_mm"], one["sweep"]["ordered_d_prime"]) for one in found)
    assert cells == {(size, d): 2 for size in (1.0, 2.0, 4.0) for d in (0.5, 4.0)}
    for one in found:
        ordered = one["sweep"]["ordered_d_prime"]
        assert one["sweep"]["d_prime"] == pytest.approx(ordered, rel=0.06)


def test_photos_bear_levels_at_random_so_that_none_stands_for_one_size(make, tmp_path) -> None:
    make("out", kinds="pitting", per_level=8)

    of_photo: dict[str, set] = {}
    for line in lines(tmp_path / "out").values():
        of_photo.setdefault(line["image"], set()).add(line["sweep"]["level_mm"])
    assert all(len(levels) > 1 for levels in of_photo.values())


def test_jobs_and_resuming_change_nothing(make, tmp_path) -> None:
    make("two", jobs=2, backend="threading")
    out = tmp_path / "three"
    make("three")
    whole = arrays(out)
    journal = [(out / name) for name in whole][3:7]
    for path in journal:
        path.unlink()
    make("three", resume=True)

    assert arrays(tmp_path / "two") == arrays(out) == whole
    assert all(path.exists() for path in journal)


def test_shards_join_to_the_whole(make, tmp_path) -> None:
    make("whole")
    for index in (1, 2):
        make("parts", shard=(index, 2))
    merge(tmp_path / "parts")

    assert arrays(tmp_path / "parts") == arrays(tmp_path / "whole")


def test_conditions_leave_the_defects_and_change_the_pictures(make, tmp_path) -> None:
    make("clean")
    make("dirty", defocus=1.5, noise=2, exposure=-0.5, jpeg=80)
    clean, dirty = (lines(tmp_path / name) for name in ("clean", "dirty"))

    for number, line in clean.items():
        other = dirty[number]
        assert line["supports"] == other["supports"]
        assert line["sweep"] == other["sweep"]
        assert line["sha256"]["mask"] == other["sha256"]["mask"]
        assert line["sha256"]["image"] != other["sha256"]["image"]
    good = [
        sorted((tmp_path / name / "my part" / "test" / "good").iterdir())
        for name in ("clean", "dirty")
    ]
    for sharp, blurred in zip(*good, strict=True):
        one, other = (read_photo(path).pixels.astype(np.float32) for path in (sharp, blurred))
        assert other.mean() < one.mean()
        assert cv2.Laplacian(other, cv2.CV_32F).std() != cv2.Laplacian(one, cv2.CV_32F).std()


@pytest.mark.parametrize("options", [{}, {"noise": 3.0, "severity": 2.0}, {"light": 20.0}])
def test_a_sample_can_be_replayed(make, tmp_path, options) -> None:
    make("out", **options)

    assert replay(tmp_path / "out", "my part/0").sample.mask.any()


def test_other_settings_do_not_resume(make) -> None:
    make("out")

    with pytest.raises(UserError, match="options sweep"):
        make("out", resume=True, size=(1, 5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (1, 90)}, "`size`: 90 mm lie beyond the part"),
        ({"size": (0.01, 2)}, "of 0.01 mm is 0.1 px"),
        ({"size": (4, 1)}, "`size`: low 4 is above high 1"),
        ({"kinds": ["bend"]}, "`kinds`: 'bend' has no size in mm"),
        ({"kinds": []}, "`kinds`: name at least one"),
        ({"kinds": ["crck"]}, "crck"),
        ({"measure": "area"}, "`measure`: 'crack' has no measure 'area'"),
        ({"measure": "girth"}, "`measure`: no such measure 'girth'"),
        ({"levels": 1}, "`levels`: a range needs at least 2"),
        ({"per_level": 0}, "`per_level`"),
        ({"severity": (0.01, 3)}, "`severity`: must lie in 0.1:50"),
        ({"severity": "strong"}, "`severity`: no such strength 'strong'"),
        ({"defocus": -1}, "`defocus`"),
        ({"jpeg": 101}, "`jpeg`"),
        ({"light": 0}, "`light`"),
        ({"exposure": float("inf")}, "`exposure`: expected a finite number"),
        ({"preset": "auto"}, "`preset`: a sweep needs one scale"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(make, tmp_path, options, message) -> None:
    with pytest.raises(UserError) as caught:
        make("out", **options)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_no_good_photos_are_named(tmp_path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UserError, match="empty"):
        sweep(tmp_path / "empty", tmp_path / "out", kinds="crack", size=1, jobs=1)
