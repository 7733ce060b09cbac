"""Bands of a TIFF file by number or name, and floating-point levels between black and white."""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError

if TYPE_CHECKING:
    import tifffile

RGB = 2  # photometric interpretation of TIFF 6.0
GDAL_METADATA = 42112  # XML of those who write pictures of satellites and drones
MAX_SAMPLE, SMAX_SAMPLE = 281, 341  # tags of TIFF 6.0: the highest value that is used
COLOUR_NAMES = ("red", "green", "blue")
WHITE = 65535
_GDAL_NAME = re.compile(r'<Item name="DESCRIPTION" sample="(\d+)"[^>]*>([^<]*)</Item>')
_OME_NAME = re.compile(r'<Channel\b[^>]*?\bName="([^"]*)"')
_OME_BITS = re.compile(r'<Pixels\b[^>]*?\bSignificantBits="(\d+)"')


def chosen_bands(page: "tifffile.TiffPage", wanted: Sequence[str], path: Path) -> list[int]:
    """Return the places of bands, from 0.

    Parameters
    ----------
    page : tifffile.TiffPage
    wanted : of str
        Numbers from 1, or names: those the file gives its bands, and red, green and blue of a
        colour picture.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If there is no such band.
    """
    count = int(page.samplesperpixel)
    names = band_names(page)
    places = {**{name.lower(): place for place, name in names.items()}}
    found = []
    for name in wanted:
        place = places.get(name.strip().lower())
        if place is None and name.strip().isdecimal():
            place = int(name) - 1
        if place is None or not 0 <= place < count:
            known = ", ".join(
                f"{place + 1} ({names[place]})" if place in names else str(place + 1)
                for place in range(count)
            )
            raise InputError(f"{path}: no band {name!r}", hint=f"its bands are {known}")
        found.append(place)
    return found


def band_names(page: "tifffile.TiffPage") -> dict[int, str]:
    """Return what the file calls its bands, by their places from 0."""
    names = dict(enumerate(COLOUR_NAMES)) if page.photometric == RGB else {}
    text = page.description or ""
    if "<OME" in text:
        names |= dict(enumerate(map(html.unescape, _OME_NAME.findall(text))))
    tag = page.tags.get(GDAL_METADATA)
    if tag is not None:
        found = _GDAL_NAME.findall(str(tag.value))
        names |= {int(place): html.unescape(name) for place, name in found}
    return {place: name for place, name in names.items() if name.strip()}


def stated_highest(page: "tifffile.TiffPage") -> int:
    """Return the highest value that a 16-bit file says it uses, 0 if it says nothing of use.

    Many programs write that all 16 bits are used without having looked, so that is no statement.
    """
    if int(page.bitspersample) != 16:
        return 0
    stated = []
    for code in (MAX_SAMPLE, SMAX_SAMPLE):
        tag = page.tags.get(code)
        values = () if tag is None else tag.value if isinstance(tag.value, tuple) else (tag.value,)
        stated += [int(value) for value in values if isinstance(value, int | float)]
    bits = _OME_BITS.search(page.description or "")
    if bits is not None and 8 <= int(bits[1]) < 16:
        stated.append((1 << int(bits[1])) - 1)
    highest = max(stated, default=0)
    return highest if 0xFF < highest < WHITE else 0


def scaled(
    numbers: NDArray[np.generic], span: tuple[float, float], path: Path
) -> NDArray[np.uint16]:
    """Return numbers of any type as 16-bit levels: 0 at the low end of a range, 65535 at the high.

    Raises
    ------
    InputError
        If one is NaN or lies outside.
    """
    low, high = span
    least, most = float(numbers.min()), float(numbers.max())
    if np.isnan(least):
        raise InputError(f"{path}: holds NaN", hint="replace the values that are missing")
    if least < low or most > high:
        msg = f"{path}: holds values from {least:g} to {most:g}, outside of {low:g}:{high:g}"
        raise InputError(msg, hint="give a wider `value_range`")
    share = (numbers.astype(np.float64) - low) / (high - low)
    return np.rint(share * WHITE).astype(np.uint16)
