"""From an opened picture file to its pixels, whatever its mode and depth."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anomsynth.dataset.tiff import TiffPixels
from anomsynth.errors import InputError

ORIENTATION = 274  # EXIF tag
GREY_ALPHA = 4  # PNG colour type


def decode_pixels(
    image: Image.Image, content: bytes, path: Path, tiff: TiffPixels | None = None
) -> NDArray[np.generic]:
    """Return the pixels of an opened file, upright, (H, W) or (H, W, C) uint8 or uint16.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, not loaded.
    content : bytes
        The whole file: Pillow cuts 16-bit colour to 8 bits, OpenCV reads it from here.
    path : Path
        For messages.
    tiff : TiffPixels, optional
        What was read of a TIFF file.

    Raises
    ------
    InputError
        If the pixels are not 8-bit or 16-bit unsigned integers.
    """
    if tiff is not None:
        return _decode_tiff(tiff, image, content, path)
    bits = _bits(image, content)
    deep = bits == 16 and image.mode in {"RGB", "RGBA", "LA"}
    image.load()  # both decoders run on deep pictures: OpenCV does not notice cut-off files
    # Only now: asked for its metadata, Pillow loads a PNG and keeps damage in it to itself.
    orientation = orientation_of(image)
    pixels = _decode_deep(image, content, path) if deep else pillow_pixels(image, str(path), bits)
    return upright_pixels(pixels, orientation)


def _decode_tiff(
    found: TiffPixels, image: Image.Image, content: bytes, path: Path
) -> NDArray[np.generic]:
    if found.pixels is not None:
        return upright_pixels(found.pixels, found.orientation)
    if found.page:
        image.seek(found.page)
    image.load()  # turns it upright, as OpenCV does, which does not notice cut-off files
    if found.deep and image.mode in {"RGB", "RGBA", "LA"}:
        if found.page:
            msg = f"{path}: its picture is compressed and stands behind a smaller copy"
            raise InputError(msg, hint="save the picture alone")
        return _decode_deep(image, content, path)
    return pillow_pixels(image, str(path))


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation, 1..8, of a loaded file."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001, RUF100 - broken metadata does not break the photo
        return 1
    return value if value in range(1, 9) else 1


def _bits(image: Image.Image, content: bytes) -> int:
    if image.format == "PNG":
        return content[24]  # IHDR: width, height, bit depth
    return 8


def _decode_deep(image: Image.Image, content: bytes, path: Path) -> NDArray[np.generic]:
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.ndim != 3:
        msg = f"{path}: 16-bit colour of a kind that is not supported"
        raise InputError(msg, hint="save it as an ordinary 16-bit PNG")
    if decoded.shape[2] == 3:
        return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    if image.format == "PNG" and content[25] == GREY_ALPHA:
        return np.ascontiguousarray(decoded[..., [0, 3]])
    return cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA)


def pillow_pixels(
    image: Image.Image, name: str = "the picture", bits: int = 8
) -> NDArray[np.generic]:
    """Return the pixels as Pillow has them, (H, W) or (H, W, C) uint8 or uint16.

    Parameters
    ----------
    image : PIL.Image.Image
    name : str
        Begins the message of an error.
    bits : int
        Of a grey sample in its file.

    Raises
    ------
    InputError
        If they are floats or 32-bit integers.
    """
    clear = image.info.get("transparency")
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint16)  # some files are big-endian
        return _with_clear(grey, clear) if isinstance(clear, int) else grey
    if image.mode in {"1", "L"} and isinstance(clear, int):
        # The file names the level in its own bits, of which Pillow has made eight.
        top = (1 << min(bits, 8)) - 1
        return _with_clear(np.asarray(image.convert("L")), (clear & top) * (255 // top))
    if image.mode == "I" and image.format == "PNG":  # Pillow below 11.3 widens 16-bit grey
        return np.asarray(image).astype(np.uint16)
    if image.mode in {"F", "I"}:
        kind = "floating-point numbers" if image.mode == "F" else "32-bit or signed integers"
        msg = f"{name}: its pixels are {kind}"
        raise InputError(msg, hint="convert it to 8-bit or 16-bit unsigned integers")
    mode = _target_mode(image)
    return np.asarray(image if image.mode == mode else image.convert(mode))


def _with_clear(grey: NDArray[np.generic], clear: int) -> NDArray[np.generic]:
    """Return grey pixels with alpha, (H, W, 2): of one level nothing is to be seen."""
    alpha = np.where(grey == clear, 0, 255 if grey.dtype == np.uint8 else 65535)
    return np.dstack([grey, alpha.astype(grey.dtype)])


def _target_mode(image: Image.Image) -> str:
    if image.mode == "1":
        return "L"
    if image.mode in {"L", "LA"}:
        return "LA" if image.has_transparency_data else "L"
    return "RGBA" if image.has_transparency_data else "RGB"


def upright_pixels(pixels: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """Undo how the camera was held; EXIF 2.32, tag 0x0112."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
