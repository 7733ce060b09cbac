"""Frozen networks that have seen a million photos, as givers of features at several scales."""

from collections.abc import Sequence
from math import ceil
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from anomsynth.bisqad.model.backbone_names import no_backbone
from anomsynth.bisqad.model.lite0 import MEAN, STD, load_lite0
from anomsynth.bisqad.options import LITE0
from anomsynth.errors import InputError

STRIDES = (4, 8, 16)
CPU_PIECE = 2  # photos at once
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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
        levels = zip(*(self.features(piece) for piece in pieces), strict=True)
        return [torch.cat(level) if len(level) > 1 else level[0] for level in levels]

    def features(self, images: Tensor) -> list[Tensor]:
        """Return the features of photos that are taken at once, whatever their number."""
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
    network: nn.Module
    if name == LITE0:
        network = load_lite0()
        mean, std = [MEAN] * 3, [STD] * 3
    else:
        network = _pretrained(name)
        settings = cast("dict[str, list[float]]", getattr(network, "pretrained_cfg", {}))
        mean = list(settings.get("mean", IMAGENET_MEAN))
        std = list(settings.get("std", IMAGENET_STD))
    backbone = Backbone(name, network, mean=mean, std=std).to(device)
    return backbone.to(memory_format=torch.channels_last)  # depthwise convolutions like it


def _pretrained(name: str) -> nn.Module:
    import timm  # noqa: PLC0415 - takes longer than torch, and the default does without

    if not timm.is_model(name.partition(".")[0]):
        raise no_backbone(name, timm.list_models())
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
