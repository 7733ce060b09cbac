"""A trained detector as a network file that runs without this package, and what it is fed with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from anomsynth._version import __version__
from anomsynth.bisqad.evaluation.threshold import Threshold, choose_threshold
from anomsynth.bisqad.model.run_config import (
    CALIBRATION,
    RunConfig,
    check_complete,
    read_calibration,
    read_config,
)
from anomsynth.bisqad.plans import ExportModelPlan
from anomsynth.core.depth import FULL_BITS
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.metadata import check_writable
from anomsynth.errors import MissingExtraError, OutputError

MODULES = ("onnx", "onnxscript")


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """A network that was written.

    Attributes
    ----------
    network : Path
        ONNX file with all weights.
    description : Path
        JSON: how photos become its input, what its outputs mean, the threshold.
    size_bytes : int
        Of the network.
    threshold : Threshold or None
        None where the run has no scores of good photos.
    """

    network: Path
    description: Path
    size_bytes: int
    threshold: Threshold | None


def export_model(plan: ExportModelPlan) -> ExportedModel:
    """Write backbone and detector of a run as one network, and a JSON file beside it.

    Raises
    ------
    MissingExtraError
        If a package that writes ONNX is not installed.
    InputError
        If the run does not load.
    OutputError
        If the file is there already, or cannot be written.
    """
    missing = [name for name in MODULES if find_spec(name) is None]
    if missing:
        msg = f"not installed: {', '.join(missing)}"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[onnx]'")
    path = plan.path
    config = read_config(plan.run)
    check_complete(plan.run)
    check_writable(path.parent)
    description = path.with_suffix(".json")
    for file in (path, description):
        if file.exists() and not plan.overwrite:
            hint = "choose another name, or give `overwrite=True`"
            raise OutputError(f"{file}: is there already", hint=hint)
    threshold = None
    if (plan.run / CALIBRATION).is_file():
        threshold = choose_threshold(read_calibration(plan.run), plan.false_alarm_rate)
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.model.onnx_file import onnx_bytes  # noqa: PLC0415 - see above
    from anomsynth.bisqad.model.run import load_run  # noqa: PLC0415 - see above

    content = onnx_bytes(load_run(plan.run))
    make_folder(path.parent)
    write_bytes(path, content, path.parent)
    text = json.dumps(_describe(plan, config, threshold), indent=1, allow_nan=False) + "\n"
    write_bytes(description, text.encode(), path.parent)
    return ExportedModel(path, description, len(content), threshold)


def _describe(
    plan: ExportModelPlan, config: RunConfig, threshold: Threshold | None
) -> Mapping[str, object]:
    size = config.size
    channels = "red, green, blue; a grey photo is repeated three times"
    if config.grey:
        channels = (
            "three equal ones: a colour photo becomes 0.299 red + 0.587 green + 0.114 blue, "
            "rounded to its levels, before it is resized"
        )
    what, of_photo = "the whole photo is", "the mean of the three highest places of its map"
    if config.tile is not None:
        what = (
            f"the photo is cut into tiles of {config.tile} x {config.tile} pixels that overlap by "
            "at least a quarter, mirrored where they jut out of it; each tile is one input, and is"
        )
        of_photo += "; that of a photo is the highest of its tiles"
    return {
        "anomsynth": __version__,
        "run": plan.run.resolve().name,
        "network": plan.path.name,
        "input": {
            "name": "image",
            "shape": ["photos", 3, size, size],
            "dtype": "float32",
            "range": [0, 1],
            "tile": config.tile,
            "channels": channels,
            "alpha": "left out",
            "resize": (
                f"{what} stretched to {size} x {size}, in its own levels: each side "
                "that is longer is averaged by area (OpenCV INTER_AREA), then each shorter one "
                "grows linearly (INTER_LINEAR)"
            ),
            "values": f"levels over the highest one: 255 of 8 bits, {_top(config)}; still sRGB",
            "normalisation": "done inside the network",
        },
        "outputs": {
            "map": {
                "shape": ["photos", size // 4, size // 4],
                "meaning": "score of each place; enlarge it linearly to the photo",
            },
            "score": {
                "shape": ["photos"],
                "meaning": of_photo,
            },
        },
        "defective": None if threshold is None else _limit(threshold),
    }


def _top(config: RunConfig) -> str:
    if config.bits is None or config.bits == FULL_BITS:
        return "65535 of 16"
    return f"{(1 << config.bits) - 1} of the {config.bits} that the camera uses of 16"


def _limit(threshold: Threshold) -> Mapping[str, object]:
    return {
        "score_above": threshold.value,
        "false_alarm_rate": threshold.false_alarms,
        "good_photos": threshold.normals,
    }
