"""Colours of points: what a file has of them, as a picture, and back."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.color import decode, encode_levels, quantise
from anomsynth.core.types import Float32, Mask
from anomsynth.relief.chart import Chart, interpolated
from anomsynth.relief.formats.cloud import COLOURS

PACKED = ("rgb", "rgba")  # of PCD: red, green and blue in the lower three bytes of four
SHIFTS = (16, 8, 0)
Colours = NDArray[np.uint8]


def colours_in(numbers: NDArray[np.void]) -> Colours | None:
    """Return the colours of points with properties, (N, 3) uint8; None if there are none.

    They are three properties of 8 bits, or one of 32 in which all are packed.
    """
    names = set(numbers.dtype.names or ())
    if names.issuperset(COLOURS):
        columns = [numbers[name] for name in COLOURS]
        if all(column.dtype == np.uint8 for column in columns):
            return np.stack(columns, axis=1)
        # Text has no types: whole numbers of 8 bits are colours.
        table = np.stack([column.astype(np.float64) for column in columns], axis=1)
        whole = np.isfinite(table).all() and (table == np.rint(table)).all()
        fits = whole and 1 < table.max(initial=0) <= 255 and table.min(initial=0) >= 0
        return table.astype(np.uint8) if fits else None
    packed = next((name for name in PACKED if name in names), None)
    if packed is None or numbers.dtype[packed].itemsize != 4:
        return None
    bits = np.ascontiguousarray(numbers[packed]).view(np.uint32)
    return np.stack([(bits >> shift & 255).astype(np.uint8) for shift in SHIFTS], axis=1)


def set_colours(numbers: NDArray[np.void], colours: Colours, where: Mask) -> None:
    """Write colours of some points into their properties.

    Parameters
    ----------
    numbers : (N,) structured array, which `colours_in` found colours in
    colours : (N, 3) uint8
    where : (N,) bool
    """
    names = set(numbers.dtype.names or ())
    if names.issuperset(COLOURS):
        for place, name in enumerate(COLOURS):
            numbers[name][where] = colours[where, place]
        return
    packed = next(name for name in PACKED if name in names)
    column = np.ascontiguousarray(numbers[packed])
    bits = column.view(np.uint32)
    kept = bits[where] & np.uint32(0xFF000000)  # transparency, or nothing
    for place, shift in enumerate(SHIFTS):
        kept = kept | colours[where, place].astype(np.uint32) << np.uint32(shift)
    bits[where] = kept
    numbers[packed] = column


def tint_of(chart: Chart, colours: Colours) -> Colours:
    """Return how a coloured cloud looks on its chart, (H, W, 3) uint8; black beside the part."""
    light = chart.averaged(decode(colours))
    levels = encode_levels(np.nan_to_num(light), "srgb")
    return np.asarray(quantise(levels, np.dtype(np.uint8)), dtype=np.uint8)


def retinted(colours: Colours, step: Float32, chart: Chart | None = None) -> Colours:
    """Return colours of points that change as the light of their picture does, like `colours`.

    Parameters
    ----------
    colours : (H, W, 3) or (N, 3) uint8
    step : (H, W, C) float32, linear light, C in {1, 3}
        What defects add to the picture.
    chart : Chart, optional
        Of a plain cloud, whose picture is its map.
    """
    found = colours.copy()
    if chart is None:
        changed = (step != 0).any(axis=2)
        found[changed] = _lit(colours[changed], step[changed])
        return found
    touched: Float32 = (step != 0).any(axis=2).astype(np.float32)
    index = np.flatnonzero(chart.visible)
    rows, cols = chart.places[index].T
    near = interpolated(touched, rows, cols) > 0
    index, rows, cols = index[near], rows[near], cols[near]
    found[index] = _lit(colours[index], interpolated(step, rows, cols))
    return found


def _lit(colours: Colours, step: Float32) -> Colours:
    light = (decode(colours) + step).clip(0, 1).astype(np.float32)
    return np.asarray(quantise(encode_levels(light, "srgb"), np.dtype(np.uint8)), dtype=np.uint8)
