"""What layouts have in common: names of folders in any case, pictures, and masks by their names."""

from collections.abc import Callable, Iterator
from pathlib import Path

from anomsynth.core.path_list import PathList
from anomsynth.dataset.images import SUFFIXES
from anomsynth.dataset.layout import GOOD, RESERVED, RGB, VIEW, XYZ
from anomsynth.dataset.name_index import NameIndex
from anomsynth.dataset.paths import files_in, folded, folders_in, is_dir, is_file, nfc

GOOD_NAMES = frozenset({GOOD, "ok", "normal"})  # MVTec AD, BTAD, VisA and others
# Of MVTec AD; KolektorSDD2; KolektorSDD and DAGM; labelling tools; the image's own name.
CLOUDS = frozenset({".ply", ".pcd", ".xyz"})
SCANS = (".tiff", ".tif", ".png", *sorted(CLOUDS))  # what a file of ``xyz`` may end in
TREE_DEPTH = 3  # folders that a picture lies in below the root of a tree that we write
MASK_ENDINGS = ("_mask", "_gt", "_label", ".mask", "")


def folders(folder: Path) -> list[Path]:
    """List the folders in a folder; none of ours, of the system or hidden."""
    return [path for path in folders_in(folder) if path.name != RESERVED]


def child(folder: Path, *names: str) -> Path | None:
    """Return the folder in a folder that has one of these lower-case names in any case."""
    for name in names:
        if is_dir(folder / name):
            return folder / name
    return next((path for path in folders(folder) if path.name.lower() in names), None)


def pictures(folder: Path) -> PathList:
    """List the pictures that lie directly in a folder."""
    return PathList(path for path in files_in(folder) if path.suffix.lower() in SUFFIXES)


def pictures_below(folder: Path) -> Iterator[Path]:
    """Yield the pictures anywhere below a folder; links to folders are not followed."""
    yield from pictures(folder)
    for path in folders(folder):
        if not path.is_symlink():
            yield from pictures_below(path)


def scan_beside(picture: Path) -> Path | None:
    """Return the scan in ``xyz`` that goes with a picture in ``rgb``, None if there is none."""
    rgb = picture.absolute().parent  # of a picture that is named from its own folder, too
    folder = rgb.parent / XYZ
    if rgb.name != RGB or not is_dir(folder):
        return None
    places = (folder / f"{picture.stem}{ending}" for ending in SCANS)
    return next((place for place in places if is_file(place)), None)


def views_beside(picture: Path) -> dict[str, Path]:
    """Return the other views of a picture of a tree that anomsynth wrote, by name."""
    picture = picture.absolute()
    if len(picture.parents) <= TREE_DEPTH:
        return {}
    root, inside = picture.parents[TREE_DEPTH], picture.parts[-TREE_DEPTH - 1 :]
    place = Path(*inside[1:]).with_suffix(".png")
    found = sorted((root / RESERVED / inside[0]).glob(f"{VIEW}*"))
    named = {folder.name.removeprefix(VIEW): folder / place for folder in found}
    return {name: path for name, path in named.items() if is_file(path)}


class MaskIndex:
    """Finds the mask of an image by its name among the entries of a folder.

    Upper and lower case count alike where that leaves no doubt.

    Parameters
    ----------
    folder : Path or None
        None holds no masks.
    """

    def __init__(self, folder: Path | None) -> None:
        self._paths = PathList() if folder is None else pictures(folder)
        self._exact = NameIndex(nfc(path.stem) for path in self._paths)
        self._lower: NameIndex | None = None  # made when it is needed

    def find(self, image: Path) -> Path | None:
        """Return the mask of an image, None if there is none."""
        stem = nfc(image.stem)
        return self._found(self._exact, stem, str) or self._found(self._any_case, stem, str.lower)

    @property
    def _any_case(self) -> NameIndex:
        if self._lower is None:
            self._lower = NameIndex(folded(path.stem) for path in self._paths)
        return self._lower

    def _found(self, index: NameIndex, stem: str, spelt: Callable[[str], str]) -> Path | None:
        for ending in MASK_ENDINGS:
            name = spelt(stem) + ending
            for place in index.places(name):
                if spelt(nfc(self._paths[place].stem)) == name:
                    return self._paths[place]
        return None


def mask_stem(stem: str) -> str | None:
    """Return the name of the image that a mask of this name belongs to, None if it is no mask's."""
    lower = stem.lower()
    for ending in MASK_ENDINGS:
        if ending and lower.endswith(ending) and len(lower) > len(ending):
            return stem[: -len(ending)]
    return None
