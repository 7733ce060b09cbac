"""`anomsynth preview` draws a sheet of one photo."""

import json

import pytest
from PIL import Image

from anomsynth.errors import RejectedError


def test_draws_a_sheet_of_the_wanted_number_of_samples(call, photo, recipe_file, tmp_path) -> None:
    out = tmp_path / "new" / "sheet.png"

    result = call("preview", photo, "--preset", recipe_file, "--out", out, "--count", 2)

    assert result.exit_code == 0
    assert result.stdout == f"2 samples on {out}\n"
    with Image.open(out) as sheet:
        width, height = sheet.size
    assert width > height > 400


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

    assert result.exit_code == 3
    assert "2 of 2 samples failed: 2 x too faint" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("image", "out", "message"),
    [
        ("nowhere.png", "sheet.png", "nowhere.png"),
        ("plate", "sheet.png", "plate: a folder, not a photo; give one picture file"),
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
    assert failed.startswith(f"anomsynth: {mask}: cannot be read as a mask of components")


def test_help_does_not_show_old_spellings(call) -> None:
    assert "--components" in call("preview", "--help").stdout
    assert "--parts" not in call("preview", "--help").stdout
