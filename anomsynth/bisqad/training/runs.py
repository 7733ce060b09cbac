"""The folder of a trained detector: weights as safetensors, settings as JSON, never a pickle."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load, save

from anomsynth._version import __version__
from anomsynth.bisqad.model.backbone import Backbone, load_backbone
from anomsynth.bisqad.model.detector import Detector
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.errors import InputError, UserError

FORMAT = 1
MODEL, CONFIG, CALIBRATION = "model.safetensors", "config.json", "calibration.json"
SIZE_STEP = 32  # photos are resized to a multiple of this many pixels


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What must be known to use a trained detector.

    Attributes
    ----------
    backbone : str
        Name for `load_backbone`.
    channels, strides : tuple of int
        Of the backbone's features.
    width : int
        Of the detector.
    size : int, pixels
        Photos are resized to size x size.
    grey : bool
        Colour is taken out of photos first: every photo of the training was grey.
    training : mapping
        How it was trained, for people; anything JSON can hold.
    """

    backbone: str
    channels: tuple[int, ...]
    strides: tuple[int, ...]
    width: int
    size: int = 256
    grey: bool = False
    training: Mapping[str, object] = field(default_factory=dict)

    def build_detector(self, generator: torch.Generator | None = None) -> Detector:
        """Return a detector of these shapes with fresh weights."""
        return Detector(self.channels, self.width, strides=self.strides, generator=generator)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A trained detector, ready to look at photos.

    Attributes
    ----------
    folder : Path
    config : RunConfig
    backbone : Backbone
    detector : Detector
        In evaluation mode.
    device : torch.device
    """

    folder: Path
    config: RunConfig
    backbone: Backbone
    detector: Detector
    device: torch.device


def choose_device(name: str) -> torch.device:
    """Return the device of a name like cpu, cuda, cuda:1 or mps; auto takes the best there is.

    Raises
    ------
    UserError
        If there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        msg = f"`device`: no such device {name!r}"
        raise UserError(msg, hint="cpu, cuda, cuda:1, mps or auto") from None
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": torch.backends.mps.is_available()}
    if (device.index or 0) >= int(count.get(device.type, 0)):
        msg = f"`device={name!r}`: torch {torch.__version__} finds no such device on this machine"
        raise UserError(msg, hint="use `device='cpu'`, or install a torch build for your GPU")
    return device


def write_run(folder: Path, detector: Detector, config: RunConfig) -> None:
    """Write the weights and then the settings, each whole or not at all.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    make_folder(folder)
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in detector.state_dict().items()
    }
    values = {
        "format": FORMAT,
        "anomsynth": __version__,
        "backbone": config.backbone,
        "channels": list(config.channels),
        "strides": list(config.strides),
        "width": config.width,
        "size": config.size,
        "grey": config.grey,
        "training": dict(config.training),
    }
    write_bytes(folder / MODEL, save(tensors), folder)
    write_bytes(folder / CONFIG, _json(values), folder)


def write_calibration(folder: Path, normal_scores: Sequence[float]) -> None:
    """Write the scores of normal photos that were kept out of training.

    Raises
    ------
    OutputError
        If the folder cannot be made or written to.
    """
    make_folder(folder)
    scores = [float(score) for score in normal_scores]
    write_bytes(folder / CALIBRATION, _json({"format": FORMAT, "normal_scores": scores}), folder)


def load_run(folder: Path, *, device: str | torch.device = "cpu") -> Run:
    """Load a trained detector together with its backbone.

    Raises
    ------
    InputError
        If the folder is not one of a finished training, or was written by another version, or its
        weights do not have the shapes its settings say.
    UserError
        If the device is not there.
    """
    chosen = choose_device(str(device))
    config = read_config(folder)
    detector = read_detector(folder, config).to(chosen).eval()
    backbone = load_backbone(config.backbone, device=chosen)
    if (backbone.channels, backbone.strides) != (config.channels, config.strides):
        msg = (
            f"{folder / CONFIG}: trained on features of {config.channels} channels, but "
            f"{config.backbone} of the installed timm gives {backbone.channels}"
        )
        raise InputError(msg, hint="install the timm version that the run was trained with")
    return Run(folder, config, backbone, detector.requires_grad_(requires_grad=False), chosen)


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
            width=_whole(values["width"]),
            size=_whole(values["size"]),
            grey=bool(values["grey"]),
            training=training if isinstance(training, dict) else {},
        )
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{path}: damaged: {type(error).__name__}: {error}"
        raise InputError(msg, hint="train again, or take the file from a copy") from error
    if len(channels) != len(strides) or not channels or config.size % SIZE_STEP:
        raise InputError(f"{path}: damaged: its sizes contradict each other", hint="train again")
    return config


def read_detector(folder: Path, config: RunConfig) -> Detector:
    """Read the weights of a detector of the shapes that `config` says.

    Raises
    ------
    InputError
        If the file is missing, damaged or holds other shapes.
    """
    path = folder / MODEL
    try:
        tensors = load(path.read_bytes())
    except FileNotFoundError as error:
        msg = f"{path}: missing: the training did not finish"
        raise InputError(msg, hint="go on with the training: `resume=True`") from error
    except Exception as error:
        msg = f"{path}: damaged or no safetensors file: {error}"
        raise InputError(msg, hint="train again, or take the file from a copy") from error
    detector = config.build_detector()
    wanted = {name: tuple(value.shape) for name, value in detector.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            msg = (
                f"{path}: {name} is {found.get(name, 'missing')}, "
                f"{CONFIG} asks for {wanted.get(name, 'none of that name')}"
            )
            raise InputError(msg, hint="both files must come from one training")
    detector.load_state_dict(tensors)
    return detector


def read_calibration(folder: Path) -> tuple[float, ...]:
    """Read the scores of normal photos that were kept out of training, ascending.

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
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}", hint="train again") from error
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
