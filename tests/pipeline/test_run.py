"""A run makes the same dataset however it is done, and one that every loader understands."""

import csv
import hashlib
import json
import re
import tracemalloc

import numpy as np
import pytest

from anomsynth.dataset.images import read_photo
from anomsynth.dataset.manifest import read_lines, unpack_support
from anomsynth.pipeline import worker
from anomsynth.pipeline.events import Finished, ImageFailed, SampleDone, SampleFailed, Started
from anomsynth.pipeline.units import UNIT_SAMPLES

EXTRAS = ("soft", "class", "instance", "foreground", "height", "normals", "strict")


def source_state(folder):
    return {
        path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    }


def arrays_by_key(out):
    """Return the hashes of sample arrays by category, image and index."""
    return {
        (line["category"], line["image"], line["index"]): line["sha256"]
        for path in out.glob("_anomsynth/*/manifest.jsonl")
        for line in read_lines(path)
        if line["what"] == "sample"
    }


@pytest.fixture
def dataset(photos, tmp_path, make):
    """Return a dataset with all extras."""
    make(photos, tmp_path / "out", per_image=3, extras=EXTRAS, test_share=0.5)
    return tmp_path / "out"


def test_only_the_layout_lies_under_a_category(dataset) -> None:
    category = dataset / "my part"
    files = [path.relative_to(category).as_posix() for path in category.rglob("*.*")]

    kinds = r"(pitting|crack|combined)"
    pattern = re.compile(
        rf"(train|test)/good/\d{{6}}\.png|test/{kinds}/\d{{6}}\.png"
        rf"|ground_truth/{kinds}/\d{{6}}_mask\.png"
    )
    assert files
    assert [name for name in files if not pattern.fullmatch(name)] == []
    assert not (category / "ground_truth" / "good").exists()
    assert sorted(path.name for path in dataset.iterdir()) == ["_anomsynth", "my part"]


def test_every_defect_image_has_one_mask_of_its_name_and_size(dataset) -> None:
    category = dataset / "my part"
    images = sorted(p for p in category.glob("test/*/*.png") if p.parent.name != "good")
    masks = sorted(category.glob("ground_truth/*/*.png"))

    assert len(images) == 12
    assert [f"{p.parent.name}/{p.stem}_mask" for p in images] == [
        f"{p.parent.name}/{p.stem}" for p in masks
    ]
    assert len({path.stem for path in images}) == 12
    for image, mask in zip(images, masks, strict=True):
        label = read_photo(mask)
        assert label.flat
        assert label.pixels.dtype == np.uint8
        assert set(np.unique(label.pixels)) == {0, 255}
        assert label.pixels.shape[:2] == read_photo(image).pixels.shape[:2]


def test_good_photos_are_split_and_kept(dataset, photos) -> None:
    good = {path: read_photo(path).pixels for path in dataset.glob("*/*/good/*.png")}

    assert sum(path.parts[-3] == "test" for path in good) == 2
    for path in photos.iterdir():
        pixels = read_photo(path).pixels
        assert sum(np.array_equal(pixels, other) for other in good.values()) == 1


def test_nothing_changes_outside_the_recorded_support(dataset, photos) -> None:
    checked = 0
    for line in read_lines(dataset / "_anomsynth" / "my part" / "manifest.jsonl"):
        if line["what"] != "sample":
            continue
        before = read_photo(photos / line["source"]["file"]).pixels
        after = read_photo(dataset / line["files"]["image"]).pixels
        allowed = np.zeros(before.shape[:2], bool)
        for packed in line["supports"]:
            box, support = unpack_support(packed)
            allowed[box.slices] |= support
        changed = (before != after).any(axis=2)
        assert changed.any()
        assert not (changed & ~allowed).any()
        checked += 1
    assert checked == 12


def test_the_manifest_and_the_scores_are_in_order(dataset) -> None:
    lines = list(read_lines(dataset / "_anomsynth" / "my part" / "manifest.jsonl"))
    table = (dataset / "_anomsynth" / "my part" / "scores.csv").read_text()
    rows = list(csv.DictReader(table.splitlines()))

    samples = [line for line in lines if line["what"] == "sample"]
    assert [line["number"] for line in samples] == list(range(12))
    assert [line["id"] for line in samples] == [f"my part/{n:06d}" for n in range(12)]
    assert [row["image"] for row in rows] == [line["files"]["image"] for line in samples]
    assert all(0 <= float(row["score"]) <= 1 for row in rows)
    assert [line["image"] for line in lines if line["what"] == "normal"] == [
        "a.png",
        "b c.png",
        "d.jpg",
        "ü.bmp",
    ]


