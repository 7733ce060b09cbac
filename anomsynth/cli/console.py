"""What a command tells the person or the script that called it, and how it ends."""

import errno
import json
import logging
import re
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer

from anomsynth.cli.environment import forget, taken
from anomsynth.core.heap import memory_ran_out
from anomsynth.dataset.paths import printable
from anomsynth.errors import PluginError, RenamedWarning, UserError

SOME_FAILED = 3
USER_ERROR = 2
INTERRUPTED = 130
PIPE_WIDTH = 100  # columns of a table that is not printed on a terminal

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON lines, the result last.")]


# What a disk may answer at any place, and what to do.
DISK = {
    errno.EACCES: "check the permissions of it and of the folders above",
    errno.EPERM: "check the permissions of it and of the folders above",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "a link leads to itself: remove it",
    errno.ENOSPC: "free some space, then do it again",
    errno.EROFS: "choose a place that can be written to",
    errno.EIO: "the disk or the network fails: copy the files to another one",
}

# How the library names an option: `overwrite=True`, `shard=(1, 8)`, `jobs`.
_OPTION = re.compile(r"`([a-z]\w*)(?:=([^`]+))?`")
_SPELLINGS = {
    "file_format": "--format",
    "show_all": "--all",
    "purpose": "--for",
    "absolute=False": "--relative",
    "hardlink=False": "--copy",
    "new": "--predict",
}


def as_flags(text: str) -> str:
    """Return a message of the library with options spelt as on the command line.

    Examples
    --------
    >>> as_flags("add `resume=True` or `shard=(1, 8)`, or fewer `jobs`")
    'add --resume or --shard 1/8, or fewer --jobs'
    """
    return _OPTION.sub(lambda found: _flag(found[1], found[2]), text)


def _flag(name: str, value: str | None) -> str:
    if f"{name}={value}" in _SPELLINGS:
        return _SPELLINGS[f"{name}={value}"]
    flag = _SPELLINGS.get(name, "--" + name.replace("_", "-"))
    if value is None or value == "True":
        return flag
    pair = re.fullmatch(r"\((\w+), (\w+)\)", value)
    between = "/" if name == "shard" else ":"
    return f"{flag} {pair[1]}{between}{pair[2]}" if pair else f"{flag} {value.strip(chr(39))}"


def example(*lines: str) -> str:
    """Return a help epilog that shows how a command is called, one call a line."""
    return "\n".join(["\b", "Example:", *(f"  anomsynth {line}" for line in lines)])


def next_command(*words: object) -> str:
    """Return the line that names the next command; words in capitals stand for a choice of name.

    Examples
    --------
    >>> next_command("train", "my data", "--out", "RUN")
    "Next: anomsynth train 'my data' --out RUN"
    """
    return f"Next: {command(*words)}"


def command(*words: object) -> str:
    """Return a call of the program as a shell reads it.

    Examples
    --------
    >>> command("train", "my data")
    "anomsynth train 'my data'"
    """
    return shlex.join(["anomsynth", *map(str, words)])


def _tell(text: str) -> None:
    """Print text on stderr; a run goes on where nobody can read it any more."""
    with suppress(OSError):
        typer.echo(text, err=True)


