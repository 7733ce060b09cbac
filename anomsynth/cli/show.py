"""`anomsynth show`: parameters of a component, a term of the score, contents of a preset."""

import difflib
from typing import TYPE_CHECKING, Annotated, Literal, cast, get_args, get_origin

import typer

from anomsynth.cli.console import Console, Json, Quiet, example, reporting
from anomsynth.cli.roles import ROLES, about, catalogue, complete_name
from anomsynth.errors import UnknownComponentError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from anomsynth.core.component import Component
    from anomsynth.recipe.extend import Extension
    from anomsynth.recipe.models import Recipe
    from anomsynth.sqe.term import Term

EXAMPLE = example("show crack", "show metal", "show metal --toml", "show recipe --json")
RELIEF = "changes the height of the surface, or opens it: depth data show it"
COLOUR_ONLY = "changes colour only; passed over where depth is all there is"
RECIPE = "recipe"  # not a kind: the format of recipe files itself


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="KIND|PRESET|FILE.toml",
            help="What to explain.",
            autocompletion=complete_name,
        ),
    ],
    as_toml: Annotated[
        bool, typer.Option("--toml", help="Print a preset as a recipe file, its base worked in.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Explain whatever `list` names, or (`show recipe`) the recipe format.

    Parameters are listed with unit, default range and meaning, with the law and its source; of a
    preset the kinds of defects that it makes, with their shares (`list --preset` says what they
    are).
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.recipe.load import load_recipe, read_extension
        from anomsynth.recipe.presets import preset_names

        if as_toml:
            _check_has_file(name)
            recipe = load_recipe(name)
            console.answer(recipe.to_toml().rstrip(), recipe.model_dump(mode="json"))
        elif name == RECIPE:
            _show_format(console)
        elif not _show_named(console, name.replace("-", "_")):
            if not (name.endswith(".toml") or name in preset_names()):
                raise _unknown(name)
            _show_recipe(console, load_recipe(name), read_extension(name))


def _check_has_file(name: str) -> None:
    """Raise UserError if a name is none of a preset, which alone has a recipe file."""
    kind = name.replace("-", "_")
    if name == RECIPE:
        raise UserError("'recipe' is the format of recipes", hint="begin one: anomsynth init")
    role = next((role for role in ROLES if kind in catalogue(role).kinds()), None)
    if role is not None:
        what = "term of the score" if role == "terms" else role.removesuffix("s")
        raise UserError(
            f"--toml prints presets, and {kind!r} is a {what}",
            hint=f"its parameters: `anomsynth show {kind}`, to begin a recipe: `anomsynth init`",
        )


def _show_named(console: Console, kind: str) -> bool:
    """Explain a component or a term; tell whether there is one."""
    from anomsynth.sqe.term import Term

    role = next((role for role in ROLES if kind in catalogue(role).kinds()), None)
    if role is None:
        return False
    item = catalogue(role).load(kind)
    if isinstance(item, Term):
        _show_term(console, item)
    else:
        _show_component(console, cast("type[Component]", item), role.removesuffix("s"))
    return True


def _unknown(name: str) -> UnknownComponentError:
    from anomsynth.recipe.presets import preset_names

    known = [kind for role in ROLES for kind in catalogue(role).kinds()] + preset_names()
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "see: anomsynth list"
    return UnknownComponentError(f"no component, term or preset {name!r}", hint=hint)


def _show_term(console: Console, term: "Term") -> None:
    words = {"low": term.too_low, "high": term.too_high}
    bad = {side: text for side, text in words.items() if term.bad in (side, "both")}
    console.say(f"{term.name} (term of the score)\n{about(term)}")
    console.say(f"weight: {term.weight:g} of {term.role}")
    for side, text in bad.items():
        console.say(f"{side}:".ljust(8) + text)
    facts = {"role": "term", "part": term.role, "weight": term.weight, "bad": bad}
    console.result(kind=term.name, about=about(term), **facts)


def _show_component(console: Console, component: "type[Component]", role: str) -> None:
    kind = str(component.model_fields["kind"].default)
    described = about(component)
    defaults = _defaults(component)
    parameters = [
        _parameter(name, field, defaults[name])
        for name, field in component.model_fields.items()
        if name != "kind"
    ]
    console.say(f"{kind} ({role})\n{described}")
    if component.law:
        console.say(f"law:    {component.law}")
    if component.source:
        console.say(f"source: {component.source}")
    sizes = [measure.name for measure in getattr(component, "measures", ())]
    if sizes:
        console.say(f"sizes:  {', '.join(sizes)} (for sweep, in mm)")
    relief = getattr(component, "has_relief", None)
    if relief is not None:
        console.say(f"relief: {RELIEF if relief else COLOUR_ONLY}")
    console.say()
    headings = ("name", "default", "unit", "meaning")
    console.table(
        ["parameter", *headings[1:]], [[row[key] for key in headings] for row in parameters]
    )
    console.result(
        kind=kind,
        role=role,
        about=described,
        law=component.law,
        source=component.source,
        sizes=sizes,
        **({} if relief is None else {"relief": relief}),
        parameters=parameters,
    )


def _parameter(name: str, field: "FieldInfo", default: object) -> dict[str, str]:
    extra = field.json_schema_extra
    unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    others = f" ({', '.join(str(choice) for choice in choices)})" if len(choices) > 1 else ""
    meaning = field.description or ""
    return {"name": name, "default": _plain(default) + others, "unit": unit, "meaning": meaning}


def _defaults(model: "type[BaseModel]") -> dict[str, object]:
    """Return the validated default of every field; "required" where there is none."""
    from pydantic import ValidationError

    try:
        return dict(model())
    except ValidationError:  # a plugin may require parameters
        return {
            name: "required"
            if field.is_required()
            else field.get_default(call_default_factory=True)
            for name, field in model.model_fields.items()
        }


def _plain(value: object) -> str:
    """Return a default as people write it."""
    from anomsynth.core.component import LogRange, Range

    if isinstance(value, Range):
        how = ", log-uniform" if isinstance(value, LogRange) and value.low < value.high else ""
        if value.low == value.high:
            return f"{value.low:g}"
        return f"{value.low:g} .. {value.high:g}{how}"
    if isinstance(value, tuple):
        return f"[{', '.join(_plain(item) for item in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _show_recipe(console: Console, recipe: "Recipe", extends: "Extension | None") -> None:
    scale = {
        name: value
        for name in ("mm_per_px", "field_mm", "object_mm", "part_mm")
        if (value := getattr(recipe, name)) is not None
    }
    total = sum(mechanism.weight for mechanism in recipe.mechanisms)
    strength = recipe.severity
    console.say(f"{recipe.name} (preset)\n{recipe.description}\n")
    for heading, items in (("stands for", recipe.stands_for), ("cannot", recipe.cannot)):
        for item in items:
            console.say(f"{heading}: {item}")
    if recipe.stands_for or recipe.cannot:
        console.say()
    if extends is not None:
        without = ", ".join(dict.fromkeys(extends.base_without))
        left_out = f", without {without}" if without else ""
        share = f"for {extends.base_share:.0%} of the defects"
        console.say(f"extends:           {extends.base}, {share}{left_out}")
    console.say("scale:             " + ", ".join(f"{k} = {v:g}" for k, v in scale.items()))
    console.say(f"defects per image: {_plain(recipe.defects_per_image)}")
    console.say(f"visibility d':     {_plain(strength.d_prime)}; areas to {strength.area_cap:g}")
    console.say(f"refiners:          {', '.join(item.kind for item in recipe.refiners) or 'none'}")
    console.say()
    console.table(
        ["mechanism", "share", "changed parameters"],
        [
            [
                item.generator.kind,
                f"{item.weight / total:.0%}",
                ", ".join(_changed(item.generator)) or "defaults",
            ]
            for item in recipe.mechanisms
        ],
    )
    console.result(**recipe.model_dump(mode="json", exclude_none=True))


def _changed(component: "Component") -> list[str]:
    """Return the parameters that differ from the defaults, as text."""
    defaults = _defaults(type(component))
    return [
        f"{name} = {_plain(value)}"
        for name, value in component
        if name != "kind" and value != defaults[name]
    ]


def _show_format(console: Console) -> None:
    from anomsynth.recipe.extend import Extension
    from anomsynth.recipe.models import Recipe
    from anomsynth.recipe.schema import recipe_schema

    console.say("A recipe is a TOML file with these keys; --json prints its JSON schema.\n")
    headings = ("name", "default", "unit", "meaning")
    rows = [[row[key] for key in headings] for part in (Recipe, Extension) for row in _keys(part)]
    console.table(["key", *headings[1:]], rows)
    console.result(schema=recipe_schema())


def _keys(model: "type[BaseModel]", prefix: str = "") -> "Iterator[dict[str, str]]":
    """Yield the rows of a table's keys; those of a table in it come with its name before them."""
    from pydantic import BaseModel

    from anomsynth.core.component import Range
    from anomsynth.recipe.models import Mechanism

    defaults = _defaults(model)
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel) and not issubclass(kind, Range):
            if field.is_required():
                yield _parameter(f"{prefix}{name}", field, defaults[name])
            else:
                yield from _keys(kind, f"{prefix}{name}.")
            continue
        yield _parameter(f"{prefix}{name}", field, defaults[name])
        if name == "mechanisms":
            yield from _keys(Mechanism, f"{prefix}{name}.")
