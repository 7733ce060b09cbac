"""`anomsynth sweep` on the command line."""

import json
import re

import pytest

from anomsynth.cli.sweep import parse_size
from anomsynth.detectability.inputs import read_sweep
from anomsynth.errors import UserError


def test_a_sweep_says_what_it_made_and_what_comes_next(call, photos, tmp_path) -> None:
    words = ["--kinds", "crack,pitting", "--size", "1:4mm", "--levels", 2, "--per-level", 1]
    done = call("sweep", photos, tmp_path / "out", *words, "--mm-per-px", 0.1, "--jobs", 1)

    assert done.exit_code == 0
    assert "8 defects beside 6 good photos" in done.stdout
    assert "crack: length 1, 4 mm" in done.stdout
    assert f"anomsynth pod {tmp_path / 'out'} --run RUN" in done.stdout


def test_what_was_not_said_or_came_out_otherwise_is_told(call, photos, tmp_path) -> None:
    words = ["--kinds", "crack", "--size", "4:12mm", "--levels", 2, "--per-level", 2, "--jobs", 1]
    known = call("sweep", photos / "plate", tmp_path / "a", *words, "--mm-per-px", 0.2)
    assumed = call("sweep", photos / "plate", tmp_path / "b", *words)
    assert (known.exit_code, assumed.exit_code) == (0, 0), known.stderr + assumed.stderr
    manifest = tmp_path / "a" / "_anomsynth" / "plate" / "manifest.jsonl"
    small = re.sub(r'("level_mm":12.*?"size_mm":)[0-9.]+', r"\g<1>7.5", manifest.read_text())
    manifest.write_text(small)

    assert "sizes in mm are assumed" not in known.stderr
    assert "as large as a square of 100 mm; give --mm-per-px" in assumed.stderr
    (told,) = read_sweep(tmp_path / "a").made_otherwise()
    assert told == "crack: length 12 mm came out as 7.5 to 7.5 mm; the curve goes by what came out"


def test_shards_are_to_be_merged_first(call, photos, tmp_path) -> None:
    words = ["--kinds", "crack", "--size", "2:4mm", "--levels", 2, "--per-level", 2]
    words += ["--jobs", 1, "--mm-per-px", 0.2]
    for shard in ("1/2", "2/2"):
        source = photos / "plate"
        assert call("sweep", source, tmp_path / "out", *words, "--shard", shard).exit_code == 0

    early = call("pod", tmp_path / "out", "--maps", tmp_path)
    merged = call("merge", tmp_path / "out")

    assert early.exit_code == 2
    assert "shards that are not merged" in early.stderr
    assert f"Next: anomsynth pod {tmp_path / 'out'} --run RUN" in merged.stdout


def test_the_result_can_be_read_by_programs(call, photos, tmp_path) -> None:
    words = ["--kinds", "stain", "--size", "2mm", "--per-level", 1, "--severity", "1:4"]
    words += ["--mm-per-px", 0.1, "--jobs", 1, "--json", "--d-levels", 1]
    failed = call("sweep", photos, tmp_path / "out", *words)
    done = call("sweep", photos, tmp_path / "out", *words[:-1], 2)

    assert failed.exit_code == 2
    assert "--d-levels: a range needs at least 2" in failed.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    checked = call("validate", tmp_path / "out")
    assert checked.exit_code == 0  # it holds nothing to train on, and need not
    assert "a sweep: flaws of stated sizes" in checked.stdout
    assert result["by_kind"] == {"stain": 2}
    assert result["sweep"]["d_primes"] == [1, 4]


@pytest.mark.parametrize(
    ("text", "size"),
    [("0.2:8mm", (0.2, 8)), ("200:800um", (0.2, 0.8)), ("1:2 cm", (10, 20)), ("3", (3, 3))],
)
def test_sizes_have_units(text, size) -> None:
    assert parse_size(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["1:2inch", "a:bmm", "mm", ""])
def test_other_texts_are_no_sizes(text) -> None:
    with pytest.raises(UserError, match="--size"):
        parse_size(text)


def test_generate_takes_physical_strength(call, photos, recipe_file, tmp_path) -> None:
    words = ["--preset", recipe_file, "--per-image", 1, "--jobs", 1]
    done = call("generate", photos, tmp_path / "out", *words, "--severity", "physical")
    wrong = call("generate", photos, tmp_path / "no", *words, "--severity", "strong")

    assert done.exit_code == 0
    manifest = (tmp_path / "out" / "_anomsynth" / "plate" / "manifest.jsonl").read_text()
    samples = [one for one in map(json.loads, manifest.splitlines()) if one["what"] == "sample"]
    assert {item["gain"] for one in samples for item in one["record"]["instances"]} == {1.0}
    assert wrong.exit_code == 2
    assert "--severity: expected LO:HI" in wrong.stderr
