"""Lights of views that nobody gives: one rig, measured on all parts; what is uncertain is said."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import anomsynth as asy
from anomsynth.core.types import Light
from anomsynth.dataset.manifest import read_lines
from anomsynth.pipeline.replay import replay

LAMPS = {"L0": 20.0, "L1": 140.0, "L2": 260.0}
RECIPE = {
    "encoding": "linear",
    "part": "picture",
    "mm_per_px": 0.1,
    "mechanisms": [{"generator": {"kind": "warpage", "weights": [1, 0, 0]}}],
    "refiners": [],
}


def write_part(folder: Path, name: str, seed: int, *, relief: float = 0.06) -> None:
    """Write 16-bit photos of a rough part of some colour, lit by each lamp."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    fields = rng.standard_normal((2, 150, 160)).astype(np.float32)
    rough, colour = (cv2.GaussianBlur(field, (0, 0), 2.0) for field in fields)
    down, right = np.gradient(relief * rough / rough.std())
    for view, lamp in LAMPS.items():
        to_row, to_col, up = Light(lamp, 45).vector
        facing = (up - down * to_row - right * to_col) / np.sqrt(1 + down**2 + right**2)
        light = 0.25 * np.exp(0.04 * colour / colour.std()) * (0.2 + 0.8 * facing / up)
        light += 0.002 * rng.standard_normal(light.shape)
        cv2.imwrite(str(folder / f"{name}_{view}.png"), np.rint(light * 65535).astype(np.uint16))


@pytest.fixture
def parts(tmp_path) -> Path:
    for seed in range(4):
        write_part(tmp_path / "photos", f"part{seed}", seed)
    return tmp_path / "photos"


@pytest.fixture
def make(tmp_path, parts) -> Callable[..., Path]:
    """Make a dataset of the parts and return its folder."""

    def make(name: str = "out", **options: object) -> Path:
        chosen = {"per_image": 1, "views": tuple(LAMPS), "tree_depth": 16, "jobs": 1, **options}
        recipe = asy.load_recipe("generic", **RECIPE)
        asy.generate(parts, tmp_path / name, preset=recipe, **chosen)
        return tmp_path / name

    return make


def recorded(out: Path) -> dict[str, dict[str, object]]:
    return json.loads((out / "_anomsynth" / "run.json").read_text())["lights"]["photos"]


def lines_of(out: Path) -> list[dict]:
    lines = read_lines(out / "_anomsynth" / "photos" / "manifest.jsonl")
    return [line for line in lines if line["what"] == "sample"]


def off(azimuth: float, wanted: float) -> float:
    return abs((azimuth - wanted + 180) % 360 - 180)


def test_all_parts_are_lit_as_their_photos_tell_together(make) -> None:
    out = make()

    rig = {view: one["azimuth_deg"] for view, one in recorded(out).items()}
    turn = 180 if off(rig["L0"], LAMPS["L0"]) > 90 else 0  # inside out is as good
    assert all(off(rig[view] + turn, lamp) < 10 for view, lamp in LAMPS.items())
    assert len({one["elevation_deg"] for one in recorded(out).values()}) == 1
    assert not any("doubt" in one for one in recorded(out).values())
    for line in lines_of(out):
        record = line["record"]
        assert record["light"]["azimuth_deg"] == rig["L0"]
        assert record["views"]["L2"]["light"]["azimuth_deg"] == rig["L2"]


@pytest.mark.parametrize("azimuth", [20, 200])
def test_one_light_that_is_given_tells_the_sides_of_all(make, azimuth: int) -> None:
    rig = recorded(make(lights={"L0": {"azimuth_deg": azimuth, "elevation_deg": 33}}))

    assert rig["L0"] == {"azimuth_deg": azimuth, "elevation_deg": 33, "confidence": 1}
    for view in ("L1", "L2"):
        assert off(rig[view]["azimuth_deg"], LAMPS[view] + azimuth - 20) < 10
        assert rig[view]["elevation_deg"] == 33


def test_workers_shards_and_replays_agree_on_the_lights(make, tree) -> None:
    one = make("one")
    two = make("two", jobs=2)
    for shard in (2, 1):
        make("shards", shard=(shard, 2))
    asy.merge(one.with_name("shards"))

    assert tree(one) == tree(two) == tree(one.with_name("shards"))
    for line in lines_of(one)[:2]:
        replay(one, line["id"])  # raises if it came out differently


def test_photos_that_turn_the_lights_are_noticed_by_a_resumed_run(make, parts, tree) -> None:
    out = make()
    for photo in sorted(parts.glob("*_L1.png")):  # the lamp L1 hangs where L0 does now
        photo.write_bytes(photo.with_name(photo.name.replace("L1", "L2")).read_bytes())

    make(resume=True)

    assert tree(out) == tree(make("anew"))


def test_lights_that_are_uncertain_are_said_with_the_way_out(call, parts, tmp_path) -> None:
    words = ("--views", "L0,L1,L2", "--preset", "metal", "--jobs", 1, "--quiet")

    sure = call("generate", parts, tmp_path / "sure", *words)
    for seed in range(4):
        write_part(parts, f"part{seed}", seed, relief=0.0)
    unsure = call("generate", parts, tmp_path / "unsure", *words, "--dry-run")

    assert "uncertain" not in sure.output
    said = " ".join(unsure.output.split())
    assert "photos: the light of" in said
    assert "is uncertain: " in said
    assert "say it by --lights" in said


def test_lights_that_photos_do_not_tell_stand_around_the_part(make, parts) -> None:
    for photo in parts.iterdir():
        cv2.imwrite(str(photo), np.full((150, 160), 9000, np.uint16))

    rig = recorded(make())

    azimuths = sorted(one["azimuth_deg"] for one in rig.values())
    assert np.diff(azimuths) == pytest.approx([120, 120], abs=1)
    assert all("no shading" in one["doubt"] for one in rig.values())
    assert {one["confidence"] for one in rig.values()} == {0}


def test_a_light_that_is_given_keeps_the_others_away(make, parts) -> None:
    for photo in parts.iterdir():
        cv2.imwrite(str(photo), np.full((150, 160), 9000, np.uint16))

    rig = recorded(make(lights={"L1": {"azimuth_deg": 10, "elevation_deg": 40}}))

    azimuths = [one["azimuth_deg"] for one in rig.values()]
    assert azimuths[1] == 10
    assert all(off(azimuths[nth], azimuths[nth - 1]) > 90 for nth in range(3))
