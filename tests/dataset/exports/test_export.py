"""An export is whole or absent, leaves out what cannot be used, and divides masks by instance."""

import json
import os
import shutil
import tracemalloc
from importlib.metadata import EntryPoint
from typing import Literal

import numpy as np
import pytest
from PIL import Image

from anomsynth.core import registry
from anomsynth.core.registry import Registry
from anomsynth.core.types import Box
from anomsynth.dataset.exports import Exporter, Target, export, exporters
from anomsynth.dataset.exports._instances import recorded_kinds, split_mask
from anomsynth.dataset.exports._source import read_source
from anomsynth.dataset.images import write_png
from anomsynth.errors import InputError, OutputError, UnknownComponentError

RECORD = ".anomsynth-export.json"


class Breaks(Exporter):
    """Fails with something written."""

    kind: Literal["breaks"] = "breaks"

    def write(self, source, out) -> None:
        out.text("half.txt", "half")
        raise OutputError("the disk is full")


@pytest.mark.parametrize("kind", exporters.kinds())
def test_every_format_is_documented_and_says_how_to_load_it(write, ours, kind) -> None:
    loaded = exporters.load(kind)
    fields = {name: field for name, field in loaded.model_fields.items() if name != "kind"}

    exported = write(ours, kind)

    assert loaded.model_fields["kind"].default == kind
    assert [name for name, field in fields.items() if not field.description] == []
    assert any(str(exported.out) in line for line in exported.loading)
    assert exported.images == 18
    assert not exported.left_out


def test_third_parties_add_formats_by_entry_point(monkeypatch) -> None:
    point = EntryPoint("breaks", f"{__name__}:Breaks", "anomsynth.exporters")
    monkeypatch.setattr(registry, "points_of", lambda group: [point] * (group == point.group))

    own = Registry("exporters", Exporter, package="anomsynth.dataset.exports")

    assert {"breaks", "coco"} <= set(own.kinds())


def test_a_mistyped_format_has_a_suggestion() -> None:
    with pytest.raises(UnknownComponentError) as caught:
        exporters.load("cocoa")

    assert caught.value.hint == "did you mean 'coco'?"


def test_an_export_that_fails_leaves_nothing(ours, tmp_path) -> None:
    with pytest.raises(OutputError):
        export(ours, Target(tmp_path / "out"), Breaks())

    assert list(tmp_path.iterdir()) == []


def test_an_overwriting_export_that_fails_leaves_the_old_one(write, ours, tmp_path) -> None:
    out = write(ours, "uniad_json").out
    before = sorted(out.rglob("*"))

    with pytest.raises(OutputError):
        export(ours, Target(out, overwrite=True), Breaks())

    assert sorted(out.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_overwriting_leaves_nothing_of_the_old_export(write, ours) -> None:
    write(ours, "coco")

    out = write(ours, "uniad_json", overwrite=True).out

    assert not (out / "annotations").exists()


def test_a_folder_that_holds_something_is_refused(write, ours) -> None:
    write(ours, "coco")

    with pytest.raises(OutputError, match="not empty") as caught:
        write(ours, "coco")

    assert "`overwrite=True`" in caught.value.hint


@pytest.mark.parametrize("name", ["thesis.txt", "images/train/mine.png"])
def test_files_of_others_are_never_deleted(write, ours, tmp_path, name) -> None:
    out = write(ours, "coco").out
    (out / name).write_text("mine")

    with pytest.raises(OutputError, match="not made by anomsynth export"):
        write(ours, "coco", overwrite=True)

    assert (out / name).read_text() == "mine"


def test_a_foreign_folder_is_not_overwritten(write, ours, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "labels.cache").write_text("mine")

    with pytest.raises(OutputError, match="not made by anomsynth export"):
        write(ours, "coco", overwrite=True)


def test_what_ultralytics_leaves_behind_may_go(write, ours) -> None:
    out = write(ours, "yolo").out
    (out / "labels/train.cache").write_text("cached")

    write(ours, "yolo", overwrite=True)

    assert not (out / "labels/train.cache").exists()


@pytest.mark.parametrize("place", ["", "inside", ".."])
def test_dataset_and_export_do_not_lie_in_each_other(ours, place) -> None:
    with pytest.raises(OutputError, match="in each other"):
        export(ours, Target(ours / place, overwrite=True), exporters.build({"kind": "coco"}))


def test_the_dataset_is_not_touched(write, foreign) -> None:
    before = {path: path.read_bytes() for path in foreign.rglob("*") if path.is_file()}

    for kind in exporters.kinds():
        write(foreign, kind, overwrite=True)

    assert {path: path.read_bytes() for path in foreign.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.name == "nt", reason="inodes are needed to tell")
@pytest.mark.parametrize("hardlink", [False, True])
def test_images_are_copied_or_linked_as_asked(ours, tmp_path, hardlink) -> None:
    target = Target(tmp_path / "out", hardlink=hardlink)
    export(ours, target, exporters.build({"kind": "uniad_json"}))

    source = ours / "plate/test/good"
    for path in (tmp_path / "out/images/plate/test/good").iterdir():
        assert path.samefile(source / path.name) == hardlink


def test_the_record_says_what_was_exported_how(write, ours) -> None:
    out = write(ours, "coco", seed=7).out

    record = json.loads((out / RECORD).read_text())

    assert record["format"] == {
        "kind": "coco", "val_share": 0.2, "seed": 7, "single_class": False, "classes": "",
    }  # fmt: skip
    assert record["dataset"] == str(ours)
    files = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} - {RECORD}
    assert set(record["files"]) == files


