"""How far something is: a bar on a terminal, else a line in a log at times."""

import time
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anomsynth.cli.console import Console, as_flags

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

LOG_SECONDS = 5.0  # between two lines of a log
WINDOW_SECONDS = 20.0  # of which a pace is told: what comes now says best what is left
CLUMP_SECONDS = 0.1  # within which results count as come at once
FEWEST_SECONDS = 1.0  # before a pace is worth telling


class Pace:
    """How fast results come of late; unknown before there are some.

    What a run takes to start up is no part of it: the clock begins with the first results.
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # when how many were there

    def note(self, now: float, done: int) -> None:
        """Take in that so many results are there, of this run alone."""
        if done <= 0:
            return
        if self._seen and now - self._seen[-1][0] < CLUMP_SECONDS:
            self._seen[-1] = (self._seen[-1][0], done)
            return
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Results a second, 0 where it is too early to tell."""
        if not self._seen:
            return 0.0
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now - began >= FEWEST_SECONDS else 0.0

    def left(self, more: int) -> str:
        """Return how long so many more results take, as the end of a line."""
        return f", {more / self.rate:.0f} s left" if self.rate else ""


class Bar:
    """A Rich progress bar where people watch a terminal; a context manager to be subclassed.

    Parameters
    ----------
    console : Console
        Decides whether anything is printed.
    *columns : ProgressColumn
        Rich's own if there are none.

    Attributes
    ----------
    progress : rich.progress.Progress or None
        None where there is no terminal, or nobody to watch it.
    """

    def __init__(self, console: Console, *columns: "ProgressColumn") -> None:
        self._console = console
        self._said = time.monotonic()
        self.progress = _open(columns) if console.talks else None

    def __enter__(self) -> Self:
        """Show the bar."""
        if self.progress is not None:
            self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away, also after an error."""
        if self.progress is not None:
            self.progress.stop()

    def tell(self, text: str) -> None:
        """Print a line above the bar, or into the log."""
        if self.progress is not None:
            self.progress.console.print(as_flags(text), markup=False, highlight=False)
        else:
            self._console.note(text)

    def is_due(self, now: float) -> bool:
        """Return whether the log wants its next line; never where there is a bar."""
        if self.progress is not None or now - self._said < LOG_SECONDS:
            return False
        self._said = now
        return True


def _open(columns: "tuple[ProgressColumn, ...]") -> "Progress | None":
    from rich.console import Console as RichConsole
    from rich.progress import Progress

    errors = RichConsole(stderr=True)
    return Progress(*columns, console=errors, transient=True) if errors.is_terminal else None
