"""MVTec AD, BTAD and all that follow them: ``train/good``, ``test/KIND``, ``ground_truth/KIND``.

P. Bergmann et al., "The MVTec anomaly detection dataset", IJCV, 2021; P. Mishra et al., "VT-ADL",
ISIE, 2021 (BTAD: good photos are called ok). LOCO keeps a folder of masks for each picture, whose
grey values name the defect; AD 2 has its marked test data in ``test_public``; 3D-AD has a folder
``rgb`` in each, and masks in ``gt``.
"""

from collections.abc import Iterator
from pathlib import Path

from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.item import Labelled, marked_by
from anomsynth.dataset.layouts.item_list import LabelledList
from anomsynth.dataset.layouts.names import is_good_name, meaning_of
from anomsynth.dataset.layouts.tree import GOOD_NAMES, MaskIndex, child, folders, pictures
from anomsynth.dataset.paths import is_dir, nfc
from anomsynth.errors import InputError

TRUTH = "ground_truth"
SPLITS = ("train", "test")


def find_mvtec(root: Path) -> LabelledList:
    """List the images of a root or a category; the masks of a picture may be in a folder."""
    found = find_categories(root)
    for folder in found:
        _check_kinds(folder)
    return LabelledList(item for folder in found for item in _category(folder))


def find_ad2(root: Path) -> LabelledList:
    """List the images of MVTec AD 2: what has public masks; nothing if it is another dataset."""
    found = [folder for folder in _roots(root) if is_dir(folder / "test_public")]
    return LabelledList(item for folder in found for item in _ad2(folder))


def find_3d(root: Path) -> LabelledList:
    """List the colour pictures of MVTec 3D-AD; nothing if it is another dataset."""
    found = [folder for folder in _roots(root) if is_dir(folder / "train" / GOOD / "rgb")]
    return LabelledList(item for folder in found for item in _3d(folder))


def find_categories(root: Path) -> tuple[Path, ...]:
    """List the category folders of a root, or the root itself if it is one; sorted."""
    if _is_category(root) and any(_category(root)):
        return (root,)
    return tuple(folder for folder in folders(root) if _is_category(folder))


def has_truth(root: Path) -> bool:
    """Tell whether a root or a category has masks as MVTec AD has them."""
    return any(child(folder, TRUTH) is not None for folder in find_categories(root))


def _roots(root: Path) -> list[Path]:
    return [root, *folders(root)]


def _is_category(folder: Path) -> bool:
    return any(child(folder, split) is not None for split in SPLITS)


def _category(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    truth = child(folder, TRUTH)
    for split in SPLITS:
        place = child(folder, split)
        for kind in [] if place is None else folders(place):
            if is_good_name(kind.name):
                for path in pictures(kind):
                    yield Labelled(name, split, GOOD, path, None)
            else:
                yield from _defects(name, split, kind, truth)


def _check_kinds(folder: Path) -> None:
    """Raise InputError if masks of a category lie where defects belong."""
    truth = child(folder, TRUTH)
    places = (child(folder, split) for split in SPLITS)
    for kind in (kind for place in places if place is not None for kind in folders(place)):
        marked = truth is not None and child(truth, kind.name) is not None
        if not marked and meaning_of(kind.name) == "masks" and pictures(kind):
            msg = f"{kind}: would be used as defects, but {kind.name!r} is a name for masks"
            raise InputError(msg, hint=f"masks belong into {TRUTH}/KIND")


def _defects(name: str, split: str, kind: Path, truth: Path | None) -> Iterator[Labelled]:
    place = None if truth is None else child(truth, kind.name)
    index = MaskIndex(place)
    several = {} if place is None else {nfc(path.name): path for path in folders(place)}
    for path in pictures(kind):
        mask = index.find(path)
        if mask is None and nfc(path.stem) in several:
            files = tuple(pictures(several[nfc(path.stem)]))
            yield Labelled(name, split, nfc(kind.name), path, *marked_by(files))
        else:
            yield Labelled(name, split, nfc(kind.name), path, mask)


def _ad2(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    public = folder / "test_public"
    for place, split in ((folder / "train", "train"), (public, "test")):
        for kind in folders(place) if is_dir(place) else ():
            if kind.name in GOOD_NAMES:
                for path in pictures(kind):
                    yield Labelled(name, split, GOOD, path, None)
            elif split == "test" and kind.name != TRUTH:
                index = MaskIndex(
                    child(public / TRUTH, kind.name) if is_dir(public / TRUTH) else None
                )
                for path in pictures(kind):
                    yield Labelled(name, split, nfc(kind.name), path, index.find(path))


def _3d(folder: Path) -> Iterator[Labelled]:
    name = nfc(folder.resolve().name)
    for split in SPLITS:
        for kind in folders(folder / split) if is_dir(folder / split) else ():
            if not is_dir(kind / "rgb"):
                continue
            index = MaskIndex(kind / "gt" if is_dir(kind / "gt") else None)
            good = kind.name.lower() in GOOD_NAMES
            for path in pictures(kind / "rgb"):
                label = GOOD if good else nfc(kind.name)
                yield Labelled(name, split, label, path, None if good else index.find(path))
