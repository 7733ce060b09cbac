"""Where every file of a dataset lies: the tree of MVTec AD or MVTec 3D-AD, and extras beside it.

Loaders of these trees take every PNG below a category folder for a photo or a mask and pair them by
sorted names, so nothing else may lie there and all names have one width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from anomsynth.errors import OutputError

RESERVED = "_anomsynth"
COMBINED = "combined"
GOOD = "good"
VIEW = "view_"  # how the folder of another view begins
RGB, XYZ, GT = "rgb", "xyz", "gt"  # of MVTec 3D-AD: pictures, scans and masks of a kind
TIFF = ".tiff"
FEWEST_DIGITS = 6
MOST_BYTES = 200  # of a photo's name in a file name, which file systems limit to 255


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one dataset.

    Attributes
    ----------
    root : Path
    digits : int
        Width of every file number.
    tree : {"mvtec", "3d"}
        "3d" has the pictures of a kind in ``rgb``, its scans in ``xyz`` and its masks in ``gt``.
    """

    root: Path
    digits: int = FEWEST_DIGITS
    tree: Literal["mvtec", "3d"] = "mvtec"

    @property
    def metadata(self) -> Path:
        """The metadata folder: everything that is not the tree itself."""
        return self.root / RESERVED

    @property
    def scratch(self) -> Path:
        """Folder of temporary files; gone when a run has ended."""
        return self.metadata / ".tmp"

    @property
    def shards(self) -> Path:
        """Folder of what shards have recorded; gone when they are merged."""
        return self.metadata / ".shards"

    @property
    def run_file(self) -> Path:
        """What was run: versions, recipe, options."""
        return self.metadata / "run.json"

    @property
    def journal(self) -> Path:
        """What an unfinished run has done so far."""
        return self.metadata / "journal.jsonl"

    def number(self, number: int) -> str:
        """Return the file stem of a number."""
        return f"{number:0{self.digits}d}"

    def normal(
        self, category: str, split: str, number: int, name: str = "", ending: str = ".png"
    ) -> Path:
        """Return the path of a good photo; `split` is "train" or "test"."""
        place = self._pictures(category, split, GOOD)
        return place / f"{self.number(number)}{name}{ending}"

    def image(self, category: str, kinds: Sequence[str], number: int, name: str = "") -> Path:
        """Return the path of a defect image."""
        file = f"{self.number(number)}{name}.png"
        return self._pictures(category, "test", defect_folder(kinds)) / file

    def mask(self, category: str, kinds: Sequence[str], number: int, name: str = "") -> Path:
        """Return the path of a label mask."""
        stem, kind = f"{self.number(number)}{name}", defect_folder(kinds)
        if self.tree == "3d":
            return self.root / category / "test" / kind / GT / f"{stem}.png"
        return self.root / category / "ground_truth" / kind / f"{stem}_mask.png"

    def scan(self, picture: Path, ending: str) -> Path:
        """Return the path of the scan that goes with a picture of a "3d" tree.

        `ending` is that of the file it came from; TIFF is always ``.tiff``, as loaders want it.
        """
        ending = TIFF if ending.lower() == ".tif" else ending.lower()
        return picture.parents[1] / XYZ / f"{picture.stem}{ending}"

    def _pictures(self, category: str, split: str, kind: str) -> Path:
        folder = self.root / category / split / kind
        return folder / RGB if self.tree == "3d" else folder

    def view(self, picture: Path, view: str) -> Path:
        """Return the path of another view of a picture of the tree: a tree beside it, for each."""
        inside = picture.relative_to(self.root)
        place = Path(*inside.parts[1:]).with_suffix(".png")
        return self.metadata / inside.parts[0] / f"{VIEW}{view}" / place

    def beside(self, category: str, name: str, file: str) -> Path:
        """Return the path of a file in one of the folders of extras."""
        return self.metadata / category / name / file

    def manifest(self, category: str) -> Path:
        """Return the path of the manifest, one JSON line per photo and sample."""
        return self.metadata / category / "manifest.jsonl"

    def scores(self, category: str) -> Path:
        """Return the path of the table of scores."""
        return self.metadata / category / "scores.csv"

    def relative(self, path: Path) -> str:
        """Return a path below the root as it is written in manifests."""
        return path.relative_to(self.root).as_posix()


def digits_for(highest: int) -> int:
    """Return the width of file numbers up to `highest`."""
    return max(FEWEST_DIGITS, len(str(highest)))


def name_of(image: str) -> str:
    """Return what file names say of their photo after the number: ``_IMG_2034``.

    The number stays in front, so that images and masks sort alike whatever photos are called.

    Examples
    --------
    >>> name_of("monday/IMG 2034.jpg")
    '_monday-IMG 2034'
    """
    stem = image.rpartition(".")[0] or image
    plain = "".join(
        "-" if sign in '/\\:*?"<>|' or not sign.isprintable() else sign for sign in stem
    )
    while len(plain.encode()) > MOST_BYTES:
        plain = plain[:-1]
    return f"_{plain}"


def defect_folder(kinds: Sequence[str]) -> str:
    """Return the folder of a sample: its kind, or "combined" if it holds several."""
    return kinds[0] if len(kinds) == 1 else COMBINED


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise OutputError if a kind has the name of a folder with a meaning of its own."""
    for kind in kinds:
        if kind in {GOOD, COMBINED}:
            msg = f"kind {kind!r}: this folder means something else in a dataset"
            raise OutputError(msg, hint="rename the component")
