"""TIFF files of numbers: xyz pictures of three bands, depth maps of one."""

import math
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from anomsynth.errors import InputError, MissingExtraError
from anomsynth.relief.scan import Form

if TYPE_CHECKING:
    import tifffile

SIGNS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # first bytes, the last two of BigTIFF
SEPARATE = 2  # planar configuration: one plane after the other
UNCOMPRESSED = 1
DIFFERENCES = 2  # predictor of integers
RGB = 2  # photometric interpretation
COORDINATES = 3
MANY = 8  # pages that are pictures rather than bands of one
DESCRIPTION = 270


def read_numbers(content: bytes, path: Path) -> tuple[NDArray[np.generic], dict[str, object]]:
    """Return the numbers of a TIFF file, (H, W) or (H, W, C), and how they are stored.

    Raises
    ------
    InputError
        If the file is damaged or holds several pictures.
    MissingExtraError
        If it is compressed in a way that needs imagecodecs.
    """
    import tifffile  # noqa: PLC0415 - a fifth of a second, and few scans are TIFF

    try:
        with tifffile.TiffFile(BytesIO(content)) as file:
            pages, apart = _pages(file, len(content), path)
            numbers = np.stack([page.asarray() for page in pages])
            details = _details(pages[0], file.byteorder, is_big=file.is_bigtiff)
            details["pages"] = apart
    except InputError:
        raise
    except Exception as error:  # tifffile lets through whatever a damaged tag leads to
        if "imagecodecs" in str(error):
            msg = f"{path}: its compression needs the package imagecodecs"
            hint = 'pip install "anomsynth[tiff]", or save it without compression'
            raise MissingExtraError(msg, hint=hint) from error
        raise InputError(f"{path}: damaged TIFF", hint="replace the file or remove it") from error
    if apart is None:
        numbers = numbers[0]
    if apart == "planes" or (details["planarconfig"] == SEPARATE and numbers.ndim == 3):
        numbers = np.moveaxis(numbers, 0, 2)
    return np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("=")), details


def encode_numbers(numbers: NDArray[np.generic], form: Form) -> bytes:
    """Return a TIFF file of numbers, stored as in the file that `form` was read from.

    A compression that only imagecodecs writes becomes deflate: as exact, and read everywhere.
    """
    import tifffile  # noqa: PLC0415 - see read_numbers

    said: dict[str, Any] = dict(form.details)
    bigtiff, byteorder = said.pop("bigtiff"), said.pop("byteorder")
    separate = said.pop("planarconfig") == SEPARATE
    apart = said.pop("pages")
    pages = [numbers]
    if apart is not None:
        pages = list(np.moveaxis(numbers, 2, 0) if apart == "planes" else numbers)
    elif numbers.ndim == 3:
        pages = [np.moveaxis(numbers, 2, 0) if separate else numbers]
        said["planarconfig"] = "separate" if separate else "contig"
    target = BytesIO()
    with tifffile.TiffWriter(target, bigtiff=bigtiff, byteorder=byteorder) as writer:
        for page in pages:
            writer.write(np.ascontiguousarray(page), metadata=None, **said)
    return target.getvalue()


def _pages(
    file: "tifffile.TiffFile", size: int, path: Path
) -> tuple[list["tifffile.TiffPage"], str | None]:
    """Return the pages of the one picture in a file, and what they are if they are several."""
    # By numbers: pages that follow each other in a circle would never end otherwise.
    pages = [file.pages[number].aspage() for number in range(len(file.pages))]
    apart = _stacked([page.shape for page in pages])
    if len(pages) != 1 and apart is None:
        kinds = {(page.shape, page.dtype) for page in pages}
        numbers = all(dtype is not None and dtype.kind == "f" for _, dtype in kinds)
        if numbers and len(kinds) == 1 and len(pages) < MANY:
            msg = f"{path}: {len(pages)} bands (pages), where a scan has three (x, y, z) or one"
            raise InputError(msg, hint="save x, y and z as the three bands of a float TIFF")
        msg = f"{path}: holds {len(pages)} pictures (several pages)"
        raise InputError(msg, hint="save each as a file of its own")
    for page in pages:
        _check_whole(page, size, path)
    return pages, apart


def _stacked(shapes: list[tuple[int, ...]]) -> str | None:
    """Return what the pages of a file are: planes or rows of one picture, or None.

    Rows are what tifffile makes of (H, W, 3) floats unless it is told how to store them.
    """
    if len(set(shapes)) != 1 or len(shapes[0]) != 2:
        return None
    if len(shapes) == COORDINATES:
        return "planes"
    return "rows" if shapes[0][1] == COORDINATES and len(shapes) > 1 else None


def _details(page: "tifffile.TiffPage", byteorder: str, *, is_big: bool) -> dict[str, object]:
    packed = int(page.compression) != UNCOMPRESSED
    # That of floating-point numbers needs imagecodecs to be written.
    differences = packed and int(page.predictor) == DIFFERENCES
    description = page.tags.get(DESCRIPTION)
    return {
        "byteorder": byteorder,
        "bigtiff": is_big,
        "planarconfig": int(page.planarconfig),
        "photometric": RGB if page.photometric == RGB else 1,
        "compression": "zlib" if packed else None,
        "predictor": DIFFERENCES if differences else None,
        "tile": (page.tilelength, page.tilewidth) if page.is_tiled else None,
        "description": None if description is None else str(description.value).encode(),
        "software": False,
    }


def _check_whole(page: "tifffile.TiffPage", size: int, path: Path) -> None:
    """Raise InputError if numbers are missing: tifffile reads zeros for them."""
    places = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    whole = all(start > 0 and start + count <= size for start, count in places)
    wanted = page.nbytes if int(page.compression) == UNCOMPRESSED else 1
    missing = len(places) != math.prod(page.chunked) or sum(page.databytecounts) < wanted
    if not whole or missing:
        msg = f"{path}: damaged or cut off: some of its numbers are missing"
        raise InputError(msg, hint="replace the file or remove it from the input")
