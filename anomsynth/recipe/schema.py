"""Recipes as text: back to TOML, and as a JSON schema for editors."""

import json
from collections.abc import Mapping

from pydantic import BaseModel

from anomsynth.core.registry import generators, refiners
from anomsynth.recipe.extend import Extension
from anomsynth.recipe.models import Recipe

RANGE = {
    "anyOf": [
        {"type": "number"},
        {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    ],
    "description": "one number, or [low, high]",
}


def to_toml(recipe: Recipe) -> str:
    """Return the whole recipe, defaults included, as TOML that `load_recipe` reads back equal."""
    written = recipe.model_dump(mode="json", exclude_none=True)
    parts = ["\n".join(_pairs(written))]
    for name, value in written.items():
        if isinstance(value, Mapping):
            parts.append("\n".join([f"[{name}]", *_pairs(value)]))
    for entry in written["mechanisms"]:
        inner = ["", "[mechanisms.generator]", *_lines(entry["generator"])]
        parts.append("\n".join(["[[mechanisms]]", *_pairs(entry), *inner]))
    parts += ["\n".join(["[[refiners]]", *_lines(entry)]) for entry in written["refiners"]]
    return "\n\n".join(parts) + "\n"


def recipe_schema() -> dict[str, object]:
    """Return the JSON schema of a recipe file, with every installed generator and refiner."""
    schema = Recipe.model_json_schema()
    definitions = schema["$defs"]
    extension = Extension.model_json_schema()
    schema["properties"] |= extension["properties"]
    schema["anyOf"] = [{"required": extension["required"]}, {"required": schema.pop("required")}]
    for registry, base in ((generators, "Generator"), (refiners, "Refiner")):
        choices = []
        for kind in registry.kinds():
            name = f"{registry.role}.{kind}"
            definitions[name] = _component_schema(registry.load(kind), definitions)
            choices.append({"$ref": f"#/$defs/{name}"})
        definitions[base] = {"oneOf": choices}
    for name in ("Range", "LogRange", "CountRange", "Bounds", "LogBounds"):
        if name in definitions:
            definitions[name] = RANGE
    return schema


def _component_schema(model: type[BaseModel], definitions: dict[str, object]) -> object:
    schema = model.model_json_schema()
    definitions.update(schema.pop("$defs", {}))
    return {**schema, "required": sorted({"kind", *schema.get("required", ())})}


def _pairs(table: Mapping[str, object]) -> list[str]:
    """Return the lines of a table's plain values; tables and lists of tables come elsewhere."""
    return _lines({name: value for name, value in table.items() if not _holds_tables(value)})


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _holds_tables(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
    )


def _value(value: object) -> str:
    """Return one value as TOML; whole floats lose their point, as people write them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    msg = f"{type(value).__name__} has no form in TOML"
    raise TypeError(msg)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _string(name)


def _string(text: str) -> str:
    # JSON's escapes are a subset of TOML's basic strings, except DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
