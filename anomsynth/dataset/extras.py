"""Masks and maps beside the tree, for whoever trains on more than a binary mask."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.sample import Sample
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.files import write_bytes
from anomsynth.dataset.images import LoadedPhoto, write_png
from anomsynth.dataset.layout import GOOD, Layout
from anomsynth.dataset.manifest import to_json

# Okabe & Ito (2008), told apart by colour-blind eyes; repeated beyond eight kinds.
COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (153, 153, 153),
)


def write_extras(
    layout: Layout, number: int, sample: Sample, wanted: Sequence[str], kinds: Sequence[str]
) -> list[str]:
    """Write what is wanted of a sample beside the tree and return the paths below the root.

    Samples of several kinds get class and instance masks with legends in any case: their label
    mask alone does not tell the kinds apart.

    Parameters
    ----------
    layout : Layout
    number : int
        The sample's number.
    sample : Sample
    wanted : of "soft", "class", "instance", "height", "normals", "strict"
        "foreground" belongs to the photo, see `write_foreground`.
    kinds : every kind of the run, sorted
        Class c of the class masks is ``kinds[c - 1]``, the same in every sample.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    names = set(wanted) | ({"class", "instance"} if len(sample.kinds) > 1 else set())
    writers = {
        "soft": _write_soft,
        "class": _write_class,
        "instance": _write_instance,
        "height": _write_height,
        "normals": _write_normals,
        "strict": _write_strict,
    }
    files: list[str] = []
    for name in sorted(names & writers.keys()):
        files += writers[name](layout, number, sample, kinds)
    return files


def write_original(layout: Layout, category: str, number: int, picture: NDArray[np.generic]) -> str:
    """Write the picture with all its bits and its alpha, where the tree holds 8-bit colour."""
    if picture.ndim == 3 and picture.shape[2] == 2:  # OpenCV writes no grey with alpha
        picture = picture[..., [0, 0, 0, 1]]
    path = layout.beside(category, "original", f"{layout.number(number)}.png")
    write_png(path, picture, layout.scratch)
    return layout.relative(path)


def write_views(
    layout: Layout, image: Path, pictures: Mapping[str, NDArray[np.generic]]
) -> list[str]:
    """Write what other views show of a picture of the tree, with all bits: `Layout.view`."""
    files = []
    for view, picture in pictures.items():
        flat = picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
        if flat.ndim == 3 and flat.shape[2] == 2:  # OpenCV writes no grey with alpha
            flat = flat[..., [0, 0, 0, 1]]
        path = layout.view(image, view)
        write_png(path, flat, layout.scratch)
        files.append(layout.relative(path))
    return files


def write_good_views(layout: Layout, image: Path, loaded: LoadedPhoto) -> list[str]:
    """Write the other photos of a good part, in the levels of the camera; see `write_views`."""
    pictures = {}
    for view, other in loaded.views.items():
        photo = other.photo
        deep = photo.pixels if photo.depth is None else photo.depth.narrow(photo.pixels)
        pictures[view] = deep if photo.alpha is None else np.dstack([deep, photo.alpha])
    return write_views(layout, image, pictures)


def write_foreground(layout: Layout, category: str, name: str, part: Mask) -> str:
    """Write where the part is, 0 or 255; `name` is a number, below ``good/`` for a good photo."""
    path = layout.beside(category, "foreground", f"{name}.png")
    write_png(path, binary(part), layout.scratch)
    return layout.relative(path)


def write_legend(layout: Layout, category: str, kinds: Sequence[str]) -> None:
    """Write what the class masks' values and their preview's colours mean."""
    entries: dict[str, object] = {"0": {"kind": GOOD, "colour": [0, 0, 0]}}
    for position, kind in enumerate(kinds):
        colour = list(COLOURS[position % len(COLOURS)])
        entries[str(position + 1)] = {"kind": kind, "colour": colour}
    path = layout.beside(category, "class", "legend.json")
    text = json.dumps(entries, indent=1, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode(), layout.scratch)


def binary(mask: Mask) -> NDArray[np.uint8]:
    """Return a mask as exactly 0 and 255."""
    return mask.astype(np.uint8) * np.uint8(255)


def encode_normals(normals: Float32) -> NDArray[np.uint16]:
    """Return unit normals, (H, W, 3) float32, as 16-bit colours.

    Red is the component to the right, green upwards, blue towards the camera, each
    ``32768 + 32767 n``: the flat (0, 0, 1) is exactly (32768, 32768, 65535). What decodes by
    ``2 v / 65535 - 1`` is off by 0.001 degrees.
    """
    return np.rint(np.float32(32768) + np.float32(32767) * normals).astype(np.uint16)


def _write_soft(layout: Layout, number: int, sample: Sample, _: Sequence[str]) -> list[str]:
    levels = np.rint(np.clip(sample.soft, 0, 1) * np.float32(65535)).astype(np.uint16)
    return [_png(layout, sample, "soft", layout.number(number), levels)]


def _write_strict(layout: Layout, number: int, sample: Sample, _: Sequence[str]) -> list[str]:
    return [_png(layout, sample, "strict", layout.number(number), binary(sample.strict))]


def _write_class(layout: Layout, number: int, sample: Sample, kinds: Sequence[str]) -> list[str]:
    table = np.zeros(256, dtype=np.uint8)
    for position, kind in enumerate(sample.kinds):
        table[position + 1] = 1 + list(kinds).index(kind)
    classes = np.asarray(cv2.LUT(sample.class_index, table), dtype=np.uint8)
    colours = np.zeros((256, 3), dtype=np.uint8)
    for position in range(len(kinds)):
        colours[position + 1] = COLOURS[position % len(COLOURS)]
    name = layout.number(number)
    preview = np.asarray(cv2.LUT(cv2.merge([classes] * 3), colours[None]), dtype=np.uint8)
    return [
        _png(layout, sample, "class", name, classes),
        _png(layout, sample, "class", f"{name}_preview", preview),
    ]


def _write_instance(layout: Layout, number: int, sample: Sample, _: Sequence[str]) -> list[str]:
    name = layout.number(number)
    legend = {str(index + 1): item.kind for index, item in enumerate(sample.instances)}
    path = layout.beside(sample.key.category, "instance", f"{name}.json")
    write_bytes(path, (to_json(legend) + "\n").encode(), layout.scratch)
    picture = _png(layout, sample, "instance", name, sample.instance_index)
    return [picture, layout.relative(path)]


def _write_height(layout: Layout, number: int, sample: Sample, _: Sequence[str]) -> list[str]:
    path = layout.beside(sample.key.category, "height", f"{layout.number(number)}.tiff")
    write_bytes(path, _tiff(sample.height_mm), layout.scratch)
    return [layout.relative(path)]


def _write_normals(layout: Layout, number: int, sample: Sample, _: Sequence[str]) -> list[str]:
    name = layout.number(number)
    return [_png(layout, sample, "normals", name, encode_normals(sample.normals))]


def _png(layout: Layout, sample: Sample, folder: str, name: str, array: NDArray[np.generic]) -> str:
    path = layout.beside(sample.key.category, folder, f"{name}.png")
    write_png(path, array, layout.scratch)
    return layout.relative(path)


def _tiff(height_mm: Float32) -> bytes:
    done, encoded = cv2.imencode(".tiff", np.ascontiguousarray(height_mm))
    if not done:
        msg = f"a relief of {height_mm.dtype} {height_mm.shape} is not possible in TIFF"
        raise ValueError(msg)
    return encoded.tobytes()
