"""What a TIFF file holds: read right, or refused by the name of what it is."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray

from anomsynth.dataset.tiff_bands import RGB, chosen_bands, scaled, stated_highest
from anomsynth.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import tifffile

WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1  # photometric interpretations of TIFF 6.0
PALETTE, INKS, YCBCR = 3, 5, 6
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3  # sample formats
PREMULTIPLIED, ALPHA = 1, 2  # extra samples
UNCOMPRESSED = 1  # compression
SEPARATE = 2  # planar configuration: one plane after the other
ORIENTATION = 274
SIGNS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # first bytes, the last two of BigTIFF
_IMAGEJ_SLICES = re.compile(r"\AImageJ=[^\n]*\n(?:.*\n)*?images=(\d{1,9})$", re.MULTILINE)
HINT = "convert it to 8-bit or 16-bit unsigned integers, grey or RGB"
RANGE_HINT = (
    "say what is black and white: `value_range=(low, high)`, or of a depth map `depth_unit`"
)
BANDS_HINT = "choose one, or three as red, green and blue: `bands`"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a user says about TIFF files.

    Attributes
    ----------
    span : (float, float) or None
        What is black and white of floating-point, signed and 32-bit numbers.
    bands : tuple of str
        Numbers from 1 or names of the bands to look at, one or three; empty for all.
    """

    span: tuple[float, float] | None = None
    bands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class TiffPixels:
    """The one picture of a TIFF file.

    Attributes
    ----------
    page : int
        Its place in the file; smaller copies of it may stand before or after.
    deep : bool
        16 bits.
    orientation : int
        EXIF orientation, 1..8, that `pixels` still need.
    pixels : (H, W) or (H, W, C) uint8 or uint16, or None
        None where Pillow (16-bit colour: OpenCV) reads this kind right: palettes, inks, one bit,
        premultiplied alpha, pixels one by one in a compression of theirs.
    stated : int
        The highest value that its tags say is used, 0 if they say nothing.
    scaled : bool
        `pixels` are other numbers, spread over all 16 bits.
    """

    page: int
    deep: bool
    orientation: int
    pixels: NDArray[np.generic] | None
    stated: int = 0
    scaled: bool = False


def read_tiff(content: bytes, path: Path, reading: Reading | None = None) -> TiffPixels:
    """Read the picture of a TIFF file.

    Parameters
    ----------
    content : bytes
        The whole file.
    path : Path
        For messages.
    reading : Reading, optional
        What the user says about it; None where there is no way to say it.

    Raises
    ------
    InputError
        If it holds several pictures or slices; numbers that are no 8-bit or 16-bit unsigned
        integers, and no range is stated or they leave it; bands that are neither colour nor alpha,
        and none are chosen or they are not there; or 16-bit colours that are multiplied by their
        alpha.
    MissingExtraError
        If its compression needs the package imagecodecs.
    """
    import tifffile  # noqa: PLC0415 - a fifth of a second that other formats need not pay

    with tifffile.TiffFile(BytesIO(content)) as file:
        # By numbers: pages that follow each other in a circle would never end otherwise.
        found = (file.pages[number] for number in range(len(file.pages)))
        pages = [page if isinstance(page, tifffile.TiffPage) else page.aspage() for page in found]
        whole = _without_thumbnails(pages)
        if len(whole) != 1:
            msg = f"{path}: holds {len(whole)} pictures (several pages)"
            raise InputError(msg, hint="save each as a file of its own")
        page = pages[whole[0]]
        slices = _slices(page, len(content))
        if slices > 1:
            msg = f"{path}: a volume of {slices} slices"
            raise InputError(msg, hint="save each slice as a file of its own")
        _check_kind(page, path, reading)
        tag = page.tags.get(ORIENTATION)
        orientation = int(tag.value) if tag is not None and int(tag.value) in range(1, 9) else 1
        read = TiffPixels(
            whole[0], int(page.bitspersample) == 16, orientation, None, stated_highest(page)
        )
        if _is_for_others(page):
            return read
        _check_whole(page, len(content), path)
        pixels = _pixels(page, path, reading or Reading())
        return read if pixels is None else replace(read, pixels=pixels, scaled=_is_other(page))


def _slices(page: "tifffile.TiffPage", size: int) -> int:
    """Return how many pictures stand one behind the other in a single page."""
    if int(page.imagedepth) > 1:
        return int(page.imagedepth)
    # ImageJ describes long stacks by their first picture; one cut out of them may still say so.
    said = _IMAGEJ_SLICES.search(page.description or "")
    count = int(said[1]) if said else 1
    room = size - min(page.dataoffsets, default=size)
    return count if int(page.compression) == UNCOMPRESSED and room >= count * page.nbytes else 1


def _check_kind(page: "tifffile.TiffPage", path: Path, reading: Reading | None) -> None:
    """Raise InputError if the numbers or the bands of a picture are not supported."""
    said, other = reading or Reading(), _is_other(page)
    if other and said.span is None:
        _refuse_numbers(page, path, HINT if reading is None else RANGE_HINT)
    if not said.bands or _kind(page) > RGB:
        _check_bands(page, path, HINT if reading is None else BANDS_HINT)
    deep = int(page.bitspersample) == 16
    if _is_for_others(page) and (deep or other or said.bands):
        deeper = "16-bit " if deep else ""
        raise InputError(f"{path}: {deeper}TIFF of a kind that is not supported", hint=HINT)


