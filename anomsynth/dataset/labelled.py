"""Labelled images on disk, whoever made them: the layout is recognised, or named by the user."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.dagm import find_dagm
from anomsynth.dataset.layouts.drawn import find_coco, find_cvat, find_labelme, find_voc
from anomsynth.dataset.layouts.item import Labelled, read_strict_truth
from anomsynth.dataset.layouts.kolektor import find_kolektor
from anomsynth.dataset.layouts.mvtec import find_3d, find_ad2, find_mvtec, has_truth
from anomsynth.dataset.layouts.real_iad import find_real_iad
from anomsynth.dataset.layouts.sheets import Sheets
from anomsynth.dataset.layouts.simple import find_folders, find_images_and_masks
from anomsynth.dataset.layouts.visa import find_visa
from anomsynth.dataset.layouts.yolo import find_yolo
from anomsynth.dataset.paths import is_dir
from anomsynth.errors import InputError, UserError

SourceLayout = Literal[
    "mvtec",
    "loco",
    "ad2",
    "3d",
    "visa",
    "real-iad",
    "kolektor",
    "dagm",
    "images-masks",
    "folders",
    "labelme",
    "coco",
    "yolo",
    "cvat",
    "voc",
]
PHOTOS = "photos"  # no labelled dataset: every picture is a good photo

# In the order in which they are tried: what has more signs of its own comes first.
DRAWN: dict[SourceLayout, Callable[[Sheets], Sequence[Labelled]]] = {
    "cvat": find_cvat,
    "yolo": find_yolo,
    "coco": find_coco,
    "labelme": find_labelme,
    "voc": find_voc,
}
_READERS: dict[SourceLayout, Callable[[Path], Sequence[Labelled]]] = {
    "3d": find_3d,
    "ad2": find_ad2,
    "visa": find_visa,
    "real-iad": find_real_iad,
    "dagm": find_dagm,
    "kolektor": find_kolektor,
    "mvtec": find_mvtec,
    "folders": find_folders,
}


def find_labelled(root: Path, layout: str | None = None) -> Sequence[Labelled]:
    """List the images of a dataset, each with what marks its defects.

    Parameters
    ----------
    root : Path
        Root of a dataset or one of its categories.
    layout : str, optional
        One of `SourceLayout`; recognised by its folders if not given. Good photos may be called
        good, ok or normal. Hidden files and folders and `_anomsynth` are passed over.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds no such layout.
    UserError
        If there is no layout of this name.
    """
    return need_layout(root, layout)[1]


def need_layout(root: Path, layout: str | None = None) -> tuple[SourceLayout, Sequence[Labelled]]:
    """Return the layout of a dataset and its images; raise as `find_labelled`."""
    if not is_dir(root):
        raise InputError(f"{root}: no such folder", hint="check the path")
    found = recognise(root, layout)
    if found is None:
        shown = "no labelled images found" if layout is None else f"not laid out as {layout!r}"
        raise InputError(
            f"{root}: {shown}",
            hint="expected CATEGORY/test/KIND with CATEGORY/ground_truth/KIND, images and masks, "
            "or files of labelme, COCO, YOLO, CVAT or Pascal VOC",
        )
    return found


def read_labelled(item: Labelled) -> tuple[Photo, Mask]:
    """Read an image and its mask.

    Raises
    ------
    InputError
        If one of them is missing or cannot be read, their sizes differ, or the mask holds other
        values than 0 and one more.
    """
    if item.mask is None:
        raise InputError(f"{item.image}: no mask", hint="name it like the image, or NAME_mask.png")
    photo = read_photo(item.image)
    height, width = photo.pixels.shape[:2]
    return photo, read_strict_truth(item.mask, item.truth, (height, width))


def recognise(
    root: Path, layout: str | None = None, exclude: Collection[Path] = ()
) -> tuple[SourceLayout, Sequence[Labelled]] | None:
    """Return which layout a folder has and its images, None if it has none or not the one named.

    A layout that would take pictures or masks from one of the folders `exclude` is not recognised.

    Raises
    ------
    UserError
        If there is no layout of this name, or a folder cannot be read.
    """
    if layout is not None and layout not in get_args(SourceLayout):
        known = ", ".join(get_args(SourceLayout))
        raise UserError(f"`source_layout`: no such layout {layout!r}", hint=f"known: {known}")
    for name, found in _tried(root, layout, exclude):
        if found and (layout is not None or not _touches(found, exclude)):
            several = name == "mvtec" and any(item.truth is not None for item in found)
            return "loco" if several else name, found
    return None


def _tried(
    root: Path, layout: str | None, exclude: Collection[Path]
) -> Iterator[tuple[SourceLayout, Sequence[Labelled]]]:
    """Yield what the readers find that come into question."""

    def is_asked(name: SourceLayout) -> bool:
        return layout is None or layout == name or {layout, name} == {"loco", "mvtec"}

    if is_asked("images-masks"):
        yield "images-masks", find_images_and_masks(root)
    # Masks of MVTec AD say more than what somebody drew on some of its pictures.
    if layout in DRAWN or (layout is None and not has_truth(root)):
        sheets = Sheets(root, exclude)
        yield from ((name, draw(sheets)) for name, draw in DRAWN.items() if is_asked(name))
    yield from ((name, find(root)) for name, find in _READERS.items() if is_asked(name))


def _touches(found: Iterable[Labelled], folders: Collection[Path]) -> bool:
    """Tell whether an image or mask lies in one of these folders."""
    if not folders:
        return False
    files = (file for item in found for file in (item.image, item.mask) if file is not None)
    return any(folder in file.parents for file in files for folder in folders)
