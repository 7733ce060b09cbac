"""Signs that what would be taken for good photos is defects or masks."""

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from anomsynth.core.path_list import PathList
from anomsynth.dataset.headers import image_size
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.layouts.tree import TRUTH_NAMES, mask_stem
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import nfc
from anomsynth.errors import InputError

MARKED = frozenset({*TRUTH_NAMES, "ground-truth", "groundtruth", "annotation", "segmentation"})
# fmt: off
DEFECTIVE = frozenset({
    "test", "tests", "test_public", "anomaly", "anomalies", "anomalous", "anomaly_images",
    "abnormal", "bad", "broken", "contamination", "crack", "cracks", "damage", "damaged",
    "defect", "defects", "defective", "dent", "dents", "fault", "faults", "faulty", "hole",
    "holes", "ko", "nok", "not_good", "ng", "outlier", "reject", "rejects", "scrap", "scratch",
    "scratches", "structural_anomalies", "logical_anomalies", "stain", "stains",
})
# fmt: on
LOOKED_AT = 4  # pictures a folder
MOST_LOOKED_AT = 64
PACKED = 0.25  # bytes a pixel; photos take more in lossless files, for they have noise
HINT = (
    "name what it is by `source_layout`, move it away, or `source_layout='photos'` if all is good"
)


def check_goods(root: Path, photos: Iterable[Path]) -> None:
    """Raise InputError if a folder or picture among good photos looks like defects or masks.

    Looked at are the names of folders below `root`, pairs of names like ``a`` and ``a_mask``, and
    whether some pictures of each folder hold two values only.

    Parameters
    ----------
    root : Path
    photos : all that would be used, below `root`
    """
    folders: dict[Path, PathList] = defaultdict(PathList)
    for path in photos:
        folders[path.parent].append(path)
    for folder in folders:
        for part in folder.relative_to(root).parts:
            what = _smells_of(part)
            if what:
                msg = f"{folder}: would be used as good photos, but {part!r} is a name for {what}"
                raise InputError(msg, hint=HINT)
    for found in folders.values():
        _check_pairs(found)
    _check_values(folders.values())


def _smells_of(name: str) -> str:
    lower = name.lower()
    if lower in MARKED:
        return "masks"
    return "defects" if lower in DEFECTIVE else ""


def _check_pairs(photos: Sequence[Path]) -> None:
    stems = NameIndex(nfc(path.stem).lower() for path in photos)
    for path in photos:
        own = mask_stem(nfc(path.stem))
        if own is not None and own.lower() in stems:
            msg = f"{path}: would be used as a good photo, but its name says a mask of {own!r}"
            raise InputError(msg, hint=HINT)


def _check_values(folders: Iterable[Sequence[Path]]) -> None:
    looked_at = 0
    for photos in folders:
        step = -(-len(photos) // LOOKED_AT)
        for path in photos[::step]:
            if looked_at == MOST_LOOKED_AT:
                return
            if _is_small(path):
                looked_at += 1
                if _has_two_values(path):
                    msg = f"{path}: would be used as a good photo, but holds two values only"
                    raise InputError(msg, hint=f"a mask? {HINT}")


def _is_small(path: Path) -> bool:
    """Tell by its size whether a file may hold a picture of two values."""
    size = image_size(path)
    if size is None:
        return False
    packs = path.suffix.lower() in {".png", ".webp"}
    return not packs or path.stat().st_size < PACKED * size[0] * size[1]


def _has_two_values(path: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = read_photo(path).pixels
    except InputError:  # the run says so when it comes to it
        return False
    low, high = pixels.min(), pixels.max()
    return bool(low < high and low == 0 and np.all((pixels == low) | (pixels == high)))