def _is_for_others(page: "tifffile.TiffPage") -> bool:
    """Whether Pillow reads this kind right: palettes, inks, few bits, premultiplied alpha."""
    few = int(page.bitspersample) in {1, 2, 4}
    return _kind(page) > RGB or few or PREMULTIPLIED in [int(one) for one in page.extrasamples]


def _kind(page: "tifffile.TiffPage") -> int:
    return BLACK_IS_ZERO if page.photometric is None else int(page.photometric)


def _pixels(page: "tifffile.TiffPage", path: Path, said: Reading) -> NDArray[np.generic] | None:
    """Return a page's pixels, None where Pillow knows its compression."""
    import tifffile  # noqa: PLC0415 - see read_tiff

    other = _is_other(page)
    try:
        pixels = page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        plain = int(page.planarconfig) != SEPARATE and _kind(page) != WHITE_IS_ZERO
        if plain and not (other or said.bands):
            return None
        scheme = tifffile.COMPRESSION(page.compression).name
        msg = f"{path}: its compression ({scheme}) needs the package imagecodecs"
        hint = 'pip install "anomsynth[tiff]", or save it without compression'
        raise MissingExtraError(msg, hint=hint) from error
    if int(page.planarconfig) == SEPARATE and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, 2)
    alpha = bool(page.extrasamples)
    if said.bands:
        places = chosen_bands(page, said.bands, path)
        one = places[0] if len(places) == 1 else places
        pixels, alpha = pixels if pixels.ndim == 2 else pixels[..., one], False
    if other and said.span is not None:
        pixels = scaled(pixels, said.span, path)
    if _kind(page) == WHITE_IS_ZERO:
        pixels[..., : 1 if alpha else None] = ~pixels[..., : 1 if alpha else None]
    return np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("="))


def _without_thumbnails(pages: "Sequence[tifffile.TiffPage]") -> list[int]:
    """Return the places of the pages that are no smaller copies of another one.

    A copy says so itself, or has at most half of the other's height and width and its shape.
    """
    whole = [index for index, page in enumerate(pages) if not page.is_reduced]
    largest = max(whole, key=lambda index: pages[index].imagelength, default=0)
    high, wide = pages[largest].imagelength, pages[largest].imagewidth
    copies = {
        index
        for index in whole
        if 2 * pages[index].imagelength <= high
        and 2 * pages[index].imagewidth <= wide
        and abs(pages[index].imagelength * wide - pages[index].imagewidth * high)
        <= max(high, wide)  # as if rounded to whole pixels
    }
    return [index for index in whole if index not in copies]


def _check_whole(page: "tifffile.TiffPage", size: int, path: Path) -> None:
    """Raise InputError if pixels are missing: tifffile reads zeros for them."""
    places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    whole = all(start > 0 and count > 0 and start + count <= size for start, count in places)
    there = sum(page.databytecounts)
    wanted = page.nbytes if int(page.compression) == UNCOMPRESSED else 1
    if not whole or len(places) != math.prod(page.chunked) or there < wanted:
        msg = f"{path}: damaged or cut off: some of its pixels are missing"
        raise InputError(msg, hint="replace the file or remove it from the input")


def _is_other(page: "tifffile.TiffPage") -> bool:
    """Whether its numbers are no unsigned integers of up to 16 bits."""
    return int(page.sampleformat) != UNSIGNED or int(page.bitspersample) not in {1, 2, 4, 8, 16}


def _refuse_numbers(page: "tifffile.TiffPage", path: Path, hint: str) -> NoReturn:
    sample_format, bits = int(page.sampleformat), int(page.bitspersample)
    if sample_format == FLOAT:
        raise InputError(f"{path}: its pixels are floating-point numbers", hint=hint)
    if sample_format == SIGNED:
        raise InputError(f"{path}: its pixels are {bits}-bit signed integers", hint=hint)
    if sample_format != UNSIGNED or bits > 16:
        raise InputError(f"{path}: its pixels are {bits}-bit or signed integers", hint=hint)
    raise InputError(f"{path}: its pixels are packed into {bits} bits", hint=hint)


def _check_bands(page: "tifffile.TiffPage", path: Path, hint: str) -> None:
    kind = _kind(page)
    samples, extra = int(page.samplesperpixel), [int(one) for one in page.extrasamples]
    if kind not in COLOURS:
        msg = f"{path}: TIFF of colours that are not supported (photometric interpretation {kind})"
        raise InputError(msg, hint=HINT)
    more = samples - COLOURS[kind]
    # One band more of which nothing is said is alpha: OpenCV writes it so.
    if more == 0 or (more == 1 and not extra):
        return
    if more > 1 or extra[0] not in {PREMULTIPLIED, ALPHA}:
        are = "is" if more == 1 else "are"
        msg = f"{path}: {samples} bands, of which {more} {are} neither colour nor alpha"
        raise InputError(msg, hint=hint)
