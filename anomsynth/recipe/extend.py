"""Recipes that extend a preset or another recipe: ``base = "generic"`` and what differs."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field, ValidationError

from anomsynth.core.component import Written, parameter, with_new_names
from anomsynth.core.registry import generators
from anomsynth.errors import RecipeError, UnknownComponentError
from anomsynth.recipe.models import SCALES, Mechanism, Recipe

OF_ITS_OWN = ("name", "description")  # what a recipe says of itself is not its base's


class Extension(Written):
    """What a recipe extends, written beside its other keys.

    Keys that the recipe leaves out are the base's; tables are merged; a scale replaces that of the
    base. With mechanisms of its own it keeps the base's beside them: a recipe that is too narrow
    costs a detector more than one that is too broad.

    Attributes
    ----------
    base : str
        Name of a preset, or a recipe file (``.toml``), relative to the file that names it.
    base_share : float in [0, 1)
        Share of the defects that the base's mechanisms make beside the recipe's own.
    base_without : tuple of str
        Kinds of the base's mechanisms that are left out: paper does not rust.
    """

    base: str = Field(min_length=1, description="preset or recipe file that gives what is left out")
    base_share: Annotated[float, Field(ge=0, lt=1)] = parameter(
        0.5, "share", "of the defects made by the base's mechanisms beside own ones"
    )
    base_without: tuple[str, ...] = parameter(
        (), "kinds", "of the base's mechanisms that are left out"
    )


def split_extension(
    written: Mapping[str, object], where: str
) -> tuple[Extension | None, dict[str, object]]:
    """Return what a recipe extends, None for nothing, and its other keys.

    Raises
    ------
    RecipeError
        If a value is out of range, or there is one and no base.
    UnknownComponentError
        If nobody provides a kind that is to be left out.
    """
    keys = Extension.model_fields.keys()
    named = {name: written[name] for name in keys if name in written}
    rest = {name: value for name, value in written.items() if name not in keys}
    if not named:
        return None, rest
    if "base" not in named:
        hint = 'write base = "generic" above it'
        raise RecipeError(f"{where}: {next(iter(named))} without a base", hint=hint)
    without = named.get("base_without", ())
    if not isinstance(without, list | tuple):
        msg = f'{where}: base_without: expected a list of kinds such as ["rust"], got {without!r}'
        raise RecipeError(msg)
    for kind in without:
        if isinstance(kind, str) and kind not in generators.kinds():
            try:
                generators.load(kind)
            except UnknownComponentError as error:
                msg = f"{where}: base_without: {error}"
                raise UnknownComponentError(msg, hint=error.hint) from error
    try:
        return Extension.model_validate(named), rest
    except ValidationError as error:
        first = error.errors()[0]
        place, reason = str(first["loc"][0]), first["msg"]
        reason = f"{reason[0].lower()}{reason[1:]}"
        raise RecipeError(f"{where}: {place}: {reason}, got {named[place]!r}") from error


def extend(
    base: Recipe, extension: Extension, written: Mapping[str, object], where: str
) -> dict[str, object]:
    """Return a recipe as written, completed by its base.

    Parameters
    ----------
    base : Recipe
    extension : Extension
        Its share counts only if `written` has mechanisms, too.
    written : mapping
        A recipe without its extension; its mechanisms keep their weights, those of the base are
        scaled to the share.
    where : str
        Begins an error message.

    Raises
    ------
    RecipeError
        If the base makes no kinds but those that are to be left out, or one of them is made by
        the recipe itself alone.
    """
    merged = merge(base.model_dump(mode="json", exclude_none=True), written)
    for name in OF_ITS_OWN:
        if name not in written:
            merged.pop(name, None)
    own, share = written.get("mechanisms"), extension.base_share
    if isinstance(own, list | tuple) and share == 0:
        return {**merged, "mechanisms": [*own]}
    _check_left_out(extension.base_without, base, own, where)
    kept = [item for item in base.mechanisms if item.generator.kind not in extension.base_without]
    if not kept:
        msg = f"{where}: base_without: leaves nothing of {base.name}"
        raise RecipeError(msg, hint="leave fewer kinds out, or write mechanisms and base_share = 0")
    if not isinstance(own, list | tuple):
        return {**merged, "mechanisms": own or kept}
    theirs = sum(item.weight for item in kept)
    factor = share / (1 - share) * sum(map(_weight, own)) / theirs
    scaled = [item.model_copy(update={"weight": item.weight * factor}) for item in kept]
    return {**merged, "mechanisms": [*own, *scaled]}


def _check_left_out(without: Sequence[str], base: Recipe, own: object, where: str) -> None:
    """Raise RecipeError if a kind is left out of the base that only the recipe itself makes."""
    theirs = {item.generator.kind for item in base.mechanisms}
    mine = set(map(_kind, own)) if isinstance(own, list | tuple) else set()
    for kind in without:
        if kind in mine - theirs:
            msg = f"{where}: base_without: {kind!r} is of the recipe itself, not of {base.name}"
            raise RecipeError(msg, hint="take it out of the recipe's own mechanisms")


def _kind(entry: object) -> str:
    """Return the kind of a mechanism as written, "" of one that is wrong."""
    if isinstance(entry, Mechanism):
        return entry.generator.kind
    generator = entry.get("generator") if isinstance(entry, Mapping) else None
    return str(generator.get("kind", "")) if isinstance(generator, Mapping) else ""


def merge(written: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return what is written with changes: tables are merged, a scale replaces another."""
    written, changes = with_new_names(Recipe, written), with_new_names(Recipe, changes)
    if any(changes.get(name) is not None for name in SCALES):
        written = {name: value for name, value in written.items() if name not in SCALES}
    merged = dict(written)
    for name, value in changes.items():
        old = written.get(name)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[name] = {**old, **value} if both else value  # type: ignore[dict-item]  # checked above
    return merged


def _weight(entry: object) -> float:
    """Return the weight of a mechanism as written; one that is wrong is told when it is built."""
    if isinstance(entry, Mechanism):
        return entry.weight
    weight = entry.get("weight", 1.0) if isinstance(entry, Mapping) else 1.0
    return float(weight) if isinstance(weight, int | float) else 1.0
