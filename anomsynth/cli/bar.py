"""How far something is: a bar on a terminal, else a line in a log at times."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from anomsynth.cli.console import Console, as_flags

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

LOG_SECONDS = 5.0  # between two lines of a log


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
    began : float
        Monotonic seconds.
    progress : rich.progress.Progress or None
        None where there is no terminal, or nobody to watch it.
    """

    def __init__(self, console: Console, *columns: "ProgressColumn") -> None:
        self._console = console
        self.began = self._said = time.monotonic()
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
