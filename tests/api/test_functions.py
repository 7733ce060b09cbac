"""Each function does what the command of its name does, and prints nothing."""

import inspect
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth import cli
from anomsynth.errors import InputError, UserError
from anomsynth.pipeline.events import PresetChosen

PITS = ("--kinds", "pitting", "--seed", 3, "--jobs", 1)


@pytest.fixture
def photos(tmp_path, write_photos) -> Path:
    """Write two photos of each of two categories."""
    return write_photos(tmp_path / "photos", 2)


@pytest.fixture
def dataset(photos, tmp_path) -> Path:
    """Make one sample of each photo."""
    asy.generate(photos, tmp_path / "dataset", kinds="pitting", per_image=1, seed=3, jobs=1)
    return tmp_path / "dataset"


@pytest.fixture(autouse=True)
def _quiet(capfd):
    """Let no test print: the program's own words are caught by its runner."""
    yield
    assert capfd.readouterr() == ("", "")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_generate_makes_the_dataset_of_the_command(photos, dataset, tmp_path, call, tree) -> None:
    call("generate", photos, tmp_path / "again", *PITS, "--per-image", 1)

    assert tree(dataset) == tree(tmp_path / "again")


def test_generate_counts_and_says_what_it_chose(photos, tmp_path) -> None:
    events: list[object] = []

    done = asy.generate(
        photos, tmp_path / "out", preset="auto", count=1, jobs=1, on_event=events.append
    )

    assert (done.written, done.failed, done.resumed) == (2, 0, 0)
    assert done.plan.categories == ("plate", "tile")
    chosen = [event for event in events if isinstance(event, PresetChosen)]
    assert [event.category for event in chosen] == ["plate", "tile"]
    assert chosen[1].preset == "mvtec/tile"


def test_generate_goes_on_where_it_was_stopped(photos, dataset) -> None:
    again = asy.generate(photos, dataset, kinds="pitting", per_image=1, seed=3, jobs=1, resume=True)

    assert (again.written, again.resumed) == (4, 4)


def test_a_dry_run_costs_nothing_and_says_what_the_run_would(photos, tmp_path) -> None:
    done = asy.generate(photos, tmp_path / "out", kinds="pitting", count=4, jobs=1, dry_run=True)

    assert (done.written, done.cost.samples, done.cost.workers) == (0, 8, 1)
    assert done.cost.size_bytes > 0
    assert not (tmp_path / "out").exists()


def test_preview_draws_the_sheet_of_the_command(photos, tmp_path, call) -> None:
    photo, ours, theirs = photos / "plate/0.png", tmp_path / "ours.png", tmp_path / "theirs.png"

    found = asy.preview(photo, kinds=["pitting"], seed=3, count=2, out=ours)
    call("preview", photo, *PITS[:4], "--count", 2, "--out", theirs)

    assert ours.read_bytes() == theirs.read_bytes()
    assert np.array_equal(found.sheet, pixels(ours))
    assert [sample.kinds for sample in found.samples] == [("pitting",)] * 2


