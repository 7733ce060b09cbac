"""Recipes from TOML files and presets; every error names the file and the key."""

import difflib
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from anomsynth.core.component import Component
from anomsynth.core.plain_file import read_text
from anomsynth.core.registry import generators, refiners
from anomsynth.errors import RecipeError, RenamedWarning, UserError
from anomsynth.recipe.extend import Extension, extend, merge, split_extension
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.recipe.presets import find_preset


def load_recipe(source: str | Path, **changes: object) -> Recipe:
    """Load a preset or a recipe file.

    Parameters
    ----------
    source : str or path
        Name of a preset (``"metal"``, ``"mvtec/bottle"``), or a file whose name ends in ``.toml``.
    **changes : recipe keys
        Values that replace those of the recipe, as they would be written in a file; tables are
        merged, and a scale (`mm_per_px`, `field_mm`, `object_mm`, `part_mm`) replaces any other.
        `base`, `base_share` and `base_without` replace those of the file (a preset's own
        `base_without` goes with them); other values replace what came of it: with `mechanisms`
        there are no others.

    Raises
    ------
    UnknownComponentError
        If no preset has this name.
    RecipeError
        If the file cannot be read, is not TOML, or a value is unknown or out of range.

    Examples
    --------
    >>> load_recipe("metal", seed=3, severity={"d_prime": [2, 4]}).severity.d_prime.high
    4.0
    """
    path, shown = _find(source)
    written = {"name": _name(source), **_read(path, shown)}
    extension = {name: changes.pop(name) for name in Extension.model_fields if name in changes}
    recipe = _build({**written, **extension}, shown, (path,))
    return _changed(recipe, changes, shown)


def read_extension(source: str | Path) -> Extension | None:
    """Return what a preset or a recipe file extends, None if it stands alone.

    Raises
    ------
    RecipeError, UnknownComponentError
        As `load_recipe`, as far as this needs the file.

    Examples
    --------
    >>> read_extension("metal").base, read_extension("generic")
    ('generic', None)
    """
    path, shown = _find(source)
    return split_extension(_read(path, shown), shown)[0]


def change_recipe(recipe: Recipe, **changes: object) -> Recipe:
    """Return a recipe with some values replaced, as `load_recipe` replaces those of a file.

    Raises
    ------
    RecipeError
        If a value is unknown or out of range.

    Examples
    --------
    >>> change_recipe(load_recipe("metal"), seed=3).seed
    3
    """
    return _changed(recipe, changes, recipe.name)


def build_recipe(written: Mapping[str, object], where: str) -> Recipe:
    """Validate a recipe as it is written in TOML; `where` begins every error message.

    Raises
    ------
    RecipeError, UnknownComponentError
        If something is missing, unknown or out of range.
    """
    return _build(written, where, ())


