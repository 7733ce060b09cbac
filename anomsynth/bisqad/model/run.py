"""A trained detector on disk and on a device: weights as safetensors, never a pickle."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load, save

from anomsynth.bisqad.detector import FeatureShapes
from anomsynth.bisqad.model.backbone import Backbone, load_backbone
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.bisqad.model.product_references import build_network
from anomsynth.bisqad.model.run_config import CONFIG, MODEL, RunConfig, read_config, write_config
from anomsynth.core.plain_file import read_bytes, reason
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.errors import InputError, UserError


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A trained detector, ready to look at photos.

    Attributes
    ----------
    folder : Path
    config : RunConfig
    backbone : Backbone
    detector : DetectorNetwork
        In evaluation mode.
    device : torch.device
    """

    folder: Path
    config: RunConfig
    backbone: Backbone
    detector: DetectorNetwork
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


def use_threads(threads: int | None) -> None:
    """Let torch use this many CPU threads from now on, in this process; None changes nothing."""
    if threads is not None:
        torch.set_num_threads(threads)


def build_detector(config: RunConfig, generator: torch.Generator | None = None) -> DetectorNetwork:
    """Return a detector of the shapes that `config` says, with fresh weights."""
    if generator is None:
        generator = torch.Generator().manual_seed(0)
    shapes = FeatureShapes(config.channels, config.strides, config.size, config.products)
    return build_network(config.detector, shapes, generator)


def write_run(folder: Path, detector: DetectorNetwork, config: RunConfig) -> None:
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
    write_bytes(folder / MODEL, save(tensors), folder)
    write_config(folder, config)


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


def read_detector(folder: Path, config: RunConfig) -> DetectorNetwork:
    """Read the weights of a detector of the shapes that `config` says.

    Raises
    ------
    InputError
        If the file is missing, damaged or holds other shapes, NaN or infinity.
    """
    path = folder / MODEL
    try:
        tensors = load(read_bytes(path))
    except FileNotFoundError as error:
        msg = f"{path}: missing: the training did not finish"
        raise InputError(msg, hint="go on with the training: `resume=True`") from error
    except OSError as error:
        msg = f"{path}: cannot be read: {reason(error)}"
        raise InputError(msg, hint="check the file and its permissions") from error
    except Exception as error:
        msg = f"{path}: damaged or no safetensors file: {error}"
        raise InputError(msg, hint="train again, or take the file from a copy") from error
    # Runs of a time when maps were log-odds say nothing of a unit: theirs is that.
    detector = build_detector(config)
    tensors = {name: detector.get_buffer(name) for name in ("center", "spread")} | tensors
    wanted = {name: tuple(value.shape) for name, value in detector.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in tensors.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            msg = (
                f"{path}: {name} is {found.get(name, 'missing')}, "
                f"{CONFIG} asks for {wanted.get(name, 'none of that name')}"
            )
            raise InputError(msg, hint="both files must come from one training")
    broken = [name for name, value in sorted(tensors.items()) if not value.isfinite().all()]
    if broken:
        hint = "train again, or take the file from a copy"
        raise InputError(f"{path}: {broken[0]} holds NaN or infinity", hint=hint)
    detector.load_state_dict(tensors)
    return detector