class Console:
    """Stdout and stderr of one command.

    Parameters
    ----------
    quiet : bool
        Only errors are printed.
    as_json : bool
        Stdout holds JSON lines and nothing else.
    """

    def __init__(self, *, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json

    @property
    def talks(self) -> bool:
        """Whether text for people is wanted."""
        return not (self.quiet or self.as_json)

    def say(self, text: str = "") -> None:
        """Print text for people on stdout."""
        if self.talks:
            typer.echo(text)

    def answer(self, text: str, values: Mapping[str, object]) -> None:
        """Print what the user asked for and nothing else, also where quiet is wanted."""
        if self.as_json:
            typer.echo(json.dumps({"event": "result", **values}, default=str))
        else:
            typer.echo(text)

    def note(self, text: str) -> None:
        """Print text for people on stderr: progress and warnings."""
        if self.talks:
            _tell(as_flags(text))

    def warn(self, text: str) -> None:
        """Print one line on stderr, whatever was asked for."""
        _tell(f"anomsynth: {' '.join(as_flags(text).split())}")

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print aligned columns; the last one wraps."""
        if not self.talks:
            return
        from rich.console import Console as RichConsole
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for index, heading in enumerate(headings):
            wraps = index == len(headings) - 1
            table.add_column(heading, no_wrap=not wraps, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        width = None if sys.stdout.isatty() else PIPE_WIDTH
        RichConsole(width=width, highlight=False).print(table)

    def line(self, kind: str, values: Mapping[str, object]) -> None:
        """Print one JSON line, if JSON is wanted; a name `event` says what it is."""
        if self.as_json and not self.quiet:
            typer.echo(json.dumps({"event": kind, **values}, default=str))

    def result(self, **values: object) -> None:
        """Print the final JSON object, if JSON is wanted."""
        self.line("result", values)

    def error(self, message: str, hint: str = "") -> None:
        """Print one line on stderr, and the final JSON object if JSON is wanted."""
        self.warn(f"{message}; {hint}".rstrip("; "))
        with suppress(OSError):  # stdout may be what is full
            self.line("error", {"message": as_flags(message), "hint": as_flags(hint)})


@contextmanager
def reporting(*, quiet: bool, as_json: bool, again: str = "") -> Iterator[Console]:
    """Turn errors of a command into its exit code.

    Parameters
    ----------
    quiet, as_json : bool
        As for `Console`.
    again : str
        Command that goes on after Ctrl-C, if there is one.

    Raises
    ------
    typer.Exit
        With code 2 after an error the user can fix, 130 after Ctrl-C. Anything else is a bug and
        passes through.
    """
    console = Console(quiet=quiet, as_json=as_json)
    variables = taken()
    if variables:
        said = ", ".join(f"{name}={value}" for name, value in variables.items())
        console.note(f"from the environment: {said}")
        console.line("environment", variables)
    try:
        with _old_names_warned(console), _log_told(console):
            yield console
    except UserError as error:
        console.error(str(error), error.hint)
        raise typer.Exit(USER_ERROR) from None
    except PluginError as error:
        console.error(str(error), "repair or uninstall the plugin")
        raise typer.Exit(USER_ERROR) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            where = f"{printable(str(error.filename))}: " if error.filename else ""
            console.error(f"{where}{error.strerror}", DISK[error.errno])
            raise typer.Exit(USER_ERROR) from None
        if not memory_ran_out(error):
            raise
        where = " ".join(getattr(error, "__notes__", []))
        console.error(f"memory ran out {where}".rstrip(), "use fewer --jobs or smaller pictures")
        raise typer.Exit(USER_ERROR) from None
    except KeyboardInterrupt:
        console.error("interrupted", f"go on with: {again}" if again else "")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        forget()


class _Warned(logging.Handler):
    """Prints each warning of the library as one line."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print a warning."""
        self._console.warn(record.getMessage())


@contextmanager
def _old_names_warned(console: Console) -> Iterator[None]:
    """Say in one line each, and once, which old names a recipe uses."""
    seen: set[str] = set()
    others = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *place: Any) -> None:  # noqa: ANN401 - for others
        if not issubclass(category, RenamedWarning):
            others(message, category, *place)
        elif not (console.quiet or str(message) in seen):
            seen.add(str(message))
            console.warn(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", RenamedWarning)
        warnings.showwarning = tell  # type: ignore[assignment]  # it is called by position
        yield


@contextmanager
def _log_told(console: Console) -> Iterator[None]:
    """Print what the library logs as warnings, with options spelt as on the command line."""
    handler, logger = _Warned(console), logging.getLogger("anomsynth")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def resume_command(arguments: Sequence[str]) -> str:
    """Return the command line that continues an interrupted one."""
    words = [word for word in arguments if word not in ("--overwrite", "--resume")]
    return command(*words, "--resume")
