"""`anomsynth generate --shard` and `anomsynth merge`, as an array job calls them."""

import json


def generate(call, photos, out, recipe_file, *words):
    fixed = ("--preset", recipe_file, "--jobs", 1, "--per-image", 1)
    return call("generate", photos, out, *fixed, *words)


def test_shards_are_generated_and_merged(call, photos, tmp_path, recipe_file) -> None:
    out = tmp_path / "out"
    shard = generate(call, photos, out, recipe_file, "--shard", "1/2")
    generate(call, photos, out, recipe_file, "--shard", "2/2")

    merged = call("merge", out)

    assert (shard.exit_code, merged.exit_code) == (0, 0)
    assert "3 samples" in shard.stdout
    assert f"shard 1 of 2; when all are done: anomsynth merge {out}" in shard.stdout
    assert "anomalib" not in shard.stdout
    assert "6 samples, merged in" in merged.stdout
    assert len((out / "_anomsynth/plate/manifest.jsonl").read_text().splitlines()) == 6


def test_merge_says_in_one_line_what_is_missing(call, photos, tmp_path, recipe_file) -> None:
    generate(call, photos, tmp_path / "out", recipe_file, "--shard", "1/2")

    merged = call("merge", tmp_path / "out")

    assert merged.exit_code == 2
    assert merged.stderr.count("\n") == 1
    assert "shards are missing: 2/2" in merged.stderr


def test_merge_as_json_is_one_object(call, photos, tmp_path, recipe_file) -> None:
    generate(call, photos, tmp_path / "out", recipe_file, "--shard", "1/1")

    result = json.loads(call("merge", tmp_path / "out", "--json").stdout)

    assert (result["event"], result["written"], result["failed"]) == ("result", 6, 0)


def test_failed_samples_are_told_by_the_exit_code(call, photos, tmp_path, recipe_file) -> None:
    (photos / "plate" / "0.png").write_bytes(b"no picture")
    generate(call, photos, tmp_path / "out", recipe_file, "--shard", "1/1")

    merged = call("merge", tmp_path / "out")

    assert merged.exit_code == 3
    assert "not usable: plate/0.png" in merged.stdout


def test_what_is_no_shard_is_refused(call, photos, tmp_path, recipe_file) -> None:
    result = generate(call, photos, tmp_path / "out", recipe_file, "--shard", "3/2")

    assert result.exit_code == 2
    assert "--shard: expected i/n with i from 1 to n, got '3/2'" in result.stderr


def test_a_scheduler_needs_the_dask_backend(call, photos, tmp_path, recipe_file) -> None:
    result = generate(call, photos, tmp_path / "out", recipe_file, "--scheduler", "tcp://x:1")

    assert result.exit_code == 2
    assert "add --backend dask" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_backend_or_png_effort_is_named(call, photos, tmp_path, recipe_file) -> None:
    for option, value in (("--backend", "ray"), ("--png", "tiny")):
        result = generate(call, photos, tmp_path / "out", recipe_file, option, value)

        assert result.exit_code == 2
        assert f"{option}: " in result.stderr
        assert value in result.stderr
