"""The folder of a training: begun anew, resumed, or left alone; without torch."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from anomsynth._version import __version__
from anomsynth.bisqad.model.run_config import CALIBRATION, CONFIG, MODEL, SQE
from anomsynth.core.plain_file import open_bytes, read_text
from anomsynth.core.whole import output_error
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.metadata import SYSTEM_FILES, check_writable
from anomsynth.errors import OutputError, UserError

CHECKPOINT = "checkpoint.safetensors"
METRICS, VERSIONS, WEIGHTS, CURVES = "metrics.jsonl", "versions.json", "weights.csv", "curves.png"
RUN_FILES = (CONFIG, MODEL, SQE, CALIBRATION, METRICS, WEIGHTS, CURVES, VERSIONS, CHECKPOINT)
PACKAGES = ("torch", "timm", "lightning-fabric", "safetensors", "numpy", "opencv-python-headless")

LONGEST_HEADER = 10_000_000  # bytes; a longer one is of no checkpoint

Metric = dict[str, float]


def check_folder(folder: Path, *, resume: bool, overwrite: bool) -> bool:
    """Return whether the folder holds a training that is to go on.

    Raises
    ------
    OutputError
        If it holds something and nobody said what to do, or cannot be written to.
    UserError
        If both `resume` and `overwrite` are wanted.
    """
    if resume and overwrite:
        raise UserError("`resume` and `overwrite` exclude each other", hint="give one of them")
    check_writable(folder)
    content = _content(folder)
    if content == "other":
        hint = "choose another folder for the run"
        raise OutputError(f"{folder}: holds files that are no run of anomsynth", hint=hint)
    if content == "run" and resume and (folder / CHECKPOINT).is_file():
        return True
    if content == "run" and not (resume or overwrite):
        hint = "go on with it by `resume=True`, or replace it with `overwrite=True`"
        raise OutputError(f"{folder}: holds a run already", hint=hint)
    return False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the checkpoint of a begun training says, as far as it can be read without torch.

    Attributes
    ----------
    options : mapping
        As `TrainOptions.record` gave them; empty if they cannot be read.
    finished : bool
        Whether there is nothing left to train.
    """

    options: Mapping[str, object]
    finished: bool


def read_earlier(folder: Path) -> Earlier:
    """Read what a checkpoint says; what is wrong with it is said when it is loaded."""
    try:
        with open_bytes(folder / CHECKPOINT) as file:
            size = int.from_bytes(file.read(8), "little")  # the header of safetensors is JSON
            header = json.loads(file.read(min(size, LONGEST_HEADER)))
        said = json.loads(header["__metadata__"]["anomsynth"])
        return Earlier(dict(said["options"]), bool(said["finished"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Earlier({}, finished=False)


def clear_folder(folder: Path) -> None:
    """Make the folder, and remove what an earlier training wrote there.

    Raises
    ------
    OutputError
        If that cannot be done.
    """
    make_folder(folder)
    try:
        for name in RUN_FILES:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(folder, error) from error


def read_metrics(folder: Path, steps: int) -> list[Metric]:
    """Return the metrics of the first `steps` steps of a run, as far as they were written."""
    path = folder / METRICS
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in read_text(path).splitlines() if line]
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


def _content(folder: Path) -> str:
    if not folder.exists():
        return "nothing"
    names = {path.name for path in folder.iterdir() if path.name not in SYSTEM_FILES}
    if names & {CHECKPOINT, CONFIG}:
        return "run"
    # A run that died before its first checkpoint leaves its versions and nothing else.
    if not names or names <= {VERSIONS}:
        return "nothing"
    return "other"
