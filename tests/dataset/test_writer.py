"""The tree holds what every loader understands; what it cannot hold lies beside it."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.sample import Instance, Sample
from anomsynth.core.types import Box, SampleKey
from anomsynth.dataset.images import LoadedPhoto, load_photo, read_photo, write_png
from anomsynth.dataset.layout import Layout, check_kinds, digits_for
from anomsynth.dataset.manifest import array_hash, unpack_support
from anomsynth.dataset.verify import is_done
from anomsynth.dataset.writer import (
    SourcePhoto,
    Writer,
    layout_picture,
    photo_hash,
    without_alpha,
)
from anomsynth.errors import OutputError
from anomsynth.surface.analyze import analyze
from anomsynth.testing import make_surface

ORIGIN = SourcePhoto("screw", "ä b.png", "screw/train/good/ä b.png", "0" * 64, "1" * 64)
EXTRAS = ("soft", "class", "instance", "foreground", "height", "normals", "strict")
SURFACE = make_surface(20, 30, border=2)


@pytest.fixture
def layout(tmp_path) -> Layout:
    found = Layout(tmp_path / "out")
    found.scratch.mkdir(parents=True)
    return found


def instance(kind: str, left: int) -> Instance:
    return Instance(
        kind=kind,
        box=Box(5, left, 9, left + 4),
        support_box=Box(4, left - 1, 10, left + 5),
        support=np.eye(6, dtype=bool),
        target=3.0,
        visibility=3.0,
        gain=1.0,
        area_px=16,
        closing_px=1,
        parameters={"radius_mm": 1.0},
        measured={},
        residuals={},
    )


def make_sample(image: np.ndarray, kinds: tuple[str, ...] = ("pitting",)) -> Sample:
    """Return a sample with one 4 x 4 defect of each kind."""
    index = np.zeros((20, 30), np.uint16)
    for position in range(len(kinds)):
        index[5:9, 5 + 10 * position : 9 + 10 * position] = position + 1
    return Sample(
        image=image,
        mask=index > 0,
        strict=index > 0,
        soft=(index > 0).astype(np.float32) * np.float32(0.5),
        class_index=index.astype(np.uint8),
        instance_index=index,
        height_mm=index * np.float32(-0.25),
        kinds=kinds,
        instances=tuple(instance(kind, 5 + 10 * place) for place, kind in enumerate(kinds)),
        attempt=2,
        key=SampleKey("screw", "ä b.png", 1),
        seed=7,
    )


def grey_levels(dtype: type, *channels: int) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, top, (20, 30, *channels), dtype=dtype)


def read(layout: Layout, name: str) -> np.ndarray:
    return cv2.imread(str(layout.root / name), cv2.IMREAD_UNCHANGED)


def test_a_sample_lies_where_loaders_look(layout) -> None:
    image = grey_levels(np.uint8, 3)

    line = Writer(layout, kinds=("pitting",)).sample(ORIGIN, 12, make_sample(image), SURFACE)

    assert line["id"] == "screw/000012"
    assert line["files"] == {
        "image": "screw/test/pitting/000012.png",
        "mask": "screw/ground_truth/pitting/000012_mask.png",
        "extras": [],
    }
    assert np.array_equal(read(layout, "screw/test/pitting/000012.png")[..., ::-1], image)
    mask = read(layout, "screw/ground_truth/pitting/000012_mask.png")
    assert mask.dtype == np.uint8
    assert mask.shape == (20, 30)
    assert sorted(np.unique(mask)) == [0, 255]
    assert np.array_equal(mask == 255, make_sample(image).mask)


def test_a_sample_that_the_run_has_rated_is_not_rated_again(layout) -> None:
    sample = replace(make_sample(grey_levels(np.uint8, 3)), scores={"score": 0.625})

    line = Writer(layout, kinds=("pitting",)).sample(ORIGIN, 12, sample, SURFACE)

    assert line["scores"] == {"score": 0.625}


@pytest.mark.parametrize(
    ("dtype", "channels"),
    [(np.uint16, ()), (np.uint16, (3,)), (np.uint16, (4,)), (np.uint8, (4,)), (np.uint8, (2,))],
)
def test_what_the_tree_cannot_hold_is_kept_whole_beside_it(layout, dtype, channels) -> None:
    image = grey_levels(dtype, *channels)

    surface = analyze(image)

    line = Writer(layout, kinds=("pitting",)).sample(ORIGIN, 0, make_sample(image), surface)

    shown = read_photo(layout.root / "screw/test/pitting/000000.png")
    assert shown.pixels.dtype == np.uint8
    assert shown.alpha is None
    assert shown.pixels.shape[2] == (1 if channels in {(), (2,)} else 3)
    whole = read_photo(layout.root / "_anomsynth/screw/original/000000.png")
    photo = as_photo(image)
    assert whole.pixels.dtype == dtype
    assert (whole.pixels == photo.pixels).all()
    assert photo.alpha is None or np.array_equal(whole.alpha, photo.alpha)
    assert line["files"]["extras"] == ["_anomsynth/screw/original/000000.png"]
    assert line["sha256"]["sample"] == array_hash(image)
    assert line["sha256"]["image"] == array_hash(layout_picture(without_alpha(image)))


def test_sixteen_bits_become_eight_over_the_full_range() -> None:
    deep = np.array([[0, 128, 129, 32768, 65535]], np.uint16)

    assert layout_picture(deep).tolist() == [[0, 0, 1, 128, 255]]


def test_extras_lie_outside_the_category_and_say_what_they_mean(layout) -> None:
    writer = Writer(layout, EXTRAS, kinds=("crack", "dent", "pitting"))
    sample = make_sample(grey_levels(np.uint8), ("crack", "pitting"))

    line = writer.sample(ORIGIN, 3, sample, SURFACE)

    extras = "_anomsynth/screw"
    assert line["files"]["image"] == "screw/test/combined/000003.png"
    assert np.array_equal(
        np.unique(read(layout, f"{extras}/class/000003.png")), [0, 1, 3]
    )  # of the run's kinds, not the sample's
    assert read(layout, f"{extras}/class/000003_preview.png")[6, 6].any()
    assert np.array_equal(read(layout, f"{extras}/instance/000003.png"), sample.instance_index)
    legend = json.loads((layout.root / f"{extras}/instance/000003.json").read_text())
    assert legend == {"1": "crack", "2": "pitting"}
    soft = read(layout, f"{extras}/soft/000003.png")
    assert soft.dtype == np.uint16
    assert np.array_equal(np.unique(soft), [0, 32768])
    assert np.array_equal(read(layout, f"{extras}/strict/000003.png") == 255, sample.strict)
    assert np.array_equal(
        read(layout, f"{extras}/foreground/000003.png") == 255, SURFACE.foreground
    )
    height = read(layout, f"{extras}/height/000003.tiff")
    assert height.dtype == np.float32
    assert np.array_equal(height, sample.height_mm)
    assert all((layout.root / name).is_file() for name in line["files"]["extras"])
    beside = {path for path in layout.metadata.rglob("*") if path.is_file()}
    assert {layout.relative(path) for path in beside} == set(line["files"]["extras"])


def test_normal_maps_hold_the_normals_of_a_sphere(layout) -> None:
    mm_per_px, radius_mm, centre = 0.05, 1.0, (9.5, 14.0)
    surface = replace(SURFACE, mm_per_px=mm_per_px)
    rows, cols = np.indices((20, 30))
    up, right = (centre[0] - rows) * mm_per_px, (cols - centre[1]) * mm_per_px
    away = np.hypot(up, right)
    rise = np.sqrt(np.maximum(radius_mm**2 - away**2, 0)) - 0.95
    sample = replace(
        make_sample(grey_levels(np.uint8)),
        height_mm=np.maximum(rise, 0).astype(np.float32),
        mm_per_px=mm_per_px,
    )

    Writer(layout, ("normals",), kinds=("pitting",)).sample(ORIGIN, 3, sample, surface)

    coded = read(layout, "_anomsynth/screw/normals/000003.png")[..., ::-1]
    assert coded.dtype == np.uint16
    normals = (coded.astype(float) - 32768) / 32767
    true = np.stack([right, up, np.sqrt(radius_mm**2 - np.minimum(away, 1) ** 2)], axis=2)
    inside = away < 0.25
    apart = np.degrees(np.arccos(np.clip((normals * true)[inside].sum(axis=1), -1, 1)))
    assert apart.max() < 0.5
    assert true[inside, 0].max() > 0.15
    assert (coded[away > 0.45] == (32768, 32768, 65535)).all()


def test_combined_samples_have_class_and_instance_masks_unasked(layout) -> None:
    sample = make_sample(grey_levels(np.uint8), ("crack", "pitting"))

    line = Writer(layout, kinds=sample.kinds).sample(ORIGIN, 3, sample, SURFACE)

    folders = {name.split("/")[2] for name in line["files"]["extras"]}
    assert folders == {"class", "instance"}


def test_the_record_tells_source_support_and_scores(layout) -> None:
    sample = replace(make_sample(grey_levels(np.uint8)), scores={"score": 0.625})

    line = Writer(layout, kinds=("pitting",)).sample(ORIGIN, 3, sample, SURFACE)

    assert line["source"] == {
        "file": "screw/train/good/ä b.png",
        "sha256": "0" * 64,
        "file_sha256": "1" * 64,
    }
    assert (line["image"], line["index"], line["number"]) == ("ä b.png", 1, 3)
    assert line["record"]["attempt"] == 2
    box, support = unpack_support(line["supports"][0])
    assert box == sample.instances[0].support_box
    assert np.array_equal(support, np.eye(6, dtype=bool))
    assert line["scores"] == {"score": 0.625}


def loaded(layout: Layout, array: np.ndarray, name: str = "s.png") -> LoadedPhoto:
    write_png(layout.root.parent / name, array, layout.scratch)
    return load_photo(layout.root.parent / name)


@pytest.mark.parametrize("link", ["copy", "hardlink"])
def test_plain_photos_come_in_as_they_are(layout, link) -> None:
    source = loaded(layout, grey_levels(np.uint8, 3))

    line = Writer(layout, link=link).normal(ORIGIN, ("train", 4), source, SURFACE.foreground)

    target = layout.root / "screw/train/good/000004.png"
    assert target.read_bytes() == source.path.read_bytes()
    assert target.samefile(source.path) == (link == "hardlink")
    assert line["files"] == {"image": "screw/train/good/000004.png", "extras": []}
    assert is_done(layout, [line], decode=True)


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint16, 3), (np.uint8, 4)])
def test_other_photos_are_converted_even_if_links_are_wished(layout, dtype, channels) -> None:
    array = grey_levels(dtype, channels)
    source = loaded(layout, array)

    line = Writer(layout, link="hardlink").normal(ORIGIN, ("test", 4), source, SURFACE.foreground)

    shown = read_photo(layout.root / "screw/test/good/000004.png")
    assert np.array_equal(shown.pixels, layout_picture(array[..., :3]))
    assert is_done(layout, [line], decode=True)


def test_the_foreground_of_a_good_photo_is_an_extra(layout) -> None:
    source = loaded(layout, grey_levels(np.uint8))

    line = Writer(layout, ("foreground",)).normal(ORIGIN, ("train", 4), source, SURFACE.foreground)

    name = "_anomsynth/screw/foreground/good/000004.png"
    assert line["files"]["extras"] == [name]
    assert np.array_equal(read(layout, name) == 255, SURFACE.foreground)


@pytest.mark.parametrize(
    ("damage", "found_by_ends"),
    [(lambda _: b"", True), (lambda content: content[:-3], True), (None, True), ("other", False)],
)
def test_damaged_files_are_noticed(layout, damage, found_by_ends) -> None:
    sample = make_sample(grey_levels(np.uint8))
    line = Writer(layout, kinds=("pitting",)).sample(ORIGIN, 3, sample, SURFACE)
    path = layout.root / "screw/test/pitting/000003.png"
    whole = is_done(layout, [line], decode=True)
    if damage is None:
        path.unlink()
    elif damage == "other":
        write_png(path, 255 - sample.image, layout.scratch)
    else:
        path.write_bytes(damage(path.read_bytes()))

    assert whole
    assert is_done(layout, [line], decode=False) != found_by_ends
    assert not is_done(layout, [line], decode=True)


def test_unusable_photos_are_never_done(layout) -> None:
    assert not is_done(layout, [ORIGIN.line("unusable photo")], decode=False)
    assert not is_done(layout, [], decode=False)
    assert is_done(layout, [ORIGIN.line("failed sample")], decode=True)


def test_the_hash_of_a_photo_sees_its_alpha() -> None:
    pixels = grey_levels(np.uint8, 3)
    clear = Photo(pixels, np.zeros((20, 30), np.uint8))

    assert photo_hash(Photo(pixels)) != photo_hash(clear)
    assert photo_hash(clear) != photo_hash(replace(clear, alpha=clear.alpha + np.uint8(1)))


def test_numbers_have_one_width() -> None:
    assert digits_for(12) == 6
    assert digits_for(1_000_000) == 7
    assert Layout(Path("out"), digits_for(1_000_000)).number(3) == "0000003"


def test_kinds_with_a_folder_of_another_meaning_are_refused() -> None:
    check_kinds(["crack", "goods"])
    with pytest.raises(OutputError, match="'combined'"):
        check_kinds(["crack", "combined"])
