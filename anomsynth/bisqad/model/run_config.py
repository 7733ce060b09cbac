"""What is written about a trained detector, for those who load it; read without torch."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anomsynth._version import __version__
from anomsynth.bisqad.detector import Detector, detectors
from anomsynth.bisqad.options import SIZE_STEP
from anomsynth.core.json_text import parse_json
from anomsynth.core.plain_file import read_text, reason
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.errors import InputError, RecipeError, UnknownComponentError

FORMAT = 1
MODEL, CONFIG, CALIBRATION = "model.safetensors", "config.json", "calibration.json"
SQE = "sqe.safetensors"


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What must be known to use a trained detector.

    Attributes
    ----------
    backbone : str
        Name for `load_backbone`.
    channels, strides : tuple of int
        Of the backbone's features.
    detector : Detector
        Builds the network.
    size : int, pixels
        Photos are resized to size x size.
    products : int
        That it tells apart.
    tile : int or None, pixels
        Photos are cut into tiles of this side, which are resized, not the whole photo.
    grey : bool
        Colour is taken out of photos first: every photo of the training was grey.
    bits : int or None
        That the camera uses of 16, where it is not all of them.
    training : mapping
        How it was trained, for people; anything JSON can hold.
    """

    backbone: str
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    detector: Detector
    size: int = 256
    products: int = 1
    grey: bool = False
    tile: int | None = None
    bits: int | None = None
    training: Mapping[str, object] = field(default_factory=dict)


def write_config(folder: Path, config: RunConfig) -> None:
    """Write the settings of a run.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    values = {
        "format": FORMAT,
        "anomsynth": __version__,
        "backbone": config.backbone,
        "channels": list(config.channels),
        "strides": list(config.strides),
        "detector": config.detector.model_dump(mode="json"),
        "size": config.size,
        "products": config.products,
        "grey": config.grey,
        "tile": config.tile,
        "bits": config.bits,
        "training": dict(config.training),
    }
    write_bytes(folder / CONFIG, _json(values), folder)


def read_config(folder: Path) -> RunConfig:
    """Read the settings of a run.

    Raises
    ------
    InputError
        If there are none, or they are damaged or of another format.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise _no_run(folder)
    values = _read_json(path)
    try:
        channels = tuple(_whole(value) for value in _list(values["channels"]))
        strides = tuple(_whole(value) for value in _list(values["strides"]))
        training = values.get("training")
        config = RunConfig(
            backbone=str(values["backbone"]),
            channels=channels,
            strides=strides,
            detector=_detector(path, values),
            size=_whole(values["size"]),
            products=_whole(values.get("products", 1)),  # all were taken for one once
            grey=bool(values["grey"]),
            tile=None if values.get("tile") is None else _whole(values["tile"]),
            bits=None if values.get("bits") is None else _whole(values["bits"]),
            training=training if isinstance(training, dict) else {},
        )
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path}: damaged: {type(error).__name__}: {error}"
        raise InputError(msg, hint="train again, or take the file from a copy") from error
    if (
        len(channels) != len(strides)
        or not channels
        or config.size % SIZE_STEP
        or (config.tile is not None and config.tile % (config.size // 4))
        or config.bits not in {None, *range(8, 17)}
    ):
        raise InputError(f"{path}: damaged: its sizes contradict each other", hint="train again")
    return config


def check_complete(folder: Path) -> None:
    """Raise InputError unless the training of a run came to its end."""
    if not (folder / MODEL).is_file():
        msg = f"{folder / MODEL}: missing: the training did not finish"
        raise InputError(msg, hint="go on with the training: `resume=True`")


def write_calibration(folder: Path, normal_scores: Sequence[float]) -> None:
    """Write the scores of normal photos that were held out of training.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    make_folder(folder)
    scores = [float(score) for score in normal_scores]
    write_bytes(folder / CALIBRATION, _json({"format": FORMAT, "normal_scores": scores}), folder)


def read_calibration(folder: Path) -> tuple[float, ...]:
    """Read the scores of normal photos that were held out of training, ascending.

    Raises
    ------
    InputError
        If there are none, or the file is damaged or of another format.
    """
    path = folder / CALIBRATION
    if not path.is_file():
        msg = f"{path}: missing: no threshold without scores of normal photos"
        raise InputError(msg, hint="give `threshold`, or finish the training")
    try:
        scores = sorted(float(str(value)) for value in _list(_read_json(path)["normal_scores"]))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path}: damaged: {type(error).__name__}: {error}"
        raise InputError(msg, hint="train again, or give `threshold`") from error
    if not scores or not all(math.isfinite(score) for score in scores):
        raise InputError(f"{path}: holds no finite scores", hint="give `threshold`")
    return tuple(scores)


def _detector(path: Path, values: Mapping[str, object]) -> Detector:
    written = values.get("detector")
    if written is None:  # of a time with one kind of detector
        written = {"kind": "pyramid", "width": _whole(values["width"])}
    if not isinstance(written, dict):
        raise TypeError(f"expected an object, got {written!r}")
    try:
        return detectors.build(written)
    except UnknownComponentError as error:
        hint = "install the package that provides it"
        raise InputError(f"{path}: {error}", hint=hint) from error
    except RecipeError as error:
        raise ValueError(str(error)) from error


def _no_run(folder: Path) -> InputError:
    if not folder.is_dir():
        return InputError(f"{folder}: no such folder", hint="check the path")
    inside = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))
    hint = "give a folder made by anomsynth train"
    if inside:
        hint = f"give one of its runs: {', '.join(inside[:5])}"
    return InputError(f"{folder}: not a run, it has no {CONFIG}", hint=hint)


def _read_json(path: Path) -> dict[str, object]:
    try:
        text = read_text(path)
        if not text.strip():
            raise InputError(f"{path}: the file is empty", hint="train again")
        values = parse_json(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {reason(error)}", hint="train again") from error
    if not isinstance(values, dict):
        raise InputError(f"{path}: damaged: no JSON object", hint="train again")
    if path.name == CONFIG and values.get("format") != FORMAT:
        msg = f"{path}: format {values.get('format')!r}, this anomsynth reads format {FORMAT}"
        made = values.get("anomsynth")
        hint = f"install anomsynth {made}, which wrote it" if made else "train again"
        raise InputError(msg, hint=hint)
    return values


def _json(values: Mapping[str, object]) -> bytes:
    return (json.dumps(values, indent=1, allow_nan=False) + "\n").encode()


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, got {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"expected a positive whole number, got {value!r}")
    return value
