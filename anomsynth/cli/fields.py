"""`--option name=value`: the fields of a component, from the words of a command line."""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.errors import UserError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from anomsynth.core.component import Component

FLAG = "--option"

Options = Annotated[
    list[str] | None,
    typer.Option(FLAG, metavar="NAME=VALUE", help="Parameter, see `show KIND`; repeatable."),
]


def parse_fields(
    components: "Mapping[str, type[Component]]", options: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Return the fields of each component; each takes the options it has.

    Parameters
    ----------
    components : by name
    options : sequence of str
        ``name=value``. A value is text, a number, ``true`` or a TOML list, as the field wants it.

    Raises
    ------
    UserError
        If an option is no ``name=value``, is given twice, no component has it (the hint names the
        nearest field), or its value does not fit.
    """
    found: dict[str, dict[str, object]] = {name: {} for name in components}
    seen: set[str] = set()
    for option in options:
        name, equals, text = option.partition("=")
        name = name.strip().replace("-", "_")
        if not (name and equals):
            raise UserError(f"{FLAG}: expected NAME=VALUE, got {option!r}", hint=f"{FLAG} seed=3")
        if name in seen:
            raise UserError(f"{FLAG} {name}: given twice", hint="give it once")
        seen.add(name)
        owners = [key for key, component in components.items() if name in _fields(component)]
        if not owners:
            raise _unknown(name, components)
        for owner in owners:
            found[owner][name] = _value(name, text, components[owner].model_fields[name])
    return found


def _fields(component: "type[Component]") -> list[str]:
    return [name for name in component.model_fields if name != "kind"]


def _unknown(name: str, components: "Mapping[str, type[Component]]") -> UserError:
    known = list(dict.fromkeys(one for item in components.values() for one in _fields(item)))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
    return UserError(f"{FLAG}: {' and '.join(components)} has no field {name!r}", hint=hint)


def _value(name: str, text: str, field: "FieldInfo") -> object:
    """Return the value that a field accepts: the text as it is, else what TOML reads in it."""
    from pydantic import TypeAdapter, ValidationError

    checks = tuple(field.metadata)
    wanted: object = Annotated[(field.annotation, *checks)] if checks else field.annotation
    adapter: TypeAdapter[object] = TypeAdapter(wanted)  # type: ignore[arg-type]  # a run-time type
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        first = error.errors()[0]
    try:
        return adapter.validate_python(tomllib.loads(f"value = {text}")["value"])
    except (tomllib.TOMLDecodeError, ValidationError):
        reason = first["msg"].removeprefix("Value error, ")
        reason = f"{reason[0].lower()}{reason[1:]}"
        raise UserError(f"{FLAG} {name}: {reason}, got {text!r}") from None
