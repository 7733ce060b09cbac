"""Ten and twelve bits of a camera in 16-bit files: worked on, written and told in that range."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

import anomsynth as asy
from anomsynth.core.depth import Depth, Levels, depth_of
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.manifest import read_lines
from anomsynth.dataset.validate import validate
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.auto import choose_preset
from anomsynth.pipeline.depths import find_depths
from anomsynth.pipeline.replay import replay


def write_deep(folder: Path, bits: int, *, shift: int = 0, count: int = 2) -> Path:
    """Write 16-bit photos of a camera of so many bits."""
    folder.mkdir(parents=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        share = np.clip(rng.normal(0.5, 0.04, (96, 128)), 0, 1)
        share[0, 0] = 0.99
        levels = np.rint(share * ((1 << bits) - 1)).astype(np.uint16)
        cv2.imwrite(str(folder / f"{number}.png"), levels << np.uint16(shift))
    return folder


@given(bits=st.integers(8, 16), shift=st.integers(0, 8), level=st.integers(0, 65535))
def test_spreading_over_the_full_range_is_undone_exactly(bits, shift, level) -> None:
    depth = Depth(bits, min(shift, 16 - bits))
    pixels = np.array([[0, level & depth.top, depth.top]], np.uint16) << np.uint16(depth.shift)

    wide = depth.widen(pixels)

    assert (wide[0, 0], wide[0, 2]) == (0, 65535)
    assert np.array_equal(depth.narrow(wide), pixels)


@given(bits=st.integers(8, 16), level=st.floats(0, 255))
def test_levels_are_rounded_to_those_the_camera_knows(bits, level) -> None:
    depth = Depth(bits)

    pixels = depth.quantise(np.array([level], np.float32))

    assert np.array_equal(depth.widen(depth.narrow(pixels)), pixels)
    assert float(pixels[0]) / 257 == pytest.approx(level, abs=0.5 * 255 / depth.top + 0.003)


@pytest.mark.parametrize(
    ("highest", "step", "depth"),
    [
        (4095, 1, Depth(12)),
        (3000, 1, Depth(12)),
        (1023, 1, Depth(10)),
        (9000, 1, Depth(14)),
        (65535, 1, Depth()),
        (40000, 1, Depth()),
        (65520, 16, Depth(12, 4)),
        (65472, 64, Depth(10, 6)),
        (65280, 256, Depth(8, 8)),
        (0, 1, Depth()),
    ],
)
def test_the_depth_follows_from_the_brightest_pixel_and_the_empty_bits(
    highest, step, depth
) -> None:
    assert depth_of(Levels.of(np.arange(0, highest + 1, step, np.uint16))) == depth


@pytest.mark.parametrize(
    ("step", "stray", "depth"),
    [
        (1, [65535], Depth(12, clipped=1)),
        (1, [65535, 40000, 33000], Depth(12, clipped=3)),
        (16, [65535], Depth(12, 4, clipped=1)),
        (1, [65535] * 5, Depth()),  # of 400 numbers: too many for dead pixels
        (1, [20000], Depth(16)),  # a camera of 15 bits
        (1, [65535, 20000], Depth()),  # there are levels between
        (16, [65533], Depth()),
    ],
)
def test_a_few_numbers_far_above_all_others_are_no_levels_of_the_camera(step, stray, depth) -> None:
    levels = np.linspace(0, 4095, 400).astype(np.uint16) * np.uint16(step)

    assert depth_of(Levels.of(np.append(levels, stray).astype(np.uint16))) == depth


@pytest.mark.parametrize("bits", [None, 12])
def test_a_dead_pixel_of_one_photo_is_told_and_counts_as_white(tmp_path, call, bits) -> None:
    source = write_deep(tmp_path / "my part", 12)
    pixels = cv2.imread(str(source / "1.png"), cv2.IMREAD_UNCHANGED)
    pixels[40, 50] = 65535
    cv2.imwrite(str(source / "1.png"), pixels)
    given = () if bits is None else ("--bits", bits)
    made = ("--kinds", "scratch", "--per-image", 1, "--tree-depth", 16, "--jobs", 1)

    said = call("generate", source, tmp_path / "out", *made, *given)

    assert "12 of 16 bits (give --bits N if that is wrong); 1 value lies far above" in said.output
    assert "count as 4095" in said.output
    record = json.loads((tmp_path / "out" / "_anomsynth" / "run.json").read_text())
    assert record["depths"]["my part"]["clipped"] == 1
    goods = sorted((tmp_path / "out" / "my part").glob("*/good/*.png"))
    written = next(one for one in map(read_photo, goods) if one.pixels[40, 50, 0] == 4095)
    others = np.arange(pixels.size).reshape(pixels.shape) != 40 * pixels.shape[1] + 50
    assert np.array_equal(written.pixels[..., 0][others], pixels[others])
    assert [replay(tmp_path / "out", f"my part/{n}").image.max() <= 4095 for n in (0, 1)]


def test_one_bright_photo_of_many_decides_for_the_category(tmp_path) -> None:
    photos = sorted(write_deep(tmp_path / "part", 10, count=5).iterdir())
    cv2.imwrite(str(photos[3]), np.full((8, 8), 4000, np.uint16))

    assert find_depths({"part": photos}, 1) == {"part": Depth(12)}


def test_photos_of_eight_and_of_all_bits_have_no_depth_of_their_own(tmp_path, write_photos) -> None:
    shallow = sorted(write_photos(tmp_path / "shallow", 2).rglob("*.png"))
    full = sorted(write_deep(tmp_path / "full", 16).iterdir())

    assert find_depths({"shallow": shallow, "full": full}, 1) == {}


def test_the_user_has_the_last_word(tmp_path) -> None:
    photos = {"part": sorted(write_deep(tmp_path / "part", 12, shift=4).iterdir())}

    assert find_depths(photos, 1, None) == {"part": Depth(12, 4)}
    assert find_depths(photos, 1, 12) == {"part": Depth(12, 4)}
    assert find_depths(photos, 1, 14) == {"part": Depth(14)}
    assert find_depths(photos, 1, 16) == {}


@pytest.mark.parametrize("shift", [0, 4])
def test_a_twelve_bit_category_is_made_as_its_sixteen_bit_picture_would_be(
    shift, tmp_path, make
) -> None:
    deep = write_deep(tmp_path / "a" / "my part", 12, shift=shift)
    wide = tmp_path / "b" / "my part"
    wide.mkdir(parents=True)
    for path in deep.iterdir():
        pixels = read_photo(path).pixels[..., 0]
        cv2.imwrite(str(wide / path.name), Depth(12, shift).widen(pixels))

    found = make(deep, tmp_path / "deep", per_image=3)
    expected = make(wide, tmp_path / "wide", per_image=3)

    assert found.written == expected.written > 0
    for path in (tmp_path / "wide" / "my part").rglob("*.png"):
        near = read_photo(tmp_path / "deep" / path.relative_to(tmp_path / "wide")).pixels
        far = read_photo(path).pixels
        # Steps of 12 bits decide about the few pixels at the limit of visibility.
        assert np.mean(np.abs(near.astype(int) - far.astype(int)) > 1) < 0.005
    for path in (tmp_path / "deep" / "_anomsynth" / "my part" / "original").iterdir():
        pixels = read_photo(path).pixels
        assert int(pixels.max()) <= 4095 << shift
        assert not np.any(pixels & np.uint16((1 << shift) - 1))


def test_outside_the_mask_the_camera_s_levels_are_untouched(tmp_path, make) -> None:
    source = write_deep(tmp_path / "my part", 12)

    make(source, tmp_path / "out", per_image=1, tree_depth=16)

    lines = list(read_lines(tmp_path / "out" / "_anomsynth" / "my part" / "manifest.jsonl"))
    for line in lines:
        if line["what"] != "sample":
            continue
        made = read_photo(tmp_path / "out" / line["files"]["image"]).pixels[..., 0]
        mask = read_photo(tmp_path / "out" / line["files"]["mask"]).pixels[..., 0] > 0
        photo = read_photo(source / line["image"]).pixels[..., 0]
        assert made.dtype == np.uint16
        assert np.array_equal(made[~mask], photo[~mask])
        assert int(made.max()) <= 4095


def test_the_depth_is_recorded_and_replay_comes_out_the_same(tmp_path, make) -> None:
    make(write_deep(tmp_path / "my part", 12), tmp_path / "out", per_image=1)

    record = json.loads((tmp_path / "out" / "_anomsynth" / "run.json").read_text())
    assert record["depths"] == {
        "my part": {"bits": 12, "shift": 0, "tree_level": "255 * value / 4095"}
    }
    assert replay(tmp_path / "out", "my part/0").image.dtype == np.uint16


def test_a_photo_brighter_than_the_given_bits_costs_itself(tmp_path, make) -> None:
    finished = make(write_deep(tmp_path / "my part", 12), tmp_path / "out", bits=10)

    assert len(finished.failed_images) == 2
    assert "above 1023 (10 bits)" in str(finished.reasons)


def test_values_beyond_the_depth_are_refused() -> None:
    with pytest.raises(InputError, match="value 5000, above 4095"):
        Depth(12).widen(np.array([[5000]], np.uint16))


def test_validate_warns_of_trees_that_are_nearly_black(tmp_path, make) -> None:
    source = write_deep(tmp_path / "my part", 12)

    make(source, tmp_path / "right", per_image=1)
    make(source, tmp_path / "wrong", per_image=1, bits=16)

    def checks(out: Path) -> set[str]:
        return {finding.check for finding in validate(out).findings}

    assert "near-black" not in checks(tmp_path / "right")
    assert "near-black" in checks(tmp_path / "wrong")


def test_the_command_says_how_many_bits_are_used(tmp_path, call) -> None:
    source = write_deep(tmp_path / "my part", 12)

    said = call("generate", source, tmp_path / "out", "--kinds", "scratch", "--jobs", 1)

    assert "my part: the photos use 12 of 16 bits (give --bits N" in said.output


def deep_and_wide(tmp_path, shift: int = 0) -> tuple[Path, np.ndarray, np.ndarray]:
    """Return a 12-bit photo's file, its pixels, and what they are spread over all 16 bits."""
    path = write_deep(tmp_path / "part", 12, shift=shift, count=1) / "0.png"
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return path, pixels, Depth(12, shift).widen(pixels)