def spoil(foreign) -> dict[str, str]:
    """Make pictures of each kind that cannot be used; return parts of the reasons."""
    test, truth = foreign / "plate/test/crack", foreign / "plate/ground_truth/crack"
    (test / "000000.png").write_bytes((test / "000000.png").read_bytes()[:300])
    (truth / "000001_mask.png").unlink()
    Image.fromarray(np.full((9, 9), 255, np.uint8)).save(truth / "000002_mask.png")
    Image.fromarray(np.zeros((31, 31), np.uint8)).save(truth / "000007.png")
    soft = np.arange(576).reshape(24, 24).astype(np.uint8)
    dent = foreign / "plate/ground_truth/dent/000000_mask.png"
    Image.fromarray(soft).save(dent)
    return {
        "plate/test/crack/000000.png": "damaged or cut off",
        "plate/test/crack/000001.png": "no mask",
        "plate/test/crack/000002.png": "9 x 9 pixels for a picture of 24 x 24",
        "plate/test/crack/000007.jpg": "empty",
        "plate/test/dent/000000.png": "256 values",
    }


@pytest.mark.parametrize("kind", exporters.kinds())
def test_what_cannot_be_used_is_left_out_with_its_reason(write, foreign, kind) -> None:
    expected = spoil(foreign)

    exported = write(foreign, kind)

    assert exported.left_out.keys() == expected.keys()
    for file, reason in expected.items():
        assert reason in exported.left_out[file]
        assert str(foreign) not in exported.left_out[file]
    assert exported.images == 8
    assert not list(exported.out.rglob("*crack*000001.*"))


def test_a_dataset_without_anything_usable_is_an_error(write, foreign, tmp_path) -> None:
    for path in foreign.rglob("*.*g"):
        path.write_bytes(b"broken")

    with pytest.raises(InputError, match="no picture can be used"):
        write(foreign, "coco")

    assert not (tmp_path / "out").exists()


def test_names_are_unique_however_folders_are_called(write, tmp_path, foreign) -> None:
    plate = foreign / "plate"
    shutil.copytree(plate / "test/dent", plate / "test/good_dent")
    shutil.copytree(plate / "ground_truth/dent", plate / "ground_truth/good_dent")
    shutil.copy(plate / "test/good/000000.png", plate / "test/good/dent_000000.png")
    shutil.copy(plate / "test/dent/000000.png", plate / "test/dent/000000.bmp")

    pictures = read_source(foreign).pictures

    assert len({picture.flat for picture in pictures}) == len(pictures)
    assert len({picture.name for picture in pictures}) == len(pictures)


