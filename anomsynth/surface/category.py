"""How the part is found in the photos of a category: one decision, from several of them."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np

from anomsynth.core.types import Mask, Pixels
from anomsynth.surface.backdrop import find_backdrop
from anomsynth.surface.captions import Captions
from anomsynth.surface.flood import Flooded, find_flooded
from anomsynth.surface.foreground import (
    COARSE,
    FLOODED,
    SMALLEST_SIDE,
    PartFinder,
    coarse_colours,
    overlap,
)
from anomsynth.surface.mass import find_mass
from anomsynth.surface.thumbnail import make_thumbnail

PHOTOS = 9  # of a category that are looked at
ENOUGH = 0.6  # share of them in which a method must see a part
SAME = 0.9  # overlap of two answers that are one
STILL = 0.7  # least overlap between photos of a part on a patterned ground: it is fixed
FEW = 3  # photos below which each has to show its part by itself


def choose_finder(photos: Iterable[Pixels]) -> PartFinder:
    """Decide how the part is found in the photos of one category.

    Parameters
    ----------
    photos : of (H, W, C) uint8 or uint16, C in {1, 3}
        Some of the category's, the same ones whenever the same answer is wanted.

    Returns
    -------
    PartFinder
        For `anomsynth.surface.foreground.find_foreground`. The background that a calm colour
        gives is believed where a flood from the border agrees or finds nothing; the flood where
        it finds a part in most photos; a solid mass where it lies in the same place in all of
        them. Otherwise the whole picture is the part, but for dark margins.

    Examples
    --------
    >>> from anomsynth.demo.photos import demo_photos
    >>> choose_finder(demo_photos()["metal"]).method
    'backdrop'
    """
    count = calm = agree = 0
    floods: list[Flooded] = []
    masses: list[Mask] = []
    captions = Captions()
    for pixels in photos:
        count += 1
        captions.add(pixels)
        thumbnail = make_thumbnail(pixels)
        if min(thumbnail.shape[:2]) < SMALLEST_SIDE:
            continue
        backdrop = find_backdrop(coarse_colours(thumbnail, COARSE)[0])
        colours, _ = coarse_colours(thumbnail, FLOODED)
        flooded, mass = find_flooded(colours), find_mass(colours)
        calm += backdrop is not None
        floods += [] if flooded is None else [flooded]
        masses += [] if mass is None else [mass.core]
        if backdrop is not None and flooded is not None:
            agree += overlap(backdrop.part, flooded.part) > SAME
    alone = count < FEW
    seen = [item for item in floods if item.strong or (item.likely and not alone)]
    by_backdrop, by_flood = calm / max(count, 1), len(seen) / max(count, 1)
    by_mass = len(masses) / max(count, 1) if _still(masses) else 0.0
    shares = by_backdrop, by_flood, by_mass
    area = float(np.median([item.area for item in seen])) if seen else 0.0
    if by_flood >= ENOUGH and not (by_backdrop >= ENOUGH and agree >= ENOUGH * count):
        finder = PartFinder("flood", area, count, *shares)
    elif by_backdrop >= ENOUGH:
        finder = PartFinder("backdrop", area, count, *shares)
    elif by_mass >= ENOUGH:
        finder = PartFinder("mass", area, count, *shares)
    else:
        finder = PartFinder("picture", 0.0, count, *shares)
    return replace(finder, captions=captions.boxes(), size=captions.size)


def _still(masses: list[Mask]) -> bool:
    """Tell whether masks of several photos lie in one place."""
    if len(masses) < FEW:
        return False
    pairs = [(one, two) for one, two in combinations(masses, 2) if one.shape == two.shape]
    return bool(pairs) and float(np.median([overlap(one, two) for one, two in pairs])) > STILL
