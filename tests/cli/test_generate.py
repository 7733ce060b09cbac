"""`anomsynth generate` from a folder of photos to a dataset, and everything that can be wrong."""

import json
import tomllib
import zlib

import pytest
from PIL import Image

from anomsynth.dataset.folders import _Listing
from anomsynth.pipeline.events import Finished


def files(folder) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def generate(call, photos, out, recipe_file):
    """Generate with the quick recipe in one process."""

    def generate(*words: object):
        return call("generate", photos, out, "--preset", recipe_file, "--jobs", 1, *words)

    return generate


def test_makes_the_dataset_and_says_how_to_load_it(generate, out) -> None:
    result = generate("--per-image", 1, "--test-share", 0.4)

    assert result.exit_code == 0
    assert len(list((out / "plate" / "train" / "good").iterdir())) == 2
    masks = sorted((out / "tile" / "ground_truth").rglob("*.png"))
    assert len(masks) == 3
    assert "6 samples in " in result.stdout
    assert f"MVTecAD(root={str(out)!r}, category='plate')  # or tile" in result.stdout
    assert f"--data.root {out} --data.category plate" in result.stdout
    assert result.stderr == ""


def test_ends_with_the_picture_to_look_at_and_the_next_commands(generate, out) -> None:
    result = generate("--per-image", 1, "--test-share", 0.4)

    sheet = out / "_anomsynth" / "sheet.png"
    assert f"Look at it: {sheet}" in result.stdout
    assert sheet.exists()
    for command in ("report", "score", "train", "export"):
        assert f"  anomsynth {command} {out}" in result.stdout


@pytest.mark.parametrize(("defects", "told"), [(1, False), (4, True)])
def test_too_many_defects_for_the_good_test_photos_are_told(generate, defects, told) -> None:
    result = generate("--per-image", defects, "--test-share", 0.4)

    assert (f"{6 * defects} defects to 2 good photos in the test set" in result.stderr) is told
    assert ("--count 2 " in result.stderr or "--count 2)" in result.stderr) is told


def test_what_is_meant_for_anomalib_is_told_by_the_command_that_makes_it(
    call, generate, photos, out, recipe_file
) -> None:
    result = generate("--per-image", 4, "--test-share", 0.4, "--kinds", "crack", "--overwrite")

    (line,) = (line for line in result.stdout.splitlines() if "--for anomalib" in line)
    assert line.split() == [
        *("anomsynth", "generate", str(photos), f"{out}-anomalib", "--preset", str(recipe_file)),
        *("--kinds", "crack", "--for", "anomalib", "--test-share", "0.4"),
    ]
    assert "MVTecAD" not in result.stdout
    fair = call(*line.split()[1:])
    assert fair.exit_code == 0
    assert "MVTecAD(root=" in fair.stdout
    assert "defects are on the 2 photos of test/good alone" in fair.stderr
    assert "anomsynth train" not in fair.stdout
    root = out.with_name("out-anomalib") / "_anomsynth"
    for manifest in root.glob("*/manifest.jsonl"):
        lines = [json.loads(line) for line in manifest.read_text().splitlines()]
        split = {one["image"]: one["split"] for one in lines if one["what"] == "normal"}
        images = [one["image"] for one in lines if one["what"] == "sample"]
        assert len(images) == 2
        assert {split[image] for image in images} == {"test"}


def test_defects_on_photos_that_a_model_has_learnt_are_told(generate) -> None:
    result = generate("--for", "anomalib", "--test-share", 0)

    assert "no photo is kept for test/good" in result.stderr
    assert "--test-share 0.5" in result.stderr


def test_json_is_lines_with_the_result_last_and_nothing_else(generate) -> None:
    result = generate("--count", 1, "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [line["event"] for line in lines] == [
        "Started", "SampleDone", "SampleDone", "Finished", "result",
    ]  # fmt: skip
    assert lines[-1]["written"] == 2
    assert lines[-1]["categories"] == ["plate", "tile"]
    assert lines[-2]["parts"] == lines[-1]["parts"]
    assert lines[-1]["parts"]["plate"].endswith("the part in 3 of 3 photos")


