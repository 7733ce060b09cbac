"""A recipe to begin with: two lines that do something, and the rest to take the marks from."""

from collections.abc import Iterator

from pydantic import BaseModel

from anomsynth.recipe.load import load_recipe, read_extension
from anomsynth.recipe.models import SCALES, Recipe
from anomsynth.recipe.toml import inline_text, value_text

KEYS = ("seed", "defects_per_image", "mixed_probability")
TABLES = ("severity", "material", "gates")
WIDTH = 40  # of a line before its comment


def recipe_template(preset: str) -> str:
    """Return the text of a recipe that extends a preset, with what may be changed as comments.

    It is a recipe as it stands, the same as the preset; what somebody takes the mark ``#`` from
    replaces the preset's value.

    Raises
    ------
    RecipeError, UnknownComponentError
        If the preset cannot be loaded.
    """
    recipe = load_recipe(preset)
    own = recipe if read_extension(preset) is None else load_recipe(preset, base_share=0)
    return "\n".join([*_head(preset, recipe), *_tables(recipe), *_mechanisms(own)]) + "\n"


def _head(preset: str, recipe: Recipe) -> Iterator[str]:
    yield f"# A recipe: everything of the preset {preset}, and what you change here."
    yield "# Save it as mine.toml and name that file where a preset is asked for."
    yield "# All keys: anomsynth show recipe. All mechanisms: anomsynth list generators."
    yield f"base = {value_text(preset)}"
    share = "of the defects made by the base's mechanisms, if you add your own below"
    yield _line("base_share = 0.5", share)
    yield _line("base_without = []", 'kinds of the base that this part cannot have, such as "rust"')
    for name in KEYS:
        yield _key(recipe, name)
    scale = next(name for name in SCALES if getattr(recipe, name) is not None)
    yield _line("mm_per_px = 0.1", f"if you know it, instead of {scale} below")
    yield _key(recipe, scale)


def _tables(recipe: Recipe) -> Iterator[str]:
    for table in (*TABLES, "radiation") if recipe.transmission else TABLES:
        model = getattr(recipe, table)
        yield f"\n[{table}]"
        for name in type(model).model_fields:
            if getattr(model, name) is not None:
                yield _key(model, name)


def _mechanisms(recipe: Recipe) -> Iterator[str]:
    yield "\n# The preset's own mechanisms, to copy and change. Weights are relative; parameters"
    yield "# are explained by: anomsynth show KIND"
    for item in recipe.mechanisms:
        yield "#\n# [[mechanisms]]"
        yield f"# weight = {value_text(item.weight)}"
        if item.d_prime is not None:
            yield f"# d_prime = {value_text(item.model_dump(mode='json')['d_prime'])}"
        yield f"# generator = {inline_text(item.generator)}"


def _key(model: BaseModel, name: str) -> str:
    plain = model.model_dump(mode="json")[name]
    meaning = type(model).model_fields[name].description or ""
    return _line(f"{name} = {value_text(plain)}", meaning)


def _line(setting: str, meaning: str) -> str:
    return f"# {setting:<{WIDTH}} # {meaning}"
