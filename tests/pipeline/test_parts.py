"""Where the part is is decided once a category, recorded, and said."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.cli.summary import masks_line
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.manifest import read_lines
from anomsynth.pipeline.analysis import analyse_photo
from anomsynth.pipeline.parts import PartTally, find_parts, read_finders
from anomsynth.pipeline.replay import replay
from anomsynth.surface.category import PHOTOS
from anomsynth.surface.foreground import PartFinder, find_foreground

FLOOD = PartFinder("flood", 0.2, 9, flood=1.0)


def shadowed(path: Path, seed: int) -> Path:
    """Write a brown disc on yellow paper, with a soft shadow beside it."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((160, 160))
    cv2.circle(truth, (80 + seed % 5, 78), 36, 1, -1)
    shadow = cv2.GaussianBlur(np.roll(truth, (8, 11), (0, 1)), (0, 0), 7) * (1 - truth)
    colours = np.array((206, 200, 70)) * (1 - 0.55 * shadow[..., None])
    colours[truth > 0] = (168, 110, 62)
    colours = cv2.GaussianBlur(colours, (0, 0), 0.8) + rng.normal(0, 1.5, colours.shape)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def nuts(tmp_path) -> Path:
    folder = tmp_path / "nuts"
    for seed in range(6):
        shadowed(folder / f"{seed}.png", seed)
    return folder


def record_of(out: Path) -> dict[str, object]:
    return json.loads((out / "_anomsynth" / "run.json").read_text())


def test_the_decision_is_recorded_and_followed(make, nuts, tmp_path) -> None:
    finished = make(nuts, tmp_path / "out", per_image=1)

    finder = read_finders(record_of(tmp_path / "out"))["nuts"]
    report = finished.parts["nuts"]
    assert (finder.method, finder.photos) == ("flood", 6)
    assert report.finder == finder
    assert report.line == "part found in 6 of 6 photos by flooding up to its outline"
    assert report.doubt == ""
    for mask in (tmp_path / "out" / "nuts" / "ground_truth").rglob("*.png"):
        rows, cols = np.nonzero(read_photo(mask).pixels[..., 0])
        assert np.hypot(rows - 78, cols - 82).max() < 42


def test_the_decision_is_the_same_for_any_shard_and_count(make, nuts, tmp_path) -> None:
    make(nuts, tmp_path / "all", per_image=1)
    make(nuts, tmp_path / "shard", per_image=1, shard=(2, 3))
    make(nuts, tmp_path / "few", count=2)

    found = (tmp_path / "shard" / "_anomsynth").rglob("*.json")
    shard = next(path for path in found if "versions" in path.read_text())
    few = record_of(tmp_path / "few")
    whole = record_of(tmp_path / "all")
    assert json.loads(shard.read_text())["foreground"] == whole["foreground"]
    assert few["foreground"] == whole["foreground"]


def test_a_sample_is_replayed_with_the_part_it_was_made_on(make, nuts, tmp_path) -> None:
    make(nuts, tmp_path / "out", per_image=1)

    sample = replay(tmp_path / "out", "nuts/000003")

    assert sample.mask.any()


