"""Every family shows how one of its mechanisms is used, and the examples run."""

import doctest
import importlib
from pathlib import Path

import pytest

import anomsynth.generators

ROOT = Path(anomsynth.generators.__file__).parent
FAMILIES = [path.name for path in sorted(ROOT.iterdir()) if (path / "__init__.py").exists()]
SHOWN = ("assembly", "baselines", "loose", "wear")


@pytest.mark.parametrize("family", [name for name in FAMILIES if name in SHOWN])
def test_a_mechanism_of_each_family_has_an_example_that_runs(family: str) -> None:
    modules = [
        importlib.import_module(f"anomsynth.generators.{family}.{path.stem}")
        for path in sorted((ROOT / family).glob("[!_]*.py"))
    ]

    results = [doctest.testmod(module) for module in modules]

    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 0
