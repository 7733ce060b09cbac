"""The guide for contributors: its code runs, its places are there."""

import re
from pathlib import Path

import pytest

from anomsynth.errors import PluginError
from anomsynth.recipe.load import load_recipe
from anomsynth.testing import check_exporter, check_generator, check_refiner, check_scorer

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
SECTIONS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", GUIDE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = {
    name: block
    for name, text in SECTIONS.items()
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a function that imports a section's block as a module, as pickle needs it."""

    def run(name: str) -> dict[str, object]:
        module = re.sub(r"\W", "_", f"guide {name}")
        (tmp_path / f"{module}.py").write_text(BLOCKS[name])
        monkeypatch.syspath_prepend(str(tmp_path))
        return vars(__import__(module))

    return run


def test_every_role_has_a_section_with_code_that_its_check_passes(run) -> None:
    checks = {name: re.search(r"^check_\w+", block, re.MULTILINE) for name, block in BLOCKS.items()}

    assert {found[0] for found in checks.values()} == {
        "check_generator", "check_refiner", "check_exporter", "check_term", "check_scorer",
        "check_detector", "check_noise",
    }  # fmt: skip


@pytest.mark.parametrize("name", BLOCKS)
def test_code_of_the_guide_runs(run, name) -> None:
    if "import torch" in BLOCKS[name]:
        pytest.importorskip("torch")
    assert run(name)


@pytest.mark.parametrize(
    ("name", "component", "check"),
    [
        ("A generator", "Dab", check_generator),
        ("A refiner", "Fade", check_refiner),
        ("An exporter", "Names", check_exporter),
        ("A scorer", "Contrast", check_scorer),
    ],
)
def test_its_checks_are_real(run, name, component, check) -> None:
    loaded = run(name)[component]

    with pytest.raises(PluginError, match="is not the default"):
        check(loaded().model_copy(update={"kind": "another"}))


def test_the_preset_of_the_guide_loads_and_says_what_a_preset_must(tmp_path) -> None:
    text = re.findall(r"```toml\n(.*?)```", SECTIONS["A preset"], re.DOTALL)[0]
    path = tmp_path / "dabs.toml"
    path.write_text(text.replace('"dab"', '"crack"'))  # which has a width_mm, too

    recipe = load_recipe(path)

    assert [one.weight for one in recipe.mechanisms] == [2, 1]
    assert recipe.stands_for
    assert recipe.cannot


def test_the_table_of_rooms_is_complete() -> None:
    rooms = {path.parent.name for path in (ROOT / "anomsynth").glob("*/__init__.py")}
    table = GUIDE.partition("## Rooms")[2].partition("##")[0]
    named = set(re.findall(r"`(\w+)/`", table))

    assert named == rooms | {"presets"}
