"""A run's events on a terminal, in a log, or as JSON lines."""

import dataclasses
import time

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from anomsynth.cli.bar import Bar
from anomsynth.cli.console import Console, as_flags
from anomsynth.pipeline.events import (
    Estimating,
    Event,
    ImageFailed,
    Noticed,
    PresetChosen,
    SampleDone,
    SampleFailed,
    Started,
)

FEWEST_SECONDS = 0.5  # before a rate is worth printing


def note_event(console: Console, event: object) -> None:
    """Say which preset "auto" chose, and why, and what may not be as it was meant."""
    if isinstance(event, Noticed):
        console.warn(f"{event.message}; {event.hint}")
    if not isinstance(event, PresetChosen):
        return
    where = f"{event.category}: " if event.category else ""
    console.note(f"{where}preset {event.preset}, because {event.why}")


class RunProgress(Bar):
    """Listens to one run and says how far it is; a context manager.

    Parameters
    ----------
    console : Console
        Decides whether text, JSON or nothing is printed.

    Attributes
    ----------
    told : set of str
        Why photos could not be used, as it was printed.
    """

    def __init__(self, console: Console) -> None:
        self.told: set[str] = set()
        self._total = 0
        self._before = 0  # samples of an earlier run that this one goes on with
        self._done = 0
        columns = (
            TextColumn("samples"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        super().__init__(console, *columns)
        self._start = self.began
        if self.progress is not None:
            self._task = self.progress.add_task("samples", total=None, rate="")

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Estimating):
            self._estimate(event.share)
            return
        fields = {item.name: getattr(event, item.name) for item in dataclasses.fields(event)}
        if "key" in fields:
            fields["key"] = dataclasses.asdict(fields["key"])
        if "parts" in fields:
            fields["parts"] = {name: part.line for name, part in fields["parts"].items()}
        fields |= {name: as_flags(fields[name]) for name in ("message", "hint") if name in fields}
        if not self._console.quiet:
            self._console.line(type(event).__name__, fields)
        if isinstance(event, PresetChosen | Noticed):
            note_event(self._console, event)
            return
        if isinstance(event, Started):
            self._total, self._before = event.total, event.done
            self._done = event.done
            self._start = time.monotonic()
        elif isinstance(event, SampleDone | SampleFailed):
            self._done += 1
        elif isinstance(event, ImageFailed):
            self._done += event.samples
            reason = f"{event.message}; {event.hint}" if event.hint else event.message
            if self._console.talks:
                self.told.add(reason)
            self.tell(f"skipped {event.category}/{event.image}: {reason}")
        self._show()

    def _estimate(self, share: float) -> None:
        if share == 0:
            self._console.note("making a few samples to see what they take ...")
        elif self.progress is not None:
            self.progress.update(self._task, rate=f"tried {share:.0%} of what is needed")
        elif self.is_due(time.monotonic()):
            self._console.note(f"tried {share:.0%} of what is needed")

    def _show(self) -> None:
        now = time.monotonic()
        if self.progress is not None:
            rate = self._rate(now)
            text = f"{rate:.1f}/s" if rate else ""
            self.progress.update(self._task, completed=self._done, total=self._total, rate=text)
        elif self.is_due(now):
            rate = self._rate(now)
            left = f", {rate:.1f}/s, {(self._total - self._done) / rate:.0f} s left" if rate else ""
            self._console.note(f"{self._done} of {self._total} samples{left}")

    def _rate(self, now: float) -> float:
        """Return samples a second of this run, 0 where it is too early to tell."""
        seconds = now - self._start
        return (self._done - self._before) / seconds if seconds > FEWEST_SECONDS else 0.0
