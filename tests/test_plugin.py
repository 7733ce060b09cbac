"""The example package is found by its entry points, and its parts take part everywhere."""

import csv
import importlib
import json
import sys
import tomllib
from pathlib import Path

import pytest

from anomsynth.core.registry import generators
from anomsynth.dataset.exports import exporters
from anomsynth.errors import PluginError
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names, preset_origin
from anomsynth.sheets.presets import unused_kinds
from anomsynth.sqe.all_terms import all_terms, builtin_terms
from anomsynth.sqe.estimator import Estimator
from anomsynth.testing import make_defect, make_pixels

EXAMPLE = Path(__file__).parents[1] / "examples" / "plugin"
PROJECT = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]


def points(distribution, version: str = PROJECT["version"]) -> list:
    package = distribution(PROJECT["name"], version)
    return [
        package.point(group, name, value)
        for group, named in PROJECT["entry-points"].items()
        for name, value in named.items()
    ]


@pytest.fixture
def example(plugged, distribution, monkeypatch):
    """Install the example, in some version; return the function that does so again."""
    monkeypatch.syspath_prepend(str(EXAMPLE))

    def install(version: str = PROJECT["version"]) -> None:
        plugged(*points(distribution, version))

    install()
    yield install
    for name in [name for name in sys.modules if name.startswith("anomsynth_drips")]:
        del sys.modules[name]


@pytest.fixture
def dataset(example, write_photos, tmp_path) -> Path:
    """Return a small dataset of the example's preset."""
    photos, out = write_photos(tmp_path / "photos", 2), tmp_path / "dataset"
    run(make_plan(photos, out, load_recipe("glazed"), RunOptions(per_image=1, jobs=1)))
    return out


def test_its_own_tests_pass(example, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE / "tests"))
    own = importlib.import_module("test_drips")

    own.test_components_keep_their_contracts()
    own.test_a_drip_is_widest_and_highest_in_its_bead(0)


def test_its_components_are_listed_and_shown_with_their_origin(example, call) -> None:
    for topic, name in (
        ("generators", "drip"),
        ("terms", "wholeness"),
        ("exporters", "boxes_csv"),
        ("presets", "glazed"),
    ):
        listed = call("list", topic).stdout
        line = next(line for line in listed.splitlines() if line.startswith(f"{name} "))
        assert "anomsynth-drips 1.0" in listed[listed.index(line) :]
        assert call("show", name).exit_code == 0


def test_its_preset_is_loaded_by_name_and_checked(example, call) -> None:
    assert load_recipe("glazed").mechanisms[0].generator.kind == "drip"
    assert preset_origin("glazed").name == "anomsynth-drips"
    assert preset_origin("metal") is None
    assert call("presets", "check", "glazed").exit_code == 0


def test_a_generator_without_a_preset_is_no_fault_of_the_shipped_ones(
    example, plugged, distribution
) -> None:
    plugged(next(point for point in points(distribution) if point.name == "drip"))

    assert "drip" in generators.kinds()
    assert unused_kinds() == []


def test_its_term_has_its_say_in_every_score(example, call, dataset) -> None:
    pixels, mask = make_defect(make_pixels())
    quality = Estimator.default().score(pixels, mask)

    assert [term.name for term in all_terms()] == [*(t.name for t in builtin_terms()), "wholeness"]
    assert quality.terms["wholeness"] == 1
    assert quality.terms.keys() - {"wholeness"} <= {term.name for term in builtin_terms()}
    assert call("score", dataset, "--jobs", 1).exit_code == 0
    with (dataset / "_anomsynth" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(0 < float(row["wholeness"]) <= 1 for row in rows)


def test_a_mask_in_pieces_scores_lower_because_of_it_and_is_told_so(example) -> None:
    pixels, mask = make_defect(make_pixels())
    mask[::2] = False
    mask[:, ::2] = False

    own = Estimator.default().score(pixels, mask)
    without = Estimator(Estimator.default().calibration, builtin_terms()).score(pixels, mask)

    assert own.utility < without.utility
    assert own.terms["wholeness"] < 0.1


def test_fields_of_its_exporter_are_set_by_the_command_line(
    example, call, dataset, tmp_path
) -> None:
    words = ["export", dataset, tmp_path / "boxes", "--to", "boxes-csv"]
    result = call(*words, "--option", "separator=;", "--option", "least_area=3")

    assert result.exit_code == 0, result.stderr
    table = (tmp_path / "boxes" / "boxes.csv").read_text().splitlines()
    assert table[0] == "image;kind;left;top;width;height"
    assert len(table) > 1
    refused = call(*words[:2], tmp_path / "again", *words[3:], "--option", "separators=;")
    assert refused.exit_code == 2
    assert "did you mean 'separator'?" in refused.stderr


def test_the_run_record_names_its_version_and_resume_notices_another(
    example, call, dataset, tmp_path
) -> None:
    record = json.loads((dataset / "_anomsynth" / "run.json").read_text())
    assert record["plugins"] == {"anomsynth-drips": "1.0"}
    resume = ("generate", tmp_path / "photos", dataset, "--preset", "glazed", "--per-image", 1)
    assert call(*resume, "--jobs", 1, "--resume").exit_code == 0

    example("1.1")
    result = call(*resume, "--jobs", 1, "--resume")

    assert result.exit_code == 2
    assert 'plugins anomsynth-drips was "1.0", is "1.1"' in result.stderr


def test_two_presets_of_one_name_are_refused(example, plugged, distribution) -> None:
    twice = distribution("others", "3").point("anomsynth.presets", "x", "anomsynth_drips.presets")

    plugged(*points(distribution), twice)

    with pytest.raises(PluginError, match=r"'glazed' is provided twice, second by others"):
        preset_names()


@pytest.mark.parametrize("value", ["no_such_package.presets", "anomsynth.errors", "no_such"])
def test_presets_that_are_not_there_name_their_plugin(plugged, distribution, value) -> None:
    plugged(distribution("others", "3").point("anomsynth.presets", "mine", value))

    with pytest.raises(PluginError, match=rf"'mine'.*{value}"):
        preset_names()


def test_a_term_without_a_curve_is_refused(plugged, distribution) -> None:
    value = "anomsynth.sqe.terms.noise:TERM"
    plugged(distribution("others", "3").point("anomsynth.terms", "noisy", value))
    with pytest.raises(PluginError, match="calls itself 'noise'"):
        all_terms()


def test_everything_else_is_as_without_plugins(example) -> None:
    assert generators.plugins() == ["drip"]
    assert exporters.plugins() == ["boxes_csv"]
    assert {"metal", "mvtec/bottle", "glazed"} <= set(preset_names())
