"""What is asked of a generator."""

import hashlib

import numpy as np

from anomsynth.core.layer import DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.testing._demand import check_instance, check_parameters, demand, pickled, unchanged
from anomsynth.testing.surfaces import make_surface


def digest(layer: DefectLayer) -> str:
    """Return a hash over everything in the layer."""
    sha = hashlib.sha256(repr((layer.origin, sorted(layer.parameters.items()))).encode())
    sha.update(np.packbits(layer.support).tobytes())
    for name, array in layer.fields().items():
        sha.update(name.encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def check_generator(generator: Generator, surface: Surface | None = None) -> None:
    """Check that a generator keeps the generator contract.

    Its layer depends on the stream alone, changes nothing outside its support, has values the
    renderer can show, and is replayed by the parameters it records.

    Parameters
    ----------
    generator : Generator
    surface : Surface, optional
        `make_surface` by default.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    surface = surface or make_surface()
    check_parameters(generator, Generator)
    before = surface.pixels.copy()
    np.random.seed(0)  # noqa: NPY002 - a hidden use of the global state must show
    first = generator.generate(surface, stream(7, generator.kind))
    check_instance(first, DefectLayer)
    np.random.seed(1)  # noqa: NPY002 - see above
    again = pickled(generator).generate(surface, stream(7, generator.kind))
    other = generator.generate(surface, stream(8, generator.kind))

    demand(first.kind == generator.kind, "the layer names another kind")
    demand(digest(first) == digest(again), "same stream, different layer: hidden state or RNG")
    demand(digest(first) != digest(other), "different streams, same layer: rng is not used")
    unchanged(before, surface.pixels, "the surface")
    demand(first.support.any(), "the layer supports nothing")
    demand(first.fields(), "the layer changes nothing")
    shaped = first.void or (first.height is not None and bool(first.height.any()))
    said = generator.has_relief or not shaped
    demand(said, "the layer has a height or an opening: set has_relief = True")
    _check_place(first, surface)
    _check_fields(first)
    for name, value in first.measured.items():
        demand(np.isfinite(float(value)), f"measured {name}: NaN or infinity")
    if type(generator).transmit is not Generator.transmit:
        through = generator.transmit(surface, stream(7, generator.kind))
        demand(set(through.fields()) == {"chord"}, "transmit: expected a chord and nothing else")
        _check_fields(through)
        missing = set(generator.ranges) - through.parameters.keys()
        demand(not missing, f"transmit: drawn parameters are not recorded: {missing}")
    demand(
        digest(_replay(generator, surface, first)) == digest(first),
        "parameters do not replay the layer",
    )


def _check_place(layer: DefectLayer, surface: Surface) -> None:
    whole = all(isinstance(number, int | np.integer) for number in layer.origin)
    demand(whole, f"origin: expected whole pixels, got {layer.origin}")
    rows, cols = np.nonzero(layer.support)
    rows, cols = rows + layer.origin[0], cols + layer.origin[1]
    inside = (rows >= 0) & (rows < surface.shape[0]) & (cols >= 0) & (cols < surface.shape[1])
    demand(inside.any(), "the layer lies outside the picture")


def _check_fields(layer: DefectLayer) -> None:
    bare = ~layer.support
    table = layer.channels()
    for name, array in layer.fields().items():
        channel, (low, high) = table[name], table[name].within
        demand(np.isfinite(array).all(), f"{name}: NaN or infinity")
        demand(array.min() >= low, f"{name}: {array.min():g} is too low")
        demand(array.max() <= high, f"{name}: {array.max():g} is too high")
        if channel.seen_alone:
            demand((array[bare] == channel.neutral).all(), f"{name}: acts outside support")


def _replay(generator: Generator, surface: Surface, layer: DefectLayer) -> DefectLayer:
    """Generate again with every range narrowed to the value the layer recorded."""
    ranges = generator.ranges
    missing = set(ranges) - layer.parameters.keys()
    demand(not missing, f"drawn parameters are not recorded: {missing}")
    points = {
        name: type(value)(low=layer.parameters[name], high=layer.parameters[name])
        for name, value in ranges.items()
    }
    narrowed = generator.model_copy(update=points)
    return narrowed.generate(surface, stream(7, generator.kind))
