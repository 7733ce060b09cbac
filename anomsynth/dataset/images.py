"""Photos and masks on disk: what cameras and scanners write comes in, lossless PNG goes out."""

import errno
import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from anomsynth.core.depth import Depth
from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.pixels import over_channels
from anomsynth.core.png import unpacked_png
from anomsynth.core.types import Jpeg, Mask
from anomsynth.dataset.compression import encoded_png
from anomsynth.dataset.decode import decode_pixels, orientation_of, pillow_pixels, upright_pixels
from anomsynth.dataset.files import write_bytes
from anomsynth.dataset.headers import FORMATS, without_pixel_limit
from anomsynth.dataset.paths import is_special
from anomsynth.dataset.pnm import read_pnm
from anomsynth.dataset.tiff import SIGNS, Reading, read_tiff
from anomsynth.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from anomsynth.dataset.scans import LoadedScan

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".tif", ".tiff", ".bmp", ".webp"}
    | {".pgm", ".ppm", ".pnm", ".pbm", ".heic", ".heif"}
)
HEIC = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"})  # brands
MOST_PIXELS = 400_000_000  # 1.2 GB as 8-bit RGB; more is a mistake or a decompression bomb
PLAIN_MODES = ("L", "RGB")


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPhoto:
    """A photo and the file it came from.

    Attributes
    ----------
    path : Path
    photo : Photo
    plain : bool
        The file may stand in a dataset as it is: an 8-bit grey or RGB PNG without transparency or
        orientation, in which every loader sees what we see.
    file_sha256 : str
        Of the file's bytes.
    plain_jpeg : bool
        The same of a JPEG, for datasets whose loaders take them.
    whole : (int, int) or None
        Height and width of the file's picture, if the photo was made smaller.
    stated : int
        The highest 16-bit value that the file says is used, 0 if it says nothing.
    scan : LoadedScan or None
        The depth map or point cloud that goes with it.
    views : dict of view name -> LoadedPhoto
        The other photos of its part, where it has several.
    """

    path: Path
    photo: Photo
    plain: bool
    file_sha256: str
    plain_jpeg: bool = False
    whole: tuple[int, int] | None = None
    stated: int = 0
    scan: "LoadedScan | None" = None
    views: "Mapping[str, LoadedPhoto]" = field(default_factory=dict)


def read_photo(path: Path, reading: Reading | None = None) -> Photo:
    """Read a photo with all its bits.

    PNG, JPEG, TIFF, BMP, WebP and PNM; grey or colour, 8 or 16 bits, with or without alpha;
    palettes become colour, one bit becomes 0 and 255, CMYK becomes RGB, and the camera's EXIF
    orientation is applied. Quantisation tables of a JPEG are in the order of rows and columns; a
    photo that was rotated has none, because its 8x8 grid is not where it was.

    Parameters
    ----------
    path : Path
    reading : Reading, optional
        What the user says of TIFF files of other numbers or of many bands. Numbers that it scales
        have the depth of all 16 bits.

    Raises
    ------
    InputError
        If the file is missing, unreadable, empty, damaged, too large, holds several pictures
        or pixels that are not 8-bit or 16-bit integers.
    """
    return load_photo(path, reading).photo


def from_pillow(image: Image.Image) -> Photo:
    """Return a picture that Pillow holds as a photo.

    Its pixels are taken as they are: an EXIF orientation is not applied (`PIL.ImageOps` has
    ``exif_transpose``), and of 16-bit colour Pillow keeps 8 bits. Of an opened JPEG file the
    quantisation tables are known, too.

    Raises
    ------
    InputError
        If its file is damaged, or its pixels are not 8-bit or 16-bit integers.
    """
    tables, bits = _tables(image), _grey_bits(image)
    try:
        pixels = pillow_pixels(image, bits=bits)
    except InputError:
        raise
    except Exception as error:  # decoders raise anything, at the first look at the pixels
        msg = f"{image!r}: damaged or cut off: {error}"
        raise InputError(msg, hint="replace the file or remove it from the input") from error
    return replace(as_photo(pixels), jpeg=tables)


def load_photo(path: Path, reading: Reading | None = None) -> LoadedPhoto:
    """Read a photo and tell whether its file may stand in a dataset as it is.

    Raises
    ------
    InputError
        As `read_photo`.
    """
    content = _content(path)
    if content[:4] in SIGNS and reading is not None and (reading.bands or reading.span):
        found = _other_tiff(content, path, reading)
        if found is not None:
            return found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about damage it can live with
            with _opened(content, path) as image:
                _check_header(image, path)
                if image.format == "PPM":
                    return _loaded_pnm(content, path)
                if image.format != "PNG":
                    return _loaded(image, content, path, reading)
            with _opened(unpacked_png(content), path) as image:
                return _loaded(image, content, path, reading)
    except (InputError, MissingExtraError):
        raise
    except UnidentifiedImageError as error:
        raise _unidentified(path, content, reading) from error
    except Exception as error:
        # Decoders raise whatever they stumble over: OSError, SyntaxError, struct.error, ...
        msg = f"{path}: damaged or cut off: {error}"
        raise InputError(msg, hint="replace the file or remove it from the input") from error


def read_mask(path: Path, shape: tuple[int, int]) -> Mask:
    """Read a mask, (H, W) bool, True where any colour channel is above 0.

    Raises
    ------
    InputError
        If it cannot be read or is not of `shape`.
    """
    return np.greater(_marks(path, shape), 0)


def read_binary_mask(path: Path, shape: tuple[int, int]) -> Mask:
    """Read a mask that knows good and defect only, (H, W) bool.

    Raises
    ------
    InputError
        If it cannot be read, is not of `shape`, or holds other values than 0 and one more.
    """
    marks = _marks(path, shape)
    top = int(marks.max())
    if top and not np.all((marks == 0) | (marks == top)):
        count = np.unique(marks).size
        msg = f"{path}: not a binary mask, it holds {count} values"
        raise InputError(msg, hint="save it as PNG with 0 and 255 only")
    return np.greater(marks, 0)


def _marks(path: Path, shape: tuple[int, int]) -> NDArray[np.generic]:
    """Read a mask's picture, (H, W): of each pixel the largest channel."""
    marks = over_channels(np.maximum, read_photo(path).pixels)
    if marks.shape != shape:
        height, width = marks.shape
        msg = f"{path}: mask of {width} x {height} pixels for a picture of {shape[1]} x {shape[0]}"
        raise InputError(msg, hint="masks need the size of their picture")
    return marks


def upright(path: Path) -> NDArray[np.generic]:
    """Read a picture as it is meant to be seen, in the shape of its file, alpha included.

    Raises
    ------
    InputError
        As `read_photo`.
    """
    photo = read_photo(path)
    if photo.alpha is None:
        return photo.pixels[..., 0] if photo.flat else photo.pixels
    planes = np.concatenate([photo.pixels, photo.alpha[..., None]], axis=2)
    return planes[..., [0, 0, 0, 1]] if planes.shape[2] == 2 else planes  # OpenCV: no grey alpha


def upright_png(path: Path) -> bytes:
    """Return a picture as it is meant to be seen, as PNG; raise InputError as `read_photo`."""
    return encoded_png(upright(path))


def write_picture(path: Path, array: NDArray[np.generic], scratch: Path) -> None:
    """Write a picture as its name's ending says: PNG is lossless, JPEG and WebP nearly.

    Parameters, errors
        As `write_png`.
    """
    if path.suffix.lower() == ".png":
        write_png(path, array, scratch)
        return
    write_bytes(path, _encoded(path, array, [cv2.IMWRITE_JPEG_QUALITY, 100]), scratch)


def write_png(path: Path, array: NDArray[np.generic], scratch: Path) -> None:
    """Write a lossless PNG, whole or not at all; `png_effort` says how small.

    Parameters
    ----------
    path : Path
    array : (H, W) or (H, W, C) uint8 or uint16
        C = 1 grey, 3 RGB, 4 RGBA.
    scratch : Path
        Folder for the temporary file, on the same file system.

    Raises
    ------
    OutputError
        If the disk is full, read-only or forbids it.
    """
    write_bytes(path, encoded_png(array), scratch)


def _encoded(path: Path, array: NDArray[np.generic], options: Sequence[int]) -> bytes:
    """Return a picture's file as the ending of `path` says."""
    planes = array
    if array.ndim == 3 and array.shape[2] == 3:
        planes = cv2.cvtColor(array, cv2.COLOR_RGB2BGR)  # type: ignore[arg-type]  # 8 or 16 bits
    elif array.ndim == 3 and array.shape[2] == 4:
        planes = cv2.cvtColor(array, cv2.COLOR_RGBA2BGRA)  # type: ignore[arg-type]  # as above
    done, encoded = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(planes), options)
    if not done:
        msg = f"{path}: a picture of {array.dtype} {array.shape} is not possible in this format"
        raise ValueError(msg)
    return encoded.tobytes()


def _opened(content: bytes, path: Path) -> Image.Image:
    with without_pixel_limit():  # only the header is read
        return Image.open(BytesIO(content), formats=(*FORMATS, *_heif(content, path)))


def _other_tiff(content: bytes, path: Path, reading: Reading) -> LoadedPhoto | None:
    """Return a TIFF photo that Pillow may not know; None if it has to read its pixels."""
    try:
        found = read_tiff(content, path, reading)
    except (InputError, MissingExtraError):
        raise
    except Exception as error:  # decoders raise whatever they stumble over
        msg = f"{path}: damaged or cut off: {error}"
        raise InputError(msg, hint="replace the file or remove it from the input") from error
    if found.pixels is None:
        return None
    photo = as_photo(upright_pixels(found.pixels, found.orientation))
    if found.scaled:
        photo = replace(photo, depth=Depth())
    digest = hashlib.sha256(content).hexdigest()
    return LoadedPhoto(path, photo, plain=False, file_sha256=digest, stated=found.stated)


