"""Contract checks for plugins: run them on your own components, as we do on ours."""

import hashlib
import pickle

import cv2
import numpy as np

from anomsynth.core.color import linear_to_srgb
from anomsynth.core.layer import DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator
from anomsynth.core.types import Camera, Grain, Light, Pixels, Surface
from anomsynth.surface.sites import find_edges, find_sites

WARM = np.array([1.06, 1.0, 0.86], dtype=np.float32)  # off-white under a lamp, linear light


def make_pixels(height: int = 160, width: int = 200, *, channels: int = 1, seed: int = 0) -> Pixels:
    """Render a softly textured surface, (H, W, C) uint8, with camera noise; three are coloured."""
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), 2.5)
    light = 0.22 * (1 + 0.25 * rough / max(float(rough.std()), 1e-6) * 0.25)
    tone = np.ones(1, np.float32) if channels == 1 else WARM
    lit = np.clip(light[..., None] * tone, 0, 1).astype(np.float32)
    levels = 255 * linear_to_srgb(lit) + rng.standard_normal((height, width, channels))
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def make_surface(
    height: int = 160,
    width: int = 200,
    *,
    mm_per_px: float = 0.1,
    channels: int = 1,
    border: int = 8,
) -> Surface:
    """Build a small surface whose part is a centred rectangle, with known camera and light."""
    foreground = np.zeros((height, width), dtype=bool)
    foreground[border : height - border, border : width - border] = True
    edge_sites, edge_normals = find_edges(foreground, foreground)
    cells = (-(-height // 16), -(-width // 16))
    return Surface(
        pixels=make_pixels(height, width, channels=channels),
        foreground=foreground,
        allowed=foreground.copy(),
        mm_per_px=mm_per_px,
        camera=Camera(noise_floor=1.0, blur_px=0.6, sharpest_px=0.5),
        light=Light(azimuth_deg=120, elevation_deg=45, confidence=0.8),
        grain=Grain(16, np.zeros(cells, np.float32), np.zeros(cells, np.float32)),
        sites=find_sites(foreground),
        edge_sites=edge_sites,
        edge_normals=edge_normals,
    )


def digest(layer: DefectLayer) -> str:
    """Return a hash over everything in the layer."""
    sha = hashlib.sha256(repr((layer.origin, sorted(layer.parameters.items()))).encode())
    sha.update(np.packbits(layer.support).tobytes())
    for name, array in layer.fields().items():
        sha.update(name.encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def check_generator(generator: Generator, surface: Surface | None = None) -> None:
    """Raise AssertionError unless `generator` keeps the generator contract."""
    surface = surface or make_surface()
    before = surface.pixels.copy()
    np.random.seed(0)  # noqa: NPY002 - a hidden use of the global state must show
    first = generator.generate(surface, stream(7, generator.kind))
    np.random.seed(1)  # noqa: NPY002 - see above
    again = pickle.loads(pickle.dumps(generator)).generate(surface, stream(7, generator.kind))
    other = generator.generate(surface, stream(8, generator.kind))

    assert first.kind == generator.kind, "the layer names another kind"
    assert digest(first) == digest(again), "same stream, different layer: hidden state or RNG"
    assert digest(first) != digest(other), "different streams, same layer: rng is not used"
    assert np.array_equal(surface.pixels, before), "the surface was changed in place"
    assert first.support.any(), "the layer supports nothing"
    assert first.fields(), "the layer changes nothing"
    _check_fields(first)
    assert digest(_replay(generator, surface, first)) == digest(first), (
        "parameters do not replay the layer"
    )


def _check_fields(layer: DefectLayer) -> None:
    bare = ~layer.support
    table = layer.channels()
    for name, array in layer.fields().items():
        channel, (low, high) = table[name], table[name].within
        assert np.isfinite(array).all(), f"{name}: NaN or infinity"
        assert array.min() >= low, f"{name}: {array.min():g} is too low"
        assert array.max() <= high, f"{name}: {array.max():g} is too high"
        if channel.seen_alone:
            assert (array[bare] == channel.neutral).all(), f"{name}: acts outside support"


def _replay(generator: Generator, surface: Surface, layer: DefectLayer) -> DefectLayer:
    """Generate again with every range narrowed to the value the layer recorded."""
    ranges = generator.ranges
    missing = set(ranges) - layer.parameters.keys()
    assert not missing, f"drawn parameters are not recorded: {missing}"
    points = {
        name: type(value)(low=layer.parameters[name], high=layer.parameters[name])
        for name, value in ranges.items()
    }
    narrowed = generator.model_copy(update=points)
    return narrowed.generate(surface, stream(7, generator.kind))
