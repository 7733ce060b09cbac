"""VisA: ``CATEGORY/Data/Images/{Normal,Anomaly}``, masks whose values name the defect's type.

Y. Zou et al., "SPot-the-Difference self-supervised pre-training for anomaly detection and
segmentation", ECCV, 2022.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from anomsynth.core.plain_file import open_text
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled, marked_by
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.tree import MaskIndex, folders, pictures
from anomsynth.dataset.paths import is_dir, is_file, nfc
from anomsynth.errors import InputError

IMAGES = Path("Data", "Images")
MASKS = Path("Data", "Masks", "Anomaly")
SPLIT = Path("split_csv", "1cls.csv")  # the division that the authors train and test on
ANOMALY = "anomaly"


def find_visa(root: Path) -> LabelledList:
    """List the images of VisA or of one category; nothing if it is another dataset.

    Without ``split_csv/1cls.csv`` in the root or beside the category nothing divides the good
    photos.

    Raises
    ------
    InputError
        If that table is damaged.
    """
    found = [folder for folder in (root, *folders(root)) if is_dir(folder / IMAGES / "Normal")]
    return LabelledList(item for folder in found for item in _category(folder))


def _category(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    split = _split(folder.resolve().parent)
    for path in pictures(folder / IMAGES / "Normal"):
        where = split.get(path.resolve(), "train")
        yield Labelled(name, where, GOOD, path, None, unsplit=not split)
    if not is_dir(folder / IMAGES / "Anomaly"):
        return
    index = MaskIndex(folder / MASKS if is_dir(folder / MASKS) else None)
    for path in pictures(folder / IMAGES / "Anomaly"):
        mask = index.find(path)
        where = split.get(path.resolve(), "test")
        yield Labelled(name, where, ANOMALY, path, *marked_by(() if mask is None else (mask,)))


def _split(root: Path) -> dict[Path, str]:
    table = root / SPLIT
    if not is_file(table):
        return {}
    try:
        with open_text(table, "utf-8-sig") as file:
            return {(root / row["image"]).resolve(): row["split"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        msg = f"{table}: expected the columns image and split"
        raise InputError(msg, hint="take the file that came with the dataset") from error
