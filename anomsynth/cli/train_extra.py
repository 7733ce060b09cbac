"""What the commands of the torch plugin share: is it installed, and how far is it."""

import time
from importlib.util import find_spec
from types import TracebackType
from typing import Annotated

import typer

from anomsynth.cli.console import Console
from anomsynth.errors import MissingExtraError

MODULES = ("torch", "timm", "safetensors", "lightning_fabric", "matplotlib")
LOG_SECONDS = 5.0  # between two lines of a log

Device = Annotated[
    str, typer.Option("--device", metavar="cpu|cuda|mps|auto", help="Where the network runs.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads of the network [default: all].")
]


def need_train_extra(*also: str) -> None:
    """Raise MissingExtraError unless the modules the torch plugin imports are installed.

    `also` names modules that only the calling command needs.
    """
    missing = [name for name in (*MODULES, *also) if find_spec(name) is None]
    if missing:
        msg = f"this command needs {', '.join(missing)}"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[train]'")


def use_threads(threads: int | None) -> None:
    """Tell torch how many threads to use, if that is asked for."""
    if threads is not None:
        from anomsynth.bisqad.threads import use_threads as limit

        limit(threads)


class Counter:
    """Says how many of a number of images are done: a bar on a terminal, else a line at times.

    Parameters
    ----------
    console : Console
        Decides whether people are told.
    total : int
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._done, self._said = 0, time.monotonic()
        self._bar = None
        if console.talks:
            from rich.console import Console as RichConsole
            from rich.progress import Progress

            errors = RichConsole(stderr=True)
            if errors.is_terminal:
                self._bar = Progress(console=errors, transient=True)
                self._task = self._bar.add_task("images", total=total)

    def __enter__(self) -> "Counter":
        """Show the bar."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away, also after an error."""
        if self._bar is not None:
            self._bar.stop()

    def step(self) -> None:
        """Count one more image."""
        self._done += 1
        now = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
        elif now - self._said >= LOG_SECONDS:
            self._said = now
            self._console.note(f"{self._done} of {self._total} images")