def test_nothing_is_decided_where_masks_say_it(make, nuts, tmp_path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    for path in nuts.iterdir():
        Image.new("L", (160, 160), 255).save(masks / path.name)

    finished = make(nuts, tmp_path / "out", per_image=1, roi=masks)

    assert record_of(tmp_path / "out")["foreground"] == {}
    assert finished.parts == {}


def test_a_run_says_how_it_understood_masks(make, nuts, tmp_path) -> None:
    masks = tmp_path / "masks"
    finder = find_parts({"nuts": sorted(nuts.iterdir())}, jobs=1)["nuts"]
    masks.mkdir()
    for number, path in enumerate(sorted(nuts.iterdir())):
        pixels = np.asarray(Image.open(path))
        part = find_foreground(pixels.reshape(160, 160, -1), None, finder=finder)
        if number == 0:  # well within
            part = cv2.erode(part.view(np.uint8), np.ones((13, 13), np.uint8)) > 0
        Image.fromarray(part).save(masks / f"{path.stem}.png")

    finished = make(nuts, tmp_path / "out", per_image=1, roi=masks)

    count = len(list(nuts.iterdir()))
    assert finished.masks == {"nuts": {"outline": count - 1, "within": 1}}
    line = masks_line(finished.masks["nuts"])
    assert line.startswith(f"{count - 1} of {count} masks along the part's outline; nothing is")
    assert "nothing is drawn outside" in masks_line({"within": 3})
    assert "change the ground, too" in masks_line({"outline": 3})


def test_photos_that_cannot_be_read_are_left_out(nuts) -> None:
    (nuts / "0.png").write_bytes(b"no picture")

    finder = find_parts({"nuts": sorted(nuts.iterdir())}, jobs=2)["nuts"]

    assert (finder.method, finder.photos) == ("flood", 5)


def test_at_most_some_photos_are_looked_at(tmp_path) -> None:
    paths = [shadowed(tmp_path / "many" / f"{seed:02}.png", seed) for seed in range(12)]

    assert find_parts({"many": paths}, jobs=1)["many"].photos == PHOTOS


@pytest.mark.parametrize(
    ("shares", "line", "doubt"),
    [
        ([0.2, 0.21, 0.19], "part found in 3 of 3 photos by flooding up to its outline", ""),
        (
            [0.2, 0.21, 0.19, 1.0, 0.05],
            "part found in 4 of 5 photos by flooding up to its outline; 2 differ: p3, p4",
            "2 of 5 photos disagree about where the part is",
        ),
        (
            [0.2, 0.21, 0.19, 1.0, 1.0, 1.0, 1.0],
            "part found in 3 of 7 photos by flooding up to its outline; 4 differ: p3, p4, p5, ...",
            "4 of 7 photos disagree about where the part is",
        ),
    ],
)
def test_photos_that_differ_are_named(shares, line, doubt) -> None:
    tally = PartTally()
    for index, share in enumerate(shares):
        tally.add(f"p{index}", share)

    report = tally.report(FLOOD)

    assert (report.line, report.doubt) == (line, doubt)


def test_a_whole_picture_that_might_hold_a_part_is_doubted() -> None:
    tally = PartTally()
    tally.add("p", 1.0)

    sure = tally.report(PartFinder("picture", photos=9))
    unsure = tally.report(PartFinder("picture", photos=9, backdrop=4 / 9))

    assert sure.line == "the whole picture is the part in 1 of 1 photo"
    assert sure.doubt == ""
    assert unsure.doubt.startswith("a part was seen in 44% of the photos that were looked at")


def test_text_that_the_camera_burned_in_is_left_alone(tmp_path: Path) -> None:
    source, out = tmp_path / "photos", tmp_path / "out"
    source.mkdir()
    for seed in range(6):
        rng = np.random.default_rng(seed)
        levels = (120 + 40 * rng.random() + rng.normal(0, 8, (120, 160))).astype(np.uint8)
        cv2.putText(levels, "x200 1 mm", (4, 114), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
        cv2.imwrite(str(source / f"{seed}.png"), levels)
    finished = asy.generate(source, out, per_image=4)

    record = json.loads((out / "_anomsynth" / "run.json").read_text())
    (finder,) = read_finders(record).values()
    text = finder.avoided((120, 160))
    assert text is not None
    assert "burned in by the camera" in finished.parts["photos"].line
    masks = [cv2.imread(str(path), 0) for path in out.rglob("*_mask.png")]
    assert len(masks) == 24
    assert not any((mask[text] > 0).any() for mask in masks)
    assert asy.generate(source, out, per_image=4, resume=True).written == 24


def test_photos_without_samples_are_only_asked_where_their_part_is(
    photos, tmp_path, make, monkeypatch
) -> None:
    analysed = []

    def count(loaded, unit, *rest, **options):
        analysed.append(unit.image)
        return analyse_photo(loaded, unit, *rest, **options)

    monkeypatch.setattr("anomsynth.pipeline.worker.analyse_photo", count)
    make(photos, tmp_path / "few", count=1, extras=("foreground",))
    assert len(analysed) == 1
    make(photos, tmp_path / "all", count=4, extras=("foreground",))

    few, every = (
        [
            line
            for line in read_lines(tmp_path / name / "_anomsynth" / "my part" / "manifest.jsonl")
            if line["what"] == "normal"
        ]
        for name in ("few", "all")
    )
    assert len(few) == 4
    assert few == every
    for path in (tmp_path / "all" / "_anomsynth" / "my part" / "foreground" / "good").iterdir():
        twin = tmp_path / "few" / path.relative_to(tmp_path / "all")
        assert twin.read_bytes() == path.read_bytes()


def test_a_photo_without_samples_still_needs_its_mask(photos, tmp_path, make) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    Image.new("L", (64, 48), 255).save(masks / "a.png")

    finished = make(photos, tmp_path / "out", count=1, roi=masks)

    assert len(finished.failed_images) == 4
