"""Backbone and detector as one ONNX graph, by torch's own exporter."""

import logging
import warnings

import torch
from torch import Tensor, nn

from anomsynth.bisqad.model.network import image_score
from anomsynth.bisqad.model.run import Run

EXAMPLES = 2  # photos of the traced call; one would be taken for a constant


class _WholeNetwork(nn.Module):
    """From photos to maps and scores."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._backbone, self._detector = run.backbone, run.detector

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        maps = self._detector.anomaly_map(self._backbone.features(image))
        return maps[:, 0], image_score(maps)


def onnx_bytes(run: Run) -> bytes:
    """Return the network as ONNX: `image` in, `map` and `score` out, any number of photos.

    Parameters
    ----------
    run : Run
        On the CPU.
    """
    size = run.config.size
    example = torch.zeros(EXAMPLES, 3, size, size)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own deprecations
            program = torch.onnx.export(
                _WholeNetwork(run).eval(),
                (example,),
                input_names=["image"],
                output_names=["map", "score"],
                dynamic_shapes=({0: torch.export.Dim("photos")},),
                dynamo=True,
                verbose=False,
            )
    finally:
        logger.setLevel(level)
    if program is None:  # only of the exporter before this one
        raise RuntimeError("torch.onnx.export returned no program")
    content: bytes = program.model_proto.SerializeToString()
    return content