def _loaded(image: Image.Image, content: bytes, path: Path, reading: Reading | None) -> LoadedPhoto:
    tiff = read_tiff(content, path, reading) if image.format == "TIFF" else None
    pixels = decode_pixels(image, content, path, tiff)
    orientation = orientation_of(image)
    photo = as_photo(pixels)
    if orientation == 1:
        photo = replace(photo, jpeg=_tables(image))
    plain = (
        image.mode in PLAIN_MODES
        and photo.pixels.dtype == np.uint8
        and photo.alpha is None
        and orientation == 1
    )
    digest = hashlib.sha256(content).hexdigest()
    png, jpeg = (plain and image.format == name for name in ("PNG", "JPEG"))
    stated = 0 if tiff is None else tiff.stated
    return LoadedPhoto(path, photo, png, digest, plain_jpeg=jpeg, stated=stated)


def _heif(content: bytes, path: Path) -> tuple[str, ...]:
    """Return Pillow's name of the format of phones' photos, if it is one; load what reads it.

    Raises
    ------
    MissingExtraError
        If that is not installed.
    """
    if content[4:8] != b"ftyp" or content[8:12] not in HEIC:
        return ()
    try:
        import pillow_heif  # noqa: PLC0415 - an extra
    except ImportError as error:
        msg = f"{path}: HEIC needs the package pillow-heif"
        hint = "pip install 'anomsynth[heic]', or convert it to JPEG or PNG"
        raise MissingExtraError(msg, hint=hint) from error
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def _loaded_pnm(content: bytes, path: Path) -> LoadedPhoto:
    try:
        pixels = read_pnm(content)
    except InputError as error:
        raise InputError(f"{path}: {error}", hint=error.hint or "replace the file") from error
    digest = hashlib.sha256(content).hexdigest()
    return LoadedPhoto(path, as_photo(pixels), plain=False, file_sha256=digest)


def _content(path: Path) -> bytes:
    try:
        if is_special(path):
            msg = f"{path}: no file but a pipe, a device or a socket"
            raise InputError(msg, hint="remove it from the input")
        content = path.read_bytes()
    except FileNotFoundError as error:
        if path.is_symlink():
            msg = f"{path}: a link to a file that is not there"
            raise InputError(msg, hint="mend the link or remove it") from error
        raise InputError(f"{path}: no such file", hint="check the path") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            msg = f"{path}: a link that leads to itself"
            raise InputError(msg, hint="mend the link or remove it") from error
        if path.is_dir():
            msg = f"{path}: a folder, not a photo"
            raise InputError(msg, hint="give one picture file in it") from error
        hint = "check the file's permissions"
        raise InputError(f"{path}: cannot be read: {error.strerror}", hint=hint) from error
    if not content:
        raise InputError(f"{path}: the file is empty", hint="remove it from the input")
    return content


def _check_header(image: Image.Image, path: Path) -> None:
    if image.width * image.height > MOST_PIXELS:
        msg = f"{path}: {image.width} x {image.height} pixels are more than {MOST_PIXELS:,}"
        raise InputError(msg, hint="cut the picture into tiles")
    # A camera's MPO file is a JPEG with previews behind it: its first picture is the photo. Pages
    # of a TIFF may be smaller copies: its reader tells them.
    frames = 1 if image.format in {"MPO", "TIFF"} else getattr(image, "n_frames", 1)
    if frames != 1:
        msg = f"{path}: holds {frames} pictures (animated or several pages)"
        raise InputError(msg, hint="save each as a file of its own")


def _tables(image: Image.Image) -> Jpeg | None:
    tables = getattr(image, "quantization", None)
    if image.format not in {"JPEG", "MPO"} or image.mode not in PLAIN_MODES or not tables:
        return None
    luma = tuple(int(value) for value in tables[min(tables)])
    chroma = tuple(int(value) for value in tables[max(tables)])
    return Jpeg(luma, chroma)


def _grey_bits(image: Image.Image) -> int:
    """Return the bits of a grey sample in the file of a picture that is not loaded, else 8."""
    how = [tile[3] for tile in getattr(image, "tile", [])]
    return next((int(one[2:]) for one in how if one in {"L;2", "L;4"}), 1 if "1" in how else 8)


def _unidentified(path: Path, content: bytes, reading: Reading | None) -> InputError:
    if content[:4] in SIGNS:
        try:
            read_tiff(content, path, reading)
        except InputError as error:  # it knows the reason that Pillow does not tell
            return error
        except Exception:  # noqa: BLE001, RUF100 - decoders raise whatever they stumble over
            return InputError(f"{path}: damaged TIFF", hint="replace the file or remove it")
        hint = "convert it to 8-bit or 16-bit unsigned integers"
        return InputError(f"{path}: TIFF of a kind that is not supported", hint=hint)
    if b"\0" not in content[:512]:
        hint = "remove it from the input or give it its real name"
        return InputError(f"{path}: a text file, not a picture", hint=hint)
    hint = "PNG, JPEG, TIFF, BMP, WebP, PNM and HEIC can be read"
    return InputError(f"{path}: not a picture, or damaged in its first bytes", hint=hint)
