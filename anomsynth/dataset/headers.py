"""What the header of a picture's file tells, without its pixels."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from anomsynth.core.plain_file import open_bytes
from anomsynth.dataset.decode import orientation_of
from anomsynth.dataset.paths import is_special

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "PPM")
LYING = range(5, 9)  # EXIF orientations of which rows become columns
ORIENTED = (b"eXIf", b"Raw profile type exif", b"tiff:Orientation")  # where a PNG may hold it

_lock = threading.Lock()


def is_turned(path: Path) -> bool:
    """Tell by its metadata alone whether a file's rows are not those that are meant to be seen."""
    return _orientation(path) != 1


def upright_size(path: Path) -> tuple[int, int] | None:
    """Return height and width as they are meant to be seen, None if the header tells nothing."""
    found = image_size(path)
    if found is None:
        return None
    return (found[1], found[0]) if _orientation(path) in LYING else (found[0], found[1])


def _orientation(path: Path) -> int:
    """Return what EXIF says, 1 if it cannot be read."""
    try:
        with warnings.catch_warnings(), without_pixel_limit(), open_bytes(path) as file:
            warnings.simplefilter("ignore")
            content = file.read() if path.suffix.lower() == ".png" else b""
            if content.startswith(b"\x89PNG") and not any(sign in content for sign in ORIENTED):
                return 1  # asked for its metadata, Pillow decodes a whole PNG
            file.seek(0)
            with Image.open(file, formats=FORMATS) as image:
                return orientation_of(image)
    except Exception:  # noqa: BLE001, RUF100 - decoders raise anything on damaged headers
        return 1


def image_size(path: Path) -> tuple[int, int, int] | None:
    """Return height, width and channels from the header alone, None if it tells nothing."""
    try:
        with warnings.catch_warnings(), without_pixel_limit():
            warnings.simplefilter("ignore")
            if is_special(path):
                return None
            with Image.open(path, formats=FORMATS) as image:
                return image.height, image.width, len(image.getbands())
    except Exception:  # noqa: BLE001, RUF100 - decoders raise anything on damaged headers
        return None


@contextmanager
def without_pixel_limit() -> Iterator[None]:
    """Lift Pillow's own limit (it warns at 89 and refuses at 179 Mpx) while a header is read."""
    with _lock:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit
