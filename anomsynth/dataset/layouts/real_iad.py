"""Real-IAD: ``CATEGORY/OK`` and ``CATEGORY/NG/KIND``, a JSON file per category that divides them.

C. Wang et al., "Real-IAD: a real-world multi-view dataset for benchmarking versatile industrial
anomaly detection", CVPR, 2024. A mask lies beside its image, as PNG.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from anomsynth.core.plain_file import read_bytes
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled, Truth
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.tree import folders, pictures_below
from anomsynth.dataset.paths import is_dir, is_file, nfc
from anomsynth.errors import InputError

FINE, FAULTY = "OK", "NG"


def find_real_iad(root: Path) -> LabelledList:
    """List the images of Real-IAD or of one category; nothing if it is another dataset.

    The division is read from ``CATEGORY.json`` in the root, or in a folder of the root or beside
    it whose name holds "json"; without it nothing divides the good photos.

    Raises
    ------
    InputError
        If such a file is damaged, or names images that are not there.
    """
    found = [
        folder
        for folder in (root, *folders(root))
        if is_dir(folder / FINE) and (_has_kinds(folder) or _listing(folder) is not None)
    ]
    return LabelledList(item for folder in found for item in _category(folder))


def _has_kinds(folder: Path) -> bool:
    return is_dir(folder / FAULTY) and bool(folders(folder / FAULTY))


def _category(folder: Path) -> Iterator[Labelled]:
    listing = _listing(folder)
    if listing is not None:
        yield from _listed(folder, listing)
        return
    name = nfc(folder.resolve().name)
    for path in pictures_below(folder / FINE):
        yield Labelled(name, "train", GOOD, path, None, unsplit=True)
    for kind in folders(folder / FAULTY):
        for path in pictures_below(kind):
            mask = path.with_suffix(".png")
            if path == mask:
                continue
            marks = (mask, Truth((mask,))) if is_file(mask) else (None, None)
            yield Labelled(name, "test", nfc(kind.name), path, *marks)


def _listed(folder: Path, listing: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    try:
        content = json.loads(read_bytes(listing))
        fine = content["meta"]["normal_class"]
        rows = [(split, row) for split in ("train", "test") for row in content[split]]
        for split, row in rows:
            image = folder / row["image_path"]
            kind = GOOD if row["anomaly_class"] == fine else str(row["anomaly_class"])
            mask = None if kind == GOOD else _mask(folder, row)
            yield Labelled(name, split, kind, _there(image, listing), mask, _truth(mask))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"{listing}: not a list of images as Real-IAD has it"
        raise InputError(msg, hint="take the file that came with the dataset") from error


def _mask(folder: Path, row: Mapping[str, object]) -> Path | None:
    return folder / str(row["mask_path"]) if row.get("mask_path") else None


def _truth(mask: Path | None) -> Truth | None:
    return None if mask is None else Truth((mask,))


def _there(image: Path, listing: Path) -> Path:
    if not is_file(image):
        raise InputError(f"{listing}: names {image}, which is not there", hint="unpack all of it")
    return image


def _listing(folder: Path) -> Path | None:
    """Return the JSON file of a category, None if there is none."""
    own = folder.resolve()
    name = f"{own.name}.json"
    for place in (own.parent, own.parent.parent):
        if is_file(place / name):
            return place / name
        for beside in _folders(place):
            if "json" in beside.name.lower():
                nested = beside / beside.name / name  # as the archive unpacks
                for file in (beside / name, nested):
                    if is_file(file):
                        return file
    return None


def _folders(place: Path) -> list[Path]:
    """List what lies beside or above a dataset, which need not be the user's."""
    try:
        return folders(place)
    except InputError:
        return []
