"""Predictions keep the photo's size, the documented scale, and the promised false-alarm rate."""

import csv
import errno
import json
import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch
from safetensors.torch import load, save  # noqa: E402 - needs torch

from anomsynth.bisqad.evaluation.input_photos import find_photos  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.predict import as_png16, check_out, predict, write_map  # noqa: E402 - needs torch
from anomsynth.bisqad.evaluation.threshold import Threshold, choose_threshold  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run import build_detector, write_run  # noqa: E402 - needs torch
from anomsynth.bisqad.model.run_config import RunConfig, read_config, write_config  # noqa: E402 - needs torch
from anomsynth.bisqad.plans import PredictPlan  # noqa: E402 - needs torch
from anomsynth.core.depth import Depth  # noqa: E402 - needs torch
from anomsynth.dataset.files import output_error, write_bytes  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.detectors.pyramid import Pyramid  # noqa: E402 - needs torch
from anomsynth.errors import InputError, OutputError, UserError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

CONFIG = RunConfig("tf_efficientnet_lite0", (24, 40, 112), (4, 8, 16), Pyramid(width=8), size=64)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_run(folder, build_detector(CONFIG), CONFIG)
    return folder


@pytest.fixture
def look(run, tmp_path):
    """Predict the photos of a folder, by a given threshold."""

    def look(threshold=0.0, on_progress=lambda done, total: None, **how):
        plan = PredictPlan(
            run, (tmp_path / "in",), tmp_path / "out", threshold=threshold, overwrite=True, **how
        )
        return predict(plan, on_progress)

    return look


