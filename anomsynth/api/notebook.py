"""Progress in a notebook: one line that is written over, however much happens."""

import sys
import time
from collections.abc import Callable
from importlib import import_module

from anomsynth.bisqad.training.events import Progress, TrainFinished
from anomsynth.core.counted import counted
from anomsynth.pipeline.events import Finished, SampleDone, SampleFailed, Started

REFRESH_SECONDS = 0.3


def listener() -> Callable[[object], None]:
    """Return what shows a run's progress where the caller does not: a line, but in notebooks only.

    Scripts and consoles are told nothing: there, the caller decides what to print.
    """
    show = _display()
    return _nobody if show is None else ProgressLine(show)


class ProgressLine:
    """One line that follows a run.

    Parameters
    ----------
    show : function of str
        Shows a text in place of the one before.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._total = self._done = self._failed = 0
        self._shown = 0.0

    def __call__(self, event: object) -> None:
        """Take note of an event; show what it means, but not too often."""
        if isinstance(event, Started):
            self._total, self._done = event.total, event.done
        elif isinstance(event, SampleDone):
            self._done += 1
        elif isinstance(event, SampleFailed):
            self._failed += 1
        elif isinstance(event, Finished):
            self._show(f"{counted(event.written, 'sample')} made, {event.failed} failed")
            return
        elif isinstance(event, TrainFinished):
            self._show(f"{counted(event.epochs, 'epoch')} trained, loss {event.loss:.3f}")
            return
        elif isinstance(event, Progress):
            self._now(f"epoch {event.epoch}, {event.share:.0%} trained, loss {event.loss:.3f}")
            return
        else:
            return
        failed = f", {self._failed} failed" if self._failed else ""
        self._now(f"{self._done} of {counted(self._total, 'sample')}{failed}")

    def _now(self, text: str) -> None:
        if time.monotonic() - self._shown >= REFRESH_SECONDS:
            self._shown = time.monotonic()
            self._show(text)


def _display() -> Callable[[str], None] | None:
    """Return a function that shows a line in the notebook's cell, None outside notebooks."""
    if "IPython" not in sys.modules:
        return None
    shell = import_module("IPython").get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    display = import_module("IPython.display").display
    handle = display({"text/plain": "..."}, raw=True, display_id=True)

    def show(text: str) -> None:
        handle.update({"text/plain": text}, raw=True)

    return show


def _nobody(_: object) -> None:
    """Listen to nothing."""
