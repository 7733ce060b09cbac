"""What a defect looks like in 64 numbers: for comparing sets of defects without a network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.sqe.region import Picture, Region
from anomsynth.sqe.regions import find_regions
from anomsynth.sqe.terms.visibility import measure_visibility

Floats = NDArray[np.float64]

SIZE = 64
QUANTILES = (0.02, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.98)
DEPTHS = (-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0)  # pixels, ends of bins of the profile
DIRECTIONS = 12


def describe(picture: Picture) -> Floats | None:
    """Return the features of a labelled picture, (64,), None for an empty mask.

    Colour moments inside and around (18), starlet energies inside and around (8), quantiles of the
    departure from the normal surface (9), its profile across the outline (10), orientations of the
    gradient (12), and geometry with visibility (7); means over the defects, weighted by the square
    root of their area.
    """
    regions = find_regions(picture)
    if not regions:
        return None
    rows = [_describe(region) for region in regions]
    weights = [region.weight for region in regions]
    features = np.average(rows, axis=0, weights=weights)
    features[-1] = np.log(len({region.area for region in regions}))
    return np.asarray(features, dtype=np.float64)


def _describe(region: Region) -> Floats:
    ring = region.ring if region.ring.any() else ~region.inside
    if not ring.any():
        ring = region.inside
    inside = region.inside
    parts = [_moments(region, inside), _moments(region, ring)]
    middle = region.colour[..., 0] - region.background[..., 0]
    signed = middle / np.float32(region.normal_sd)
    within = signed[inside]
    parts.append(
        np.array(
            [
                float(np.mean(within)),
                float(np.std(within)),
                float(np.mean(region.departure[inside])),
                float(np.std(region.departure[inside])),
            ]
        )
    )
    parts.extend(
        np.array([np.log((band[place] ** 2).mean() + 1e-3) for band in region.bands])
        for place in (inside, ring)
    )
    parts.extend(
        [np.quantile(within, QUANTILES), _profile(region), _orientations(region), _shape(region)]
    )
    return np.concatenate(parts).astype(np.float64)


def _moments(region: Region, place: Mask) -> Floats:
    """Return mean and standard deviation of L*, a*, b* and the skewness of L*, (7,)."""
    colours = region.colour[place].astype(np.float64)
    mean, sd = np.zeros(3), np.zeros(3)
    mean[: colours.shape[1]] = colours.mean(axis=0)
    sd[: colours.shape[1]] = colours.std(axis=0)
    light = (colours[:, 0] - mean[0]) / max(sd[0], 0.5)
    return np.concatenate([mean, sd, [float((light**3).mean())]])


def _profile(region: Region) -> Floats:
    """Return the mean departure in bins of signed distance to the outline, (10,)."""
    bins = np.digitize(region.depth, DEPTHS).ravel()
    count = np.bincount(bins, minlength=len(DEPTHS) + 1)
    total = np.bincount(bins, weights=region.departure.ravel(), minlength=len(DEPTHS) + 1)
    return np.asarray(total / np.maximum(count, 1), dtype=np.float64)


def _orientations(region: Region) -> Floats:
    """Return the shares of gradient energy by direction in and next to the defect, (12,)."""
    near = region.depth > -2
    down, across = (part[near].astype(np.float64) for part in region.gradient)
    angle = np.mod(np.arctan2(down, across), np.pi)
    bins = np.minimum((angle * (DIRECTIONS / np.pi)).astype(int), DIRECTIONS - 1)
    energy = np.bincount(bins, weights=down**2 + across**2, minlength=DIRECTIONS)
    return np.asarray(np.sqrt(energy / max(float(energy.sum()), 1e-9)), dtype=np.float64)


def _shape(region: Region) -> Floats:
    """Return geometry and visibility, (7,); the last is filled in for the whole picture."""
    area = max(int(np.count_nonzero(region.inside)), 1)
    moments = cv2.moments(region.inside.view(np.uint8), binaryImage=True)
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]])
    short, long = np.sqrt(np.linalg.eigvalsh(spread / area) + 1 / 12)
    outline = max(int(np.count_nonzero(np.abs(region.depth) < 1)), 1)
    return np.array(
        [
            np.log(region.share + 1e-6),
            np.log(long / short),
            np.log(float(region.depth.max()) / np.sqrt(area)),
            np.log(outline / np.sqrt(area)),
            np.log(1 + measure_visibility(region)),
            np.log(area),
            0.0,
        ]
    )
