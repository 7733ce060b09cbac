"""Files that say what is drawn on pictures, in a form that no reader of layouts takes."""

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from anomsynth.dataset.annotations.drawn import SPLITS
from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layouts.names import (
    MEANINGLESS,
    condemns,
    meaning_of,
    telling_nothing,
    without_roles,
    words_of,
)
from anomsynth.dataset.layouts.sheets import DIVIDING, LISTS, Sheets, is_dividing
from anomsynth.dataset.layouts.tree import folders, pictures
from anomsynth.dataset.layouts.verdicts import NAMELESS, Record, marks_in, records_of_json
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import files_in, folded
from anomsynth.errors import InputError

JSON = frozenset({".json", ".jsonl", ".ndjson"})
TABLES = frozenset({".csv", ".tsv"})
LINES = frozenset({".txt", ".xml"})
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
    r'"(shapes|annotations?|objects(?="\s*:\s*(?:\[|\{\s*"[^"]*"\s*:\s*[\[{]))|regions|polygons?|bbox(?:es)?|bndbox|boxes|segmentations?|rle|'
    r'masks?|mask_path|anomaly_class|defects?)"\s*:\s*(?!\[\s*\]|\{\s*\}|null|false|""|0\b)\S'
)
_TAG = re.compile(
    r"<(object|bndbox|box|polygon|polyline|points|mask|region(?!>\s*[^<\s])|defect)\b", re.I
)
_VALUE = re.compile(r"[:=\t]")  # of a setting, after its name
_ROW = re.compile(r"\s*(?:[^\s,;]+[\s,;]+)?-?\d+(?:\.\d+)?(?:[\s,;]+-?\d+(?:\.\d+)?){3}")
_FOUR = re.compile(r"(?:[\s,;:]+-?\d+(?:\.\d+)?){4}")
_TIME = re.compile(
    r"(?:19|20)\d\d[ :-](?:0?[1-9]|1[0-2])[ :-][0-3]?\d[ T:-][0-2]?\d[ :-][0-5]?\d\b"
)
_ENDINGS = "|".join(sorted(one.removeprefix(".") for one in SUFFIXES))
_ENDING = re.compile(rf"\.(?:{_ENDINGS})(?![a-z0-9])", re.I)
_AROUND = re.compile(r"""["',;:<>|\t\r\n]""")  # a path in any list
_UPLOADED = re.compile(r"[0-9a-f]{3,8}-")  # Label Studio puts it before a picture's name
_NAMING = re.compile(r"(?:image|img|file|photo|picture|sample)?[ _]?(?:id|name|file|path)?", re.I)


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
            self._stems.append(folded(path.stem))
            self._names.append(folded(path.name))
            self._folders.add(folded(path.parent.name))

    def are_called(self, stem: str) -> bool:
        """Tell whether one has the name of a file, but for what tools add to it."""
        spelt = folded(stem)
        return spelt in self._stems or spelt in self._names or _ADDED.sub("", spelt) in self._stems

    def are_in(self, text: str, *, inside: bool) -> bool:
        """Tell whether a text mentions one; from outside, not as a picture of another folder."""
        for path, _ in _mentioned(text):
            *above, name = path.replace("\\", "/").split("/")
            words = folded(name).split(" ")
            names = (" ".join(words[at:]) for at in range(len(words)))
            elsewhere = bool(above and above[-1]) and folded(above[-1]) not in self._folders
            added = _UPLOADED.match(name) if "upload" in above else None
            if added and folded(name[added.end() :]) in self._names:
                return True
            if (inside or not elsewhere) and any(one in self._names for one in names):
                return True
        return False

    def are_called_exactly(self, cell: str, *, sure: bool) -> bool:
        """Tell whether a cell is the name of one without its ending; a number where it is sure."""
        spelt = folded(cell.strip())
        return (sure or not spelt.isdecimal()) and spelt in self._stems

    @property
    def folders(self) -> Collection[str]:
        """The names of the folders that they lie in."""
        return self._folders


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
        marked = any(_marks(line) for line in text.splitlines())
        return "a text file that looks like marks" if marked else ""
    found = _in_lists(ending, text, photos, own=own, inside=inside)
    if inside and meaning_of(file.stem) == "masks" and any(map(_is_row, text.splitlines())):
        found = found or "a list of numbers that by its name holds labels"
    if not own and not photos.are_in(text, inside=inside):
        return found  # none is named with its ending
    if ending in JSON:
        key = _KEY.search(text)
        found = f"JSON with {key[1]!r}, which looks like marks" if key else found
    elif ending == ".xml":
        tag = _TAG.search(text)
        found = f"XML with <{tag[1]}>, which looks like marks" if tag else ""
    if not found and any(_has_box(line, photos) for line in text.splitlines()):
        return "a list of pictures with numbers that look like boxes"
    if not found and not own and meaning_of(file.stem) == "masks":
        return "a list that by its name holds labels"
    return found


