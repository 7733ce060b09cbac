"""Files of labelling tools below a folder, and which picture each of them speaks of."""

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

from anomsynth.core.path_list import PathList
from anomsynth.dataset.annotations.coco import is_coco
from anomsynth.dataset.annotations.drawn import read_json
from anomsynth.dataset.annotations.labelme import is_labelme
from anomsynth.dataset.layouts.names import words_of
from anomsynth.dataset.layouts.tree import folders, pictures_below
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import files_in, folded, nfc
from anomsynth.errors import InputError

ENDINGS = frozenset(
    {".json", ".jsonl", ".ndjson", ".xml", ".txt", ".csv", ".tsv"}
    | {".yaml", ".yml", ".names", ".labels"}
)
LISTS = frozenset({"classes.txt", "obj.names", "classes.names", "_darknet.labels"})  # of classes
# Folders that divide pictures from what was drawn on them, and say nothing else.
# fmt: off
DIVIDING = frozenset({
    "ann", "anno", "annotation", "annotations", "annots", "bbox", "boxes", "coco", "image",
    "images", "img", "imgs", "jpeg", "json", "jsons", "label", "labelme", "labels", "lable",
    "photo", "photos", "picture", "pictures", "pic", "pics", "txt", "voc", "xml", "xmls", "yolo",
})
# fmt: on


class Sheets:
    """The files below a folder that may say what is drawn on its pictures, and the pictures.

    Folders of ours and hidden ones are passed over; links lead to each folder once.

    Parameters
    ----------
    root : Path
    exclude : files and folders that are left out
    """

    def __init__(self, root: Path, exclude: Collection[Path] = ()) -> None:
        self.root = root
        self._exclude = exclude

    @cached_property
    def files(self) -> PathList:
        """Every file with one of `ENDINGS` in any case, in the order of folders and names."""
        found = PathList()
        top = self.root.resolve()
        seen = {top}

        def is_new(folder: Path) -> bool:
            if not folder.is_symlink():
                return True
            real = folder.resolve()
            if real in seen or real.is_relative_to(top) or top.is_relative_to(real):
                return False
            seen.add(real)
            return True

        def go_through(folder: Path) -> None:
            for path in files_in(folder):
                if path.suffix.lower() in ENDINGS and path not in self._exclude:
                    found.append(path)
            for place in folders(folder):
                if place not in self._exclude and is_new(place):
                    go_through(place)

        go_through(self.root)
        return found

    @cached_property
    def pictures(self) -> "Pictures":
        """The pictures below the folder."""
        return Pictures(self.root, pictures_below(self.root))

    @cached_property
    def kinds(self) -> dict[Path, str]:
        """What JSON and XML files are: coco, labelme, cvat, voc, or broken; without any others."""
        found = {}
        for path in self.files:
            look = {".json": _json_kind, ".xml": _xml_kind}.get(path.suffix.lower())
            kind = "" if look is None else look(path)
            if kind:
                found[path] = kind
        return found

    def of(self, kind: str) -> list[Path]:
        """List the files of a kind."""
        return [path for path, what in self.kinds.items() if what == kind]

    def ending(self, *endings: str) -> list[Path]:
        """List the files with one of these lower-case endings."""
        return [path for path in self.files if path.suffix.lower() in endings]


class Pictures:
    """Finds the picture that a file speaks of.

    Parameters
    ----------
    root : Path
    paths : of all pictures below it
    """

    def __init__(self, root: Path, paths: Iterable[Path]) -> None:
        self.root = root
        self.paths = PathList(paths)
        self._stems = NameIndex(folded(path.stem) for path in self.paths)

    def named(self, file: Path, name: str) -> Path:
        """Return the picture of a path that a file gives; its folders may be others by now.

        Raises
        ------
        InputError
            If there is none, or there are several.
        """
        said = nfc(name)
        base = said.rpartition("/")[2]
        found = [one for one in self._of(Path(base).stem) if nfc(one.name) == base]
        ends = [one for one in found if nfc(one.as_posix()).endswith(f"/{said}")]
        words = set(words_of(file.stem))
        found = self._nearest(file, ends or found)
        if len(found) > 1:
            found = [one for one in found if set(words_of(one.parent.name)) <= words] or found
        if len(found) != 1:
            what = "is not there" if not found else f"may be {found[0]} or {found[1]}"
            raise InputError(f"{file}: its picture {name!r} {what}", hint="unpack all of it")
        return found[0]

    def of_stem(self, file: Path) -> Path | None:
        """Return the picture that has a file's name but for its ending, None if there is none.

        It lies beside the file, or where folders that `DIVIDING` names alone make the difference.

        Raises
        ------
        InputError
            If several may be meant.
        """
        own = self._place(file)
        found = [one for one in self._of(file.stem) if _agree(own, self._place(one))]
        found = self._nearest(file, found)
        if len(found) > 1:
            msg = f"{file}: its picture may be {found[0]} or {found[1]}"
            raise InputError(msg, hint="lay it beside its picture, or rename one")
        return found[0] if found else None

    def _of(self, stem: str) -> list[Path]:
        spelt = folded(stem)
        found = [self.paths[at] for at in self._stems.places(spelt)]
        return sorted(path for path in found if folded(path.stem) == spelt)

    def _nearest(self, file: Path, found: list[Path]) -> list[Path]:
        """Keep those that lie nearest to a file, as long as any are left."""
        own = self._place(file)
        rules: tuple[Callable[[Path], bool], ...] = (
            lambda one: one.parent == file.parent,
            lambda one: self._place(one) == own,
            lambda one: _agree(own, self._place(one)),
        )
        for fits in rules:
            if len(found) > 1:
                found = [one for one in found if fits(one)] or found
        return found

    def _place(self, path: Path) -> tuple[str, ...]:
        """Return the folders of a file below the root that say something."""
        parts = path.parent.relative_to(self.root).parts
        return tuple(part.lower() for part in parts if not is_dividing(part))


def is_dividing(name: str) -> bool:
    """Tell whether a folder's name says no more than pictures, or what is drawn on them."""
    return all(word in DIVIDING for word in words_of(name))


def _agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether one place lies in the other."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _json_kind(path: Path) -> str:
    try:
        content = read_json(path)
    except InputError:  # whoever needs it says what is wrong
        return "broken"
    return "coco" if is_coco(content) else "labelme" if is_labelme(content) else ""


def _xml_kind(path: Path) -> str:
    try:
        # Expat from 2.4.1 on, which Python brings, refuses entities that grow.
        with path.open("rb") as file:
            _, top = next(ET.iterparse(file, events=("start",)))  # noqa: S314 - see above
    except (OSError, ET.ParseError, ValueError, StopIteration):
        return "broken"
    return {"annotations": "cvat", "annotation": "voc"}.get(str(top.tag), "")