def test_scores_of_the_table_go_before_those_of_the_manifest(ours, tmp_path) -> None:
    copy = shutil.copytree(ours, tmp_path / "scored")
    image = next((copy / "plate/test").glob("[!g]*/*.png"))
    name = image.relative_to(copy).as_posix()
    (copy / "_anomsynth/plate/scores.csv").write_text(f"image,mask,score\n{name},,0.125\n")

    scores = {picture.path: picture.score for picture in read_source(copy).pictures}

    assert scores[image] == 0.125
    assert sum(score is not None for score in scores.values()) == 12


def samples(dataset):
    """Return the pictures of a dataset with several instances of one record."""
    return [p for p in read_source(dataset).pictures if len(recorded_kinds(p.line)) > 1]


def test_instances_divide_the_mask_and_lie_where_their_supports_are(ours) -> None:
    checked = 0
    for picture in samples(ours):
        with Image.open(picture.labelled.mask) as image:
            mask = np.array(image) > 0

        found = split_mask(mask, "combined", picture.line, ours)

        assert np.array_equal(sum(item.mask.astype(int) for item in found), mask)
        for item in found:
            recorded = [
                Box(*entry["box"])
                for entry in picture.line["record"]["instances"]
                if entry["kind"] == item.kind
            ]
            shares = [np.count_nonzero(item.mask[box.slices]) / item.area_px for box in recorded]
            assert max(shares) > 0.5
            checked += 1
    assert checked > 3


def test_supports_and_instance_masks_tell_the_same(ours) -> None:
    pictures = [p for p in samples(ours) if p.labelled.kind == "combined"]
    assert pictures
    for picture in pictures:
        with Image.open(picture.labelled.mask) as image:
            mask = np.array(image) > 0
        files = {**picture.line["files"], "extras": []}

        by_picture = split_mask(mask, "combined", picture.line, ours)
        by_support = split_mask(mask, "combined", {**picture.line, "files": files}, ours)

        assert [item.kind for item in by_picture] == [item.kind for item in by_support]
        for one, other in zip(by_picture, by_support, strict=True):
            both, either = one.mask & other.mask, one.mask | other.mask
            assert np.count_nonzero(both) > 0.9 * np.count_nonzero(either)


@pytest.mark.parametrize("supports", [None, [], [{"box": [0, 0, 9, 9], "bits": "?"}] * 2])
def test_a_damaged_record_falls_back_to_parts_of_the_mask(tmp_path, supports) -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:5, 2:5] = mask[9:12, 3:6] = mask[15:18, 15:18] = True
    line = {"record": {"instances": [{"kind": "crack"}] * 2}, "supports": supports}

    found = split_mask(mask, "crack", line, tmp_path)

    assert [item.area_px for item in found] == [9, 9, 9]
    assert found[0].xywh == (2, 2, 3, 3)


def test_a_mask_of_zero_and_one_is_as_good_as_any_of_two_values(write, foreign) -> None:
    path = foreign / "plate/ground_truth/dent/000000_mask.png"
    with Image.open(path) as image:
        pixels = np.array(image)
    write_png(path, pixels // 255, foreign)

    exported = write(foreign, "uniad_json")

    mask = exported.out / "images/plate/ground_truth/dent/000000_mask.png"
    with Image.open(mask) as image:
        assert np.array_equal(np.array(image), pixels)
    assert not exported.left_out


def test_listing_a_dataset_holds_no_line_of_its_manifest(ours, tmp_path) -> None:
    dataset = shutil.copytree(ours, tmp_path / "ours")
    pad = "x" * 200_000
    for manifest in dataset.glob("_anomsynth/*/manifest.jsonl"):
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        manifest.write_text("".join(json.dumps({**line, "pad": pad}) + "\n" for line in lines))

    tracemalloc.start()
    source = read_source(dataset)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < len(pad) * len(source.pictures) / 4
    lines = [picture.line for picture in source.pictures if picture.recorded is not None]
    assert lines
    assert all(line["pad"] == pad for line in lines)
