"""What each mechanism makes on the user's photos, measured as the real defects are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.component import CountRange, LogRange
from anomsynth.core.photo import as_photo
from anomsynth.core.rng import stream
from anomsynth.core.sample import Sample
from anomsynth.core.types import Mask, SampleKey, Surface
from anomsynth.errors import SynthesisError
from anomsynth.fitting.candidates import Suspect
from anomsynth.fitting.defect import find_defects
from anomsynth.fitting.describe import describe
from anomsynth.recipe.models import Gates, Mechanism, Recipe, Severity
from anomsynth.surface.analyze import one_channel
from anomsynth.synthesis.synthesize import synthesize

D_PRIME = (1.2, 40.0)  # of the layers: from hardly visible to what a smooth surface shows of rust
D_PRIME_NAME = "d_prime"
LOOSEST = 4  # pixels that people draw outside of a defect
BRIDGED = 0.5  # how often they draw across gaps and bays ...
WIDEST_BRIDGE = 16  # ... of up to twice as many pixels
HOPELESS = 6  # layers that fail in a row before a mechanism is given up on these photos
ATTEMPTS = 4  # at one layer

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Simulated defects of one candidate.

    Attributes
    ----------
    index : (n,) int
        Which draw each is: with the candidate it makes the same defect again, see `make_layer`.
    looks : (n, d) float64
        Descriptors.
    values : (n, k) float64
        Drawn parameters and the visibility reached.
    descriptors, parameters : names of the columns
    """

    index: NDArray[np.int64]
    looks: Floats
    values: Floats
    descriptors: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def simulate(
    candidate: Suspect, surfaces: Sequence[Surface], base: Recipe, indices: range
) -> Layers:
    """Make layers of a candidate on the photos in turn, and describe them.

    Layers that cannot be made or seen are left out; after `HOPELESS` in a row the rest is.

    Parameters
    ----------
    candidate : Suspect
    surfaces : analysed good photos
    base : Recipe
        Gives material, scale and the like.
    indices : range
        Which draws.
    """
    kept: list[tuple[int, dict[str, float], dict[str, float]]] = []
    failed = 0
    for index in indices:
        if failed >= HOPELESS:
            break
        surface = surfaces[index % len(surfaces)]
        sample = make_layer(candidate, surface, base, index)
        if sample is None:
            failed += 1
            continue
        mask = loosened(sample.mask, candidate.kind, index)
        pixels = one_channel(as_photo(sample.image).pixels)
        if pixels.shape[2] != surface.channels:
            pixels = as_photo(sample.image).pixels
        found = find_defects(surface, pixels, mask)
        if not found:
            failed += 1
            continue
        failed = 0
        made = sample.instances[0]
        drawn = {name: float(made.parameters[name]) for name in candidate.wide.ranges}
        kept.append((index, describe(found[0]), {**drawn, D_PRIME_NAME: made.visibility}))
    if not kept:
        return Layers(np.empty(0, np.int64), np.empty((0, 0)), np.empty((0, 0)))
    return Layers(
        index=np.array([index for index, _, _ in kept], np.int64),
        looks=np.array([list(looks.values()) for _, looks, _ in kept], np.float64),
        values=np.array([list(values.values()) for _, _, values in kept], np.float64),
        descriptors=tuple(kept[0][1]),
        parameters=tuple(kept[0][2]),
    )


def make_layer(candidate: Suspect, surface: Surface, base: Recipe, index: int) -> Sample | None:
    """Make one defect of a candidate on a photo, None if it cannot be made or seen."""
    strength = LogRange(low=D_PRIME[0], high=D_PRIME[1])
    one = base.model_copy(
        update={
            "mechanisms": (Mechanism(d_prime=strength, generator=candidate.wide),),
            "defects_per_image": CountRange(low=1, high=1),
            "severity": Severity(d_prime=strength, capped_probability=0),
            "refiners": (),  # they change little of what is measured, and take half of the time
            "gates": Gates(attempts=ATTEMPTS, reach=0, max_clipped=base.gates.max_clipped),
        }
    )
    try:
        return synthesize(surface, one, seed=0, key=SampleKey("fit", candidate.kind, index))
    except SynthesisError:
        return None


def loosened(mask: Mask, kind: str, index: int) -> Mask:
    """Return a mask as somebody might have drawn it: wider, and often across gaps and bays."""
    rng = stream(0, "fit", "outline", kind, index)
    reach = int(rng.integers(0, LOOSEST + 1))
    bridge = round(math.exp(float(rng.uniform(0, math.log(WIDEST_BRIDGE)))))
    drawn = mask.view(np.uint8)
    if rng.random() < BRIDGED:
        pad = bridge + 1
        framed = cv2.copyMakeBorder(drawn, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
        closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, _disc(bridge))
        drawn = np.asarray(closed, dtype=np.uint8)[pad:-pad, pad:-pad]
    if reach:
        drawn = np.asarray(cv2.dilate(drawn, _disc(reach)), dtype=np.uint8)
    return np.asarray(drawn > 0, dtype=np.bool_)


def _disc(reach: int) -> NDArray[np.uint8]:
    side = 2 * reach + 1
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(shape, dtype=np.uint8)
