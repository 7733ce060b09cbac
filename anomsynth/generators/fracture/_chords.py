"""How much material rays along a crack miss."""

from collections.abc import Sequence

import numpy as np

from anomsynth.core.types import Box, Float32, Mask
from anomsynth.fields.paths import Float64
from anomsynth.fields.strokes import Band
from anomsynth.fields.tracing import trace
from anomsynth.generators.fracture._openings import Gap


def along_gaps(
    gaps: Sequence[Gap], allowed: Mask, depth_ratio: float
) -> tuple[Float32, Box, float] | None:
    """Return what rays along cracks miss, (h, w) float32 pixels, the box, and the gaps' area.

    None if nothing of them lies where it is allowed.
    """
    band = trace([gap.stroke for gap in gaps], allowed, 0.0)
    if band is None:
        return None
    chord = gap_chords(band, depth_ratio)
    met = chord > 0
    if not met.any():
        return None
    area, kept = float(band.coverage().sum()), band.keep(met)
    return kept.spread(chord[met], kept.box), kept.box, area


def gap_chords(band: Band, depth_ratio: float) -> Float64:
    """Return the length of the gap along the rays at each pixel of a band, (P,) float64, pixels.

    A crack under even tension opens as an ellipse [1]_; from the surface down it is half of one.
    Of the depth D that it has in its middle, rays at x of a gap of width w meet
    ``D sqrt(1 - (2 x / w)**2)``: pi / 4 of ``w D`` all told. Pixels hold the mean over the pixel
    across the line, however fine the gap is.

    Parameters
    ----------
    band : Band
    depth_ratio : float
        Depth over width.

    References
    ----------
    .. [1] I. N. Sneddon, "The distribution of stress in the neighbourhood of a crack in an elastic
       solid", Proceedings of the Royal Society A 187, 1946.
    """
    half = np.maximum((band.left + band.right) / 2, 1e-9)
    middle = band.offset - (band.right - band.left) / 2
    # A pixel is as wide across a slanted line as its shadow on the normal.
    reach = np.abs(band.normal).sum(axis=1) / 2
    span = _under(np.clip((middle + reach) / half, -1, 1))
    span -= _under(np.clip((middle - reach) / half, -1, 1))
    beside = np.clip(0.5 - band.past, 0, 1)
    return depth_ratio * 2 * half * half * span / (2 * reach) * beside


def _under(place: Float64) -> Float64:
    """Return the area under ``sqrt(1 - u**2)`` from 0 to each place in [-1, 1]."""
    return (place * np.sqrt(1 - place * place) + np.arcsin(place)) / 2
