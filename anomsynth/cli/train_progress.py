"""A training's events on a terminal, in a log, or as JSON lines."""

import dataclasses
import math
import time
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

from anomsynth.cli.bar import Bar
from anomsynth.cli.console import Console, as_flags
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self._epochs: float | None = None
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
            self._tell_images(values)
        elif kind == "FeaturesDone":
            self._share = values["done"] / values["total"]
            self._show(f"features: {values['done']} of {counted(values['total'], 'image')}")
        elif kind == "ImageSkipped":
            hint = f"; {values['hint']}" if values["hint"] else ""
            self.tell(f"skipped {values['message']}{hint}")
        elif kind == "Learning":
            self._begin_task()
            self._epochs = values["epochs"]
            if self._epochs is not None:
                self.tell(_duration(self._epochs, values["search_epochs"]))
            if values["step"]:
                self.tell(f"going on after step {values['step']}")
        elif kind == "Progress":
            self._share = values["share"]
            trusted = "" if values["outer"] is None else f", trusted {values['outer']:.3f}"
            total = "" if self._epochs is None else f" of {math.ceil(self._epochs)}"
            self._show(
                f"epoch {values['epoch']}{total}, loss {values['loss']:.3f}{trusted}, "
                f"effective samples {values['effective_share']:.0%}"
            )

    def _tell_images(self, values: "Mapping[str, Any]") -> None:
        self.tell(
            f"learning from {counted(values['defects'], 'defect')} and "
            f"{counted(values['normals'], 'good photo')}; "
            f"{values['held_defects']} and {values['held_normals']} are kept apart"
        )
        if values["tile"] is not None:
            self.tell(f"photos are cut into tiles of {values['tile']} pixels")
        self._warn_of_few(values["held_normals"])

    def _warn_of_few(self, kept_apart: int) -> None:
        """Say at once that there are too few good photos for the threshold of `predict`."""
        from anomsynth.bisqad.evaluation.threshold import normals_for
        from anomsynth.bisqad.options import FALSE_ALARM_RATE

        needed = normals_for(FALSE_ALARM_RATE)
        if kept_apart < needed:
            self.tell(
                f"warning: predict cannot promise {100 * FALSE_ALARM_RATE:g} % false alarms: "
                f"that takes {counted(needed, 'good photo')} kept apart, these are {kept_apart}; "
                "add some to test/good, "
                f"or ask predict for a rate of {1 / (kept_apart + 1):.2g} or more"
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


def _duration(epochs: float, search: float) -> str:
    if search == 0:
        return f"learning takes {epochs:.3g} epoch{'' if epochs == 1 else 's'}"
    return (
        f"learning takes {epochs:.3g} epochs: {search:.3g} to find weights, "
        f"then {epochs - search:.3g} to train"
    )
