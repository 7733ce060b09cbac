"""The comparison on few real defects draws whole objects, and its table holds every run."""

import importlib
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def few_real(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("few_real")


@pytest.fixture
def real_set(tmp_path) -> Path:
    """Twelve objects with two pictures of a crack each; the first one has a dent, too."""
    lines = ["file,group"]
    for kind, count in (("crack", 24), ("dent", 1)):
        for number in range(count):
            name = f"test/{kind}/{number:02}.png"
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
            (tmp_path / "ground_truth" / kind).mkdir(parents=True, exist_ok=True)
            lines.append(f"{name},object{number // 2}")
    (tmp_path / "groups.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("draw", range(5))
def test_an_object_is_either_learned_from_or_tested_on(few_real, real_set, draw) -> None:
    chosen = few_real.drawn(real_set, draw)
    groups = dict(line.split(",") for line in (real_set / "groups.csv").read_text().split()[1:])

    taken = {groups[name] for name in chosen}
    assert (
        sum(name.startswith("test/crack") and part == "five" for name, part in chosen.items()) == 5
    )
    assert chosen["test/dent/00.png"] == "five"
    assert all((name in chosen) == (group in taken) for name, group in groups.items())
    assert few_real.drawn(real_set, draw) == chosen


def test_real_pictures_come_with_their_masks_kinds_in_turn(few_real, tmp_path) -> None:
    for kind, count in (("crack", 3), ("dent", 1)):
        for folder, end in (("test", ".jpg"), ("ground_truth", "_mask.png")):
            (tmp_path / folder / kind).mkdir(parents=True)
            for number in range(count):
                (tmp_path / folder / kind / f"{number}{end}").touch()

    found = few_real.marked(tmp_path)

    images = [f"crack/{number}" for number in range(3)]
    images.insert(1, "dent/0")
    assert [f"{image.parent.name}/{image.stem}" for image, _ in found] == images
    assert all(mask.stem == f"{image.stem}_mask" for image, mask in found)


def test_the_table_means_over_kinds_and_draws(few_real, tmp_path) -> None:
    for draw, way, values in (
        (0, "fitted", (0.4, 0.6)),
        (1, "fitted", (0.6, 0.8)),
        (0, "real", (0, 1)),
    ):
        run = {"method": way, "dataset": "pill", "metrics": {"all": {}, "macro": {}}}
        run["metrics"] |= {f"kind{at}": {"pixel_ap": value} for at, value in enumerate(values)}
        file = tmp_path / "runs" / f"draw{draw}" / f"pill__{way}__{draw}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(run))

    lines = few_real.table(tmp_path).splitlines()

    assert lines[0] == "| trained on | pill | mean |"
    assert lines[2:] == ["| fitted | 60.0 +-14.1 | 60.0 |", "| real | 50.0 | 50.0 |"]
