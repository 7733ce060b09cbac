"""Every example in a docstring runs, and every public function has one."""

import doctest
import importlib
import inspect
from importlib.util import find_spec
from pathlib import Path

import pytest

import anomsynth

PACKAGE = Path(anomsynth.__file__).parent
NEEDS = {
    "anomsynth.torch": "torch",
    "anomsynth.bisqad": "torch",
    "anomsynth.integrations": "torch",
    **{
        f"anomsynth.api.{name}": "torch"
        for name in ("auto", "evaluate", "export_model", "predict", "train")
    },
}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = sorted(
    module_name(path) for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text("utf-8")
)
PUBLIC = [name for name in anomsynth.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, tmp_path, monkeypatch) -> None:
    for start, wanted in NEEDS.items():
        if name.startswith(start) and find_spec(wanted) is None:
            pytest.skip(f"{wanted} is not installed")
    monkeypatch.chdir(tmp_path)  # examples may write files
    told: list[str] = []
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(example, out=told.append)

    assert runner.failures == 0, "".join(told)
    assert runner.tries > 0


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_function_shows_how_it_is_called(name: str) -> None:
    item = getattr(anomsynth, name)

    if inspect.isfunction(item):
        assert f"{name}(" in "".join(
            example.source
            for test in doctest.DocTestFinder().find(item, name)
            for example in test.examples
        )
