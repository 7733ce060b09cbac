"""What the commands of the torch plugin share: is it installed, and how far is it."""

import time
from importlib.util import find_spec
from typing import Annotated

import typer

from anomsynth.cli.bar import Bar
from anomsynth.cli.console import Console
from anomsynth.errors import MissingExtraError

MODULES = ("torch", "timm", "safetensors", "lightning_fabric", "matplotlib")

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
        from anomsynth.bisqad.training.threads import use_threads as limit

        limit(threads)


class Counter(Bar):
    """Says how many of a number of images are done: a bar on a terminal, else a line at times.

    Parameters
    ----------
    console : Console
        Decides whether people are told.
    total : int
    """

    def __init__(self, console: Console, total: int) -> None:
        super().__init__(console)
        self._total, self._done = total, 0
        if self.progress is not None:
            self._task = self.progress.add_task("images", total=total)

    def step(self) -> None:
        """Count one more image."""
        self._done += 1
        if self.progress is not None:
            self.progress.update(self._task, completed=self._done)
        elif self.is_due(time.monotonic()):
            self._console.note(f"{self._done} of {self._total} images")
