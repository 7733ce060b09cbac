"""What a TIFF file holds: read right, or refused by the name of what it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import tifffile

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2  # photometric interpretations of TIFF 6.0
PALETTE, INKS, YCBCR = 3, 5, 6
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, INKS: 4, YCBCR: 3}
UNSIGNED, SIGNED, FLOAT = 1, 2, 3  # sample formats
PREMULTIPLIED, ALPHA = 1, 2  # extra samples
UNCOMPRESSED = 1  # compression
SEPARATE = 2  # planar configuration: one plane after the other
ORIENTATION = 274
HINT = "convert it to 8-bit or 16-bit unsigned integers, grey or RGB"


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
    """

    page: int
    deep: bool
    orientation: int
    pixels: NDArray[np.generic] | None


def read_tiff(content: bytes, path: Path) -> TiffPixels:
    """Read the picture of a TIFF file.

    Parameters
    ----------
    content : bytes
        The whole file.
    path : Path
        For messages.

    Raises
    ------
    InputError
        If it holds several pictures, numbers that are no 8-bit or 16-bit unsigned integers, bands
        that are neither colour nor alpha, or 16-bit colours that are multiplied by their alpha.
    MissingExtraError
        If its compression needs the package imagecodecs.
    """
    import tifffile  # noqa: PLC0415 - a fifth of a second that other formats need not pay

    with tifffile.TiffFile(BytesIO(content)) as file:
        pages = [
            page if isinstance(page, tifffile.TiffPage) else page.aspage() for page in file.pages
        ]
        whole = _without_thumbnails(pages)
        if len(whole) != 1:
            msg = f"{path}: holds {len(whole)} pictures (several pages)"
            raise InputError(msg, hint="save each as a file of its own")
        page = pages[whole[0]]
        _check_numbers(int(page.sampleformat), int(page.bitspersample), path)
        kind = BLACK_IS_ZERO if page.photometric is None else int(page.photometric)
        extra = [int(one) for one in page.extrasamples]
        _check_bands(kind, int(page.samplesperpixel), extra, path)
        tag = page.tags.get(ORIENTATION)
        orientation = int(tag.value) if tag is not None and int(tag.value) in range(1, 9) else 1
        deep = int(page.bitspersample) == 16
        if kind > RGB or int(page.bitspersample) not in {8, 16} or (PREMULTIPLIED in extra):
            if deep:
                raise InputError(f"{path}: 16-bit TIFF of a kind that is not supported", hint=HINT)
            return TiffPixels(whole[0], deep, orientation, None)
        _check_whole(page, len(content), path)
        try:
            pixels = page.asarray()
        except ValueError as error:
            if "imagecodecs" not in str(error):
                raise
            if int(page.planarconfig) != SEPARATE and kind != WHITE_IS_ZERO:
                return TiffPixels(whole[0], deep, orientation, None)
            scheme = tifffile.COMPRESSION(page.compression).name
            msg = f"{path}: its compression ({scheme}) needs the package imagecodecs"
            hint = 'pip install "anomsynth[tiff]", or save it without compression'
            raise MissingExtraError(msg, hint=hint) from error
        if int(page.planarconfig) == SEPARATE and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, 2)
        if kind == WHITE_IS_ZERO:
            pixels[..., : 1 if extra else None] = ~pixels[..., : 1 if extra else None]
        native = pixels.dtype.newbyteorder("=")
        return TiffPixels(whole[0], deep, orientation, np.ascontiguousarray(pixels, dtype=native))


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


def _check_numbers(sample_format: int, bits: int, path: Path) -> None:
    if sample_format == FLOAT:
        raise InputError(f"{path}: its pixels are floating-point numbers", hint=HINT)
    if sample_format == SIGNED:
        raise InputError(f"{path}: its pixels are {bits}-bit signed integers", hint=HINT)
    if sample_format != UNSIGNED or bits > 16:
        raise InputError(f"{path}: its pixels are {bits}-bit or signed integers", hint=HINT)
    if bits not in {1, 2, 4, 8, 16}:
        raise InputError(f"{path}: its pixels are packed into {bits} bits", hint=HINT)


def _check_bands(kind: int, samples: int, extra: list[int], path: Path) -> None:
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
        raise InputError(msg, hint="save the bands to look at as grey or RGB")
