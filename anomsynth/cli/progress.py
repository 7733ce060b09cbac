"""A run's events on a terminal, in a log, or as JSON lines."""

import dataclasses
import time

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from anomsynth.cli.bar import Bar, Pace
from anomsynth.cli.console import Console, as_flags
from anomsynth.core.counted import counted
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
        self._pace = Pace()
        columns = (
            TextColumn("samples"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        super().__init__(console, *columns)
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
        self._pace.note(now, self._done - self._before)
        rate = f"{self._pace.rate:.1f}/s" if self._pace.rate else ""
        if self.progress is not None:
            self.progress.update(self._task, completed=self._done, total=self._total, rate=rate)
        elif self.is_due(now):
            left = f", {rate}{self._pace.left(self._total - self._done)}" if rate else ""
            self._console.note(f"{self._done} of {counted(self._total, 'sample')}{left}")