@pytest.mark.parametrize("shift", [0, 4])
def test_one_photo_is_damaged_in_the_levels_of_its_camera(tmp_path, shift) -> None:
    path, pixels, wide = deep_and_wide(tmp_path, shift)

    by_path, by_array = (asy.synthesize(one, "concrete", seed=2) for one in (path, pixels))
    expected = asy.synthesize(wide, "concrete", seed=2)

    assert np.array_equal(by_path.image, by_array.image)
    assert by_path.image.dtype == np.uint16
    assert np.array_equal(by_path.image[~by_path.strict], pixels[~by_path.strict])
    assert int(by_path.image.max()) <= 4095 << shift
    assert not np.any(by_path.image & np.uint16((1 << shift) - 1))
    assert np.mean(by_path.mask != expected.mask) < 0.005
    assert by_path.quality.score == pytest.approx(expected.quality.score, abs=0.05)


def test_a_surface_knows_its_camera_and_bits_say_otherwise(tmp_path) -> None:
    path, pixels, wide = deep_and_wide(tmp_path)

    surface = asy.analyze(path)
    full = asy.analyze(path, bits=16)

    assert np.array_equal(surface.pixels[..., 0], wide)
    assert np.array_equal(full.pixels[..., 0], pixels)
    sample = asy.synthesize(surface, "concrete", seed=2)
    assert int(sample.image.max()) <= 4095
    with pytest.raises(InputError, match="above 1023"):
        asy.synthesize(pixels, "concrete", bits=10)
    with pytest.raises(InputError, match="bits: expected a whole number from 8 to 16, got 7"):
        asy.synthesize(pixels, "concrete", bits=7)


