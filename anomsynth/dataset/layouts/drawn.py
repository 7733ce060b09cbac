"""Datasets whose defects were drawn in a labelling tool: labelme, COCO, YOLO-seg, CVAT."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from anomsynth.dataset.annotations.class_names import read_names
from anomsynth.dataset.annotations.coco import is_coco, read_coco
from anomsynth.dataset.annotations.cvat import read_cvat
from anomsynth.dataset.annotations.drawn import Drawing, read_json, split_of
from anomsynth.dataset.annotations.labelme import is_labelme, read_labelme
from anomsynth.dataset.annotations.yolo import read_yolo
from anomsynth.dataset.headers import upright_size
from anomsynth.dataset.layout import COMBINED, GOOD
from anomsynth.dataset.layouts.item import Labelled, Truth
from anomsynth.dataset.layouts.tree import GOOD_NAMES, child, folders, pictures, pictures_below
from anomsynth.dataset.paths import files_in, is_dir, is_file, nfc, printable
from anomsynth.errors import InputError

LONGEST_LABEL = 120  # bytes: a file's name may have 255, with what is put before and after it


def find_labelme(root: Path) -> tuple[Labelled, ...]:
    """List pictures with a JSON file of labelme beside them, anywhere below a folder.

    Good are those on which nothing is drawn, and those in folders of the name good, ok or normal;
    pictures without a file elsewhere may not have been looked at yet, and are passed over.
    """
    found: list[Labelled] = []
    for folder in (root, *folders(root)):
        beside = {nfc(path.stem): path for path in files_in(folder) if path.suffix == ".json"}
        if not any(_is(path, is_labelme) for path in beside.values()):
            beside = {}
        named_good = folder.name.lower() in GOOD_NAMES
        for path in pictures(folder) if beside or named_good else ():
            file = beside.get(nfc(path.stem))
            if file is not None:
                found.append(_labelled(root, path, read_labelme(file), file))
            elif named_good:
                name = nfc(root.resolve().name)
                found.append(Labelled(name, "train", GOOD, path, None, unsplit=True))
    return tuple(found) if any(item.truth is not None for item in found) else ()


def find_coco(root: Path) -> tuple[Labelled, ...]:
    """List the pictures that COCO files in the folder or in its ``annotations`` name."""
    places = [root, *(place for place in [child(root, "annotations")] if place is not None)]
    files = [path for place in places for path in files_in(place) if path.suffix == ".json"]
    sheets = [path for path in files if _is(path, is_coco)]
    return tuple(_all(root, ((path, drawn) for path in sheets for drawn in read_coco(path))))


def find_cvat(root: Path) -> tuple[Labelled, ...]:
    """List the pictures that CVAT's ``annotations.xml`` names."""
    file = root / "annotations.xml"
    return tuple(_all(root, ((file, one) for one in read_cvat(file)))) if is_file(file) else ()


def find_yolo(root: Path) -> tuple[Labelled, ...]:
    """List ``images/SPLIT`` with ``labels/SPLIT``; a picture without a label is a good one."""
    sheet = next(
        (root / name for name in ("data.yaml", "dataset.yaml") if is_file(root / name)), None
    )
    if sheet is None or not (is_dir(root / "images") and is_dir(root / "labels")):
        return ()
    names = read_names(sheet)
    found = []
    for path in pictures_below(root / "images"):
        inside = path.relative_to(root / "images")
        label = (root / "labels" / inside).with_suffix(".txt")
        known = split_of(inside.parts[0]) if len(inside.parts) > 1 else ""
        shapes = read_yolo(label, _size(path), names) if is_file(label) else ()
        found.append(_labelled(root, path, Drawing(path.name, None, shapes, known), label))
    return tuple(found)


def _is(path: Path, kind: Callable[[Mapping[str, object]], bool]) -> bool:
    """Tell whether a JSON file is of a kind; whatever else it is does not matter here."""
    try:
        return kind(read_json(path))
    except InputError:
        return False


def _all(root: Path, found: Iterable[tuple[Path, Drawing]]) -> Iterator[Labelled]:
    listed = list(found)
    if not listed:
        return
    index: dict[str, list[Path]] = defaultdict(list)
    for path in pictures_below(root):
        index[nfc(path.name)].append(path)
    chosen: dict[Path, tuple[Path, Drawing]] = {}
    for file, drawn in listed:
        path = _picture(index, file, drawn)
        known = chosen.get(path)
        # A file that lists pictures alone says nothing against one that marks them.
        if known is None or not known[1].shapes:
            chosen[path] = file, drawn
        elif drawn.shapes:
            msg = f"{path}: marked twice, in {known[0]} and in {file}"
            raise InputError(msg, hint="keep one of them")
    for path, (file, drawn) in chosen.items():
        yield _labelled(root, path, drawn, file)


def _picture(index: dict[str, list[Path]], file: Path, drawn: Drawing) -> Path:
    """Return where the picture lies that a file names; the folder may be another one now."""
    name = nfc(drawn.image)
    candidates = index.get(name.rpartition("/")[2], [])
    ends = [path for path in candidates if nfc(path.as_posix()).endswith(f"/{name}")] or candidates
    split = [path for path in ends if path.parent.name in file.stem.split("_")]
    chosen = split if len(ends) > 1 and split else ends
    if len(chosen) != 1:
        what = "is not there" if not chosen else f"may be {chosen[0]} or {chosen[1]}"
        raise InputError(f"{file}: its picture {drawn.image!r} {what}", hint="unpack all of it")
    return chosen[0]


def _labelled(root: Path, path: Path, drawn: Drawing, file: Path) -> Labelled:
    name = drawn.category or nfc(root.resolve().name)
    kinds = sorted({shape.kind for shape in drawn.shapes})
    for label in (name, *kinds):
        _check_label(label, file)
    if not kinds:
        return Labelled(name, drawn.split or "train", GOOD, path, None, unsplit=not drawn.split)
    kind = kinds[0] if len(kinds) == 1 else COMBINED
    truth = Truth(shapes=drawn.shapes, size=drawn.size, source=file)
    # A kind that is called good would be a good photo to everyone.
    kind = f"{kind}_" if kind.lower() in GOOD_NAMES else kind
    return Labelled(name, drawn.split or "test", nfc(kind), path, file, truth)


def _check_label(label: str, file: Path) -> None:
    """Raise InputError if a label cannot name the folder of its defects."""
    bad = set("/\\:") & set(label) or printable(label) != label
    if bad or label.strip() in {"", ".", ".."} or len(label.encode()) > LONGEST_LABEL:
        msg = f"{file}: the label {printable(label[:LONGEST_LABEL])!r} cannot name a folder"
        raise InputError(msg, hint="rename it in the labelling tool: letters, digits, - and _")


def _size(path: Path) -> tuple[int, int]:
    found = upright_size(path)
    if found is None:
        raise InputError(f"{path}: damaged in its first bytes", hint="replace or remove it")
    return found
