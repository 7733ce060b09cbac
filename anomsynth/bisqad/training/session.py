"""The course of a training: steps, checkpoints, results."""

import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from anomsynth._version import __version__
from anomsynth.bisqad.bilevel.reweighting import LearnedWeights
from anomsynth.bisqad.bilevel.weights import effective_share
from anomsynth.bisqad.data.samples import Split, find_split
from anomsynth.bisqad.data.tiled_split import with_tiles
from anomsynth.bisqad.model.checkpoint import check_shapes, load_tensors, save_tensors
from anomsynth.bisqad.model.run import choose_device, use_threads
from anomsynth.bisqad.model.run_config import SQE
from anomsynth.bisqad.options import TrainPlan
from anomsynth.bisqad.training.curves import write_curves
from anomsynth.bisqad.training.events import Learning, Progress, TrainFinished, TrainListener
from anomsynth.bisqad.training.loop import Loop
from anomsynth.bisqad.training.prepare import PreparedTraining, prepare, prepare_detector
from anomsynth.bisqad.training.results import write_results
from anomsynth.bisqad.training.run_folder import (
    CHECKPOINT,
    CURVES,
    WEIGHTS,
    Metric,
    clear_folder,
    read_metrics,
    write_metrics,
    write_versions,
)
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes

PROGRESS_EVERY = 10  # steps between two events


def begin_session(plan: TrainPlan, split: Split, on_event: TrainListener) -> TrainFinished:
    """Train from the first step to the end; see `train`."""
    device = _device(plan)
    clear_folder(plan.out)
    _note(plan)
    return _Session(plan, prepare(plan, split, device, on_event), on_event).run()


def fit_session(plan: TrainPlan, split: Split, on_event: TrainListener) -> TrainFinished:
    """Fit a detector that learns from good photos in one go, without steps; see `train`."""
    device = _device(plan)
    clear_folder(plan.out)
    _note(plan)
    start = time.monotonic()
    prepared = prepare_detector(plan, split, device, on_event)
    write_results(plan, prepared)
    finished = TrainFinished(
        steps=0,
        epochs=0,
        seconds=time.monotonic() - start,
        loss=None,
        effective_share=1.0,
        skipped=prepared.skipped,
    )
    options = plan.options.record()
    Checkpoint({}, options, finished.seconds, 1.0, asdict(finished)).save(plan.out)
    on_event(finished)
    return finished


def resume_session(plan: TrainPlan, split: Split | None, on_event: TrainListener) -> TrainFinished:
    """Go on from a checkpoint to the end; see `train`. A finished one needs no images."""
    device = _device(plan)
    earlier = load_checkpoint(plan.out)
    plan.options.check_same(earlier.options, plan.out)
    if earlier.finished:
        finished = TrainFinished(**earlier.finished)  # type: ignore[arg-type]  # as written below
        on_event(finished)
        return finished
    if split is None:  # what could be read of the checkpoint before said that nothing is left
        split = with_tiles(find_split(plan.dataset, plan.options), plan.options)
    _note(plan)
    session = _Session(plan, prepare(plan, split, device, on_event), on_event)
    session.restore(earlier)
    return session.run()


def _device(plan: TrainPlan) -> torch.device:
    use_threads(plan.threads)
    return choose_device(plan.device)


def _note(plan: TrainPlan) -> None:
    if plan.cache is not None:
        make_folder(plan.cache)
    write_versions(plan.out)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training as it was left.

    Attributes
    ----------
    tensors : mapping
        As `Loop.state` gave them.
    options : mapping
        As `TrainOptions.record` gave them.
    seconds : float
        Trained so far.
    share : float in [0, 1]
        Of the training that is done.
    finished : mapping
        Values of the last event, if the training has ended; else empty.
    """

    tensors: Mapping[str, Tensor]
    options: Mapping[str, object]
    seconds: float
    share: float
    finished: Mapping[str, object]

    def save(self, folder: Path) -> None:
        """Write it; OutputError if that fails."""
        save_tensors(
            folder / CHECKPOINT,
            "checkpoint",
            self.tensors,
            anomsynth=__version__,
            options=dict(self.options),
            seconds=self.seconds,
            share=self.share,
            finished=dict(self.finished),
        )


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read where a training stands.

    Raises
    ------
    InputError
        If the checkpoint is damaged or of another version.
    """
    tensors, header = load_tensors(folder / CHECKPOINT, "checkpoint")
    options, finished = header.get("options"), header.get("finished")
    return Checkpoint(
        tensors,
        options if isinstance(options, dict) else {},
        float(str(header.get("seconds", 0))),
        float(str(header.get("share", 0))),
        finished if isinstance(finished, dict) else {},
    )


