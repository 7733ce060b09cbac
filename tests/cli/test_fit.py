"""`anomsynth fit` writes a recipe that makes defects like the real ones, and says how it knows."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import OutputError

KINDS = "scratch,stain,porosity"


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def scratched(tmp_path_factory) -> Path:
    """Smooth surfaces with scratches, and good ones, in the layout of MVTec AD."""
    root = tmp_path_factory.mktemp("real") / "smooth"
    recipe = asy.load_recipe("generic", defects_per_image=1, severity={"d_prime": [5, 9]})
    scratch = [item for item in recipe.mechanisms if item.generator.kind == "scratch"]
    recipe = recipe.model_copy(update={"mechanisms": tuple(scratch)})
    for index in range(6):
        photo = np.ascontiguousarray(make_stand_in("smooth", index).pixels[:176, :176])
        if index < 2:
            save(root / f"train/good/{index}.png", photo)
            continue
        sample = asy.synthesize(photo, recipe, seed=index)
        save(root / f"test/scratch/{index}.png", sample.image)
        mask = sample.mask.astype(np.uint8) * 255
        save(root / f"ground_truth/scratch/{index}_mask.png", mask)
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def fit(call, real, out, *more):
    return call("fit", real, "--out", out, "--kinds", KINDS, "--jobs", 1, *more)


def test_scratches_make_a_recipe_of_scratches(call, scratched, cache, tmp_path) -> None:
    out = tmp_path / "mine.toml"

    found = fit(call, scratched, out, "--cache", cache)
    again = fit(call, scratched, tmp_path / "again.toml", "--cache", cache)
    recipe = asy.load_recipe(out)

    assert (found.exit_code, again.exit_code) == (0, 0)
    assert "4 of 4 defects look like scratch" in found.stdout
    assert f"anomsynth generate PHOTOS DATASET --preset {out}" in found.stdout
    assert out.read_text() == (tmp_path / "again.toml").read_text()
    assert 'base = "generic"' in out.read_text()
    assert "# Like scratch/" in out.read_text()
    assert recipe.mechanisms[0].generator.kind == "scratch"
    every = sum(item.weight for item in recipe.mechanisms)
    pasted = [item for item in recipe.mechanisms if item.generator.kind == "paste_real"]
    assert [item.weight / every for item in pasted] == pytest.approx([0.85], abs=0.01)
    assert recipe.mechanisms[0].weight / (every - pasted[0].weight) > 0.4
    assert f"anomsynth train DATASET --out RUN --learn {scratched}" in found.stdout
    assert f"--preset {out} --real {scratched}" in found.stdout
    low, high = recipe.mechanisms[0].d_prime.low, recipe.mechanisms[0].d_prime.high
    assert low < 7 < high
    with Image.open(tmp_path / "mine.png") as sheet:
        assert min(sheet.size) > 500


def test_real_defects_are_pasted_where_they_are_given_and_missed_where_not(
    call, scratched, cache, tmp_path
) -> None:
    out, plain = tmp_path / "mine.toml", tmp_path / "plain.toml"
    fit(call, scratched, out, "--cache", cache)
    said = fit(call, scratched, plain, "--cache", cache, "--pasted", 0)

    def generate(name, preset, *more):
        made = call(
            *("generate", scratched, tmp_path / name, "--preset", preset, *more),
            *("--count", 8, "--jobs", 1),
        )
        assert made.exit_code == 0
        kinds = {path.name for path in (tmp_path / name).glob("*/test/*")}
        return made, kinds

    given, with_them = generate("given", out, "--real", scratched)
    missed, without = generate("missed", out)
    alone, _ = generate("alone", plain)
    unused, _ = generate("unused", plain, "--real", scratched)

    assert "paste_real" in with_them
    assert "paste_real" not in without
    assert "mine: 85% of its defects are real ones, and none are given: left out" in missed.stderr
    assert "--real" in missed.stderr
    assert "none are given" not in given.stderr + alone.stderr + unused.stderr
    assert f"{scratched}: not used, for no recipe sets real defects" in unused.stderr
    assert "not used" not in given.stderr + missed.stderr + alone.stderr
    assert "paste_real" not in plain.read_text()
    assert "--real" not in said.stdout


def test_bad_masks_cost_a_line_each_and_deep_ones_count(call, scratched, cache, tmp_path) -> None:
    real = tmp_path / "smooth"
    shutil.copytree(scratched, real)
    truth = real / "ground_truth/scratch"
    save(truth / "2_mask.png", np.zeros((176, 176), np.uint8))
    save(truth / "3_mask.png", np.full((176, 176), 255, np.uint8))
    save(truth / "4_mask.png", np.full((90, 90), 255, np.uint8))
    with Image.open(truth / "5_mask.png") as mask:
        save(truth / "5_mask.png", np.asarray(mask).astype(np.uint16) * 257)

    found = fit(call, real, tmp_path / "mine.toml", "--cache", cache)

    lines = found.stderr.splitlines()
    assert found.exit_code == 0
    assert any("2.png: its mask marks nothing" in line for line in lines)
    assert any("3.png: its mask marks the whole picture" in line for line in lines)
    assert any("4_mask.png: mask of 90 x 90 pixels for a picture of 176" in line for line in lines)
    assert not any("5.png" in line or "5_mask.png" in line for line in lines)
    assert "1 of 1 defect looks like" in found.stdout  # which one, a single one hardly tells
    assert "one defect says little" in found.stdout


@pytest.mark.parametrize("full", ["write_sheet", "write_bytes"])
def test_a_full_disk_leaves_neither_a_recipe_nor_a_sheet(
    full, call, scratched, cache, tmp_path, monkeypatch
) -> None:
    def fail(path: Path, *_: object) -> None:
        raise OutputError(f"{path}: No space left on device")

    monkeypatch.setattr(f"anomsynth.api.fit.{full}", fail)
    (tmp_path / "out").mkdir()

    found = fit(call, scratched, tmp_path / "out" / "mine.toml", "--cache", cache)

    assert found.exit_code == 2
    assert "No space left on device" in found.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_json_gives_every_defect_with_its_guesses(call, scratched, cache, tmp_path) -> None:
    found = fit(call, scratched, tmp_path / "mine.toml", "--cache", cache, "--json")
    result = json.loads(found.stdout.splitlines()[-1])

    assert result["recipe"] == str(tmp_path / "mine.toml")
    assert [item["name"] for item in result["defects"]] == [f"scratch/{n}" for n in range(2, 6)]
    assert all(item["guesses"]["scratch"] > 0.5 for item in result["defects"])
    assert result["weights"]["scratch"] > 0.7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "mine.txt"], "expected a name that ends in .toml, got 'mine.txt'"),
        (["--out", "mine.toml", "--kinds", "scrat,crack"], "did you mean 'scratch'?"),
        (["--out", "mine.toml", "--kinds", "scratch"], "there is nothing to choose between"),
        (["--out", "mine.toml", "--base", "meta"], "did you mean 'metal'?"),
        (["--out", "mine.toml", "--sheet", "a.jpg"], "expected a name that ends in .png"),
        (["--out", "mine.toml", "--photos", "nowhere"], "nowhere: no such folder"),
        (["--out", "mine.toml", "--pasted", "1"], "--pasted: expected from 0 to below 1, got 1"),
        (["--out", "mine.toml", "--pasted", "nan"], "expected from 0 to below 1, got nan"),
    ],
)
def test_says_what_is_wrong(call, scratched, tmp_path, monkeypatch, arguments, said) -> None:
    monkeypatch.chdir(tmp_path)

    found = call("fit", scratched, *arguments)

    assert found.exit_code == 2
    assert said in found.stderr
    assert not list(tmp_path.iterdir())


def test_keeps_a_recipe_that_is_there_and_refuses_several_products(
    call, scratched, tmp_path
) -> None:
    out = tmp_path / "mine.toml"
    out.write_text("mine")

    kept = fit(call, scratched, out)
    (tmp_path / "third.png").write_text("a picture")
    picture = fit(call, scratched, tmp_path / "third.toml")
    shutil.copytree(scratched, tmp_path / "both/one")
    shutil.copytree(scratched, tmp_path / "both/two")
    both = fit(call, tmp_path / "both", tmp_path / "other.toml")
    good = fit(call, scratched / "train", tmp_path / "other.toml")

    assert (kept.exit_code, both.exit_code, good.exit_code) == (2, 2, 2)
    assert out.read_text() == "mine"
    assert "is there already" in kept.stderr
    assert "third.png: is there already; choose another --sheet" in picture.stderr
    assert not (tmp_path / "third.toml").exists()
    assert "holds defects of 2 products: one, two" in both.stderr


def test_dark_specks_on_plain_paper_are_not_taken_for_parts(call, tmp_path) -> None:
    for index in range(3):
        paper = np.random.default_rng(index).normal(200, 2, (96, 96)).clip(0, 255).astype(np.uint8)
        mask = np.zeros((96, 96), np.uint8)
        paper[40:49, 30 + index : 41 + index] = 60
        mask[38:51, 28 + index : 43 + index] = 255
        save(tmp_path / f"specks/images/{index}.png", paper)
        save(tmp_path / f"specks/masks/{index}.png", mask)

    found = fit(call, tmp_path / "specks", tmp_path / "mine.toml", "--json")
    result = json.loads(found.stdout.splitlines()[-1])

    assert found.exit_code == 0
    assert (result["refused"], result["photos"]) == ([], 0)
    assert len(result["defects"]) == 3
    shares = [item["area_share"] for item in result["defects"]]
    assert shares == pytest.approx([99 / 96**2] * 3, rel=0.15)
