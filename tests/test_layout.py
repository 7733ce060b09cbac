"""The folder layout keeps its promises."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import anomsynth
from anomsynth.core.registry import generators, refiners
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.presets import preset_names

OPTION = re.compile(r"(?<!`)`([a-z]\w*)(?:=[^`]+)?`(?!`)")  # as the command line reads them
SIZES = ("sweep", "pod")
TORCH = ("train", "evaluate", "predict", "export_model")
FLAG = re.compile(r"(?<![\w-])--[a-z]")
ROOT = Path(__file__).parents[1]


def imported(path: Path) -> set[str]:
    """Return the names of the modules of this package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("anomsynth"):
            found |= {f"{node.module}.{item.name}" for item in node.names} | {str(node.module)}
        elif isinstance(node, ast.Import):
            found |= {item.name for item in node.names}
    return found


def _kinds(root: Path) -> list[Path]:
    return [path for path in root.glob("*/*.py") if not path.name.startswith("_")]


MODULES = sorted((ROOT / "anomsynth").rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_no_generator_is_imported_by_another_or_by_its_physics() -> None:
    root = ROOT / "anomsynth" / "generators"
    kinds = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in _kinds(root)}

    for path in root.rglob("*.py"):
        assert not (imported(path) & kinds), path


def test_shared_maths_is_shared() -> None:
    users: dict[str, set[str]] = {}
    fields = ROOT / "anomsynth" / "fields"
    for path in set(MODULES) - set(fields.glob("*.py")):
        for name in imported(path):
            if name.startswith("anomsynth.fields."):
                users.setdefault(name, set()).add(path.parent.relative_to(ROOT).as_posix())

    for path in fields.glob("[!_]*.py"):
        rooms = users.get(f"anomsynth.fields.{path.stem}", set())
        assert len(rooms) > 1, f"{path.name} belongs to {rooms or 'nobody'}"


def _messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a file but for docstrings, with ``...`` for what is filled in."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if node in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [
                item.value if isinstance(item, ast.Constant) else "..." for item in node.values
            ]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


BELOW_CLI = [path for path in MODULES if not path.is_relative_to(ROOT / "anomsynth" / "cli")]


def test_only_the_command_line_speaks_of_its_flags() -> None:
    for path in BELOW_CLI:
        for line, text in _messages(path):
            assert not FLAG.search(text), f"{path}:{line}: {text}"


def test_options_in_messages_are_those_of_functions() -> None:
    known = set()
    for name in (
        *(
            "generate",
            "preview",
            "score",
            "calibrate",
            "export",
            "fit",
            "report",
            "tune",
            "sweep",
            "pod",
        ),
        *TORCH,
    ):
        function = getattr(anomsynth, name)
        known |= {name, *inspect.signature(function).parameters}
    found = {
        match[1]: f"{path}:{line}: {text}"
        for path in BELOW_CLI
        for line, text in _messages(path)
        for match in OPTION.finditer(text)
    }

    assert {"overwrite", "resume", "shard"} <= set(found)
    assert not [where for name, where in found.items() if name not in known]


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())

    shared = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert not shared


@pytest.mark.parametrize("role", ["generators", "refiners"])
def test_every_component_has_a_test_and_a_preset(role: str) -> None:
    presets = [tomllib.loads(path.read_text()) for path in (ROOT / "presets").rglob("*.toml")]
    used = {item["generator"]["kind"] for preset in presets for item in preset["mechanisms"]}
    used |= {item["kind"] for preset in presets for item in preset.get("refiners", [])}
    registry = {"generators": generators, "refiners": refiners}[role]

    for kind in registry.kinds():
        assert list((ROOT / "tests" / role).rglob(f"test_{kind}.py"))
        assert kind in used


@pytest.mark.parametrize("name", preset_names())
def test_presets_load_and_describe_themselves(name: str) -> None:
    recipe = load_recipe(name)

    assert recipe.name == name
    assert recipe.description


def test_every_law_in_the_table_of_mutations_stands_once_in_its_file_and_has_its_test() -> None:
    table = tomllib.loads((ROOT / "tests" / "mutate_laws.toml").read_text())
    del table["without"]

    for path, laws in table.items():
        source = (ROOT / "anomsynth" / path).read_text()
        for law in laws:
            written = law.get("code") or re.sub(r"@([0-9.]+(?:e[0-9]+)?)@", r"\1", law["form"])
            assert source.count(written) == 1, f"{path}: {written}"
            module, _, test = law["test"].partition("::")
            assert f"def {test}" in (ROOT / "tests" / module).read_text(), law["test"]


def test_public_names_exist_and_nothing_else_is_promised() -> None:
    for name in anomsynth.__all__:
        assert getattr(anomsynth, name) is not None
    assert dir(anomsynth) == sorted(anomsynth.__all__)