def _marks(line: str) -> bool:
    """Tell whether a line of a picture's own text is a row of marks, or says a defect alone."""
    said = _VALUE.split(line)[-1]
    if condemns(said) or meaning_of(without_roles(said)) == "defects":
        return True
    return _is_row(line) or (_TIME.search(line) is None and bool(_FOUR.search(line)))


def _is_row(line: str) -> bool:
    """Tell whether a line is four numbers or more, perhaps after a word, and no time."""
    return _TIME.search(line) is None and _ROW.match(line) is not None


def _in_lists(ending: str, text: str, photos: _Photos, *, own: bool, inside: bool) -> str:
    """Return what a table, JSON or a list of lines looks like, empty if it marks no photo."""
    records: Iterable[Record]
    if ending in JSON:
        records = (
            record
            for key, record in records_of_json(text)
            if (own and not key)
            or _is_of(photos, [key, *record.values()], inside=inside)
            or any(
                photos.are_called_exactly(value, sure=inside)
                for name, value in record.items()
                if _NAMING.fullmatch(name)
            )
        )
    elif ending in TABLES:
        records = _rows(text, photos, own=own, inside=inside)
    elif ending == ".txt":
        records = _ends_of_lines(text, photos, inside=inside)
    else:
        return ""
    return marks_in(records, photos.folders)


def _is_of(photos: _Photos, cells: Iterable[str], *, inside: bool) -> bool:
    """Tell whether cells name a photo."""
    return any(photos.are_in(one, inside=inside) for one in cells)


def _rows(text: str, photos: _Photos, *, own: bool, inside: bool) -> Iterator[Record]:
    """Yield the rows of a table that are about photos; of one without a header, too."""
    lines = [line for line in text.splitlines() if line.strip()]
    sign = next((one for one in ",;\t" if lines and one in lines[0]), ",")
    try:
        header, *rows = [*csv.reader(lines, delimiter=sign)] or [[]]
    except csv.Error:  # no table
        return
    header = [one.strip(" \"'#") for one in header]
    naming = [at for at, name in enumerate(header) if name and _NAMING.fullmatch(name)]
    if _is_of(photos, header, inside=inside):
        rows.insert(0, header)
        header = [f"{at + 1}" for at in range(len(header))]
    for row in rows:
        bare = {
            at
            for at in {0, *naming}
            if at < len(row) and photos.are_called_exactly(row[at], sure=inside and at in naming)
        }
        if own or bare or _is_of(photos, row, inside=inside):
            yield {
                name: cell.strip()
                for at, (name, cell) in enumerate(zip(header, row, strict=False))
                if at not in bare
            }


def _ends_of_lines(text: str, photos: _Photos, *, inside: bool) -> Iterator[Record]:
    """Yield what stands after a picture on each line of a list: a word, or yes and no."""
    for line in text.splitlines():
        path, end = next(_mentioned(line), ("", 0))
        first, _, rest = line.strip().partition(" ")
        if path and photos.are_in(path, inside=inside):
            rest = line[end:]
        elif path or not photos.are_called_exactly(first, sure=False):
            continue
        rest = rest.strip(" \t,;:|\"'")
        if len(rest.split()) == 1:
            yield {NAMELESS: rest}


def _has_box(line: str, photos: _Photos) -> bool:
    path, end = next(_mentioned(line), ("", 0))
    if _TIME.search(line, end):
        return False
    return bool(path and _FOUR.match(line, end)) and photos.are_in(path, inside=True)


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
        yield from (path for path in lists if path.suffix.lower() in JSON | TABLES | LINES)
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
