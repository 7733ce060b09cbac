"""Datasets whose defects were drawn in a labelling tool: labelme, COCO, CVAT, Pascal VOC."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from anomsynth.dataset.annotations.coco import read_coco
from anomsynth.dataset.annotations.cvat import read_cvat
from anomsynth.dataset.annotations.drawn import SPLITS, Drawing, Split, read_json, split_of
from anomsynth.dataset.annotations.labelme import read_labelme
from anomsynth.dataset.annotations.voc import read_voc
from anomsynth.dataset.layout import COMBINED, GOOD
from anomsynth.dataset.layouts.item import Labelled, Truth
from anomsynth.dataset.layouts.names import MEANINGLESS, meaning_of, words_of
from anomsynth.dataset.layouts.sheets import Sheets
from anomsynth.dataset.layouts.tree import GOOD_NAMES
from anomsynth.dataset.paths import nfc, printable
from anomsynth.errors import InputError

INSTANCES = "instances_"  # how COCO's names of files begin
LONGEST_LABEL = 120  # bytes: a file's name may have 255, with what is put before and after it
Found = tuple[Path, Path, Drawing]  # picture, file, what it says


def find_labelme(sheets: Sheets) -> tuple[Labelled, ...]:
    """List pictures with a JSON file of labelme, beside them or in a folder of such files.

    Good are those on which nothing is drawn, and those in folders that are called good; pictures
    without a file elsewhere may not have been looked at yet, and are passed over.
    """
    files = sheets.of("labelme")
    if not files:
        return ()
    _check_damaged(sheets)
    found = []
    for file in files:
        drawn = read_labelme(file)
        pictures = sheets.pictures
        path = pictures.of_stem(file) or pictures.of_stem(file.with_name(drawn.image))
        if path is not None:
            found.append((path, file, drawn))
    items = items_of(sheets, found)
    return items if any(not item.good for item in items) else ()


def find_coco(sheets: Sheets) -> tuple[Labelled, ...]:
    """List the pictures that COCO files anywhere in the folder name, and good ones by folders."""
    files = sheets.of("coco")
    # Our own exports say the same in run lengths, for who wants it to the pixel.
    again = {
        path.parents[1] / "rle" / f"{path.stem.removeprefix(INSTANCES)}.json" for path in files
    }
    return _listed(
        sheets, ((file, one) for file in files if file not in again for one in read_coco(file))
    )


def find_cvat(sheets: Sheets) -> tuple[Labelled, ...]:
    """List the pictures that CVAT's XML files name, and good ones by their folders."""
    broken = [path for path in sheets.of("broken") if path.name == "annotations.xml"]
    files = [*broken, *sheets.of("cvat")]
    return _listed(sheets, ((path, one) for path in files for one in read_cvat(path)))


def find_voc(sheets: Sheets) -> tuple[Labelled, ...]:
    """List pictures with an XML file of Pascal VOC: those with objects are defects without masks.

    Good are those without objects, and those in folders that are called good.
    """
    found: dict[Path, Labelled] = {}
    for file in sheets.of("voc"):
        path = sheets.pictures.of_stem(file)
        if path is None:
            continue
        item = _item(sheets, path, file, Drawing(path.name, None, ()), read_voc(file))
        if path not in found or found[path].good:
            found[path] = item
    return (*found.values(), *_good_folders(sheets, found)) if found else ()


def items_of(sheets: Sheets, found: Iterable[Found]) -> tuple[Labelled, ...]:
    """Return the labelled pictures, and those that are good by their folders.

    Raises
    ------
    InputError
        If a picture is marked twice, or a label cannot name a folder.
    """
    chosen: dict[Path, tuple[Path, Drawing]] = {}
    for path, file, drawn in found:
        known = chosen.get(path)
        # A file that lists pictures alone says nothing against one that marks them.
        if known is None or not known[1].shapes:
            chosen[path] = file, drawn
        elif drawn.shapes:
            msg = f"{path}: marked twice, in {known[0]} and in {file}"
            raise InputError(msg, hint="keep one of them")
    items = (
        _item(sheets, path, file, drawn, _bad(drawn)) for path, (file, drawn) in chosen.items()
    )
    return (*items, *_good_folders(sheets, chosen)) if chosen else ()


def split_in(sheets: Sheets, path: Path) -> Split:
    """Return which split the folders of a picture say, empty if none: ``valid/images``."""
    for part in reversed(path.parent.relative_to(sheets.root).parts):
        words = words_of(part)
        if all(word in MEANINGLESS or word in SPLITS or word.isdecimal() for word in words):
            split = split_of(part)
            if split:
                return split
    return ""


def is_good_by_folder(sheets: Sheets, path: Path) -> bool:
    """Tell whether a picture lies in a folder that is called good."""
    if sheets.root.name.lower() in GOOD_NAMES:
        return True
    parts = path.parent.relative_to(sheets.root).parts
    return any(meaning_of(part) == "good" for part in parts)


def _listed(sheets: Sheets, found: Iterable[tuple[Path, Drawing]]) -> tuple[Labelled, ...]:
    pairs = ((sheets.pictures.named(file, one.image), file, one) for file, one in found)
    return items_of(sheets, pairs)


def _good_folders(sheets: Sheets, known: Iterable[Path]) -> Iterator[Labelled]:
    name, listed = nfc(sheets.root.resolve().name), frozenset(known)
    for path in sheets.pictures.paths:
        if path not in listed and is_good_by_folder(sheets, path):
            split = split_in(sheets, path)
            yield Labelled(name, split or "train", GOOD, path, None, unsplit=not split)


def _bad(drawn: Drawing) -> list[str]:
    """Return the labels of a whole picture that say defects; others may say anything."""
    return [one for one in drawn.said if meaning_of(one, beside_good=True) == "defects"]


def _item(sheets: Sheets, path: Path, file: Path, drawn: Drawing, said: Sequence[str]) -> Labelled:
    """Return a picture as a file has it; `said` are kinds of defects that are not drawn."""
    kinds = sorted({shape.kind for shape in drawn.shapes} or set(said))
    name = drawn.category or nfc(sheets.root.resolve().name)
    split = drawn.split or split_in(sheets, path)
    for label in (name, *kinds):
        _check_label(label, file)
    if not kinds:
        return Labelled(name, split or "train", GOOD, path, None, unsplit=not split)
    kind = kinds[0] if len(kinds) == 1 else COMBINED
    # A kind that is called good would be a good photo to everyone.
    kind = nfc(f"{kind}_" if kind.lower() in GOOD_NAMES else kind)
    if not drawn.shapes:
        return Labelled(name, split or "test", kind, path, None)
    truth = Truth(shapes=drawn.shapes, size=drawn.size, source=file)
    return Labelled(name, split or "test", kind, path, file, truth)


def _check_label(label: str, file: Path) -> None:
    """Raise InputError if a label cannot name the folder of its defects."""
    bad = set("/\\:") & set(label) or printable(label) != label
    if bad or label.strip() in {"", ".", ".."} or len(label.encode()) > LONGEST_LABEL:
        msg = f"{file}: the label {printable(label[:LONGEST_LABEL])!r} cannot name a folder"
        raise InputError(msg, hint="rename it in the labelling tool: letters, digits, - and _")


def _check_damaged(sheets: Sheets) -> None:
    """Raise InputError if a JSON file that goes with a picture cannot be read."""
    for file in sheets.of("broken"):
        if file.suffix.lower() == ".json" and sheets.pictures.of_stem(file) is not None:
            read_json(file)
