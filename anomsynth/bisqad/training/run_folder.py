"""The folder of a training: begun anew, gone on with, or left alone."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from torch import Tensor

from anomsynth._version import __version__
from anomsynth.bisqad.model.checkpoint import load_tensors, save_tensors
from anomsynth.bisqad.training.runs import CALIBRATION, CONFIG, MODEL
from anomsynth.dataset.files import make_folder, output_error, write_bytes
from anomsynth.dataset.metadata import SYSTEM_FILES, check_writable
from anomsynth.errors import OutputError, UserError

CHECKPOINT, SQE = "checkpoint.safetensors", "sqe.safetensors"
METRICS, VERSIONS, WEIGHTS, CURVES = "metrics.jsonl", "versions.json", "weights.csv", "curves.png"
OURS = (CONFIG, MODEL, SQE, CALIBRATION, METRICS, WEIGHTS, CURVES, VERSIONS, CHECKPOINT)
PACKAGES = ("torch", "timm", "lightning-fabric", "safetensors", "numpy", "opencv-python-headless")

Metric = dict[str, float]


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


def begin(folder: Path, *, resume: bool, overwrite: bool) -> Checkpoint | None:
    """Make the folder ready; return where an earlier training stands, if that is to go on.

    Raises
    ------
    OutputError
        If the folder holds something and nobody said what to do, or cannot be written to.
    InputError
        If the checkpoint is damaged or of another version.
    UserError
        If both `resume` and `overwrite` are wanted.
    """
    if resume and overwrite:
        raise UserError("`resume` and `overwrite` exclude each other", hint="give one of them")
    check_writable(folder)
    holds = _holds(folder)
    if holds == "other":
        hint = "choose another folder for the run"
        raise OutputError(f"{folder}: holds files that are no run of anomsynth", hint=hint)
    if holds == "run" and resume and (folder / CHECKPOINT).is_file():
        return _load(folder)
    if holds == "run" and not (resume or overwrite):
        hint = "go on with it by `resume=True`, or replace it with `overwrite=True`"
        raise OutputError(f"{folder}: holds a run already", hint=hint)
    make_folder(folder)
    try:
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error
    return None


def read_metrics(folder: Path, steps: int) -> list[Metric]:
    """Return the metrics of the first `steps` steps of a run, as far as they were written."""
    path = folder / METRICS
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    return [line for line in lines if line["step"] <= steps]


def write_metrics(folder: Path, metrics: Sequence[Metric]) -> None:
    """Write one JSON line a step."""
    text = "".join(json.dumps(metric) + "\n" for metric in metrics)
    write_bytes(folder / METRICS, text.encode(), folder)


def write_versions(folder: Path) -> None:
    """Write the versions of everything that decides the numbers."""
    found = {"anomsynth": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # e.g. another build of OpenCV
            continue
    write_bytes(folder / VERSIONS, (json.dumps(found, indent=1) + "\n").encode(), folder)


def _holds(folder: Path) -> str:
    if not folder.exists():
        return "nothing"
    names = {path.name for path in folder.iterdir() if path.name not in SYSTEM_FILES}
    if names & {CHECKPOINT, CONFIG}:
        return "run"
    # A run that died before its first checkpoint leaves its versions and nothing else.
    if not names or names <= {VERSIONS}:
        return "nothing"
    return "other"


def _load(folder: Path) -> Checkpoint:
    tensors, header = load_tensors(folder / CHECKPOINT, "checkpoint")
    options, finished = header.get("options"), header.get("finished")
    return Checkpoint(
        tensors,
        options if isinstance(options, dict) else {},
        float(str(header.get("seconds", 0))),
        float(str(header.get("share", 0))),
        finished if isinstance(finished, dict) else {},
    )