def write_photo(path, shape=(20, 30), dtype=np.uint8, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    high = np.iinfo(dtype).max
    pixels = np.random.default_rng(seed).integers(0, high, shape, dtype=dtype)
    write_png(path, pixels, path.parent)
    return path


def test_every_kind_of_photo_gets_a_map_of_its_own_size(look, tmp_path) -> None:
    shapes = {"grey": (20, 30), "rgb": (33, 21, 3), "rgba": (8, 9, 4)}
    for bits, dtype in ((8, np.uint8), (16, np.uint16)):
        for name, shape in shapes.items():
            write_photo(tmp_path / f"in/{bits}/{name}.png", shape, dtype)
    out = tmp_path / "out"
    seen = []

    result = look(on_progress=lambda done, total: seen.append((done, total)))

    assert len(result.decisions) == 6
    assert seen == [(done, 6) for done in range(1, 7)]
    for bits in (8, 16):
        for name, shape in shapes.items():
            found = cv2.imread(str(out / f"maps/{bits}/{name}.png"), cv2.IMREAD_UNCHANGED)
            assert found.shape == shape[:2]
            assert found.dtype == np.uint16


def test_table_says_score_and_decision(look, tmp_path) -> None:
    for number in range(3):
        write_photo(tmp_path / f"in/{number}.png", seed=number)
    scores = [decision.score for decision in look().decisions]
    limit = sorted(scores)[1]

    result = look(limit)

    with result.scores.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["0.png", "1.png", "2.png"]
    assert [float(row["score"]) for row in rows] == pytest.approx(scores, abs=1e-5)
    assert [int(row["defective"]) for row in rows] == [score > limit for score in scores]
    assert [row["map"] for row in rows] == [decision.map for decision in result.decisions]
    assert sum(decision.defective for decision in result.decisions) == 1
    assert all((tmp_path / "out" / row["map"]).is_file() for row in rows)


def test_both_formats_hold_the_same_logits(tmp_path) -> None:
    values = np.random.default_rng(0).normal(0, 4, (40, 24)).astype(np.float32)

    write_map(tmp_path / "a.png", values, tmp_path, "png16")
    write_map(tmp_path / "a.tiff", values, tmp_path, "tiff")

    exact = cv2.imread(str(tmp_path / "a.tiff"), cv2.IMREAD_UNCHANGED)
    coded = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert exact.dtype == np.float32
    assert exact.shape == coded.shape == (40, 24)
    assert np.abs(coded / 65535 * 32 - 16 - exact).max() < 0.0003
    assert np.array_equal(exact, values)


def test_logits_beyond_the_scale_are_cut_off() -> None:
    logits = np.array([-99, -16, 0, 16, 99], np.float32)

    assert as_png16(logits).tolist() == [0, 0, 32768, 65535, 65535]


def test_defective_photos_have_regions_and_masks_of_their_pixels_good_ones_none(
    look, tmp_path
) -> None:
    for number in range(4):
        write_photo(tmp_path / f"in/{number}.png", (40, 52), seed=number)
    scores = sorted(decision.score for decision in look().decisions)

    result = look(scores[1])

    written = json.loads(result.regions.read_text())
    assert written["threshold"] == scores[1]
    assert [photo["defective"] for photo in written["photos"]].count(True) == 2
    for photo, decision in zip(written["photos"], result.decisions, strict=True):
        mask = cv2.imread(str(tmp_path / "out" / decision.mask), cv2.IMREAD_UNCHANGED)
        values = cv2.imread(str(tmp_path / "out" / decision.map), cv2.IMREAD_UNCHANGED)
        assert mask.shape == values.shape == (photo["height"], photo["width"]) == (40, 52)
        assert set(np.unique(mask)) <= {0, 255}
        assert (mask > 0).any() == photo["defective"] == bool(photo["regions"])
        assert sum(region["area"] for region in photo["regions"]) == (mask > 0).sum()
        boxes = np.zeros(mask.shape, bool)
        for region in photo["regions"]:
            top, left = region["top"], region["left"]
            box = (
                slice(top, top + region["height"]),
                slice(left, left + region["width"]),
            )
            boxes[box] = True
            assert 0 < region["area"] <= region["height"] * region["width"]
            assert region["score"] == pytest.approx(values[box].max() / 65535 * 32 - 16, abs=0.0005)
        assert not (mask > 0)[~boxes].any()


@pytest.mark.parametrize(("pictures", "drawn"), [("none", 0), ("flagged", 1), ("all", 3)])
def test_pictures_are_made_of_those_asked_for(look, tmp_path, pictures, drawn) -> None:
    for number in range(3):
        write_photo(tmp_path / f"in/{number}.png", (40, 52, 3), seed=number)
    scores = sorted(decision.score for decision in look().decisions)

    result = look(scores[1], pictures=pictures)

    out = tmp_path / "out"
    for folder in ("overlays", "masks"):
        assert len(list((out / folder).rglob("*.*"))) == drawn
    assert (out / "index.html").is_file() == (pictures != "none")
    assert result.page == (out / "index.html" if drawn else None)
    assert len(list((out / "maps").iterdir())) == 3
    for decision in result.decisions:
        assert bool(decision.overlay) == bool(decision.mask)
        if decision.overlay:
            assert cv2.imread(str(out / decision.overlay)).shape == (40, 52, 3)


def test_a_second_prediction_leaves_nothing_of_the_first(look, tmp_path) -> None:
    for name in "ab":
        write_photo(tmp_path / f"in/{name}.png")
    look()
    (tmp_path / "in/b.png").unlink()
    own = tmp_path / "out/maps/mine.txt"
    own.write_text("kept")

    look(file_format="tiff")

    left = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left == {
        "a.tiff",
        "a.jpg",
        "a.png",
        "scores.csv",
        "regions.json",
        "index.html",
        own.name,
    }


def test_nothing_outside_the_folder_is_removed(look, tmp_path) -> None:
    write_photo(tmp_path / "in/a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/scores.csv").write_text("image,map\na,../in/a.png\n")

    look()

    assert (tmp_path / "in/a.png").is_file()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_an_error(run, tmp_path, wrong) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(run, folder)
    tensors = load((folder / "model.safetensors").read_bytes())
    tensors["head.bias"][:] = wrong
    (folder / "model.safetensors").write_bytes(save(tensors))
    photo = write_photo(tmp_path / "a.png")

    with pytest.raises(InputError, match=r"model\.safetensors: head.bias holds NaN or infinity"):
        predict(PredictPlan(folder, (photo,), tmp_path / "out", threshold=0.0))

    assert not (tmp_path / "out").exists()


def test_a_map_that_is_no_number_is_an_error_not_a_good_photo(look, tmp_path, monkeypatch) -> None:
    write_photo(tmp_path / "in/a.png")
    maps = [np.full((16, 16), np.nan, np.float32)]
    monkeypatch.setattr(
        "anomsynth.bisqad.evaluation.inference._look", lambda run, photos: (maps, [float("nan")])
    )

    with pytest.raises(InputError, match=r"a\.png: the network of .* answers with NaN"):
        look()

    assert not (tmp_path / "out").exists()


def test_photos_of_a_camera_with_fewer_bits_are_seen_as_bright_as_they_are(look, tmp_path) -> None:
    levels = np.random.default_rng(3).integers(0, 256, (40, 52), dtype=np.uint8)
    levels[0, :2] = 0, 255
    folder = tmp_path / "in"
    folder.mkdir()
    write_png(folder / "8.png", levels, folder)
    write_png(folder / "12.png", Depth(12).narrow(levels.astype(np.uint16) * 257), folder)

    found = look()
    full = look(bits=16)

    assert found.depth == Depth(12)
    assert full.depth is None
    scores = {one.image: one.score for one in found.decisions}
    assert scores["12.png"] == pytest.approx(scores["8.png"], abs=0.02)
    dark = {one.image: one.score for one in full.decisions}
    assert abs(dark["12.png"] - dark["8.png"]) > 0.02


def test_what_training_knew_of_the_camera_outweighs_dark_photos(run, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    write_config(copy, replace(read_config(copy), bits=12))
    folder = tmp_path / "in"
    folder.mkdir()
    write_png(folder / "a.png", np.full((20, 30), 700, np.uint16), folder)

    result = predict(PredictPlan(copy, (folder,), tmp_path / "out", threshold=0.0))

    assert result.depth == Depth(12)


def test_what_goes_wrong_halfway_leaves_the_earlier_results(look, tmp_path, monkeypatch) -> None:
    for name in "abc":
        write_photo(tmp_path / f"in/{name}.png")
    out = tmp_path / "out"
    look()
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    scores = [1.0, 1.0, float("nan")]
    maps = [np.full((16, 16), score, np.float32) for score in scores]
    monkeypatch.setattr(
        "anomsynth.bisqad.evaluation.inference._look", lambda run, photos: (maps, scores)
    )
    with pytest.raises(InputError, match=r"c\.png: the network of .* answers with NaN"):
        look()

    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_full_disk_leaves_no_half_of_the_results(look, tmp_path, monkeypatch) -> None:
    for name in "abc":
        write_photo(tmp_path / f"in/{name}.png")
    write_really = write_bytes

    def full(path, content, scratch):
        if path.name == "b.jpg":
            raise output_error(path, OSError(errno.ENOSPC, "No space left on device"))
        write_really(path, content, scratch)

    monkeypatch.setattr("anomsynth.bisqad.evaluation.predict.write_bytes", full)
    with pytest.raises(OutputError, match=r"out/overlays/b\.jpg: the disk is full"):
        look()

    assert not (tmp_path / "out").exists()


def test_broken_photo_costs_itself_only(look, tmp_path) -> None:
    for name in "abc":
        write_photo(tmp_path / f"in/{name}.png")
    (tmp_path / "in/b.png").write_bytes(b"broken")

    result = look()

    assert [decision.image for decision in result.decisions] == ["a.png", "c.png"]
    assert "b.png" in result.unread[0].message
    assert result.scores.read_text().count("\n") == 3
    assert sorted(path.name for path in result.maps.iterdir()) == ["a.png", "c.png"]


def test_photos_that_differ_in_ending_or_folder_get_maps_of_their_own(tmp_path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write_photo(one / "a.png")
    (one / "a.jpg").write_bytes(b"x")
    (one / "A.bmp").write_bytes(b"x")
    write_photo(two / "a.png")

    photos = find_photos([one, two])

    names = [photo.stem.casefold() for photo in photos]
    assert len(photos) == 4
    assert len(set(names)) == 4


def test_earlier_maps_hidden_files_and_other_files_are_no_photos(tmp_path) -> None:
    write_photo(tmp_path / "a.png")
    write_photo(tmp_path / "results/maps/a.png")
    write_photo(tmp_path / ".cache/b.png")
    (tmp_path / "notes.txt").write_text("")

    photos = find_photos([tmp_path], [tmp_path / "results/maps"])

    assert [photo.name for photo in photos] == ["a.png"]


def test_no_photo_and_no_path_are_reported(tmp_path) -> None:
    with pytest.raises(InputError, match="holds no photo"):
        find_photos([tmp_path])
    with pytest.raises(InputError, match="nowhere: no such"):
        find_photos([tmp_path / "nowhere"])


def test_earlier_results_are_kept_unless_asked(tmp_path) -> None:
    (tmp_path / "scores.csv").write_text("image\n")

    check_out(tmp_path, overwrite=True)
    check_out(tmp_path / "new", overwrite=False)
    with pytest.raises(OutputError, match="earlier prediction"):
        check_out(tmp_path, overwrite=False)


def test_threshold_keeps_the_promised_rate_for_fresh_good_photos() -> None:
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(4000):
        *known, fresh = rng.normal(size=40)
        alarms.append(fresh > choose_threshold(known, 0.1).value)

    assert np.mean(alarms) == pytest.approx(0.1, abs=0.015)


@pytest.mark.parametrize(
    ("count", "rate", "place"), [(99, 0.01, 1), (100, 0.01, 1), (199, 0.01, 2), (9, 0.5, 5)]
)
def test_threshold_is_the_lowest_limit_that_keeps_the_rate(count, rate, place) -> None:
    scores = np.arange(count, dtype=float)

    threshold = choose_threshold(scores, rate)

    assert threshold.value == count - place
    assert threshold.false_alarms == pytest.approx(place / (count + 1))
    assert threshold.false_alarms <= rate + 1e-9


def test_too_few_good_photos_are_admitted() -> None:
    threshold = choose_threshold([3.0, 1.0, 2.0], 0.01)

    assert threshold == Threshold(3.0, 0.25, 3)


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_impossible_rates_are_refused(rate) -> None:
    with pytest.raises(UserError, match="`false_alarm_rate`"):
        choose_threshold([1.0], rate)
