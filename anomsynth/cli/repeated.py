"""The command line that is running, once more with something else."""

import shlex
from collections.abc import Collection

import typer


def repeated(context: typer.Context, *, without: Collection[str], **instead: object) -> str:
    """Return the command line with the arguments and options that it was given.

    Parameters
    ----------
    context : typer.Context
    without : names of parameters that are left out
    **instead
        Values of parameters, of those that were not given too.
    """
    given: dict[str, object] = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if name not in without and source is not None and source.name == "COMMANDLINE":
            given[name] = value
    given |= instead
    words = ["anomsynth", str(context.info_name)]
    for parameter in context.command.params:
        name = str(parameter.name)
        if name not in given:
            continue
        value = given[name]
        if parameter.param_type_name == "argument":
            words.append(str(value))
        elif isinstance(value, bool):
            words.append(max(parameter.opts if value else parameter.secondary_opts, key=len))
        else:
            words += [max(parameter.opts, key=len), str(value)]
    return shlex.join(words)
