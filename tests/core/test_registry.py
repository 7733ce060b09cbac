"""The registry finds built-ins by file, plugins by entry point, and explains misses."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Literal

import pytest

from anomsynth.core.registry import Origin, generators, refiners
from anomsynth.errors import PluginError, RecipeError, UnknownComponentError


@pytest.mark.parametrize("kind", generators.kinds())
def test_file_name_is_the_kind(kind: str) -> None:
    loaded = generators.load(kind)

    assert loaded.model_fields["kind"].default == kind
    assert loaded.law
    assert loaded.source


@pytest.mark.parametrize("kind", [*generators.kinds(), *refiners.kinds()])
def test_every_parameter_is_documented(kind: str) -> None:
    registry = generators if kind in generators.kinds() else refiners
    fields = {n: f for n, f in registry.load(kind).model_fields.items() if n != "kind"}

    assert fields
    assert [name for name, field in fields.items() if not field.description] == []


def test_suggests_the_nearest_kind() -> None:
    with pytest.raises(UnknownComponentError) as caught:
        generators.load("cracks")

    assert caught.value.hint == "did you mean 'crack'?"


def test_suggests_the_nearest_parameter() -> None:
    with pytest.raises(RecipeError, match="modes") as caught:
        generators.build({"kind": "crack", "modes": "lefm"})

    assert caught.value.hint == "did you mean 'mode'?"


def test_a_component_needs_a_kind() -> None:
    with pytest.raises(RecipeError, match="without a kind"):
        generators.build({"length": 1})


def test_names_the_distribution_of_a_plugin(plugged, distribution) -> None:
    point = distribution("drips", "2.1").point("anomsynth.generators", "rift", "rifts:Rift")

    plugged(point)

    assert generators.origin("rift") == Origin("drips", "2.1")
    assert generators.plugins() == ["rift"]
    assert generators.origin("crack") is None


def test_finds_plugins(plugged, monkeypatch) -> None:
    class Rift(generators.load("crack")):
        kind: Literal["rift"] = "rift"

    module = ModuleType("rifts")
    module.Rift = Rift
    monkeypatch.setitem(sys.modules, "rifts", module)

    plugged(EntryPoint("rift", "rifts:Rift", "anomsynth.generators"))

    assert "rift" in generators.kinds()
    assert generators.load("rift") is Rift


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("crack", "elsewhere:Crack", "provided twice"),
        ("rift", "no_such_module:Rift", "failed to import"),
        ("rift", "anomsynth.errors:UserError", "not a Generator"),
        ("rift", "anomsynth.generators.fracture.crack:Crack", "calls itself 'crack'.*the same"),
        ("rift", "anomsynth.core.roles:Generator", "has no name of its own"),
    ],
)
def test_refuses_broken_plugins(plugged, name, value, complaint) -> None:
    plugged(EntryPoint(name, value, "anomsynth.generators"))

    with pytest.raises(PluginError, match=complaint):
        generators.load("rift")