def test_augmented_images_keep_to_the_levels_of_their_camera(tmp_path) -> None:
    _, pixels, _ = deep_and_wide(tmp_path)

    result = asy.Augment("concrete", p=1, seed=3, bits=12)(image=pixels)

    assert result["sample"] is not None
    assert int(result["image"].max()) <= 4095
    assert np.array_equal(result["image"][result["mask"] == 0], pixels[result["mask"] == 0])


def test_a_dark_photo_of_a_folder_is_not_taken_for_one_of_fewer_bits(tmp_path) -> None:
    folder = write_deep(tmp_path / "part", 12)
    dark = cv2.imread(str(folder / "1.png"), cv2.IMREAD_UNCHANGED) // 8
    cv2.imwrite(str(folder / "1.png"), dark)
    torch = pytest.importorskip("torch")

    defects = asy.torch.SyntheticDefects(folder, "concrete", size=32, length=8)
    items = [defects[index] for index in range(8)]

    means = [[float(image.mean()) for image, *_ in items[start::2]] for start in (0, 1)]
    assert min(means[0]) > 0.4
    assert 0.03 < min(means[1]) <= max(means[1]) < 0.15
    assert {int(label) for *_, label in items} == {0, 1}
    assert torch.stack([image for image, *_ in items]).max() <= 1


def test_preset_by_look_sees_what_the_camera_saw(tmp_path) -> None:
    path, _, wide = deep_and_wide(tmp_path)
    (tmp_path / "wide" / "part").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "wide" / "part" / "0.png"), wide)

    choices = [choose_preset("part", [one]) for one in (path, tmp_path / "wide/part/0.png")]

    assert choices[0] == choices[1]


