"""Recipes as TOML: the few forms they need, written the way the presets are."""

import json
from collections.abc import Mapping

from pydantic import BaseModel

from anomsynth.core.component import Component, Range

LARGEST = 1e15  # from which whole floats keep their point


def recipe_text(recipe: BaseModel) -> str:
    """Return a recipe as TOML that loads back equal; what stands at its default is left out."""
    lines: list[str] = []
    _write_table(_chosen(recipe), "", lines)
    return "\n".join(lines).strip() + "\n"


def inline_text(component: Component) -> str:
    """Return what a component chooses as a table on one line."""
    return value_text(_chosen(component))


def _chosen(model: BaseModel) -> dict[str, object]:
    """Return what differs from the defaults, as plain values; a component names its kind, too."""
    dumped = model.model_dump(mode="json")
    chosen: dict[str, object] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        needed = name == "kind" and isinstance(model, Component)
        default = _plain(field.default)
        if isinstance(value, Range) and isinstance(default, int | float):
            default = [default, default]
        if not needed and dumped[name] == default:
            continue
        if isinstance(value, Range):
            chosen[name] = value.low if value.low == value.high else dumped[name]
        elif isinstance(value, BaseModel):
            chosen[name] = _chosen(value)
        elif isinstance(value, tuple) and all(isinstance(item, BaseModel) for item in value):
            chosen[name] = [_chosen(item) for item in value]
        elif dumped[name] is not None:
            chosen[name] = dumped[name]
    return chosen


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else value


def _write_table(table: Mapping[str, object], name: str, lines: list[str]) -> None:
    """Write a table's own values, then the tables in it: TOML wants them in this order."""
    below = {key: value for key, value in table.items() if _is_table(value) or _is_tables(value)}
    lines.extend(f"{key} = {value_text(table[key])}" for key in table if key not in below)
    for key, value in below.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, Mapping):
            lines += ["", f"[{path}]"]
            _write_table(value, path, lines)
        elif isinstance(value, list):
            for item in value:
                lines += ["", f"[[{path}]]"]
                _write_table(item, path, lines)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def value_text(value: object) -> str:
    """Return one value as TOML; whole floats lose their point, as people write them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LARGEST else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the one control character that JSON lets pass.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(name)} = {value_text(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    msg = f"{type(value).__name__} has no form in TOML"
    raise TypeError(msg)


def key_text(name: str) -> str:
    """Return a key as TOML, in quotes where it needs them."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else value_text(name)
