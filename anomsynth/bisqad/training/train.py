"""Training a detector on labelled defects whose weights are learned: a run from start to end."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from anomsynth.bisqad.bilevel.reweighting import LearnedWeights, effective_share
from anomsynth.bisqad.model.checkpoint import check_shapes, save_tensors
from anomsynth.bisqad.model.detector import image_score
from anomsynth.bisqad.training.curves import write_curves
from anomsynth.bisqad.training.events import Learning, Progress, TrainFinished, TrainListener
from anomsynth.bisqad.training.loop import Loop
from anomsynth.bisqad.training.options import TrainOptions
from anomsynth.bisqad.training.prepare import Folders, Prepared, prepare
from anomsynth.bisqad.training.run_folder import (
    CHECKPOINT,
    CURVES,
    SQE,
    WEIGHTS,
    Checkpoint,
    Metric,
    begin,
    read_metrics,
    write_metrics,
    write_versions,
)
from anomsynth.bisqad.training.runs import RunConfig, choose_device, write_calibration, write_run
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes

TELL = 10  # steps between two events


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """A training: what to learn from, where to write, and how.

    Attributes
    ----------
    dataset, out : Path
    options : TrainOptions
    device : str
        cpu, cuda, cuda:1, mps, or auto.
    cache : Path or None
        Folder that keeps features for other trainings on the same images.
    resume, overwrite : bool
        What to do if `out` holds a run.
    """

    dataset: Path
    out: Path
    options: TrainOptions = field(default_factory=TrainOptions)
    device: str = "cpu"
    cache: Path | None = None
    resume: bool = False
    overwrite: bool = False


def train(plan: TrainPlan, on_event: TrainListener = lambda _: None) -> TrainFinished:
    """Train a detector and write its run folder.

    After each epoch, and when it is interrupted, a checkpoint is written; a resumed training
    goes on as if nothing had been, on a CPU bit for bit.

    Raises
    ------
    UserError
        If an option or the device does not work, or those of a resumed run differ.
    InputError
        If the dataset has no masks or one class only, or the checkpoint does not fit.
    OutputError
        If the folder holds something else or cannot be written to.
    KeyboardInterrupt
        After Ctrl-C, when the checkpoint is written.
    """
    device = choose_device(plan.device)
    options = plan.options
    earlier = begin(plan.out, resume=plan.resume, overwrite=plan.overwrite)
    if earlier is not None:
        options.check_same(earlier.options, plan.out)
        if earlier.finished:
            finished = TrainFinished(**earlier.finished)  # type: ignore[arg-type]  # as written below
            on_event(finished)
            return finished
    if plan.cache is not None:
        make_folder(plan.cache)
    write_versions(plan.out)
    prepared = prepare(plan.dataset, options, device, Folders(plan.out, plan.cache), on_event)
    run = _Run(plan, prepared, on_event)
    if earlier is not None:
        run.restore(earlier)
    return run.go_on()


class _Run:
    """A training in progress."""

    def __init__(self, plan: TrainPlan, prepared: Prepared, on_event: TrainListener) -> None:
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
        self._prepared.renew_up_to(int(found["step"]) // self._loop.steps_per_epoch)
        self._loop.restore(found)
        self._earlier = checkpoint.seconds
        self._metrics = read_metrics(self._folder, self._loop.step)

    def go_on(self) -> TrainFinished:
        """Train to the end and write the results."""
        loop = self._loop
        self._start = time.monotonic()
        self._on_event(Learning(loop.step, loop.steps_per_epoch, self._share))
        with _interruptible() as interrupted:
            while self._share < 1:
                if loop.step and loop.step % loop.steps_per_epoch == 0:
                    self._prepared.renew(self._epoch)
                self._take_step()
                if interrupted.is_set():
                    self._save()
                    raise KeyboardInterrupt
                if loop.step % loop.steps_per_epoch == 0:
                    self._save()
        return self._finish()

    @property
    def _seconds(self) -> float:
        return self._earlier + time.monotonic() - self._start

    @property
    def _share(self) -> float:
        if self._options.minutes is not None:
            return min(self._seconds / (60 * self._options.minutes), 1.0)
        return self._loop.step / self._loop.steps_for(self._options.epochs)

    @property
    def _epoch(self) -> int:
        """Epochs that are complete."""
        return self._loop.step // self._loop.steps_per_epoch

    def _take_step(self) -> None:
        loop = self._loop
        record = loop.train_step(self._share)
        if "outer" in record or loop.step == 1:
            record["effective_share"] = effective_share(loop.weights.values)
        self._metrics.append({"step": loop.step, **record})
        if loop.step % TELL == 0:
            recent = self._metrics[-TELL:]
            self._on_event(
                Progress(
                    step=loop.step,
                    epoch=(loop.step - 1) // loop.steps_per_epoch + 1,
                    share=self._share,
                    loss=float(np.mean([metric["loss"] for metric in recent])),
                    outer=next((m["outer"] for m in reversed(recent) if "outer" in m), None),
                    effective_share=effective_share(loop.weights.values),
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
            effective_share=effective_share(weights),
            skipped=self._prepared.skipped,
            spoiled_weight=float(weights[faulty].mean()) if spoiled else None,
            sound_weight=float(weights[~faulty].mean()) if spoiled and not faulty.all() else None,
        )
        self._write_weights()
        write_curves(folder / CURVES, self._metrics, weights.numpy())
        if isinstance(loop.weights, LearnedWeights):
            net = loop.weights.net
            save_tensors(folder / SQE, "learned SQE", net.state_dict(), names=list(net.names))
        write_calibration(folder, self._normal_scores())
        write_run(folder, loop.detector, self._config())
        self._save(finished)
        self._on_event(finished)
        return finished

    def _config(self) -> RunConfig:
        prepared = self._prepared
        training = {"dataset": str(self._plan.dataset), **self._options.record()}
        return RunConfig(
            backbone=prepared.backbone.name,
            channels=prepared.backbone.channels,
            strides=prepared.backbone.strides,
            width=self._loop.detector.width,
            size=self._options.size,
            grey=prepared.grey,
            training={**training, "categories": list(prepared.material.categories)},
        )

    @torch.no_grad()
    def _normal_scores(self) -> list[float]:
        pool = self._prepared.normals_apart
        scores = [image_score(self._loop.detector(batch.features)) for batch in pool.batches()]
        return [float(score) for score in torch.cat(scores)]

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
