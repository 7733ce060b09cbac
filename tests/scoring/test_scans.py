"""What was measured in scans goes along: scores, selections, exports, the page of a report."""

import csv
import json
import tarfile

import pytest
import tifffile

import anomsynth as asy
from anomsynth.dataset.manifest import read_lines
from anomsynth.recipe.load import build_recipe


@pytest.fixture
def recipe():
    mechanisms = [{"generator": {"kind": kind}} for kind in ("pitting", "hole")]
    return build_recipe({"name": "r", "seed": 3, "field_mm": 58, "mechanisms": mechanisms}, "test")


@pytest.fixture
def dataset(scan_maker, make, tmp_path):
    make(scan_maker(tmp_path / "scans", "xyz"), tmp_path / "out", per_image=1)
    return tmp_path / "out"


def samples(dataset):
    lines = read_lines(dataset / "_anomsynth" / "mound" / "manifest.jsonl")
    return {line["files"]["image"]: line for line in lines if line["what"] == "sample"}


def test_scores_tell_the_height_over_the_noise(dataset, call, tmp_path) -> None:
    result = call("score", dataset, "--out", tmp_path / "scores")

    assert result.exit_code == 0
    with (tmp_path / "scores" / "scores.csv").open() as file:
        rows = {row["image"]: float(row["over_noise"]) for row in csv.DictReader(file)}
    recorded = {
        image: max(item["measured"]["over_noise"] for item in line["record"]["instances"])
        for image, line in samples(dataset).items()
    }
    assert rows == pytest.approx(recorded, rel=1e-4)
    images = json.loads((tmp_path / "scores" / "scores.json").read_text())["images"]
    assert {one["image"]: one["raw"]["over_noise"] for one in images} == pytest.approx(recorded)


@pytest.mark.parametrize(("kind", "more"), [("ply", {}), ("depth", {"depth_unit": 0.002})])
def test_depth_alone_is_judged_by_the_noise_of_its_sensor(
    scan_maker, make, call, tmp_path, kind, more
) -> None:
    out = tmp_path / "out"
    make(scan_maker(tmp_path / "scans", kind), out, per_image=1, **more)

    assert call("score", out, "--out", tmp_path / "scores").exit_code == 0

    images = json.loads((tmp_path / "scores" / "scores.json").read_text())["images"]
    assert images
    for one in images:
        line = samples(out)[one["image"]]
        measured = [item["measured"] for item in line["record"]["instances"]]
        opened = any(item["open_px"] for item in measured)
        over = 8 if opened else min(max(item["over_noise"] for item in measured), 8)
        assert one["raw"]["visibility"] == pytest.approx(over)
        assert set(one["terms"]) == {"visibility", "size", "place"}
        assert one["terms"]["visibility"] == pytest.approx(line["scores"]["visibility"])
        assert set(line["scores"]) - {"score", "fidelity", "utility"} == set(one["terms"])


def test_the_better_half_keeps_its_scans(dataset, call, tmp_path) -> None:
    result = call("score", dataset, "--keep-top", 0.5, "--filter-to", tmp_path / "better")

    assert result.exit_code == 0
    kept = sorted((tmp_path / "better" / "mound").rglob("*.png"))
    pictures = [path for path in kept if path.parent.name == "rgb"]
    assert pictures
    scans = {path.read_bytes() for path in (dataset / "mound").rglob("*.tiff")}
    for path in pictures:
        scan = path.parents[1] / "xyz" / f"{path.stem}.tiff"
        assert scan.read_bytes() in scans
        if path.parents[1].name != "good":
            assert (path.parents[1] / "gt" / path.name).exists()
    assert call("validate", tmp_path / "better").exit_code == 0


def test_webdataset_holds_the_scans(dataset, call, tmp_path) -> None:
    assert call("export", dataset, tmp_path / "tar", "--to", "webdataset").exit_code == 0

    scans = {path.read_bytes() for path in (dataset / "mound").rglob("*.tiff")}
    found = set()
    for path in (tmp_path / "tar").glob("*.tar"):
        with tarfile.open(path) as archive:
            members = [one for one in archive.getmembers() if one.name.endswith(".scan.tiff")]
            found |= {archive.extractfile(one).read() for one in members}
    assert found == scans


