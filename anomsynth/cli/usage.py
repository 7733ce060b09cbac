"""What is said when the words of a command line are no call of the program."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import typer
from typer.core import TyperGroup

from anomsynth.cli.console import USER_ERROR, Console
from anomsynth.cli.environment import forget

# Where typer keeps this class depends on its version; its subclass is public.
USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]
WORDS = "anomsynth.words"
PLAINER = (
    ("Value error, ", ""),
    ("Input should be greater than or equal to", "must be at least"),
    ("Input should be less than or equal to", "must be at most"),
    ("Input should be", "must be"),
)

OLD_SPELLINGS = {"--parts": "--components"}


class _Context(Protocol):
    meta: dict[str, object]

    @property
    def command_path(self) -> str: ...


class Program(TyperGroup):
    """Says usage errors in one line, as JSON too if that is wanted, like every other error."""

    def parse_args(self, ctx: _Context, args: list[str]) -> list[str]:  # type: ignore[override]  # see USAGE_ERROR
        """Take in the words before the command; see the base class."""
        args = _respelt(args)
        ctx.meta[WORDS] = list(args)
        forget()
        with _reported(args):
            return super().parse_args(ctx, args)  # type: ignore[arg-type]  # see USAGE_ERROR

    def invoke(self, ctx: _Context) -> object:  # type: ignore[override]  # see USAGE_ERROR
        """Take in the words of the command and call it; see the base class."""
        words = ctx.meta[WORDS]
        with _reported(words if isinstance(words, list) else []):
            return super().invoke(ctx)  # type: ignore[arg-type]  # see USAGE_ERROR


def _respelt(words: Sequence[str]) -> list[str]:
    """Return the words with options by today's names; say which ones that were not."""
    respelt = []
    for word in words:
        option, equals, value = word.partition("=")
        name = OLD_SPELLINGS.get(option, option)
        if name != option:
            _console(words).warn(f"{option} is called {name} now")
        respelt.append(f"{name}{equals}{value}")
    return respelt


def _console(words: Sequence[str]) -> Console:
    return Console(quiet=bool({"-q", "--quiet"} & {*words}), as_json="--json" in words)


@contextmanager
def _reported(words: Sequence[str]) -> Iterator[None]:
    words = list(words)
    try:
        yield
    except USAGE_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # the help is the answer then
            raise
        console = _console(words)
        path = getattr(getattr(error, "ctx", None), "command_path", "anomsynth")
        console.error(_said(error, words), f"see {path} --help")
        raise typer.Exit(USER_ERROR) from None


def _said(error: Exception, words: Sequence[str]) -> str:
    """Return what is wrong: option, what it must be, and what it is."""
    parameter = getattr(error, "param", None)
    names = getattr(parameter, "opts", [])
    message = str(getattr(error, "message", ""))
    if type(error).__name__ == "MissingParameter":
        return _missing(parameter)
    if not (isinstance(error, typer.BadParameter) and names and message):
        text = str(getattr(error, "format_message", error.__str__)())
        return f"{text[:1].lower()}{text[1:]}".rstrip(".")
    for old, new in PLAINER:
        message = message.replace(old, new)
    if "is not one of" in message:  # which says what was given
        return f"{max(names, key=len)}: {message.rstrip('.')}"
    value = _value(names, words)
    variable = str(getattr(getattr(error, "param", None), "envvar", None))
    if value is None and variable in os.environ:
        return f"{variable}: {message.rstrip('.')}, got {os.environ[variable]}"
    got = f", got {value}" if value is not None else ""
    return f"{max(names, key=len)}: {message.rstrip('.')}{got}"


def _missing(parameter: object) -> str:
    """Return what is missing and what it may be."""
    help_ = str(getattr(parameter, "help", "") or "").rstrip(".")
    said = f": {help_}" if help_ else ""
    if getattr(parameter, "param_type_name", "") == "argument":
        return f"missing {str(getattr(parameter, 'metavar', '')).strip('{}.')}{said}"
    names = getattr(parameter, "opts", [])
    metavar = getattr(parameter, "metavar", None)
    return f"missing {max(names, key=len)}{f' {metavar}' if metavar else ''}{said}"


def _value(names: Sequence[str], words: Sequence[str]) -> str | None:
    """Return what was given for an option, None if that is not clear."""
    for position, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in names and equals:
            return value
        if word in names and position + 1 < len(words):
            return words[position + 1]
    return None
