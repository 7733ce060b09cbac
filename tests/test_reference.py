"""Everything that the reference of the public functions shows is explained."""

import inspect
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest

import anomsynth

PUBLIC = [name for name in anomsynth.__all__ if not name.startswith("__")]


@pytest.mark.parametrize("name", PUBLIC)
def test_nothing_that_the_reference_shows_is_without_explanation(name: str) -> None:
    item = getattr(anomsynth, name)

    assert inspect.getdoc(item)
    if not inspect.isclass(item):
        assert "Parameters\n" in item.__doc__ or not inspect.signature(item).parameters
        assert all(
            one.annotation is not inspect.Parameter.empty
            for one in inspect.signature(item).parameters.values()
        )
        return
    own = {
        attribute: value
        for attribute, value in vars(item).items()
        if not attribute.startswith("_") and (callable(value) or isinstance(value, property))
    }
    assert not [attribute for attribute, value in own.items() if not inspect.getdoc(value)]
    if is_dataclass(item):
        told = item.__doc__ or ""
        assert not [field.name for field in fields(item)
                    if not field.name.startswith("_") and field.name not in told]  # fmt: skip


def test_what_builds_the_reference_finds_every_name_in_the_module() -> None:
    code = (
        "import sys, types; sys.modules['pdoc'] = types.ModuleType('pdoc'); import anomsynth;"
        "print(*(name for name in anomsynth.__all__ if name not in vars(anomsynth)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not done.stdout.strip()