def test_the_run_record_has_no_times_and_no_workers(dataset) -> None:
    record = json.loads((dataset / "_anomsynth" / "run.json").read_text())

    assert record["seed"] == 5
    assert set(record["versions"]) >= {"anomsynth", "numpy", "scipy", "opencv", "python"}
    assert not {"jobs", "resume", "overwrite", "link"} & set(record["options"])
    assert not (dataset / "_anomsynth" / "journal.jsonl").exists()
    assert not (dataset / "_anomsynth" / ".tmp").exists()


def test_events_tell_the_whole_story(photos, tmp_path, make) -> None:
    events = []

    finished = make(photos, tmp_path / "out", per_image=2, on_event=events.append)

    assert events[0] == Started(total=8, done=0)
    assert events[-1] == finished
    assert [type(event) for event in events[1:-1]] == [SampleDone] * 8
    assert finished.written == 8
    assert sum(finished.by_kind.values()) >= 8
    assert (finished.failed, finished.by_cause, finished.failed_images) == (0, {}, ())


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 4])
def test_the_number_of_workers_changes_no_byte(photos, tmp_path, make, tree, jobs) -> None:
    one = make(photos, tmp_path / "one", per_image=2, extras=EXTRAS)
    many = make(photos, tmp_path / "many", per_image=2, extras=EXTRAS, jobs=jobs)

    assert tree(tmp_path / "one") == tree(tmp_path / "many")
    assert one.by_kind == many.by_kind


def test_a_subset_has_the_same_arrays(photos, tmp_path, make) -> None:
    make(photos, tmp_path / "all", per_image=2)
    (photos / "b c.png").unlink()
    make(photos, tmp_path / "some", per_image=1)

    everything, some = arrays_by_key(tmp_path / "all"), arrays_by_key(tmp_path / "some")
    assert len(some) == 3
    assert some == {key: everything[key] for key in some}


def test_the_order_of_work_changes_no_byte(photos, tmp_path, make, tree, monkeypatch) -> None:
    make(photos, tmp_path / "forth", per_image=2)
    pending = "anomsynth.pipeline.run._pending"
    monkeypatch.setattr(pending, lambda plan, *_: list(reversed(plan.units)))
    make(photos, tmp_path / "back", per_image=2)

    assert tree(tmp_path / "forth") == tree(tmp_path / "back")


def test_a_category_means_the_same_alone_and_in_its_root(photo_maker, tmp_path, make) -> None:
    photo_maker(tmp_path / "root" / "screw" / "train" / "good", "000.png", "001.png")
    photo_maker(tmp_path / "root" / "screw" / "test" / "bad", "000.png")
    photo_maker(tmp_path / "root" / "bolt" / "train" / "good", "000.png")

    make(tmp_path / "root", tmp_path / "both", per_image=1)
    make(tmp_path / "root" / "screw", tmp_path / "alone", per_image=1)

    both, alone = arrays_by_key(tmp_path / "both"), arrays_by_key(tmp_path / "alone")
    assert len(both) == 3
    assert alone == {key: both[key] for key in alone}
    # Equal names in two categories are two photos with streams of their own.
    assert both["bolt", "000.png", 0] != both["screw", "000.png", 0]


def test_the_source_is_never_written_to(photos, tmp_path, make) -> None:
    before = source_state(photos)

    make(photos, tmp_path / "out", per_image=1, link="hardlink")
    make(photos, tmp_path / "out", per_image=2, overwrite=True)

    assert source_state(photos) == before


def test_overwriting_leaves_what_a_fresh_run_leaves(photos, tmp_path, make, tree) -> None:
    make(photos, tmp_path / "out", per_image=3, extras=EXTRAS)
    make(photos, tmp_path / "out", per_image=1, overwrite=True)
    make(photos, tmp_path / "fresh", per_image=1)

    assert tree(tmp_path / "out") == tree(tmp_path / "fresh")