def test_preview_takes_an_array_and_needs_no_file(photos, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = asy.preview(pixels(photos / "plate/0.png"), preset="auto", count=1, out=None)

    assert found.sheet.ndim == 3
    assert list(tmp_path.glob("*.png")) == []


@pytest.mark.parametrize("kind", ["float32", "float64", "int32"])
def test_preview_reads_an_array_by_range_and_bands(kind, photos) -> None:
    level = pixels(photos / "plate/0.png").astype(np.float64) - 20
    level = level if level.ndim == 2 else level[..., 0]
    bands = np.stack([level * 0, level, level * 0 + 7, level, level], axis=2).astype(kind)

    found = asy.preview(bands, bands=2, value_range=(-20, 280), kinds="pitting", count=1, out=None)

    sample = found.samples[0]
    expected = np.rint((level + 20) / 300 * 65535).astype(np.uint16)
    assert sample.image.dtype == np.uint16
    assert np.array_equal(sample.image[~sample.strict], expected[~sample.strict])
    assert np.any(sample.image != expected)


def test_preview_says_which_band_or_number_of_an_array_is_wrong() -> None:
    bands = np.full((64, 64, 5), 0.5, np.float32)

    with pytest.raises(InputError, match="no band '6'") as error:
        asy.preview(bands, bands=6, value_range=(0, 1), out=None)
    assert error.value.hint == "its bands are 1, 2, 3, 4, 5"
    with pytest.raises(InputError, match=r"outside of 1:2"):
        asy.preview(bands, bands=1, value_range=(1, 2), out=None)
    with pytest.raises(InputError, match="shape"):
        asy.preview(bands, value_range=(0, 1), out=None)


def test_score_writes_the_tables_of_the_command(dataset, tmp_path, call, tree) -> None:
    seen: list[object] = []

    scores = asy.score(dataset, jobs=1, out=tmp_path / "ours", on_scored=seen.append)
    result = call("score", dataset, "--jobs", 1, "--out", tmp_path / "theirs", "--json")

    said = json.loads(result.stdout.splitlines()[-1])
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")
    assert (scores.passed, scores.share, scores.summary()) == (
        said["passed"], said["share"], said["summary"],
    )  # fmt: skip
    assert seen == list(scores.scored)


def test_score_filters(dataset, tmp_path) -> None:
    scores = asy.score(dataset, jobs=1, keep_top=0.5, filter_to=tmp_path / "best")

    written = sorted((tmp_path / "best").rglob("ground_truth/*/*.png"))
    assert len(written) == len(scores.selection.kept) == 2
    assert scores.goods == 4


@pytest.mark.slow
def test_calibrate_writes_the_file_of_the_command(write_photos, tmp_path, call) -> None:
    photos = write_photos(tmp_path / "photos", 4)
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"

    asy.calibrate(photos, ours, preset="metal", jobs=1)
    call("score", "--calibrate", photos, "--save", theirs, "--preset", "metal", "--jobs", 1)

    assert ours.read_bytes() == theirs.read_bytes()


def test_validate_finds_what_the_command_finds(dataset, call) -> None:
    Image.new("L", (96, 96), 7).save(next(dataset.rglob("*_mask.png")))

    verdict = asy.validate(dataset, deep=True)
    result = call("validate", dataset, "--deep", "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert not verdict.sound
    assert [line["message"] for line in lines[:-1]] == [one.message for one in verdict.findings]


def test_export_writes_the_files_of_the_command(dataset, tmp_path, call, tree) -> None:
    done = asy.export(dataset, tmp_path / "ours", to=["coco", "uniad-json"], seed=2)
    call("export", dataset, tmp_path / "theirs", "--to", "coco,uniad-json", "--seed", 2)

    assert {name: one.images for name, one in done.items()} == {"coco": 8, "uniad-json": 8}
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")


def test_report_writes_the_page_of_the_command(dataset, tmp_path, call) -> None:
    done = asy.report(dataset, out=tmp_path / "ours.html", jobs=1)
    call("report", dataset, "--out", tmp_path / "theirs.html", "--jobs", 1)

    pages = [(tmp_path / name).read_text("utf-8") for name in ("ours.html", "theirs.html")]
    ours, theirs = (re.sub(r"scored and drawn in.*?</tr>", "", page) for page in pages)
    assert ours == theirs
    assert (done.samples, done.problems, done.page) == (4, 0, tmp_path / "ours.html")


def test_merge_joins_shards_to_the_dataset_of_one_run(photos, dataset, tmp_path, tree) -> None:
    for index in (1, 2):
        asy.generate(
            photos, tmp_path / "out", kinds="pitting", per_image=1, seed=3, jobs=1, shard=(index, 2)
        )

    assert asy.merge(tmp_path / "out").written == 4
    assert tree(tmp_path / "out") == tree(dataset)


def test_replay_makes_the_saved_sample_and_the_files_of_the_command(
    dataset, tmp_path, call, tree
) -> None:
    done = asy.replay(dataset, "plate/1", out=tmp_path / "ours")
    call("replay", dataset, "plate/1", "--out", tmp_path / "theirs")

    saved = pixels(dataset / "plate/test/pitting/000001.png")
    assert np.array_equal(done.sample.image, saved)
    assert {path.name for path in done.files} == {
        "plate_1.png", "plate_1_mask.png", "plate_1_strict.png", "plate_1_soft.png",
    }  # fmt: skip
    assert tree(tmp_path / "ours") == tree(tmp_path / "theirs")


RENAMED = {"licence": "license"}
# Of the program alone: how it prints, ends, or does something else instead.
PROGRAM = {"context", "quiet", "as_json", "browser", "print_config", "require", "calibrate", "save"}


@pytest.mark.parametrize(
    "name",
    ["generate", "preview", "tune", "score", "validate", "export", "report", "merge", "replay"],
)
def test_options_and_defaults_are_those_of_the_command(name) -> None:
    command = inspect.signature(getattr(getattr(cli, name), name)).parameters
    function = inspect.signature(getattr(asy, name)).parameters

    for option, parameter in command.items():
        if option in PROGRAM or (name == "score" and option == "preset"):
            continue
        default = function[RENAMED.get(option, option)].default
        wanted = (
            str(parameter.default) if isinstance(parameter.default, Path) else parameter.default
        )
        assert (default or None) == (wanted or None), option


MISTAKES = {
    "`per_image` and `count`": lambda p, o: asy.generate(p, o, per_image=1, count=1),
    "`jobs`: expected a number": lambda p, o: asy.generate(p, o, jobs=0),
    "`shard`: should be": lambda p, o: asy.generate(p, o, shard=(3, 2)),
    "`png`: ": lambda p, o: asy.generate(p, o, png="tiny"),
    "`roi`: .*nowhere": lambda p, o: asy.generate(p, o, roi=o / "nowhere"),
    "`out`: expected .*png": lambda p, o: asy.preview(p / "plate/0.png", out="a.jpg"),
    "`count`: must lie": lambda p, o: asy.preview(p / "plate/0.png", count=0),
    "no photo given": lambda p, o: asy.preview(),
    "`images` and `masks`": lambda p, o: asy.score(images=p),
    "`keep_top`: expected": lambda p, o: asy.score(p, keep_top=1.5),
    "`out`: expected .*html": lambda p, o: asy.report(p, out="page.txt"),
    "`to`: no exporters": lambda p, o: asy.export(p, o, to="cocoa"),
    "`extras`: expected words, got 5": lambda p, o: asy.generate(p, o, extras=5),
    "`count`: expected a whole": lambda p, o: asy.preview(p / "plate/0.png", count=1.5),
    "`min_score`: must lie": lambda p, o: asy.score(p, min_score=2),
    "`min_score`: expected": lambda p, o: asy.score(p, min_score="x"),
    "`keep_top`: expected a number": lambda p, o: asy.score(p, keep_top="x"),
    "`jobs`: expected .* got 0": lambda p, o: asy.foreground(p, o, jobs=0),
    "`jobs`: expected .* got 'x'": lambda p, o: asy.report(p, jobs="x"),
    "`to`: expected formats, got 5": lambda p, o: asy.export(p, o, to=5),
    "`to`: expected formats, got none": lambda p, o: asy.export(p, o, to=[]),
    "`kind`: coco has": lambda p, o: asy.export(p, o, to="coco", options={"kind": "yolo"}),
    "`shard_size`: coco has": lambda p, o: asy.export(p, o, to="coco", shard_size=9),
}


def test_another_scorer_is_asked_for_by_its_option(dataset, tmp_path) -> None:
    with pytest.raises(UserError, match="`scorer`: no scorers of kind 'nope'"):
        asy.score(dataset, scorer="nope", out=tmp_path)
    with pytest.raises(UserError, match="`options`: the kind is no field"):
        asy.score(dataset, options={"kind": "learned"}, out=tmp_path)


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_name_the_option(photos, tmp_path, message) -> None:
    with pytest.raises(UserError, match=message):
        MISTAKES[message](photos, tmp_path / "out")

    assert not (tmp_path / "out").exists()
