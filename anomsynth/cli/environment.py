"""Defaults of common options from the environment, told whenever one is used."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Annotated

import typer

JOBS, SEED, PRESET = "ANOMSYNTH_JOBS", "ANOMSYNTH_SEED", "ANOMSYNTH_PRESET"

_taken: ContextVar[Mapping[str, str]] = ContextVar("_taken")


def taken() -> dict[str, str]:
    """Return what options of this call were taken from the environment, by variable."""
    return dict(_taken.get({}))


def forget() -> None:
    """Begin another call of the program."""
    _taken.set({})


def note(context: typer.Context, option: typer.CallbackParam, value: object) -> object:
    """Remember an option's value if it comes from the environment; callback of such options."""
    name = str(option.name)
    source = context.get_parameter_source(name)
    if source is not None and source.name == "ENVIRONMENT":
        _taken.set({**taken(), str(option.envvar): str(value)})
    return value


Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        envvar=JOBS,
        callback=note,
        help="Processes; -1 is one per core, -2 one less.",
    ),
]