class _Session:
    """A training in progress."""

    def __init__(
        self, plan: TrainPlan, prepared: PreparedTraining, on_event: TrainListener
    ) -> None:
        self._plan, self._options, self._folder = plan, plan.options, plan.out
        self._prepared, self._on_event = prepared, on_event
        self._loop: Loop = prepared.loop
        self._metrics: list[Metric] = []
        self._earlier, self._start = 0.0, time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to where a checkpoint was written."""
        wanted = {name: tuple(value.shape) for name, value in self._loop.state().items()}
        found = checkpoint.tensors
        lasting = {name: shape for name, shape in wanted.items() if _lasts(name)}
        known = {name: value for name, value in found.items() if _lasts(name)}
        check_shapes(lasting, known, self._folder / CHECKPOINT)
        # Defects first: renewing them forgets their slopes, which the checkpoint then brings back.
        self._prepared.regenerate_up_to(int(found["step"]) // self._loop.steps_per_epoch)
        self._loop.restore(found)
        self._earlier = checkpoint.seconds
        self._metrics = read_metrics(self._folder, self._loop.step)

    def run(self) -> TrainFinished:
        """Train to the end and write the results."""
        loop = self._loop
        self._start = time.monotonic()
        self._on_event(self._learning())
        with _interruptible() as interrupted:
            while self._share < 1:
                if loop.step and loop.step % loop.steps_per_epoch == 0:
                    self._prepared.regenerate(self._epoch)
                self._take_step()
                if interrupted.is_set():
                    self._save()
                    raise KeyboardInterrupt
                if loop.step % loop.steps_per_epoch == 0:
                    self._save()
        return self._finish()

    def _learning(self) -> Learning:
        """Say how long it takes: searching for weights comes on top of the epochs asked for."""
        loop, asked = self._loop, self._options.all_epochs
        place = (loop.step, loop.steps_per_epoch, self._share)
        if self._options.minutes is not None:
            return Learning(*place)
        epochs = loop.steps_for(asked) / loop.steps_per_epoch
        return Learning(*place, epochs=epochs, search_epochs=epochs - asked)

    @property
    def _seconds(self) -> float:
        return self._earlier + time.monotonic() - self._start

    @property
    def _share(self) -> float:
        if self._options.minutes is not None:
            return min(self._seconds / (60 * self._options.minutes), 1.0)
        return self._loop.step / self._loop.steps_for(self._options.all_epochs)

    @property
    def _epoch(self) -> int:
        """Epochs that are complete."""
        return self._loop.step // self._loop.steps_per_epoch

    @property
    def _effective_share(self) -> float:
        """The effective sample size as a share; all of them where there are no defects."""
        weights = self._loop.weights.values
        return effective_share(weights) if len(weights) else 1.0

    def _take_step(self) -> None:
        loop = self._loop
        record = loop.train_step(self._share)
        if "outer" in record or loop.step == 1:
            record["effective_share"] = self._effective_share
        self._metrics.append({"step": loop.step, **record})
        if loop.step % PROGRESS_EVERY == 0:
            recent = self._metrics[-PROGRESS_EVERY:]
            self._on_event(
                Progress(
                    step=loop.step,
                    epoch=(loop.step - 1) // loop.steps_per_epoch + 1,
                    share=self._share,
                    loss=float(np.mean([metric["loss"] for metric in recent])),
                    outer=next((m["outer"] for m in reversed(recent) if "outer" in m), None),
                    effective_share=self._effective_share,
                    seconds=self._seconds,
                )
            )

    def _save(self, finished: TrainFinished | None = None) -> None:
        write_metrics(self._folder, self._metrics)
        Checkpoint(
            tensors=self._loop.state(),
            options=self._options.record(),
            seconds=self._seconds,
            share=self._share,
            finished={} if finished is None else asdict(finished),
        ).save(self._folder)

    def _finish(self) -> TrainFinished:
        loop, folder = self._loop, self._folder
        weights = loop.weights.values
        faulty = torch.tensor([item.fault is not None for item in loop.defects.items])
        spoiled = bool(faulty.any())
        last = self._metrics[-loop.steps_per_epoch :]
        finished = TrainFinished(
            steps=loop.step,
            epochs=self._epoch,
            seconds=self._seconds,
            loss=float(np.mean([metric["loss"] for metric in last])),
            effective_share=self._effective_share,
            skipped=self._prepared.skipped,
            spoiled_weight=float(weights[faulty].mean()) if spoiled else None,
            sound_weight=float(weights[~faulty].mean()) if spoiled and not faulty.all() else None,
        )
        if len(loop.defects):
            self._write_weights()
        write_curves(folder / CURVES, self._metrics, weights.numpy())
        if isinstance(loop.weights, LearnedWeights):
            net = loop.weights.net
            save_tensors(folder / SQE, "learned SQE", net.state_dict(), names=list(net.names))
        write_results(self._plan, self._prepared)
        self._save(finished)
        self._on_event(finished)
        return finished

    def _write_weights(self) -> None:
        values = self._loop.weights.values.tolist()
        rows = (
            [item.id, item.image, item.kind, f"{weight:.6g}", item.fault or ""]
            for item, weight in zip(self._loop.defects.items, values, strict=True)
        )
        table = csv_text([["id", "image", "kind", "weight", "fault"], *rows])
        write_bytes(self._folder / WEIGHTS, table.encode(), self._folder)


def _lasts(name: str) -> bool:
    """Whether the tensor's shape is known before the training begins."""
    return not name.startswith(("queue.", "optimizer.", "sqe.optimizer."))


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event, so that a step is never cut in two."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return

    def note(*_: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
