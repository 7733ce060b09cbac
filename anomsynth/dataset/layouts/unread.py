"""Files that say what is drawn on pictures, in a form that no reader of layouts takes."""

import csv
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
LONGEST = 255  # signs of a path that are looked at
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
_ENDING = re.compile(rf"\.(?:{_ENDINGS})(?![a-z0-9])", re.I)
_AROUND = re.compile(r"""["',;:<>|\t\r\n]""")  # a path in any list
_VERDICT = re.compile(
    r"(?:class|label|target|category|status|result|verdict|quality)(?:_?(?:id|name))?|is_\w+|y",
    re.I,
)


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
    known = _Photos(photos)
    for mask in masks:
        if known.are_called(mask.stem):
            msg = f"{mask}: by its folder a mask of a picture that would be used as a good photo"
            raise InputError(msg, hint=MASKS_HINT)
    for file in files:
        what = _what(file, known, inside=file.is_relative_to(root))
        if what:
            msg = f"{file}: {what} of pictures that would be used as good photos"
            raise InputError(msg, hint=HINT)


class _Photos:
    """Names of photos, to be found among those that a file mentions."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._stems, self._names, self._folders = NameIndex(), NameIndex(), set[str]()
        for path in paths:
            self._stems.append(_spelt(path.stem))
            self._names.append(_spelt(path.name))
            self._folders.add(_spelt(path.parent.name))

    def are_called(self, stem: str) -> bool:
        """Tell whether one has the name of a file, but for what tools add to it."""
        spelt = _spelt(stem)
        return spelt in self._stems or spelt in self._names or _ADDED.sub("", spelt) in self._stems

    def are_in(self, text: str, *, inside: bool) -> bool:
        """Tell whether a text mentions one; from outside, not as a picture of another folder."""
        for path, _ in _mentioned(text):
            *above, name = path.replace("\\", "/").split("/")
            words = _spelt(name).split(" ")
            names = (" ".join(words[at:]) for at in range(len(words)))
            elsewhere = bool(above and above[-1]) and _spelt(above[-1]) not in self._folders
            if (inside or not elsewhere) and any(one in self._names for one in names):
                return True
        return False


def _mentioned(text: str) -> Iterator[tuple[str, int]]:
    """Yield what may be paths of pictures, perhaps with words before, and where each ends."""
    for found in _ENDING.finditer(text):
        before = text[max(found.start() - LONGEST, 0) : found.end()]
        yield _AROUND.split(before)[-1], found.end()


def _what(file: Path, photos: _Photos, *, inside: bool) -> str:
    """Return what a file looks like, empty if it marks none of the photos."""
    if file.name.lower() in LISTS:
        return ""
    own, ending, text = photos.are_called(file.stem), file.suffix.lower(), _read(file)
    if own and ending == ".txt":
        told = (_SETTING.fullmatch(one) and not _FOUR.search(one) for one in text.splitlines())
        return "" if all(told) else "a text file that looks like marks"
    if not own and not photos.are_in(text, inside=inside):
        return ""
    if ending in JSON:
        key = _KEY.search(text)
        found = f"JSON with {key[1]!r}, which looks like marks" if key else ""
    elif ending == ".xml":
        tag = _TAG.search(text)
        found = f"XML with <{tag[1]}>, which looks like marks" if tag else ""
    elif ending in TABLES:
        found = _in_table([line for line in text.splitlines() if line.strip()], photos)
    else:
        found = ""
    if not found and any(_has_box(line, photos) for line in text.splitlines()):
        return "a list of pictures with numbers that look like boxes"
    if not found and not own and meaning_of(file.stem) == "masks":
        return "a list that by its name holds labels"
    return found


def _has_box(line: str, photos: _Photos) -> bool:
    path, end = next(_mentioned(line), ("", 0))
    return bool(path and _FOUR.match(line, end)) and photos.are_in(path, inside=True)


def _in_table(lines: list[str], photos: _Photos) -> str:
    """Return what a table of pictures looks like, empty if it marks none."""
    sign = next((one for one in ",;\t" if lines and one in lines[0]), ",")
    try:
        header, *rows = [*csv.reader(lines, delimiter=sign)] or [[]]
    except csv.Error:  # no table
        return ""
    for at, name in enumerate(one.strip(" \"'#") for one in header):
        if _COLUMN.fullmatch(name):
            return f"a table with the column {name!r}, which looks like marks"
        if _VERDICT.fullmatch(name):
            named = [row for row in rows if photos.are_in(sign.join(row), inside=True)]
            said = {row[at].strip() for row in named if at < len(row)}
            if len(said) > 1 or any(meaning_of(one) == "defects" for one in said):
                return f"a table whose column {name!r} tells pictures apart, which looks like marks"
    return ""


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST:
            return ""
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror}"
        raise InputError(msg, hint="it may mark defects: check its permissions") from error


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
