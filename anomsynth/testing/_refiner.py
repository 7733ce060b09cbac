"""What is asked of a refiner."""

from collections.abc import Mapping

import numpy as np

from anomsynth.core.layer import Change, DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Refiner
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.testing._demand import check_instance, check_parameters, demand, pickled, unchanged
from anomsynth.testing.surfaces import make_surface

SIZE = 48  # pixels of the patch it is tried on
HOOKS = ("relax", "refine", "finish")
Made = tuple[DefectLayer, Change, Float32, Mapping[str, float]]


def check_refiner(refiner: Refiner) -> None:
    """Check that a refiner keeps the refiner contract, on a grey and on a coloured surface.

    What it makes depends on the stream alone (on nothing, where `random` is False), is finite, and
    differs from what it was given inside the support only.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    check_parameters(refiner, Refiner)
    hooked = any(getattr(type(refiner), name) is not getattr(Refiner, name) for name in HOOKS)
    demand(hooked, f"it overrides none of {', '.join(HOOKS)}")
    for channels in (1, 3):
        surface = make_surface(channels=channels)
        _check_on(refiner, surface)


def _check_on(refiner: Refiner, surface: Surface) -> None:
    before = surface.pixels.copy()
    layer = _layer()
    fields = {name: array.copy() for name, array in layer.fields().items()}
    rng = stream(7, refiner.kind)
    state = str(rng.bit_generator.state)
    relaxed, change, levels, residuals = _hooks(refiner, layer, surface, rng)
    drew = str(rng.bit_generator.state) != state
    demand(refiner.random or not drew, "random is False, but it draws")
    again = _hooks(pickled(refiner), _layer(), surface, stream(7, refiner.kind))
    demand(np.array_equal(levels, again[2]), "same stream, other levels: hidden state or RNG")
    demand(np.array_equal(change.after, again[1].after), "same stream, other light")
    unchanged(before, surface.pixels, "the surface")
    for name, array in fields.items():
        unchanged(array, getattr(layer, name), f"the layer's {name}")
    demand(relaxed.origin == layer.origin, "relax: the layer moved")
    demand(not (relaxed.support & ~layer.support).any(), "relax: the support grew")
    for name, array in relaxed.fields().items():
        demand(np.isfinite(array).all(), f"relax: {name}: NaN or infinity")
    for name, value in residuals.items():
        demand(np.isfinite(float(value)), f"residual {name}: NaN or infinity")


def _hooks(
    refiner: Refiner, layer: DefectLayer, surface: Surface, rng: np.random.Generator
) -> Made:
    """Call the hooks as a synthesis does."""
    relaxed, measured = refiner.relax(layer, surface, rng)
    given = _change(relaxed, surface)
    after = given.after.copy()
    change = refiner.refine(given, surface, rng)
    check_instance(change, Change)
    unchanged(after, given.after, "the change")
    demand(np.array_equal(change.index, given.index), "refine: the support is another")
    demand(change.after.dtype == np.float32, f"refine: light is {change.after.dtype}, not float32")
    demand(change.after.shape == given.after.shape, "refine: the light has another shape")
    demand(np.isfinite(change.after).all(), "refine: NaN or infinity in the light")
    bare = np.ones(given.before.shape[:2], dtype=bool)
    bare.flat[given.index] = False
    same = np.array_equal(change.after[bare], given.before[bare])
    demand(same, "refine: light changed outside the support")
    flat = change.after.reshape(-1, surface.channels)
    levels = (255 * np.clip(flat.take(change.index, axis=0), 0, 1)).astype(np.float32)
    handed = levels.copy()
    finished = refiner.finish(levels, change, surface, rng)
    unchanged(handed, levels, "the levels")
    demand(finished.shape == levels.shape, f"finish: levels of {levels.shape} as {finished.shape}")
    demand(finished.dtype == np.float32, f"finish: levels are {finished.dtype}, not float32")
    demand(np.isfinite(finished).all(), "finish: NaN or infinity in the levels")
    return relaxed, change, finished, {**measured, **change.residuals}


def _layer() -> DefectLayer:
    """Return a round pit with a film in it."""
    rows, cols = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    distance = np.hypot(rows, cols) / (0.4 * SIZE)
    support = distance < 1
    depth = np.where(support, 1 - distance**2, 0).astype(np.float32)
    return DefectLayer(
        kind="pit",
        origin=(40, 60),
        support=support,
        height=-0.2 * depth,
        absorbance=0.3 * depth,
    )


def _change(layer: DefectLayer, surface: Surface) -> Change:
    """Return the pit as if it had been rendered: a third darker."""
    row, col = layer.origin
    box = Box(row, col, row + layer.support.shape[0], col + layer.support.shape[1])
    before = surface.linear(box)
    after = np.where(layer.support[..., None], before * np.float32(0.67), before)
    return Change(
        box=box,
        layer=layer,
        index=np.flatnonzero(layer.support),
        gain=1.0,
        before=before,
        after=after,
        hidden=np.zeros(box.shape, np.float32),
    )
