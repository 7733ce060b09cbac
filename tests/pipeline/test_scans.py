"""Datasets of depth maps and organised clouds: the same files, with defects of the size drawn."""

from pathlib import Path

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.manifest import read_lines
from anomsynth.errors import InputError, RecipeError, UserError
from anomsynth.pipeline.merge import merge
from anomsynth.pipeline.replay import remake, replay
from anomsynth.recipe.load import build_recipe, load_recipe
from anomsynth.relief.files import read_scan
from anomsynth.testing import make_pixels


@pytest.fixture
def recipe():
    return of_kinds("pitting", "scratch")


def of_kinds(*kinds: str, **more):
    mechanisms = [{"generator": {"kind": kind}} for kind in kinds]
    for mechanism in mechanisms:
        if mechanism["generator"]["kind"] == "hole":
            mechanism["generator"]["radius_mm"] = [2, 3]  # that points can fall into
    written = {"name": "relief", "seed": 3, "field_mm": 58, "mechanisms": mechanisms, **more}
    return build_recipe(written, "test")


def samples_of(out):
    lines = read_lines(out / "_anomsynth" / "mound" / "manifest.jsonl")
    return [line for line in lines if line["what"] == "sample"]


def read_pair(line, source, out, **said):
    """Return the scan that a sample was made of, and its own."""
    good = source / line["source"]["scan"]["file"]
    return read_scan(good, **said), read_scan(out / line["files"]["scan"], **said)


