"""The course of a training as a picture."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from anomsynth.dataset.files import write_bytes

SMOOTH = 20  # steps that one point of the training loss averages


def write_curves(
    path: Path, metrics: Sequence[Mapping[str, float]], weights: NDArray[np.float32]
) -> None:
    """Draw losses, effective share and the weights' histogram into a PNG.

    Parameters
    ----------
    path : Path
    metrics : by step
        `loss` always; `outer`, `second` and `effective_share` where there was a check.
    weights : (n,) float32
        Of the samples at the end.
    """
    # No pyplot: it would pick a window system and keep every figure alive.
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    _draw_losses(left, metrics)
    checks = [metric for metric in metrics if "effective_share" in metric]
    middle.plot([m["step"] for m in checks], [m["effective_share"] for m in checks])
    middle.set(title="effective sample size / samples", xlabel="step", ylim=(0, 1.05))
    right.hist(weights, bins=30)
    right.axvline(1, color="0.5", linewidth=0.8)
    right.set(title="weights of the samples", xlabel="weight")
    content = BytesIO()
    figure.savefig(content, format="png", dpi=110)
    write_bytes(path, content.getvalue(), path.parent)


def _draw_losses(axes: Axes, metrics: Sequence[Mapping[str, float]]) -> None:
    blocks = [metrics[start : start + SMOOTH] for start in range(0, len(metrics), SMOOTH)]
    axes.plot(
        [block[-1]["step"] for block in blocks],
        [float(np.mean([metric["loss"] for metric in block])) for block in blocks],
        label="training",
    )
    for name, label in (("outer", "trusted"), ("second", "trusted, second part")):
        found = [metric for metric in metrics if name in metric]
        if found:
            axes.plot([m["step"] for m in found], [m[name] for m in found], label=label, alpha=0.7)
    axes.set(title="loss", xlabel="step")
    axes.legend()
