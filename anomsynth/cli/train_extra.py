"""What the commands of the torch plugin share: options, and how far they are."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.bar import Bar
from anomsynth.cli.console import Console
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.bisqad.evaluation.predictions import UnreadablePhoto

Device = Annotated[
    str, typer.Option("--device", metavar="cpu|cuda|mps|auto", help="Where the network runs.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads of the network [default: all].")
]


def warn_unread(console: Console, unread: "Sequence[UnreadablePhoto]") -> None:
    """Print one line for each photo that was left out."""
    for item in unread:
        console.warn(f"left out: {item.message}; {item.hint}".rstrip("; "))


class Counter(Bar):
    """Shows how many images are done: a bar on a terminal, else a line at times.

    Parameters
    ----------
    console : Console
        Decides whether people are told.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        if self.progress is not None:
            self._task = self.progress.add_task("images", total=None)

    def __call__(self, done: int, total: int) -> None:
        """Take in that so many of all images are done."""
        if self.progress is not None:
            self.progress.update(self._task, completed=done, total=total)
        elif self.is_due(time.monotonic()):
            self._console.note(f"{done} of {counted(total, 'image')}")
