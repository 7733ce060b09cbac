"""Finds components by kind: built-ins by file name, plugins by entry point."""

import difflib
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Generic, TypeVar

from pydantic import ValidationError

from anomsynth.core.component import Component
from anomsynth.core.roles import Generator, Refiner
from anomsynth.errors import PluginError, RecipeError, UnknownComponentError

C = TypeVar("C", bound=Component)


class Registry(Generic[C]):
    """Components of one role.

    Parameters
    ----------
    role : str
        Entry-point group below ``anomsynth``, e.g. ``"generators"``.
    base : type
        Class that every component of the role subclasses.
    package : str, optional
        Package of the built-ins; named like the group unless it lies elsewhere.
    """

    def __init__(self, role: str, base: type[C], package: str | None = None) -> None:
        self.role = role
        self.base = base
        self.group = f"anomsynth.{role}"
        self.package = package or self.group

    @cached_property
    def _builtin(self) -> dict[str, str]:
        """Modules of the built-ins by kind; a package below is a family of them."""
        found: dict[str, str] = {}
        for family in (self.package, *_public(self.package, packages=True)):
            for module in _public(family, packages=False):
                kind = module.rpartition(".")[2]
                if kind in found:
                    raise PluginError(f"{self.role}: {found[kind]} and {module} are of one kind")
                found[kind] = module
        return found

    @cached_property
    def _plugins(self) -> dict[str, EntryPoint]:
        found: dict[str, EntryPoint] = {}
        for point in entry_points(group=self.group):
            if point.name in self._builtin or point.name in found:
                msg = f"{self.role}: kind {point.name!r} is provided twice, second by {point.value}"
                raise PluginError(msg)
            found[point.name] = point
        return found

    def kinds(self) -> list[str]:
        """Return every known kind, sorted, without importing any of them."""
        return sorted(self._builtin.keys() | self._plugins.keys())

    def load(self, kind: str) -> type[C]:
        """Import and return the component class of `kind`.

        Raises
        ------
        UnknownComponentError
            If nobody provides the kind; the hint names the nearest one.
        PluginError
            If a plugin fails to import or is not a component of this role.
        """
        if kind in self._builtin:
            return self._only_component(importlib.import_module(self._builtin[kind]))
        if kind in self._plugins:
            try:
                loaded = self._plugins[kind].load()
            except Exception as error:
                msg = f"plugin {kind!r} ({self._plugins[kind].value}) failed to import: {error}"
                raise PluginError(msg) from error
            if not (isinstance(loaded, type) and issubclass(loaded, self.base)):
                msg = f"plugin {kind!r} is not a {self.base.__name__} subclass"
                raise PluginError(msg)
            return loaded
        near = difflib.get_close_matches(kind, self.kinds(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.kinds())}"
        msg = f"no {self.role} of kind {kind!r}"
        raise UnknownComponentError(msg, hint=hint)

    def build(self, data: Mapping[str, object]) -> C:
        """Validate ``{"kind": ..., **parameters}`` into a component.

        Raises
        ------
        RecipeError
            If the kind is missing or a parameter is unknown or out of range.
        """
        if "kind" not in data:
            raise RecipeError(f"{self.role}: entry without a kind", hint="add a kind")
        loaded = self.load(str(data["kind"]))
        try:
            return loaded.model_validate(dict(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            reason = first["msg"].removeprefix("Value error, ")
            hint = ""
            if first["type"] == "extra_forbidden":
                reason = "no such parameter"
                near = difflib.get_close_matches(where, loaded.model_fields, n=1)
                hint = (
                    f"did you mean {near[0]!r}?" if near else f"see: anomsynth show {data['kind']}"
                )
            msg = f"{self.role} of kind {data['kind']!r}: {where}: {reason}"
            raise RecipeError(msg, hint=hint) from error

    def _only_component(self, module: ModuleType) -> type[C]:
        found = [
            item
            for _, item in inspect.getmembers(module, inspect.isclass)
            if issubclass(item, self.base) and item.__module__ == module.__name__
        ]
        if len(found) != 1:
            msg = f"{module.__name__} must define exactly one component, found {len(found)}"
            raise PluginError(msg)
        return found[0]


def _public(package: str, *, packages: bool) -> list[str]:
    """Return the modules (or the packages) right below a package that are not private."""
    below = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return [
        f"{package}.{module.name}"
        for module in below
        if module.ispkg == packages and not module.name.startswith("_")
    ]


generators: Registry[Generator] = Registry("generators", Generator)  # type: ignore[type-abstract]  # the registry never instantiates the base
refiners: Registry[Refiner] = Registry("refiners", Refiner)
