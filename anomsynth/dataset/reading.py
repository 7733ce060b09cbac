"""How the numbers in photos' files are meant, where the files do not tell."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.depth import Depth, Levels, depth_of
from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.plain_file import open_bytes
from anomsynth.dataset.images import load_photo, read_photo
from anomsynth.dataset.tiff import Reading
from anomsynth.dataset.tiff_bands import scaled
from anomsynth.errors import InputError, UserError

PNG_DEPTH = slice(24, 25)  # IHDR: width, height, bit depth
ARRAY = Path("image")  # what messages call it
DEEP = frozenset({".png", ".tif", ".tiff", ".pgm", ".ppm", ".pnm"})  # may hold 16 bits


@dataclass(frozen=True, slots=True)
class PhotoReader:
    """Reads photos of one camera.

    Attributes
    ----------
    reading : Reading or None
        What the user says.
    depth : Depth or None
        Of the camera, where it uses less than the 16 bits of the files.
    """

    reading: Reading | None = None
    depth: Depth | None = None

    def __call__(self, path: Path) -> Photo:
        """Read a photo, spread over the full range; InputError as `read_photo` and `spread`."""
        return spread(read_photo(path, self.reading), self.depth, path)


def make_reading(
    value_range: Sequence[float] | None = None, bands: str | int | Iterable[str | int] | None = None
) -> Reading:
    """Return what a user says about files.

    Parameters
    ----------
    value_range : (float, float), optional
        What is black and white of floating-point, signed and 32-bit numbers.
    bands : names or numbers from 1, optional
        The one that is the grey picture, or the three that are red, green and blue.

    Raises
    ------
    UserError
        If the range is empty or not finite, or neither one band nor three are named.
    """
    span = None
    if value_range is not None:
        try:
            low, high = (float(end) for end in value_range)
        except (TypeError, ValueError) as error:
            msg = f"`value_range`: expected (low, high), got {value_range!r}"
            raise UserError(msg, hint="for example `value_range=(0, 1)`") from error
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            msg = f"`value_range`: expected a low number and a higher one, got {low:g}:{high:g}"
            raise UserError(msg, hint="for example `value_range=(0, 1)`")
        span = low, high
    names = () if bands is None else (bands,) if isinstance(bands, str | int) else tuple(bands)
    if bands is not None and len(names) not in {1, 3}:
        msg = f"`bands`: expected one band or three, got {len(names)}"
        raise UserError(msg, hint="one is a grey picture, three are red, green and blue")
    return Reading(span, tuple(str(name) for name in names))


def read_array(array: NDArray[np.generic], reading: Reading) -> Photo:
    """Return what an array holds, by what the user says about its numbers and bands.

    Parameters
    ----------
    array : (H, W) or (H, W, C) of any C
        Numbers other than unsigned ones of 8 or 16 bits are scaled by the range.
    reading : Reading
        Its bands are numbers from 1: an array has no names for them.

    Raises
    ------
    InputError
        If there is no such band, or a number is NaN or outside of the range; as `as_photo`.
    """
    if reading.bands and array.ndim in {2, 3}:
        planes = array if array.ndim == 3 else array[..., None]
        places = [_place(name, planes.shape[2]) for name in reading.bands]
        array = planes[..., places[0] if len(places) == 1 else places]
    if reading.span is None or array.dtype in (np.uint8, np.uint16) or not array.size:
        return as_photo(array)
    if array.dtype.kind not in "iuf":
        return as_photo(array)  # no numbers: it says what to do
    return replace(as_photo(scaled(array, reading.span, ARRAY)), depth=Depth())


def _place(band: str, count: int) -> int:
    if band.strip().isdecimal() and 1 <= int(band) <= count:
        return int(band) - 1
    hint = f"its bands are {', '.join(map(str, range(1, count + 1)))}"
    raise InputError(f"{ARRAY}: no band {band!r}", hint=hint)


def spread(photo: Photo, depth: Depth | None, path: Path) -> Photo:
    """Return a 16-bit photo spread over the full range; other photos as they are.

    Raises
    ------
    InputError
        If a pixel is brighter than the depth can tell; the message names `path`.
    """
    if photo.depth is not None:  # its numbers were scaled already
        return replace(photo, depth=None) if photo.depth.is_full else photo
    if depth is None or depth.is_full or photo.pixels.dtype != np.uint16:
        return photo
    try:
        return replace(photo, pixels=depth.widen(photo.pixels), depth=depth)
    except InputError as error:
        raise InputError(f"{path}: {error}", hint=error.hint) from error


def find_depth(
    paths: Iterable[Path], bits: int | None = None, reading: Reading | None = None
) -> Depth | None:
    """Return the depth of a camera's photos, None where it is that of the files.

    Parameters
    ----------
    paths : all of its photos
    bits : int or None
        What the user says; None believes the photos.
    reading : Reading or None
    """
    if bits == Depth().bits:
        return None
    deep = [path for path in paths if may_be_deep(path)]
    return settle_depth([used_levels(path, reading) for path in deep], bits)


def settle_depth(used: Iterable[Levels], bits: int | None = None) -> Depth | None:
    """Return the depth by `used_levels` of all photos of a camera, unless the user says `bits`."""
    levels = sum(used, Levels())
    found = depth_of(levels)
    if bits is not None and found.bits != bits:
        fits = levels.are_stray(levels.bright) and levels.body <= Depth(bits).top
        found = Depth(bits, clipped=levels.bright if fits else 0)
    return None if found.is_full else found


def used_levels(path: Path, reading: Reading | None = None) -> Levels:
    """Return what a photo's 16-bit pixels hold, nothing of other photos.

    A TIFF file may say itself that higher values could have been.
    """
    try:
        loaded = load_photo(path, reading)
    except InputError:  # the run says so when it comes to it
        return Levels()
    return _levels(loaded.photo, loaded.stated)


def depth_of_photo(photo: Photo, bits: int | None = None, stated: int = 0) -> Depth | None:
    """Return the depth of a camera by one photo of it, see `find_depth`.

    Parameters
    ----------
    photo : Photo
    bits : int or None
    stated : int
        The highest value there could have been, if its file says so.
    """
    known = photo.depth is not None or photo.floats is not None
    if bits == Depth().bits or photo.pixels.dtype != np.uint16 or known:
        return None
    return settle_depth([_levels(photo, stated)], bits)


def _levels(photo: Photo, stated: int) -> Levels:
    if photo.pixels.dtype != np.uint16 or photo.depth is not None:
        return Levels()
    return Levels.of(photo.pixels, stated)


def may_be_deep(path: Path) -> bool:
    """Tell by name and first bytes whether a file may hold 16 bits a sample."""
    suffix = path.suffix.lower()
    if suffix != ".png":
        return suffix in DEEP
    try:
        with open_bytes(path) as file:
            return file.read(PNG_DEPTH.stop)[PNG_DEPTH] == b"\x10"
    except OSError:  # the run says so when it comes to it
        return False