def recorded_recipe(written: Mapping[str, object], where: str) -> Recipe:
    """Validate a recipe as a run recorded it: its old names are nobody's to correct.

    Raises
    ------
    RecipeError, UnknownComponentError
        If something is missing, unknown or out of range.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RenamedWarning)
        return build_recipe(written, where)


def choose_kinds(recipe: Recipe, kinds: Sequence[str]) -> Recipe:
    """Return the recipe with mechanisms of these kinds only.

    Kinds the recipe does not use join it with their default parameters and weight 1.

    Raises
    ------
    UnknownComponentError
        If nobody provides a kind.
    RecipeError
        If the recipe is of radiographs, and a kind only colours.
    """
    used = {mechanism.generator.kind for mechanism in recipe.mechanisms}
    kept = [item for item in recipe.mechanisms if item.generator.kind in kinds]
    added = [
        Mechanism(generator=generators.build({"kind": kind}))
        for kind in dict.fromkeys(kinds)
        if kind not in used
    ]
    flat = [item.generator.kind for item in added if not item.generator.has_relief]
    if recipe.transmission and flat:
        msg = f"{flat[0]!r} changes no thickness: a radiograph does not show it"
        raise RecipeError(msg, hint="choose kinds with relief: `anomsynth show KIND` tells")
    return recipe.model_copy(update={"mechanisms": (*kept, *added)})


def choose_refiners(recipe: Recipe, kinds: Sequence[str]) -> Recipe:
    """Return the recipe with these refiners in this order, with its own parameters for each.

    Raises
    ------
    UnknownComponentError
        If nobody provides a kind.
    """
    own = {refiner.kind: refiner for refiner in recipe.refiners}
    chosen = tuple(own.get(kind) or refiners.build({"kind": kind}) for kind in kinds)
    return recipe.model_copy(update={"refiners": chosen})


def _build(written: Mapping[str, object], where: str, files: tuple[Path, ...]) -> Recipe:
    """Return a recipe; `files` are those that led to it by their bases, itself last."""
    extension, built = split_extension(written, where)
    if extension is not None:
        base = _load_base(extension.base, where, files)
        built = extend(base, extension, built, where)
    if "mechanisms" in built:
        built["mechanisms"] = [
            _build_mechanism(entry, f"{where}: mechanisms[{index}]")
            for index, entry in enumerate(_entries(built["mechanisms"], f"{where}: mechanisms"))
        ]
    if "refiners" in built:
        built["refiners"] = [
            _build_component("refiners", entry, f"{where}: refiners[{index}]")
            for index, entry in enumerate(_entries(built["refiners"], f"{where}: refiners"))
        ]
    try:
        return Recipe.model_validate(built)
    except ValidationError as error:
        raise _explained(error, where) from error


def _load_base(name: str, where: str, files: tuple[Path, ...]) -> Recipe:
    """Return the recipe that one extends: a preset, or a file beside the one that names it."""
    beside = files[-1].parent if files else Path()
    try:
        path, shown = _find(beside / name if name.endswith(".toml") else name)
        if path.resolve() in [file.resolve() for file in files]:
            raise RecipeError(f"{name} extends itself", hint="name another base")
        return _build({"name": name, **_read(path, shown)}, shown, (*files, path))
    except UserError as error:
        raise type(error)(f"{where}: base: {error}", hint=error.hint) from error


def _changed(recipe: Recipe, changes: Mapping[str, object], where: str) -> Recipe:
    if not changes:
        return recipe
    written = recipe.model_dump(mode="json", exclude_none=True)
    return build_recipe(merge(written, changes), f"{where} as changed")


def _find(source: str | Path) -> tuple[Path, str]:
    """Return the file of a recipe, and how messages call it."""
    if isinstance(source, Path) or source.endswith(".toml"):
        return Path(source), str(source)
    return find_preset(source), f"presets/{source}.toml"


def _name(source: str | Path) -> str:
    """Return what a recipe is called that does not say so."""
    is_file = isinstance(source, Path) or source.endswith(".toml")
    return Path(source).stem if is_file else str(source)


def _read(path: Path, shown: str) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(path, "utf-8-sig"))  # Windows may begin with a mark
    except tomllib.TOMLDecodeError as error:
        hint = "text needs quotes, tables are [name], lists of tables [[name]]"
        raise RecipeError(f"{shown}: not valid TOML: {error}", hint=hint) from error
    except RecursionError as error:
        raise RecipeError(f"{shown}: not valid TOML: nested too deeply") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{shown}: not a text file", hint="recipes are TOML in UTF-8") from error
    except FileNotFoundError as error:
        hint = "presets are named without .toml, see: anomsynth list presets"
        raise RecipeError(f"{shown}: no such file", hint=hint) from error
    except OSError as error:
        raise RecipeError(f"{shown}: cannot be read: {error.strerror}") from error


def _entries(value: object, where: str) -> Sequence[object]:
    if isinstance(value, list | tuple):
        return value
    name = where.rpartition(" ")[2]
    raise RecipeError(f"{where}: expected a list of tables", hint=f"write [[{name}]] above each")


def _build_mechanism(entry: object, where: str) -> object:
    if not isinstance(entry, Mapping):
        return entry
    built = dict(entry)
    if "generator" in entry:
        built["generator"] = _build_component(
            "generators", entry["generator"], f"{where}.generator"
        )
    return built


def _build_component(role: str, entry: object, where: str) -> Component:
    if isinstance(entry, Component):
        return entry
    if not isinstance(entry, Mapping):
        hint = f'write {{ kind = "{entry}" }}' if isinstance(entry, str) else ""
        raise RecipeError(f"{where}: expected a table with a kind, got {entry!r}", hint=hint)
    try:
        return generators.build(entry) if role == "generators" else refiners.build(entry)
    except UserError as error:
        # The place in the file says more than the registry's own prefix.
        reason = str(error).removeprefix(f"{role} of kind {entry.get('kind')!r}: ")
        raise type(error)(f"{where}: {reason}", hint=error.hint) from error


def _explained(error: ValidationError, where: str) -> RecipeError:
    first = error.errors()[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    reason, hint = first["msg"].removeprefix("Value error, "), ""
    if first["type"] == "extra_forbidden":
        known = _keys_at(first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1)
        reason = "no such key"
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    elif first["type"] == "missing":
        reason = "is missing"
        if first["loc"][-1] == "generator":
            hint = 'write generator = { kind = "crack" }'
    elif first["type"] != "value_error" and isinstance(first["input"], str | int | float):
        reason = f"{reason[0].lower()}{reason[1:]}, got {first['input']!r}"
    return RecipeError(": ".join(filter(None, (where, place.lstrip("."), reason))), hint=hint)


def _keys_at(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys a recipe may have at a place of an error."""
    model: type[BaseModel] = Recipe
    for part in place:
        if part == "mechanisms":
            model = Mechanism
        elif isinstance(part, str):
            inner = model.model_fields[part].annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    extension = Extension.model_fields if model is Recipe else {}
    return [*model.model_fields, *extension]
