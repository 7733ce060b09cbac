"""Tensors on disk as safetensors: whole or absent, nothing in them is ever executed."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from anomsynth.dataset.files import write_bytes
from anomsynth.errors import InputError

FORMAT = 1
KEY = "anomsynth"  # of the entry in a file's metadata that says what it is


def save_tensors(path: Path, what: str, tensors: Mapping[str, Tensor], **about: object) -> None:
    """Write tensors with plain values about them.

    Parameters
    ----------
    path : Path
        Its folder exists.
    what : str
        What they are, e.g. "checkpoint"; checked when they are loaded.
    tensors : mapping
    **about : JSON values

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    header = {"format": FORMAT, "what": what, **about}
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = save(plain, metadata={KEY: json.dumps(header, sort_keys=True)})
    write_bytes(path, content, path.parent)


def load_tensors(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, object]]:
    """Read tensors and what is said about them.

    Raises
    ------
    InputError
        If the file is missing, damaged, holds something else, or is of another format.
    """
    if not path.is_file():
        hint = "give a folder that `anomsynth train` wrote"
        raise InputError(f"{path}: no such file", hint=hint)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except (SafetensorError, OSError) as error:
        hint = "train again, with `overwrite=True`"
        raise InputError(f"{path}: damaged: {error}", hint=hint) from error
    try:
        header = json.loads(metadata.get(KEY, "{}"))
    except ValueError:
        header = {}
    if not isinstance(header, dict) or header.get("what") != what:
        hint = "give a folder that `anomsynth train` wrote"
        raise InputError(f"{path}: not a {what} of anomsynth", hint=hint)
    if header["format"] != FORMAT:
        hint = "train again, or use the version of anomsynth that wrote it"
        msg = f"{path}: {what} of format {header['format']}, this version reads {FORMAT}"
        raise InputError(msg, hint=hint)
    return tensors, header


def fill(target: torch.nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load a module's parameters and buffers; `path` is for messages.

    Raises
    ------
    InputError
        If a tensor is missing, left over, or of another shape.
    """
    wanted = target.state_dict()
    check_shapes({name: tuple(value.shape) for name, value in wanted.items()}, tensors, path)
    target.load_state_dict(dict(tensors))


def check_shapes(
    wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], path: Path
) -> None:
    """Raise InputError unless `tensors` have exactly these names and shapes."""
    hint = "it belongs to another model: check the run folder and its config.json"
    for name in sorted({*wanted, *tensors}):
        if name not in tensors:
            raise InputError(f"{path}: holds no {name}", hint=hint)
        if name not in wanted:
            raise InputError(f"{path}: holds {name}, which this model does not have", hint=hint)
        got = tuple(tensors[name].shape)
        if got != wanted[name]:
            msg = f"{path}: {name} has shape {got}, this model needs {wanted[name]}"
            raise InputError(msg, hint=hint)


def adam_state(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of Adam or AdamW as tensors."""
    return {
        f"optimizer.{number}.{name}": value
        for number, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def restore_adam(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Take over what `adam_state` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in take_prefix(tensors, "optimizer.").items():
        number, _, part = name.partition(".")
        state.setdefault(int(number), {})[part] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def take_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): value.clone()
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