@pytest.mark.parametrize("to", ["coco", "yolo", "hf", "croissant"])
def test_formats_without_scans_say_so(dataset, call, tmp_path, to: str) -> None:
    result = call("export", dataset, tmp_path / to, "--to", to)
    both = call("export", dataset, tmp_path / "two", "--to", f"webdataset,{to}")

    count = len(list((dataset / "mound").rglob("*.tiff")))
    line = f"{to}: {count} scans are not in it, it holds pictures; webdataset has them"
    assert (result.exit_code, both.exit_code) == (0, 0)
    assert line in result.stderr
    assert both.stderr.count("not in it") == 1


def test_the_page_tells_heights(dataset, call, tmp_path) -> None:
    assert call("report", dataset, "--out", tmp_path / "page.html").exit_code == 0

    text = (tmp_path / "page.html").read_text()
    items = [item for line in samples(dataset).values() for item in line["record"]["instances"]]
    deepest = min(item["measured"]["lowest_mm"] for item in items)
    assert f"{deepest:+.3g}" in text
    assert "x the sensor\u0027s noise" in text or "x the sensor's noise" in text


def test_validate_finds_nothing(dataset, call) -> None:
    result = call("validate", dataset, "--deep")

    assert result.exit_code == 0
    assert "0 errors, 0 warnings" in result.stdout


def test_validate_misses_a_scan(dataset, call) -> None:
    lost = next((dataset / "mound" / "test").rglob("*.tiff"))
    lost.unlink()

    result = call("validate", dataset)

    assert result.exit_code == 3
    assert f"rgb/{lost.stem}.png" in result.stdout
    assert "no scan of this name in xyz" in result.stdout


@pytest.mark.parametrize("kind", ["xyz", "bare ply"])
def test_a_deep_look_reads_scans_and_labels(scan_maker, make, call, tmp_path, kind) -> None:
    out = tmp_path / "out"
    make(scan_maker(tmp_path / "scans", kind), out, per_image=1)
    assert call("validate", out, "--deep").exit_code == 0

    scans = sorted((out / "mound" / "test").rglob("xyz/*.*"))
    scans = [path for path in scans if path.parents[1].name != "good"]
    scans[0].write_bytes(scans[0].read_bytes()[:200])
    damage = ["scan-unreadable"]
    if kind == "xyz":
        points = tifffile.imread(scans[1])
        tifffile.imwrite(scans[1], points[:-5], photometric="rgb")
        damage.append("scan-size")
    else:
        labels = scans[1].parents[1] / "gt" / f"{scans[1].stem}.txt"
        labels.write_text("\n".join(labels.read_text().split()[:100]))
        damage.append("point-labels")

    quick, deep = (
        {one.check for one in asy.validate(out, deep=deep).findings if one.level == "error"}
        for deep in (False, True)
    )

    assert set(damage) <= deep
    assert not set(damage) & quick


def test_depth_maps_with_a_guessed_pixel_are_told(scan_maker, call, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "depth")
    words = ["--depth-unit", 0.002, "--kinds", "pitting", "--per-image", 1, "--jobs", 1]

    guessed = call("generate", source, tmp_path / "a", *words)
    known = call("generate", source, tmp_path / "b", *words, "--mm-per-px", 0.3)

    assert (guessed.exit_code, known.exit_code) == (0, 0)
    clouds = scan_maker(tmp_path / "clouds", "ply", 1)
    spaced = call("generate", clouds, tmp_path / "c", *words)
    assert "--mm-per-px" not in spaced.stderr
    assert "give --mm-per-px if you know it" in guessed.stderr
    assert "--mm-per-px" not in known.stderr


def test_points_that_a_cloud_loses_are_told(scan_maker, call, tmp_path) -> None:
    source = scan_maker(tmp_path / "scans", "bare ply", 1)

    result = call("generate", source, tmp_path / "a", "--kinds", "hole", "--jobs", 1)

    lines = read_lines(tmp_path / "a" / "_anomsynth" / "mound" / "manifest.jsonl")
    lost = sum(line["record"]["points"]["left_out"] for line in lines if line["what"] == "sample")
    assert f"mound: {lost:,} points that the sensor does not see any more left out" in result.stdout
