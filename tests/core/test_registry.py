"""The registry finds built-ins by file, plugins by entry point, and explains misses."""

from importlib.metadata import EntryPoint

import pytest

from anomsynth.core import registry as registry_module
from anomsynth.core.registry import Registry, generators, refiners
from anomsynth.core.roles import Generator
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


def plugged(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> Registry[Generator]:
    monkeypatch.setattr(registry_module, "entry_points", lambda group: list(points))
    return Registry("generators", Generator)  # type: ignore[type-abstract]


def test_finds_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("rift", "anomsynth.generators.fracture.crack:Crack", "anomsynth.generators")

    registry = plugged(monkeypatch, point)

    assert "rift" in registry.kinds()
    assert registry.load("rift").__name__ == "Crack"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("crack", "elsewhere:Crack", "provided twice"),
        ("rift", "no_such_module:Rift", "failed to import"),
        ("rift", "anomsynth.errors:UserError", "not a Generator"),
    ],
)
def test_refuses_broken_plugins(monkeypatch, name, value, complaint) -> None:
    registry = plugged(monkeypatch, EntryPoint(name, value, "anomsynth.generators"))

    with pytest.raises(PluginError, match=complaint):
        registry.load(name if complaint != "provided twice" else "rift")