def test_floats_become_a_dataset_by_the_range_that_is_recorded(tmp_path, make) -> None:
    source = tmp_path / "my part"
    source.mkdir()
    for number in range(2):
        share = np.random.default_rng(number).normal(0.5, 0.04, (96, 128)).astype(np.float32)
        tifffile.imwrite(source / f"{number}.tif", share * 40 - 10, photometric="minisblack")

    refused = make(source, tmp_path / "refused")
    made = make(source, tmp_path / "out", per_image=2, value_range=(-10, 30))
    jobs = make(source, tmp_path / "jobs", per_image=2, value_range=(-10, 30), jobs=2)
    again = make(source, tmp_path / "out", per_image=2, value_range=(-10, 30), resume=True)

    assert "floating-point numbers" in str(refused.reasons)
    assert made.written == again.written == jobs.written == 4
    record = json.loads((tmp_path / "out" / "_anomsynth" / "run.json").read_text())
    assert record["options"]["value_range"] == [-10, 30]
    assert "depths" not in record
    good = read_photo(next((tmp_path / "out/my part/train/good").iterdir())).pixels
    assert 120 < good.mean() < 135
    assert replay(tmp_path / "out", "my part/0").image.dtype == np.uint16
    with pytest.raises(OutputError, match="value_range was"):
        make(source, tmp_path / "out", per_image=2, value_range=(-10, 40), resume=True)


def test_bands_become_a_dataset(tmp_path, make) -> None:
    source = tmp_path / "my part"
    source.mkdir()
    planes = np.random.default_rng(1).normal(120, 9, (96, 128, 5)).clip(0, 255).astype(np.uint8)
    planes[..., 4] //= 2
    tifffile.imwrite(source / "0.tif", planes, photometric="minisblack", planarconfig="contig")

    make(source, tmp_path / "out", per_image=1, bands=("5",), test_share=0)

    good = read_photo(next((tmp_path / "out/my part/train/good").iterdir())).pixels
    assert np.array_equal(good[..., 0], planes[..., 4])
    assert replay(tmp_path / "out", "my part/0").image.shape == (96, 128)


def test_commands_take_range_and_bands(tmp_path, call) -> None:
    source = tmp_path / "part"
    source.mkdir()
    plane = np.random.default_rng(1).normal(0.5, 0.04, (96, 128)).clip(0, 1)
    planes = np.dstack([plane * 0, plane, plane * 0 + 0.5]).astype(np.float32)
    for name in "ab":
        tifffile.imwrite(
            source / f"{name}.tif", planes, photometric="minisblack", planarconfig="contig"
        )
    said = ("--value-range", "0:1", "--bands", "2")

    masks = call("foreground", source, "--out", tmp_path / "masks", *said)
    sheet = call("preview", source / "a.tif", "--out", tmp_path / "sheet.png", *said)
    options = ("--preset", "auto", "--jobs", 1)
    made = call("generate", source, tmp_path / "out", *said, *options)
    unsaid = call("generate", source, tmp_path / "un", "--strict", *options)

    assert (masks.exit_code, sheet.exit_code, made.exit_code) == (0, 0, 0), made.stderr
    assert unsaid.exit_code == 2
    assert "--value-range low:high" in unsaid.stderr


def write_ends(folder: Path, *ends: int) -> dict[str, list[Path]]:
    """Write 16-bit photos whose brightest levels are these."""
    folder.mkdir()
    photos = []
    for number, end in enumerate(ends):
        levels = np.random.default_rng(number).integers(0, end, (64, 64)).astype(np.uint16)
        levels[:2] = end
        photos.append(folder / f"{number}.png")
        cv2.imwrite(str(photos[-1]), levels)
    return {"part": photos}


def test_photos_of_another_depth_among_the_others_are_named(tmp_path, caplog) -> None:
    photos = write_ends(tmp_path / "part", 1023, 4095, 900, 1023, 3800)

    assert find_depths(photos, 1) == {"part": Depth(12)}

    said = "part: photos of different depths: 2 end at 1023, the highest level of 10 bits"
    assert f"{said} (as 0.png, 3.png)" in caplog.text
    caplog.clear()
    find_depths(photos, 1, bits=12)
    assert not caplog.text  # believed


@pytest.mark.parametrize(
    "ends",
    [
        (900, 950, 1010, 4095),  # dark photos
        (1023, 1000, 3000, 4000),  # one by chance
        (1023, 1023, 1020, 990, 700, 4095),  # dark photos, two by chance
        (1023, 1023, 1023),  # one camera
        (40000, 50000, 65535),
    ],
)
def test_dark_photos_of_one_camera_are_no_other_depth(ends, tmp_path, caplog) -> None:
    find_depths(write_ends(tmp_path / "part", *ends), 1)

    assert not caplog.text
