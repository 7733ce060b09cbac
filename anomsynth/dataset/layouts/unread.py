"""Files that say what is drawn on pictures, in a form that no reader of layouts takes."""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from anomsynth.dataset.annotations.drawn import SPLITS
from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layouts.names import MEANINGLESS, meaning_of, telling_nothing, words_of
from anomsynth.dataset.layouts.sheets import DIVIDING, LISTS, Sheets, is_dividing
from anomsynth.dataset.layouts.tree import folders, pictures
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import files_in, nfc
from anomsynth.errors import InputError

JSON = frozenset({".json", ".jsonl", ".ndjson"})
TABLES = frozenset({".csv", ".tsv"})
OF_PICTURES = frozenset(
    {"image", "images", "img", "imgs", "jpeg", "photo", "photos", "pic", "pics", "picture"}
    | {"pictures"}
)
LARGEST = 256_000_000  # bytes
HINT = (
    "export it as labelme, COCO, YOLO, CVAT or Pascal VOC, give the folder of good photos alone, "
    "or `source_layout='photos'` if all is good"
)
MASKS_HINT = (
    "give the folder of good photos alone, masks of the part by `roi`, or "
    "`source_layout='photos'` if all is good"
)
_ADDED = re.compile(r"[_.-](?:anno?|annotations?|bbox|box|gt|labels?|mask|segm?)$")
_KEY = re.compile(
    r'"(shapes|annotations?|objects|regions|polygons?|bbox(?:es)?|bndbox|boxes|segmentations?|rle|'
    r'masks?|mask_path|anomaly_class|defects?)"\s*:\s*(?!\[\s*\]|\{\s*\}|null|false|""|0\b)\S'
)
_TAG = re.compile(r"<(object|bndbox|box|polygon|polyline|points|mask|region|defect)\b", re.I)
_SETTING = re.compile(r"\s*(?:[^\s:=][^:=]*[:=].*|#.*)?")
_FOUR = re.compile(r"(?:[\s,;:]+-?\d+(?:\.\d+)?){4}")
_COLUMN = re.compile(
    r"encoded_?pixels|rle|bbox|x_?min|x1|mask(?:_?path)?|segmentation|polygon|region_\w+|defect\w*|anomal\w+",
    re.I,
)
_ENDINGS = "|".join(sorted(one.removeprefix(".") for one in SUFFIXES))
_PICTURE = re.compile(rf"""([^\s"'/\\,;:<>|]+\.(?:{_ENDINGS}))(?![a-z0-9])""", re.I)


def check_unread(root: Path, photos: Iterable[Path], exclude: Collection[Path] = ()) -> None:
    """Raise InputError if a file below or beside a folder marks something on its good photos.

    That is one that has a photo's name and marks something, or one that names photos and marks
    something on any. Empty files, and those without marks, such as a camera's, say nothing.

    Parameters
    ----------
    root : Path
    photos : all that would be used, below `root`
    exclude : files and folders that are something else
    """
    files = [*Sheets(root, exclude).files, *_beside(root, exclude)]
    masks = _masks_beside(root, exclude)
    if not files and not masks:
        return
    stems: NameIndex = NameIndex()
    names: NameIndex = NameIndex()
    for path in photos:
        stems.append(_spelt(path.stem))
        names.append(_spelt(path.name))
    for mask in masks:
        if _spelt(mask.stem) in stems or _ADDED.sub("", _spelt(mask.stem)) in stems:
            msg = f"{mask}: by its folder a mask of a picture that would be used as a good photo"
            raise InputError(msg, hint=MASKS_HINT)
    for file in files:
        what = _what(file, stems, names)
        if what:
            msg = f"{file}: {what} of pictures that would be used as good photos"
            raise InputError(msg, hint=HINT)


def _what(file: Path, stems: NameIndex, names: NameIndex) -> str:
    """Return what a file looks like, empty if it marks none of the photos."""
    stem, ending = _spelt(file.stem), file.suffix.lower()
    own = stem in stems or stem in names or _ADDED.sub("", stem) in stems
    if file.name.lower() in LISTS:
        return ""
    text = _read(file)
    if own and ending == ".txt":
        told = (_SETTING.fullmatch(one) and not _FOUR.search(one) for one in text.splitlines())
        return "" if all(told) else "a text file that looks like marks"
    if not own and not any(_spelt(name) in names for name in _PICTURE.findall(text)):
        return ""
    if ending in JSON:
        key = _KEY.search(text)
        found = f"JSON with {key[1]!r}, which looks like marks" if key else ""
    elif ending == ".xml":
        tag = _TAG.search(text)
        found = f"XML with <{tag[1]}>, which looks like marks" if tag else ""
    else:
        found = _in_table(text, names, ending)
    if not found and not own and meaning_of(file.stem) == "masks":
        return "a list that by its name holds labels"
    return found


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            return ""
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror}"
        raise InputError(msg, hint="it may mark defects: check its permissions") from error


def _in_table(text: str, names: NameIndex, ending: str) -> str:
    """Return what a list of pictures looks like, empty if it marks none."""
    header, *_ = text.splitlines() or [""]
    columns = [one.strip(" \"'") for one in re.split(r"[,;\t]", header)]
    marked = next((one for one in columns if _COLUMN.fullmatch(one)), "")
    if marked and ending in TABLES:
        return f"a table with the column {marked!r}, which looks like marks"
    for line in text.splitlines():
        picture = _PICTURE.search(line)
        if picture and _spelt(picture[1]) in names and _FOUR.match(line, picture.end()):
            return "a list of pictures with numbers that look like boxes"
    return ""


def _beside(root: Path, exclude: Collection[Path]) -> Iterator[Path]:
    """Yield files beside a folder, or beside the folder of images it lies in, that may mark it.

    Looked at are folders whose names say that they hold labels and, where the folder's own name
    says no more than images or a split, files of lists. Good photos are left in peace.
    """
    folder = root
    while meaning_of(folder.name) != "good":
        generic = _is_generic(folder.name)
        try:
            near = [one for one in folders(folder.parent) if _holds_labels(one.name)]
            lists = files_in(folder.parent) if generic else ()
        except InputError:  # not the user's
            return
        yield from (path for path in lists if path.suffix.lower() in JSON | TABLES | {".xml"})
        for place in near:
            if place != root:
                yield from Sheets(place, exclude).files
        folder = folder.parent
        if folder == folder.parent or not is_dividing(folder.name):
            return


def _masks_beside(root: Path, exclude: Collection[Path]) -> list[Path]:
    """List the pictures of folders of masks beside a folder that is called images or the like."""
    if not _is_generic(root.name) or meaning_of(root.name) == "good":
        return []
    try:
        near = [one for one in folders(root.parent) if one not in {root, *exclude}]
        masks = [one for one in near if meaning_of(one.name) == "masks"]
        return [path for one in masks for path in pictures(one) if path not in exclude]
    except InputError:  # not the user's
        return []


def _is_generic(name: str) -> bool:
    words = words_of(name)
    return bool(words) and all(
        word in DIVIDING or word in SPLITS or word in MEANINGLESS or word.isdecimal()
        for word in words
    )


def _holds_labels(name: str) -> bool:
    """Tell whether a folder's name says labels and nothing of a product."""
    words = frozenset(words_of(name))
    if telling_nothing(name) - DIVIDING:
        return False
    return meaning_of(name) == "masks" or bool(words and words <= DIVIDING - OF_PICTURES)


def _spelt(name: str) -> str:
    return nfc(name).lower()
