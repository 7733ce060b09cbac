"""Whether the images can be read, and read by loaders as they were meant."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from anomsynth.core.plain_file import read_bytes
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.decode import orientation_of
from anomsynth.dataset.headers import FORMATS, ORIENTED
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.metadata import known_run
from anomsynth.dataset.verify import PNG_END
from anomsynth.errors import InputError

DEEP = "deep-image"
REPLACE = "replace the file, or remove it with its mask"
EIGHT_BITS = "write an 8-bit PNG with the range you need, and keep the original elsewhere"
NO_PICTURE = "not a picture, or damaged in its first bytes"
SPELLINGS = {"JPEG": (".jpg", ".jpeg", ".jfif"), "TIFF": (".tif", ".tiff"), "PNG": (".png",)}


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a picture tell.

    Attributes
    ----------
    shape : (height, width)
    format : str
        As Pillow calls it, whatever the file's name says.
    mode : str
        Pillow's.
    bits : int
        Per sample, 8 or 16.
    orientation : int
        EXIF, 1 is upright.
    """

    shape: tuple[int, int]
    format: str
    mode: str
    bits: int
    orientation: int


def read_header(path: Path) -> Header | str:
    """Return what the header tells, or why the file cannot be read; a PNG's sums are checked."""
    try:
        content = read_bytes(path)
        return _header(content) if content else "the file is empty"
    except OSError as error:
        return error.strerror or NO_PICTURE
    except SyntaxError as error:  # Pillow's word for damage in a PNG
        return f"damaged: {error}"
    except Exception:  # noqa: BLE001, RUF100 - decoders raise whatever they stumble over
        return NO_PICTURE


def _header(content: bytes) -> Header | str:
    with Image.open(BytesIO(content), formats=(*FORMATS, "GIF")) as image:
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        if frames != 1:
            return f"it holds {frames} pictures"
        is_png = image.format == "PNG"
        if is_png and not content.endswith(PNG_END):
            return "the file is cut off"
        # Pillow decodes a whole PNG to find its orientation.
        turned = not is_png or any(sign in content for sign in ORIENTED)
        orientation = orientation_of(image) if turned else 1
        shape = (image.height, image.width)
        if orientation >= 5:  # as it is meant to be seen, and as masks are drawn
            shape = (image.width, image.height)
        header = Header(shape, str(image.format), image.mode, _bits(content, image), orientation)
    if is_png:
        with Image.open(BytesIO(content), formats=("PNG",)) as image:
            image.verify()  # check sums: loaders pass over damage in silence
    return header


def check_pictures(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    """Find images that cannot be read or that loaders change; `deep` decodes every pixel."""
    shapes: Counter[tuple[int, int]] = Counter()
    wanted = _is_wanted_deep(tree)
    for path in tree.pictures():
        header = read_header(path)
        if isinstance(header, str):
            yield Finding("error", "unreadable", tree.name(path), header, REPLACE)
            continue
        shapes[header.shape] += 1
        broken = _broken(path) if deep else ""
        if broken:
            yield Finding("error", "unreadable", tree.name(path), broken, REPLACE)
        for finding in _trap(tree.name(path), path, header):
            own = wanted and finding.check == DEEP
            yield replace(finding, level="note") if own else finding
    if len(shapes) > 1:
        (height, width), _ = shapes.most_common(1)[0]
        message = f"images of {len(shapes)} sizes, most of {width} x {height} pixels"
        hint = "loaders resize them all to one size; defects change their shape if aspects differ"
        yield Finding("note", "sizes", tree.name(tree.folder), message, hint)


def _is_wanted_deep(tree: Tree) -> bool:
    """Tell whether the run that made the dataset was asked for 16 bits (`tree_depth`)."""
    options = known_run(tree.root).get("options")
    return isinstance(options, dict) and options.get("tree_depth") == 16


def _trap(name: str, path: Path, header: Header) -> Iterator[Finding]:
    if header.bits == 16 and header.mode.startswith("I"):
        message = "16-bit grey: loaders that convert to RGB cut it off at white above level 255"
        yield Finding("error", DEEP, name, message, EIGHT_BITS)
    elif header.bits == 16:
        message = "16-bit colour: loaders keep the upper 8 bits"
        yield Finding("note", DEEP, name, message, EIGHT_BITS)
    if header.mode in {"RGBA", "LA", "PA"}:
        hint = "blend it with a background, or save it without alpha"
        message = "the alpha channel is lost: hidden colours become visible"
        yield Finding("warning", "alpha", name, message, hint)
    if header.orientation != 1:
        message = f"EXIF orientation {header.orientation}: most loaders ignore it, some do not"
        hint = "save the image and its mask upright, without the tag"
        yield Finding("warning", "orientation", name, message, hint)
    endings = SPELLINGS.get(header.format)
    if endings is not None and path.suffix.lower() not in endings:
        message = f"the file holds a {header.format}, whatever its name says"
        yield Finding("note", "file-type", name, message, "rename it or save it anew")


def _broken(path: Path) -> str:
    try:
        read_photo(path)
    except InputError as error:
        return str(error).removeprefix(f"{path}: ")
    return ""


def _bits(content: bytes, image: Image.Image) -> int:
    if image.format == "PNG":
        return 16 if content[24] == 16 else 8  # IHDR: width, height, bit depth
    if image.format == "TIFF":
        depth = image.getexif().get(258, 8)  # BitsPerSample
        return 16 if max(depth if isinstance(depth, tuple) else (depth,)) == 16 else 8
    return 8