def test_quiet_prints_nothing(generate) -> None:
    result = generate("--count", 1, "--quiet")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_dry_run_prints_the_plan_and_writes_nothing(generate, out) -> None:
    result = generate("--count", 4, "--dry-run")

    assert result.exit_code == 0
    assert ["plate", "3", "2", "1", "4"] in [line.split() for line in result.stdout.splitlines()]
    assert "nothing was written" in result.stdout
    assert not out.exists()


def test_dry_run_as_json_is_one_object(generate) -> None:
    result = generate("--count", 4, "--dry-run", "--json")

    plan = json.loads(result.stdout)
    assert plan["samples"] == 8
    assert plan["categories"]["tile"] == {"photos": 3, "train": 2, "samples": 4}


def test_print_config_is_a_recipe_that_holds_every_choice(generate, out, tmp_path) -> None:
    result = generate("--print-config", "--seed", 5, "--severity", "2:3", "--kinds", "crack")

    written = tomllib.loads(result.stdout)
    assert (written["seed"], written["severity"]["d_prime"]) == (5, [2, 3])
    assert [item["generator"]["kind"] for item in written["mechanisms"]] == ["crack"]
    assert not out.exists()


def test_auto_chooses_for_each_category_and_lists_the_source_once(
    call, photos, out, monkeypatch
) -> None:
    listed = []
    categories = _Listing.categories
    monkeypatch.setattr(
        _Listing,
        "categories",
        lambda self, *more: (listed.append(self.root), categories(self, *more))[1],
    )

    result = call("generate", photos, out, "--preset", "auto", "--count", 1, "--jobs", 1)

    assert result.exit_code == 0
    assert "tile: preset mvtec/tile, because the category is called 'tile'" in result.stderr
    assert "plate: preset " in result.stderr
    run = json.loads((out / "_anomsynth" / "run.json").read_text())
    assert run["recipes"]["tile"]["name"] == "mvtec/tile"
    assert listed == [photos.resolve()]


def test_options_reach_the_run(generate, photos, out) -> None:
    result = generate(
        "--kinds", "crack", "--per-image", 1, "--test-share", 0, "--extras", "soft,strict",
        "--hardlink", "--seed", 3,
    )  # fmt: skip

    record = json.loads((out / "_anomsynth" / "run.json").read_text())
    assert result.exit_code == 0
    assert record["recipe"]["seed"] == 3
    assert not (out / "plate" / "test" / "good").exists()
    assert {path.name for path in (out / "plate" / "test").iterdir()} == {"crack"}
    good = out / "plate" / "train" / "good" / "000000.png"
    assert good.samefile(photos / "plate" / "0.png")
    assert len(list((out / "_anomsynth" / "plate" / "strict").iterdir())) == 3


def test_a_second_run_needs_resume_or_overwrite(generate, out) -> None:
    generate("--count", 1)
    first = files(out)

    again = generate("--count", 1)
    resumed = generate("--count", 1, "--resume")
    replaced = generate("--count", 2, "--overwrite")

    assert again.exit_code == 2
    assert again.stderr.count("\n") == 1
    assert "--resume or --overwrite" in again.stderr
    assert resumed.exit_code == 0
    assert "2 samples (2 of them there before)" in resumed.stdout
    assert replaced.exit_code == 0
    assert len(files(out)) == len(first) + 4


def test_a_bad_photo_costs_itself_and_exit_code_3(generate, photos) -> None:
    (photos / "plate" / "1.png").write_text("not a picture")

    result = generate("--per-image", 1)

    assert result.exit_code == 3
    assert "not usable: plate/1.png" in result.stdout
    assert "anomsynth: 1 sample failed, 1 photo could not be used" in result.stderr
    assert result.output.count("a text file, not a picture") == 1


def test_quiet_says_why_a_photo_could_not_be_used(generate, photos) -> None:
    (photos / "plate" / "1.png").write_text("not a picture")

    result = generate("--per-image", 1, "--quiet")

    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith("anomsynth: 1 sample failed, 1 photo could not be used: ")
    assert "plate/1.png: a text file, not a picture; remove it from the input" in line
    assert result.stdout == ""


