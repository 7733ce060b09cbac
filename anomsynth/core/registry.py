"""Finds components by kind: built-ins by file name, plugins by entry point."""

import difflib
import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import EntryPoint, distributions
from types import ModuleType
from typing import Generic, TypeVar

from pydantic import ValidationError

from anomsynth.core.component import Component
from anomsynth.core.roles import Generator, Refiner
from anomsynth.errors import PluginError, RecipeError, UnknownComponentError

C = TypeVar("C", bound=Component)
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Origin:
    """The distribution a plugin comes from.

    Attributes
    ----------
    name : str
        As it is installed, e.g. ``"anomsynth-drips"``.
    version : str
    """

    name: str
    version: str

    @classmethod
    def of(cls, point: EntryPoint) -> "Origin":
        """Return the distribution of an entry point."""
        if point.dist is None:
            return cls(point.module.partition(".")[0], "unknown")
        return cls(point.dist.name, point.dist.version)


@cache
def _installed() -> tuple[EntryPoint, ...]:
    """Return the entry points of all our groups: looking through what is installed takes long."""
    # Where a package is installed twice, the first on the path counts, as for imports.
    packages = {package.name: package for package in reversed(list(distributions()))}
    return tuple(
        point
        for package in packages.values()
        for point in package.entry_points
        if point.group.startswith("anomsynth.")
    )


def points_of(group: str) -> list[EntryPoint]:
    """Return the entry points of a group."""
    return [point for point in _installed() if point.group == group]


class Catalogue(ABC, Generic[T_co]):
    """Everything of one role by name; nothing is imported before it is asked for.

    Parameters
    ----------
    role : str
        Entry-point group below ``anomsynth``, e.g. ``"generators"``.
    package : str, optional
        Package of the built-ins; named like the group unless it lies elsewhere.
    """

    def __init__(self, role: str, package: str | None = None) -> None:
        self.role = role
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
        for point in points_of(self.group):
            if point.name in self._builtin or point.name in found:
                msg = f"{self.role}: kind {point.name!r} is provided twice, second by {point.value}"
                raise PluginError(msg)
            found[point.name] = point
        return found

    def kinds(self) -> list[str]:
        """Return every known kind, sorted, without importing any of them."""
        return sorted(self._builtin.keys() | self._plugins.keys())

    def plugins(self) -> list[str]:
        """Return the kinds that plugins provide, sorted."""
        return sorted(self._plugins)

    def origin(self, kind: str) -> Origin | None:
        """Return the distribution that provides a kind, None for a built-in."""
        return Origin.of(self._plugins[kind]) if kind in self._plugins else None

    def load(self, kind: str) -> T_co:
        """Import and return what has the name `kind`.

        Raises
        ------
        UnknownComponentError
            If nobody provides the kind; the hint names the nearest one.
        PluginError
            If a plugin fails to import, is not of this role, or calls itself otherwise than its
            entry point does.
        """
        if kind in self._builtin:
            return self._only_one(importlib.import_module(self._builtin[kind]))
        if kind in self._plugins:
            point = self._plugins[kind]
            try:
                loaded = point.load()
            except Exception as error:
                msg = f"plugin {kind!r} ({point.value}) failed to import: {error}"
                raise PluginError(msg) from error
            return self._checked(loaded, point)
        near = difflib.get_close_matches(kind, self.kinds(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.kinds())}"
        msg = f"no {self.role} of kind {kind!r}"
        raise UnknownComponentError(msg, hint=hint)

    @abstractmethod
    def _only_one(self, module: ModuleType) -> T_co:
        """Return what the module of a built-in is there for."""

    @abstractmethod
    def _checked(self, loaded: object, point: EntryPoint) -> T_co:
        """Return what an entry point gave, or raise PluginError."""


class Registry(Catalogue[type[C]]):
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
        super().__init__(role, package)
        self.base = base

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
            if first["type"] == "missing":
                reason, hint = "is missing", f"see: anomsynth show {data['kind']}"
            elif first["type"] == "extra_forbidden":
                reason = "no such parameter"
                near = difflib.get_close_matches(where, loaded.model_fields, n=1)
                hint = (
                    f"did you mean {near[0]!r}?" if near else f"see: anomsynth show {data['kind']}"
                )
            msg = f"{self.role} of kind {data['kind']!r}: {where}: {reason}"
            raise RecipeError(msg, hint=hint) from error

    def _only_one(self, module: ModuleType) -> type[C]:
        found = [
            item
            for _, item in inspect.getmembers(module, inspect.isclass)
            if issubclass(item, self.base) and item.__module__ == module.__name__
        ]
        if len(found) != 1:
            msg = f"{module.__name__} must define exactly one component, found {len(found)}"
            raise PluginError(msg)
        return found[0]

    def _checked(self, loaded: object, point: EntryPoint) -> type[C]:
        if not (isinstance(loaded, type) and issubclass(loaded, self.base)):
            msg = f"plugin {point.name!r} ({point.value}) is not a {self.base.__name__} subclass"
            raise PluginError(msg)
        check_name(point, loaded.model_fields["kind"].default)
        return loaded


def check_name(point: EntryPoint, own: object) -> None:
    """Raise PluginError unless an entry point is named as what it gives names itself."""
    if own != point.name:
        says = f"calls itself {own!r}" if isinstance(own, str) else "has no name of its own"
        msg = f"the entry point {point.name!r} gives {point.value}, which {says}"
        raise PluginError(f"{msg}: the two must be the same")


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
