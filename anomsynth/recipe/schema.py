"""Recipes as text: back to TOML, and as a JSON schema for editors."""

from collections.abc import Mapping

from pydantic import BaseModel

from anomsynth.core.registry import generators, refiners
from anomsynth.recipe.extend import Extension
from anomsynth.recipe.models import Recipe
from anomsynth.recipe.toml import key_text, value_text

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
    return [f"{key_text(name)} = {value_text(value)}" for name, value in table.items()]


def _holds_tables(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
    )
