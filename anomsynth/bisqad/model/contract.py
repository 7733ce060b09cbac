"""What is asked of a detector, with torch at hand; `anomsynth.testing.check_detector` calls it."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.func import functional_call

from anomsynth.bisqad.detector import Detector, FeatureShapes
from anomsynth.bisqad.model.network import DetectorNetwork
from anomsynth.bisqad.model.product_references import build_network
from anomsynth.errors import PluginError

SHAPES = FeatureShapes((24, 40, 112), (4, 8, 16), 48)
SIDES = (12, 6, 3)  # places along each map's side
IMAGES = 3
CLOSE = 1e-4  # of logits, between one image alone and among others


def check_network(detector: Detector) -> None:
    """Check what a detector builds.

    Raises
    ------
    PluginError
        If something is wrong; the message says what.
    """
    for products in (1, 2):
        _check_built(detector, replace(SHAPES, products=products))


def _check_built(detector: Detector, shapes: FeatureShapes) -> None:
    state = torch.get_rng_state()
    network = build_network(detector, shapes, torch.Generator().manual_seed(1))
    again = build_network(detector, shapes, torch.Generator().manual_seed(1))
    _demand(isinstance(network, DetectorNetwork), "build: expected a DetectorNetwork")
    _demand(_same(network, again), "one generator, other weights: torch's own is used, or a state")
    if detector.takes_steps:
        _demand(any(True for _ in network.parameters()), "it has no parameters to fit")
    features, good = _features(2), [_features(3), [level + 1 for level in _features(4)]]
    if shapes.products > 1:
        network.learn_products(lambda: good, torch.arange(2).repeat_interleave(IMAGES))
    network.learn_normal(lambda: good)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    keep = network.draw_keep(IMAGES, torch.Generator().manual_seed(1))
    _check_map(network(features, keep), network.map_size(features))
    logits = network(features)
    _check_map(logits, network.map_size(features))
    _demand(torch.equal(logits, network(features)), "one input, two maps: hidden randomness")
    alone = torch.cat([network([one[at : at + 1] for one in features]) for at in range(IMAGES)])
    _demand(torch.allclose(logits, alone, atol=CLOSE), "the map depends on the other images")
    _demand(torch.allclose(logits, network.eval()(features), atol=CLOSE), "it evaluates otherwise")
    after = network.state_dict()
    same = all(torch.equal(value, after[name]) for name, value in before.items())
    _demand(same, "its state changes when it is called")
    _check_state(detector, network, features, logits)
    if detector.takes_steps:
        _check_gradients(network, features)
        _check_losses(network, features)
    _check_side_maps(network, features, logits)
    _demand(torch.equal(torch.get_rng_state(), state), "torch's own generator is used")


def _check_map(logits: Tensor, size: tuple[int, int]) -> None:
    expected = (IMAGES, 1, *size)
    _demand(logits.shape == expected, f"map of {tuple(logits.shape)}, expected {expected}")
    _demand(bool(torch.isfinite(logits).all()), "NaN or infinity in the map")


def _check_state(
    detector: Detector, network: DetectorNetwork, features: Sequence[Tensor], logits: Tensor
) -> None:
    """Check that parameters and buffers are all that a network is."""
    shapes = replace(SHAPES, products=network.products)
    other = build_network(detector, shapes, torch.Generator().manual_seed(2))
    _demand(not _same(network, other), "other generators, the same weights: it is not used")
    other.load_state_dict(network.state_dict())
    found = other.eval()(features)
    _demand(torch.allclose(found, logits, atol=CLOSE), "state outside parameters and buffers")


def _check_side_maps(network: DetectorNetwork, features: Sequence[Tensor], logits: Tensor) -> None:
    maps = network.side_maps(features)
    if maps is not None:
        found = network([*features, maps])
        _demand(torch.allclose(found, logits, atol=CLOSE), "another map with its side maps")


def _check_gradients(network: DetectorNetwork, features: Sequence[Tensor]) -> None:
    values = {name: value.detach().clone() for name, value in network.named_parameters()}
    for value in values.values():
        value.requires_grad_()
    logits: Tensor = functional_call(network, values, (features,))
    found = torch.autograd.grad(logits.sum(), list(values.values()), allow_unused=True)
    for name, gradient in zip(values, found, strict=True):
        _demand(gradient is not None, f"{name}: the map does not depend on it")
        if gradient is not None:
            _demand(bool(torch.isfinite(gradient).all()), f"{name}: NaN or infinity as gradient")


def _check_losses(network: DetectorNetwork, features: Sequence[Tensor]) -> None:
    """Check that each sample has a loss of its own, whatever else is in the batch."""
    masks = torch.zeros(IMAGES, *network.map_size(features))
    masks[0, :2, :2] = 1
    keep = network.draw_keep(IMAGES, torch.Generator().manual_seed(1))
    for drawn in (keep, None):
        found = network.losses(features, masks, drawn)
        _demand(found.shape == (IMAGES,), f"losses of {tuple(found.shape)}, expected {(IMAGES,)}")
        _demand(bool(torch.isfinite(found).all()), "NaN or infinity as a loss")
    alone = network.losses([one[:1] for one in features], masks[:1])
    _demand(torch.allclose(found[:1], alone, atol=CLOSE), "a loss depends on the other images")


def _features(seed: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(IMAGES, count, side, side, generator=generator)
        for count, side in zip(SHAPES.channels, SIDES, strict=True)
    ]


def _same(one: DetectorNetwork, other: DetectorNetwork) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in mine.items())


def _demand(holds: object, complaint: str) -> None:
    if not holds:
        raise PluginError(complaint)