def test_a_resumed_run_says_again_why_a_photo_could_not_be_used(generate, photos) -> None:
    (photos / "plate" / "1.png").write_text("not a picture")
    generate("--per-image", 1)

    result = generate("--per-image", 1, "--resume")

    assert result.output.count("a text file, not a picture") == 1


def test_strict_stops_at_a_bad_photo(generate, photos) -> None:
    (photos / "plate" / "1.png").write_text("not a picture")

    result = generate("--per-image", 1, "--strict")

    assert result.exit_code == 2
    assert "1.png" in result.stderr
    assert "mend or replace the photo, then --resume" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--per-image", "1", "--count", "2"], "--per-image and --count exclude each other"),
        (["--resume", "--overwrite"], "--resume and --overwrite exclude each other"),
        (["--kinds", "crak"], "--kinds: no generators of kind 'crak'; did you mean 'crack'?"),
        (
            ["--preset", "crack"],
            "--preset: no preset 'crack'; it is a kind: --kinds crack",
        ),
        (["--preset", "genric"], "--preset: no preset 'genric'; did you mean 'generic'?"),
        (["--severity", "abc"], "--severity: expected LO:HI, got 'abc'; for example"),
        (["--severity", "6:2"], "--severity: low 6 is above high 2"),
        (["--defects-per-image", "0"], "--defects-per-image: must be above 0"),
        (["--extras", "sotf"], "--extras: no such choice 'sotf'; did you mean 'soft'?"),
        (["--severity", "0.2:3"], "--severity: must lie in 0.5:50, got '0.2:3'"),
        (["--severity", "2:60"], "--severity: must lie in 0.5:50, got '2:60'"),
        (["--jobs", "0"], "--jobs: expected a number of processes, got 0"),
        (["--per-image", "0"], "--per-image: must be at least 1, got 0"),
        (["--seed", "-3"], "--seed: must be at least 0, got -3"),
        (["--test-share=2"], "--test-share: must be at most 1, got 2"),
        (["--per-image", "x"], "--per-image: "),
        (["--nothing"], "no such option: --nothing"),
        (["--kinds"], "option '--kinds' requires an argument"),
        (["--mm-per-px", "-1"], "--mm-per-px: must be above 0, got -1"),
        (["--roi", "nowhere"], "--roi: nowhere: no such file or folder"),
        (["--avoid", "nowhere"], "--avoid: nowhere: no such file or folder"),
        (["--refiners", "npfc"], "--refiners: no refiners of kind 'npfc'; did you mean 'npcf'?"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_option(call, photos, out, words, message) -> None:
    result = call("generate", photos, out, *words)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"anomsynth: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not out.exists()


def test_a_parameter_out_of_range_is_named_with_its_file(call, photos, out, recipe_file) -> None:
    text = recipe_file.read_text()
    recipe_file.write_text(text.replace('kind = "crack"', 'kind = "crack", width_mm = [5, 1]'))

    result = call("generate", photos, out, "--preset", recipe_file)

    assert result.exit_code == 2
    assert "quick.toml: mechanisms[0].generator: width_mm: low 5 is above high 1" in result.stderr


def test_a_missing_source_is_named(call, tmp_path, out) -> None:
    result = call("generate", tmp_path / "nowhere", out)

    assert result.exit_code == 2
    assert "nowhere: no such folder" in result.stderr


def test_an_error_as_json_ends_with_an_error_object(call, tmp_path, out) -> None:
    result = call("generate", tmp_path / "nowhere", out, "--json")

    assert result.exit_code == 2
    assert json.loads(result.stdout)["event"] == "error"


def test_a_usage_error_as_json_is_an_error_object(generate) -> None:
    result = generate("--per-image", "0", "--json")

    shown = json.loads(result.stdout)
    assert result.exit_code == 2
    assert (shown["event"], shown["message"]) == ("error", "--per-image: must be at least 1, got 0")
    assert result.stderr.count("\n") == 1


def test_one_process_less_than_cores_may_be_asked_for(generate) -> None:
    assert generate("--count", 1, "--dry-run", "--jobs", -2).exit_code == 0


def test_print_config_is_printed_in_quiet_too(generate) -> None:
    text = generate("--print-config", "--quiet", "--seed", 5).stdout
    as_json = generate("--print-config", "--quiet", "--json", "--seed", 5).stdout

    assert tomllib.loads(text)["seed"] == json.loads(as_json)["seed"] == 5


def test_ignored_files_are_told_with_an_example(generate, photos) -> None:
    (photos / "plate" / "animation.gif").touch()
    (photos / "plate" / "clip.mov").touch()

    text = generate("--count", 1).stdout
    shown = generate("--count", 1, "--resume", "--json").stdout

    line = "2 other files and folders are ignored, e.g. plate/animation.gif"
    assert line in [line.strip() for line in text.splitlines()]
    result = json.loads(shown.splitlines()[-1])
    assert (result["ignored"], result["ignored_example"]) == (2, "plate/animation.gif")


def test_a_region_that_is_missing_is_told_with_its_hint(generate, photos, tmp_path) -> None:
    roi = tmp_path / "roi" / "plate"
    roi.mkdir(parents=True)
    for name in ("0.png", "1.png"):
        Image.new("L", (96, 96), 255).save(roi / name)

    result = generate("--count", 3, "--roi", tmp_path / "roi")

    assert "2.png: no mask of this photo" in result.stderr
    assert "name it like the photo, or NAME_mask.png" in result.stderr


def test_a_run_that_made_nothing_says_so(generate, photos) -> None:
    for path in photos.rglob("*.png"):
        path.write_text("not a picture")

    result = generate("--per-image", 1)

    assert result.exit_code == 2
    assert "anomsynth: nothing was made, the dataset cannot be used: 6 samples" in result.stderr
    assert "anomalib" not in result.stdout
    assert result.output.count("0.png: a text file, not a picture; remove it") == 2  # of either one


def test_ctrl_c_says_how_to_go_on(generate, monkeypatch) -> None:
    def interrupted(*_: object) -> Finished:
        raise KeyboardInterrupt

    monkeypatch.setattr("anomsynth.api.generate.run", interrupted)
    monkeypatch.setattr("sys.argv", ["anomsynth", "generate", "in", "out", "--seed", "2"])

    result = generate()

    assert result.exit_code == 130
    assert result.stderr == (
        "anomsynth: interrupted; go on with: anomsynth generate in out --seed 2 --resume\n"
    )


def test_when_memory_runs_out_it_says_where_and_goes_on_later(generate, out, monkeypatch) -> None:
    def greedy(*_args: object, **_options: object) -> None:
        raise MemoryError

    with monkeypatch.context() as short:
        short.setattr("anomsynth.pipeline.worker.synthesize", greedy)
        result = generate("--count", 1)
    again = generate("--count", 1, "--resume")

    assert result.exit_code == 2
    assert result.stderr.startswith("anomsynth: memory ran out while making the sample of 'plate'")
    assert result.stderr.strip().endswith("use fewer --jobs or smaller pictures")
    assert again.exit_code == 0
    assert len(list(out.rglob("ground_truth/*/*.png"))) == 2


def test_pictures_packed_slowly_are_told_and_are_the_same_files(
    call, photos, out, recipe_file, monkeypatch
) -> None:
    pytest.importorskip("zlib_ng")
    command = ("generate", photos, out, "--preset", recipe_file, "--jobs", 1, "--per-image", 1)
    fast = call(*command)
    pictures = {name: (out / name).read_bytes() for name in files(out)}
    record = json.loads((out / "_anomsynth" / "run.json").read_text())

    monkeypatch.setattr("anomsynth.core.png.deflate", zlib)
    slow = call(*command, "--overwrite")

    assert record["versions"]["zlib"].startswith("zlib-ng ")
    assert "zlib-ng" not in fast.stderr
    assert "packed by zlib: zlib-ng takes half the time" in slow.stderr
    assert {name: (out / name).read_bytes() for name in files(out)} == pictures
    record = json.loads((out / "_anomsynth" / "run.json").read_text())
    assert record["versions"]["zlib"] == f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
