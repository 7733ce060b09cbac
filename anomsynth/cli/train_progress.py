"""A training's events on a terminal, in a log, or as JSON lines."""

import dataclasses
import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from anomsynth.cli.bar import Bar
from anomsynth.cli.console import Console, as_flags

if TYPE_CHECKING:
    from anomsynth.bisqad.training.events import TrainEvent


class TrainProgress(Bar):
    """Listens to one training and says how far it is; a context manager.

    Parameters
    ----------
    console : Console
        Decides whether text, JSON or nothing is printed.
    """

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        super().__init__(console, *columns)
        self._share = 0.0
        self._text = "looking for images"
        if self.progress is not None:
            self._task = self.progress.add_task(self._text, total=1.0)

    def __call__(self, event: "TrainEvent") -> None:
        """Take in one event."""
        kind = type(event).__name__
        values = {item.name: getattr(event, item.name) for item in dataclasses.fields(event)}
        if "hint" in values:
            values["hint"] = as_flags(values["hint"])
        if kind != "FeaturesDone":  # one for each image
            self._console.line(kind, values)
        if kind == "Prepared":
            self.tell(
                f"learning from {values['defects']} defects and {values['normals']} good photos; "
                f"{values['held_defects']} and {values['held_normals']} are kept apart"
            )
        elif kind == "FeaturesDone":
            self._share = values["done"] / values["total"]
            self._show(f"features: {values['done']} of {values['total']} images")
        elif kind == "ImageSkipped":
            hint = f"; {values['hint']}" if values["hint"] else ""
            self.tell(f"skipped {values['message']}{hint}")
        elif kind == "Learning":
            self._begin_task()
            if values["step"]:
                self.tell(f"going on after step {values['step']}")
        elif kind == "Progress":
            self._share = values["share"]
            trusted = "" if values["outer"] is None else f", trusted {values['outer']:.3f}"
            self._show(
                f"epoch {values['epoch']}, loss {values['loss']:.3f}{trusted}, "
                f"effective samples {values['effective_share']:.0%}"
            )

    def _begin_task(self) -> None:
        """Start the clock again: steps say nothing about the time of features."""
        if self.progress is not None:
            self.progress.remove_task(self._task)
            self._task = self.progress.add_task("learning", total=1.0)

    def _show(self, text: str) -> None:
        self._text = text
        now = time.monotonic()
        if self.progress is not None:
            self.progress.update(self._task, completed=self._share, description=text)
        elif self.is_due(now):
            self._console.note(f"{text} ({self._share:.0%})")
