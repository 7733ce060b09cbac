"""`anomsynth preview` draws a sheet of some photos."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.errors import RejectedError


def test_draws_a_sheet_of_the_wanted_number_of_samples(call, photo, recipe_file, tmp_path) -> None:
    out = tmp_path / "new" / "sheet.png"

    result = call("preview", photo, "--preset", recipe_file, "--out", out, "--count", 2)

    assert result.exit_code == 0
    assert result.stdout.startswith(f"2 samples on {out}\n")
    with Image.open(out) as sheet:
        width, height = sheet.size
    assert width > height > 400


def test_a_photo_may_be_named_from_its_own_folder(
    call, photo, recipe_file, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(photo.parent)

    result = call("preview", photo.name, "--preset", recipe_file, "--out", "new.png", "--count", 1)

    assert result.exit_code == 0
    assert (photo.parent / "new.png").is_file()


def test_a_name_that_is_no_text_ends_no_preview(call, photo, recipe_file, tmp_path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/\xff.png"))
    try:
        odd.write_bytes(photo.read_bytes())
    except OSError:
        pytest.skip("this file system takes text only")

    out = tmp_path / "s.png"
    result = call("preview", folder, "--preset", recipe_file, "--out", out, "--count", 1)

    assert result.exit_code == 0, result.output


def test_the_same_seed_draws_the_same_sheet(call, photo, recipe_file, tmp_path) -> None:
    sheets = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        out = tmp_path / f"{name}.png"
        call("preview", photo, "--preset", recipe_file, "-o", out, "--count", 1, "--seed", seed)
        sheets.append(out.read_bytes())

    assert sheets[0] == sheets[1] != sheets[2]


def test_json_names_what_is_on_the_sheet(call, photo, recipe_file, tmp_path) -> None:
    result = call(
        "preview", photo, "--preset", recipe_file, "--kinds", "pitting", "--json",
        "--out", tmp_path / "sheet.png", "--count", 1,
    )  # fmt: skip

    shown = json.loads(result.stdout)
    assert [sample["kinds"] for sample in shown["samples"]] == [["pitting"]]


def test_quiet_prints_nothing(call, photo, recipe_file, tmp_path) -> None:
    result = call(
        "preview", photo, "--preset", recipe_file, "--quiet", "--count", 1,
        "--out", tmp_path / "sheet.png",
    )  # fmt: skip

    assert (result.exit_code, result.output) == (0, "")


def test_failed_samples_are_counted_by_cause(
    call, photo, recipe_file, tmp_path, monkeypatch
) -> None:
    def rejected(*_: object, **__: object) -> None:
        raise RejectedError("too faint")

    monkeypatch.setattr("anomsynth.api.preview.synthesize", rejected)
    out = tmp_path / "sheet.png"

    result = call("preview", photo, "--preset", recipe_file, "--out", out, "--count", 2)

    assert result.exit_code == 2  # nothing was made
    assert "2 of 2 samples failed: 2 x too faint" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("image", "out", "message"),
    [
        ("nowhere.png", "sheet.png", "nowhere.png"),
        (
            "plate/0.png",
            "plate/1.png",
            "1.png: is there already; choose another",
        ),
        ("plate/0.png", "sheet.jpg", "--out: expected a name that ends in .png"),
        ("plate/0.png", "plate/0.png", "is the photo itself"),
        ("plate/0.png", "tile/0.png/sheet.png", "0.png"),
    ],
)
def test_mistakes_are_named(call, photos, image, out, message) -> None:
    before = (photos / "plate" / "0.png").read_bytes()

    result = call(
        "preview", photos / image, "--out", photos / out, "--count", 1, "--kinds", "pitting"
    )

    assert result.exit_code == 2
    assert message in result.stderr
    assert (photos / "plate" / "0.png").read_bytes() == before


@pytest.mark.parametrize("joined", [False, True])
def test_the_old_spelling_of_an_option_works_and_tells_the_new_one(
    call, photo, tmp_path, joined
) -> None:
    mask = tmp_path / "none.png"
    words = [f"--parts={mask}"] if joined else ["--parts", mask]

    result = call("preview", photo, *words, "--out", tmp_path / "sheet.png")

    assert result.exit_code == 2
    told, failed = result.stderr.splitlines()
    assert told == "anomsynth: --parts is called --components now"
    assert failed.startswith(f"anomsynth: {mask}: no such folder of masks")


def test_help_does_not_show_old_spellings(call) -> None:
    assert "--components" in call("preview", "--help").stdout
    assert "--parts" not in call("preview", "--help").stdout


def test_a_folder_gives_one_photo_a_sample_and_the_sheet_a_legend(
    call, photos, recipe_file, tmp_path
) -> None:
    one, several, out = tmp_path / "one.png", tmp_path / "all.png", ["--preset", recipe_file]

    call("preview", photos / "plate/0.png", *out, "-o", one, "--count", 3)
    result = call("preview", photos, *out, "-o", several, "--count", 4)

    assert result.stdout.startswith(f"4 samples on {several}\n")
    with Image.open(several) as many, Image.open(one) as few:
        assert many.width == few.width
        assert many.height > few.height
        assert (np.asarray(few)[-20:].min(axis=2) < 60).any()  # the yellow of the legend


def test_defects_stay_where_masks_say(photos, recipe_file, tmp_path) -> None:
    photo = photos / "plate" / "0.png"
    with Image.open(photo) as picture:
        half = np.zeros((picture.height, picture.width), np.uint8)
    half[: len(half) // 2] = 255
    Image.fromarray(half).save(tmp_path / "half.png")

    for name, upper in (("roi", True), ("avoid", False)):
        found = asy.preview(
            photo, preset=recipe_file, kinds="pitting", count=3, out=None,
            **{name: tmp_path / "half.png"},
        )  # fmt: skip
        touched = np.any([sample.strict for sample in found.samples], axis=0)

        assert touched[half > 0].any() == upper
        assert touched[half == 0].any() != upper


def test_an_earlier_sheet_stays(call, photo, recipe_file, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["preview", photo, "--preset", recipe_file, "--count", 1]

    said = [call(*words, "--seed", seed).stdout for seed in (1, 2, 3)]
    first = (tmp_path / "sheet.png").read_bytes()
    call(*words, "--seed", 2, "--out", "own.png")
    refused = call(*words, "--out", "own.png")
    call(*words, "--seed", 1, "--out", "own.png", "--overwrite")

    assert [text.split()[3] for text in said] == ["sheet.png", "sheet-2.png", "sheet-3.png"]
    assert refused.exit_code == 2
    assert (tmp_path / "own.png").read_bytes() == first


def test_a_gallery_of_many_kinds_has_pages(call, photo, tmp_path) -> None:
    kinds = "pitting,scratch,crack,chip,stain,dust,fiber,cut,hole"

    result = call("preview", photo, "--all", "--kinds", kinds, "--out", tmp_path / "all.png")

    pages = sorted(path.name for path in tmp_path.glob("all*.png"))
    assert pages == ["all-page1.png", "all-page2.png"]
    assert "all-page1.png to" in result.stdout
    with Image.open(tmp_path / "all-page1.png") as page:
        assert page.height < 1500


@pytest.mark.parametrize(
    ("kind", "place", "more"),
    [
        ("xyz", "", ()),
        ("xyz", "mound/train/good/rgb/001.png", ()),
        ("depth", "mound/001.png", ("--depth-unit", 0.002)),
        ("ply", "mound", ()),
    ],
)
def test_scans_are_shown_lit_and_by_height(call, scan_maker, tmp_path, kind, place, more) -> None:
    source, out = scan_maker(tmp_path / "scans", kind), tmp_path / "sheet.png"

    result = call(
        "preview", source / place, "--kinds", "lump", "--out", out, "--count", 1,
        "--mm-per-px", 0.4, *more,
    )  # fmt: skip

    assert result.exit_code == 0
    with Image.open(out) as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape[1] == 7 * 228
    colours = pixels[40:200, 6 * 228 : 7 * 228].astype(int)
    assert (np.ptp(colours, axis=2) > 60).mean() > 0.2


@pytest.fixture
def views(tmp_path):
    """Write photos of two parts in three lights, the last one dark."""
    rng = np.random.default_rng(2)
    for part in "ab":
        for view, level in (("L0", 150), ("L1", 110), ("L2", 40)):
            levels = rng.normal(level, 2, (96, 128)).clip(0, 255).astype(np.uint8)
            place = tmp_path / "views" / f"{part}_{view}.png"
            place.parent.mkdir(exist_ok=True)
            Image.fromarray(levels).save(place)
    return tmp_path / "views"


@pytest.mark.parametrize("places", [["."], ["a_L0.png", "a_L1.png", "a_L2.png"]])
def test_views_of_a_sample_stand_in_its_row(call, views, recipe_file, tmp_path, places) -> None:
    out, lights = tmp_path / "sheet.png", tmp_path / "lights.json"
    given = {f"L{n}": {"azimuth_deg": 90 * n, "elevation_deg": 40} for n in range(3)}
    lights.write_text(json.dumps(given))

    result = call(
        "preview", *(views / place for place in places), "--preset", recipe_file, "--out", out,
        "--count", 1, "--views", "L0,L1,L2", "--lights", lights,
    )  # fmt: skip

    assert (result.exit_code, result.stderr) == (0, "")
    with Image.open(out) as sheet:
        pixels = np.asarray(sheet.convert("L"))
    assert pixels.shape[1] == 9 * 228
    levels = [np.median(pixels[60:180, at * 228 + 20 : at * 228 + 200]) for at in (1, 5, 7)]
    assert levels == pytest.approx([150, 110, 40], abs=3)


def test_lights_that_nobody_knows_are_said_by_a_preview_too(call, views, tmp_path) -> None:
    result = call("preview", views, "-o", tmp_path / "a.png", "--count", 1, "--views", "L0,L1,L2")

    assert result.exit_code == 0
    assert "the light of L0, L1, L2 is uncertain: " in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all", "--views", "L0,L1"], "--views: a gallery shows one photo"),
        (["--views", "L0,L7"], "its name tells none of the views L0, L7"),
        (["--lights", "no.json"], "--lights needs --views"),
    ],
)
def test_views_that_cannot_be_shown_are_refused(call, views, tmp_path, words, said: str) -> None:
    result = call("preview", views, "--out", tmp_path / "sheet.png", *words)

    assert result.exit_code == 2
    assert said in result.stderr