def test_a_failed_sample_costs_only_itself(photos, tmp_path, make, recipe, monkeypatch) -> None:
    really = worker.synthesize

    def fails_once(surface, recipe, *, seed, key):
        if (key.image, key.index) == ("a.png", 1):
            raise worker.SynthesisError("no room")
        return really(surface, recipe, seed=seed, key=key)

    monkeypatch.setattr(worker, "synthesize", fails_once)
    events = []

    finished = make(photos, tmp_path / "out", per_image=2, on_event=events.append)

    assert (finished.written, finished.failed) == (7, 1)
    assert finished.by_cause == {"SynthesisError": 1}
    assert [event.message for event in events if isinstance(event, SampleFailed)] == ["no room"]
    lines = read_lines(tmp_path / "out/_anomsynth/my part/manifest.jsonl")
    failed = [line for line in lines if line["what"] == "failed sample"]
    assert [(line["number"], line["cause"]) for line in failed] == [(1, "SynthesisError")]


def test_a_bug_stops_the_run_and_names_the_sample(photos, tmp_path, make, monkeypatch) -> None:
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(worker, "synthesize", broken)

    with pytest.raises(ZeroDivisionError) as caught:
        make(photos, tmp_path / "out", per_image=2)

    assert caught.value.__notes__ == [
        "while making the sample of 'my part', 'a.png', index 0, seed 5"
    ]
    assert not (tmp_path / "out" / "_anomsynth" / ".tmp").exists()


def test_an_unusable_photo_costs_its_samples(photos, tmp_path, make) -> None:
    (photos / "bad.png").write_bytes(b"not a picture")
    events = []

    finished = make(photos, tmp_path / "out", per_image=2, on_event=events.append)

    assert isinstance(finished, Finished)
    assert (finished.written, finished.failed) == (8, 2)
    assert finished.by_cause == {"InputError": 2}
    assert finished.failed_images == ("my part/bad.png",)
    failed = [event for event in events if isinstance(event, ImageFailed)]
    assert [(event.image, event.samples) for event in failed] == [("bad.png", 2)]
    (hint,) = {event.hint for event in failed}
    assert hint
    assert finished.reasons["InputError"].endswith(f"bad.png: a text file, not a picture; {hint}")


def test_the_most_frequent_reason_of_a_cause_is_kept(photos, tmp_path, make, monkeypatch) -> None:
    def fails(surface, recipe, *, seed, key):
        raise worker.SynthesisError("no room" if key.index else "too faint")

    monkeypatch.setattr(worker, "synthesize", fails)

    finished = make(photos, tmp_path / "out", per_image=3)

    assert finished.by_cause == {"SynthesisError": 12}
    assert finished.reasons == {"SynthesisError": "no room"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_samples(
    photo_maker, tmp_path, make, monkeypatch
) -> None:
    source = photo_maker(tmp_path / "part", "a.png")
    monkeypatch.setattr("anomsynth.pipeline.units.UNIT_SAMPLES", 4)
    monkeypatch.setattr("anomsynth.pipeline.run.UNIT_SAMPLES", 4)
    held = {}

    def listen(event) -> None:
        if isinstance(event, SampleDone):
            held[samples] = max(held.get(samples, 0), tracemalloc.get_traced_memory()[0])

    make(source, tmp_path / "warm", per_image=24)
    for samples in (4, 24):
        tracemalloc.start()
        make(source, tmp_path / f"out{samples}", per_image=samples, on_event=listen)
        tracemalloc.stop()

    assert held[24] - held[4] < 150_000  # twelve images of 12,288 bytes, for 20 samples


def test_a_photo_with_many_samples_is_several_units(photo_maker, tmp_path, make, tree) -> None:
    source = photo_maker(tmp_path / "part", "a.png", "b.png")
    samples = UNIT_SAMPLES + 2

    finished = make(source, tmp_path / "out", per_image=samples)
    whole = tree(tmp_path / "out")
    next((tmp_path / "out").glob(f"part/test/*/{samples - 1:06d}.png")).unlink()
    events = []
    make(source, tmp_path / "out", per_image=samples, resume=True, on_event=events.append)

    assert finished.written == 2 * samples
    assert events[0] == Started(total=2 * samples, done=2 * samples - 2)
    assert tree(tmp_path / "out") == whole
    assert sum(name.startswith("part/train/") for name in whole) == 2
