"""Signs that what would be taken for good photos is defects or masks."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from anomsynth.core.path_list import PathList
from anomsynth.dataset.layouts.mask_like import is_small, looks_like_mask
from anomsynth.dataset.layouts.names import (
    BAD_WORDS,
    DENIALS,
    GOOD_WORDS,
    KINDS_OF_DEFECTS,
    ROLES,
    meaning_of,
    telling_nothing,
    without_roles,
)
from anomsynth.dataset.layouts.tree import folders
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import folded, nfc
from anomsynth.errors import InputError

LOOKED_AT = 4  # pictures a folder
MOST_LOOKED_AT = 64
HINT = (
    "give the folder of good photos alone, name the layout by `source_layout`, or "
    "`source_layout='photos'` if all is good"
)
_MAY_BE_MASK = re.compile(r"mask|gt|label|seg|anno|truth|semantic", re.IGNORECASE)
_MAY_TELL = re.compile(
    "|".join(sorted(BAD_WORDS | DENIALS | GOOD_WORDS | KINDS_OF_DEFECTS - ROLES)), re.IGNORECASE
)
_CUT = re.compile(r"[^A-Za-z0-9]+")
TEMPLATE, TESTED = "_temp", "_test"  # DeepPCB: the good photo, and the one that is held against it


def check_goods(root: Path, photos: Iterable[Path]) -> None:
    """Raise InputError if a folder or picture among good photos looks like defects or masks.

    Looked at are the names of folders below `root` (of `root` itself where a folder beside it is
    called good), pairs of names like ``a`` and ``a_mask``, and whether some pictures of each folder
    hold two or three values only.

    Parameters
    ----------
    root : Path
    photos : all that would be used, below `root`
    """
    listed: dict[Path, PathList] = defaultdict(PathList)
    for path in photos:
        listed[path.parent].append(path)
    if not listed:
        return
    _check_folder(root, pointed_at=True)
    for folder in sorted({above for place in listed for above in _up_to(root, place)}):
        _check_folder(folder)
    for found in listed.values():
        _check_pairs(found)
    _check_values(listed.values())


def _up_to(root: Path, folder: Path) -> list[Path]:
    """Return a folder and those above it, below the root."""
    return [folder, *folder.parents][: len(folder.relative_to(root).parts)]


def _check_folder(folder: Path, *, pointed_at: bool = False) -> None:
    """Raise InputError if a folder's name, or names beside it, say that it holds no good photos.

    One that the user points at may be called as he likes, unless good photos lie beside it.
    """
    what = meaning_of(folder.name)
    if what not in {"", "good"} and not pointed_at:
        msg = f"{folder}: would be used as good photos, but {folder.name!r} is a name for {what}"
        raise InputError(msg, hint=HINT)
    what = meaning_of(folder.name, beside_good=True)
    good = None if what in {"", "good"} else _good_beside(folder)
    if good is not None:
        msg = f"{folder}: would be used as good photos, but beside {good.name!r} its name says"
        raise InputError(f"{msg} {what}", hint=HINT)


def _good_beside(folder: Path) -> Path | None:
    """Return a folder of good photos of the same product beside another, None without one."""
    try:
        beside = folders(folder.resolve().parent)
    except InputError:  # not the user's
        return None
    own = telling_nothing(folder.name)
    goods = (one for one in beside if meaning_of(one.name) == "good")
    return next((one for one in goods if telling_nothing(one.name) <= own), None)


def _check_pairs(photos: Sequence[Path]) -> None:
    stems = NameIndex(folded(path.stem) for path in photos)
    for path in photos:
        stem = folded(path.stem)
        own = _marked_by(stem, stems) if _MAY_BE_MASK.search(stem) else None
        if own is not None:
            msg = f"{path}: would be used as a good photo, but its name says a mask of {own!r}"
            raise InputError(msg, hint=HINT)
        if stem.endswith(TESTED) and stem.removesuffix(TESTED) + TEMPLATE in stems:
            msg = f"{path}: would be used as a good photo, but its name says that it was tested"
            raise InputError(f"{msg} against {stem.removesuffix(TESTED)}{TEMPLATE}", hint=HINT)
    _check_mixture(photos)
    _check_namesakes([photos[at] for at in stems.repeated().tolist()])


def _check_mixture(photos: Sequence[Path]) -> None:
    """Raise InputError if of the names in a folder some say good and others defects."""
    names: dict[str, Path] = {}
    for path in photos:
        stem = nfc(path.stem)
        if _MAY_TELL.search(stem):
            names.setdefault(without_roles(stem), path)
    said = {name: meaning_of(name, beside_good=True) for name in names}
    goods = [name for name, what in said.items() if what == "good"]
    for name, what in said.items():
        if what == "defects":
            own = telling_nothing(name)
            sure = meaning_of(name) == "defects"  # whatever the product
            good = next((one for one in goods if sure or telling_nothing(one) <= own), None)
            if good is not None:
                msg = f"{names[name]}: would be used as a good photo, but beside"
                raise InputError(f"{msg} {names[good].name} its name says defects", hint=HINT)


def _marked_by(stem: str, stems: NameIndex) -> str | None:
    """Return the stem that another is the mask of by its last words, None if it is of none."""
    for cut in _CUT.finditer(stem):
        own, rest = stem[: cut.start()], stem[cut.end() :]
        if own in stems and meaning_of(rest) == "masks":
            return own
    return None


def _check_namesakes(photos: Sequence[Path]) -> None:
    """Raise InputError if of pictures with one name and several endings one is a mask."""
    looked_at = 0
    for one, other in pairwise(sorted(photos)):
        if folded(one.stem) != folded(other.stem) or looked_at == LOOKED_AT:
            continue
        looked_at += 1
        for path, photo in ((one, other), (other, one)):
            if is_small(path) and looks_like_mask(path, or_empty=True):
                msg = f"{path}: would be used as a good photo, but looks like the mask of"
                raise InputError(f"{msg} {photo.name}", hint=HINT)


def _check_values(listed: Iterable[Sequence[Path]]) -> None:
    looked_at = 0
    for photos in listed:
        step = len(photos) // LOOKED_AT | 1  # odd: masks may lie at every second place
        for path in photos[::step]:
            if looked_at == MOST_LOOKED_AT:
                return
            if is_small(path):
                looked_at += 1
                if looks_like_mask(path):
                    msg = f"{path}: would be used as a good photo, but holds two or three values"
                    raise InputError(f"{msg} only", hint=f"a mask? {HINT}")