def test_clouds_come_with_pictures_and_masks_as_in_mvtec_3d(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"

    made = make(source, out, per_image=1)

    assert (made.written, made.failed) == (3, 0)
    files = [path for path in (out / "mound").rglob("*") if path.is_file()]
    assert {path.relative_to(out / "mound").parts[0] for path in files} == {"train", "test"}
    for line in samples_of(out):
        kind = line["record"]["kinds"][0] if len(line["record"]["kinds"]) == 1 else "combined"
        stem = f"mound/test/{kind}"
        number = f"{line['number']:06d}"
        assert line["files"]["image"] == f"{stem}/rgb/{number}.png"
        assert line["files"]["mask"] == f"{stem}/gt/{number}.png"
        assert line["files"]["scan"] == f"{stem}/xyz/{number}.tiff"
    good = sorted((out / "mound" / "train" / "good" / "xyz").iterdir())
    first = source / "mound" / "train" / "good" / "xyz"
    assert {path.read_bytes() for path in good} <= {path.read_bytes() for path in first.iterdir()}


def test_points_off_the_defects_are_untouched(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"
    make(source, out, per_image=2, recipe=of_kinds("pitting", "hole"))

    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        moved = (before.form.numbers != after.form.numbers).any(axis=2)
        support = np.zeros(moved.shape, bool)
        for item in line["record"]["instances"]:
            top, left, bottom, right = item["support_box"]
            support[top:bottom, left:right] = True
        assert moved.any()
        assert not (moved & ~support).any()
        assert not np.isfinite(after.points[..., 2])[~before.valid].any()


def test_pits_are_as_deep_as_they_were_drawn(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"
    make(source, out, per_image=2, recipe=of_kinds("pitting", defects_per_image=1))

    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        along = np.nansum((after.points - before.points) * before.normals, axis=2)
        (item,) = line["record"]["instances"]
        assert item["gain"] == 1
        # The deepest point may be one of those that the sensor does not see any more.
        assert -item["measured"]["lowest_mm"] >= -along.min() - 0.03
        assert -along.min() > -0.6 * item["measured"]["lowest_mm"]


def test_a_pixel_is_as_wide_as_the_points_are_apart(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz", 1)
    make(source, tmp_path / "out", per_image=1, recipe=of_kinds("pitting", field_mm=1000))

    (line,) = samples_of(tmp_path / "out")

    assert line["mm_per_px"] == pytest.approx(0.4, rel=0.01)


def test_depth_maps_come_back_as_depth_maps_with_a_shaded_picture(
    scan_maker, make, tmp_path
) -> None:
    source, out = scan_maker(tmp_path / "maps", "depth"), tmp_path / "out"

    make(source, out, per_image=2, depth_unit=0.002, recipe=of_kinds("stain", "pitting", "hole"))

    for line in samples_of(out):
        assert "stain" not in line["record"]["kinds"]
        assert line["mm_per_px"] == pytest.approx(58 / 144)
        before = read_photo(source / line["source"]["file"]).pixels[..., 0]
        after = read_photo(out / line["files"]["scan"]).pixels[..., 0]
        mask = read_photo(out / line["files"]["mask"]).pixels[..., 0] > 0
        shown = read_photo(out / line["files"]["image"]).pixels
        assert after.dtype == np.uint16
        changed = before != after
        assert changed.any()
        assert (changed & mask).sum() > 0.5 * changed.sum()
        assert shown.shape == (128, 144, 1)


def test_any_number_of_jobs_and_shards_makes_the_same_files(
    scan_maker, make, tree, tmp_path
) -> None:
    source = scan_maker(tmp_path / "scans", "xyz")
    make(source, tmp_path / "one", per_image=2)
    make(source, tmp_path / "two", per_image=2, jobs=2)
    for index in (2, 1):
        make(source, tmp_path / "shards", per_image=2, shard=(index, 2))
    merge(tmp_path / "shards")

    assert tree(tmp_path / "one") == tree(tmp_path / "two") == tree(tmp_path / "shards")


def test_a_run_goes_on_where_files_are_missing(scan_maker, make, tree, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"
    make(source, out, per_image=1)
    whole = tree(out)
    (out / samples_of(out)[1]["files"]["scan"]).unlink()

    make(source, out, per_image=1, resume=True)

    assert tree(out) == whole


def test_another_scan_under_the_same_picture_is_noticed(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"
    make(source, out, per_image=1)
    folder = source / "mound" / "train" / "good" / "xyz"
    (folder / "000.tiff").write_bytes((folder / "001.tiff").read_bytes())
    first = samples_of(out)[0]

    make(source, out, per_image=1, resume=True)

    assert samples_of(out)[0]["sha256"]["scan"] != first["sha256"]["scan"]
    assert samples_of(out)[0]["sha256"]["image"] != ""


@pytest.mark.parametrize(("kind", "more"), [("xyz", {}), ("depth", {"depth_unit": 0.002})])
def test_every_sample_replays(scan_maker, make, tmp_path, kind, more) -> None:
    source, out = scan_maker(tmp_path / "scans", kind), tmp_path / "out"
    make(source, out, per_image=1, **more)

    for line in samples_of(out):
        sample = replay(out, line["id"])
        said = {"unit": more.get("depth_unit"), "mm_per_px": sample.mm_per_px}
        stored = read_scan(out / line["files"]["scan"], **said)
        np.testing.assert_allclose(sample.scan.points, stored.points, atol=0.003)


def test_a_scan_of_another_size_costs_its_picture(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz")
    path = source / "mound" / "train" / "good" / "rgb" / "001.png"
    cv2.imwrite(str(path), np.full((50, 60, 3), 90, np.uint8))

    made = make(source, tmp_path / "out", per_image=1)

    assert made.written == 2
    lines = read_lines(tmp_path / "out" / "_anomsynth" / "mound" / "manifest.jsonl")
    (bad,) = [line for line in lines if line["what"] == "unusable photo"]
    assert "001.tiff: 128 x 144 points, but" in bad["message"]
    assert "has 50 x 60 pixels" in bad["message"]


def test_a_picture_without_its_scan_is_named(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz")
    (source / "mound" / "train" / "good" / "xyz" / "001.tiff").unlink()

    with pytest.raises(InputError, match=r"rgb/001\.png: no scan of this name in 'xyz'"):
        make(source, tmp_path / "out", per_image=1)


def test_of_scans_and_pictures_none_may_be_missing(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz")
    good = source / "mound" / "train" / "good"
    (good / "rgb").rename(tmp_path / "rgb")

    with pytest.raises(InputError, match=r"good/xyz: scans without pictures, there is no 'rgb'"):
        make(source, tmp_path / "out", per_image=1)
    assert make(source, tmp_path / "alone", per_image=1, depth_unit=1000).written == 3
    (tmp_path / "rgb").rename(good / "rgb")
    for path in (good / "xyz").iterdir():
        path.rename(path.with_stem(f"other{path.stem}"))
    with pytest.raises(InputError, match=r"good/xyz: holds no scan for the pictures in 'rgb'"):
        make(source, tmp_path / "out", per_image=1)


@pytest.mark.parametrize("inside", ["", "mound", "mound/train", "mound/train/good"])
def test_any_folder_above_the_pictures_and_their_scans_is_a_source(
    scan_maker, make, tmp_path, inside
) -> None:
    source = scan_maker(tmp_path / "scans", "xyz") / inside

    made = make(source, tmp_path / "out", per_image=1)

    assert (made.written, made.failed) == (3, 0)
    (folder,) = [path for path in (tmp_path / "out").iterdir() if path.name != "_anomsynth"]
    assert len(list(folder.rglob("xyz/*.tiff"))) == 6


@pytest.mark.parametrize(
    ("kind", "more"), [("xyz", {}), ("depth", {"depth_unit": 0.002}), ("ply", {})]
)
def test_what_a_run_would_cost_is_told_of_scans_too(scan_maker, tmp_path, kind, more) -> None:
    source = scan_maker(tmp_path / "scans", kind)

    done = asy.generate(source, tmp_path / "out", per_image=1, jobs=1, dry_run=True, **more)

    assert done.cost.samples == 3
    assert done.cost.size_bytes > 10_000
    assert not (tmp_path / "out").exists()


def test_a_shaded_picture_is_written_once(scan_maker, make, tmp_path) -> None:
    make(scan_maker(tmp_path / "maps", "depth"), tmp_path / "out", per_image=1, depth_unit=0.002)

    assert not (tmp_path / "out" / "_anomsynth" / "mound" / "original").exists()


def test_kinds_that_only_colour_cannot_be_made_of_depth(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "maps", "depth")

    with pytest.raises(RecipeError, match=r"stain: only colour the part, and there is nothing but"):
        make(source, tmp_path / "out", depth_unit=0.002, recipe=of_kinds("stain"))


def test_a_unit_where_there_are_photos_only_is_refused(photos, make, tmp_path) -> None:
    for path in photos.iterdir():
        path.unlink()
    cloth = make_pixels(96, 96)[..., 0]
    cv2.imwrite(str(photos / "a.jpg"), cloth)

    made = make(photos, tmp_path / "out", per_image=1, depth_unit=0.01)

    assert made.failed_images == ("my part/a.jpg",)


def test_scans_are_not_made_smaller(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz")

    with pytest.raises(UserError, match="`max_side`: scans keep their points"):
        make(source, tmp_path / "out", max_side=64)


def test_points_of_a_plain_cloud_keep_their_order_and_have_labels(
    scan_maker, make, tmp_path
) -> None:
    source, out = scan_maker(tmp_path / "scans", "ply"), tmp_path / "out"
    # Raised ones: of what is sunk or open the sensor may lose points, which are no rows then.
    made = make(source, out, per_image=2, recipe=of_kinds("lump", "blister"))

    assert made.written == 6
    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        labels = np.loadtxt(out / line["files"]["labels"], dtype=int)
        assert labels.shape == (len(after.form.numbers),)
        if len(after.form.numbers) != len(before.form.numbers):
            continue
        assert np.array_equal(after.form.numbers["quality"], before.form.numbers["quality"])
        step = np.linalg.norm(after.points - before.points, axis=1)
        assert labels.any()
        assert (step[labels == 1] > 0.01).all()
        assert (step[labels == 0] < 0.05).all()
        highest = max(item["measured"]["highest_mm"] for item in line["record"]["instances"])
        assert step.max() == pytest.approx(highest, rel=0.15)


def test_lost_points_of_a_cloud_are_no_rows(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "bare ply"), tmp_path / "out"
    make(source, out, per_image=2, recipe=of_kinds("hole"))

    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        labels = np.loadtxt(out / line["files"]["labels"], dtype=int)
        assert len(labels) == len(after.points) < len(before.points)


@pytest.mark.parametrize(
    ("kind", "more"), [("xyz", {}), ("depth", {"depth_unit": 0.002}), ("bare ply", {})]
)
def test_what_became_of_the_points_is_recorded(scan_maker, make, tmp_path, kind, more) -> None:
    source, out = scan_maker(tmp_path / "scans", kind), tmp_path / "out"
    made = make(source, out, per_image=2, recipe=of_kinds("pitting", "hole"), **more)

    left_out = 0
    for line in samples_of(out):
        said = {"unit": more.get("depth_unit"), "mm_per_px": line["mm_per_px"]}
        before, after = read_pair(line, source, out, **said)
        points = line["record"]["points"]
        if kind == "bare ply":
            assert points["lost"] == points["left_out"] == len(before.points) - len(after.points)
        else:
            assert points["left_out"] == 0
            assert points["lost"] == (before.valid & ~after.valid).sum()
            moved = (before.points != after.points).any(axis=2) & after.valid
            assert points["moved"] == pytest.approx(moved.sum(), abs=2)
        left_out += points["left_out"]
    assert made.left_out == ({"mound": left_out} if left_out else {})
    assert (left_out > 0) == (kind == "bare ply")


@pytest.mark.parametrize(
    ("kind", "more"), [("xyz", {}), ("depth", {"depth_unit": 0.002}), ("ply", {})]
)
def test_every_defect_stands_out_of_the_sensors_noise(
    scan_maker, make, tmp_path, kind, more
) -> None:
    source, out = scan_maker(tmp_path / "scans", kind), tmp_path / "out"
    recipe = of_kinds("pitting", "scratch", "splatter", "chip", "rust", defects_per_image=3)
    make(source, out, per_image=6, recipe=recipe, **more)

    items = [item for line in samples_of(out) for item in line["record"]["instances"]]
    assert items
    for item in items:
        assert item["visibility"] == item["target"] >= item["measured"]["over_noise"]
        if kind != "xyz":  # there its picture may show what its points do not
            assert item["visibility"] > 2


def test_the_ground_shows_through_a_hole(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "ply"), tmp_path / "out"
    make(source, out, per_image=2, recipe=of_kinds("hole"))

    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        fell = after.points[:, 2] - before.points[:, 2]
        opened = sum(item["measured"]["open_px"] for item in line["record"]["instances"])
        assert opened > 0
        assert after.points[fell.argmin(), 2] == pytest.approx(-500, abs=0.3)


@pytest.mark.parametrize(("sense", "sign"), [(None, 1), ("depth", 1), ("height", -1)])
def test_pits_sink_whichever_way_the_levels_grow(scan_maker, make, tmp_path, sense, sign) -> None:
    source, out = scan_maker(tmp_path / "maps", "depth", 1), tmp_path / "out"
    more = {} if sense is None else {"depth_sense": sense}
    make(source, out, per_image=2, depth_unit=0.002, recipe=of_kinds("pitting"), **more)

    for line in samples_of(out):
        before = read_photo(source / line["source"]["file"]).pixels[..., 0].astype(int)
        after = read_photo(out / line["files"]["scan"]).pixels[..., 0].astype(int)
        kept = (before != after) & (after > 0)
        assert np.median((after - before)[kept]) * sign > 0


def test_radiographs_and_scans_do_not_go_together(scan_maker, make, tmp_path) -> None:
    recipe = load_recipe("radiograph_casting")

    with pytest.raises(UserError, match="holds scans, and rays see no surface"):
        make(scan_maker(tmp_path / "scans", "xyz", 1), tmp_path / "out", recipe=recipe)


def test_the_picture_shows_the_defect_where_the_points_have_it(scan_maker, make, tmp_path) -> None:
    source, out = scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out"
    make(source, out, per_image=2, recipe=of_kinds("blister", defects_per_image=1))

    shared, all_ = 0, 0
    for line in samples_of(out):
        before, after = read_pair(line, source, out)
        moved = (before.form.numbers != after.form.numbers).any(axis=2)
        good = read_photo(source / line["source"]["file"]).pixels
        shown = read_photo(out / line["files"]["image"]).pixels
        mask = read_photo(out / line["files"]["mask"]).pixels[..., 0] > 0
        changed = (good != shown).any(axis=2)
        assert not (changed & ~mask).any()
        shared += np.count_nonzero(changed & moved)
        all_ += np.count_nonzero(changed & before.valid)
    assert shared > 0.95 * all_ > 0


def test_refiners_leave_heights_as_they_were_drawn(scan_maker, make, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "xyz", 1)
    found = []
    for name, refiners in (("plain", []), ("refined", [{"kind": "npcf", "plate_px": 4.0}])):
        recipe = of_kinds("blister", defects_per_image=1, refiners=refiners)
        make(source, tmp_path / name, per_image=2, recipe=recipe)
        lines = samples_of(tmp_path / name)
        found.append([line["record"]["instances"][0]["measured"]["highest_mm"] for line in lines])

    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "more"),
    [("xyz", {}), ("depth", {"depth_unit": 0.002}), ("ply", {}), ("bare ply", {})],
)
def test_all_files_of_a_sample_are_written_again(scan_maker, make, tmp_path, kind, more) -> None:
    source, out = scan_maker(tmp_path / "scans", kind), tmp_path / "out"
    more = {**more, "extras": ("height", "normals"), "recipe": of_kinds("pitting", "hole")}
    make(source, out, per_image=1, **more)

    for line in samples_of(out):
        files = remake(out, line["id"]).write(tmp_path / "again", f"s{line['number']}")
        found = {path.name.partition("_")[2].partition(".")[0]: path for path in files}
        roles = {name: out / path for name, path in line["files"].items() if name != "extras"}
        roles |= {Path(path).parent.name: out / path for path in line["files"]["extras"]}
        roles[""] = roles.pop("image")
        roles |= {name: found[name] for name in ("soft", "strict")}
        if "class" in roles:  # two pictures and a table beside them
            assert {"class", "class_preview", "instance"} <= found.keys()
            for name in ("class", "instance"):
                del roles[name]
        for name, path in roles.items():
            assert found[name].read_bytes() == path.read_bytes(), name
            assert found[name].suffix == path.suffix
        assert ("labels" in roles) == ("ply" in kind)
        assert not list((tmp_path / "again").glob(".*"))
