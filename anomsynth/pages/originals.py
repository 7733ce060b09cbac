"""Pictures at their own pixels: within the page as long as it stays small, else linked from it."""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import cv2

from anomsynth.core.display import Rgb
from anomsynth.core.on_demand import OnDemand
from anomsynth.core.path_list import PathList
from anomsynth.errors import OutputError

BROWSERS_SHOW = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}


@dataclass(frozen=True, slots=True)
class Original:
    """A picture to be looked at closely.

    Attributes
    ----------
    file : int
        Its number among the page's `Originals`.
    width, height : int
    outline : str
        SVG path of the mask in its pixels.
    before : int or None
        The number of the good photo, of the same size.
    """

    file: int
    width: int
    height: int
    outline: str
    before: int | None = None


class Originals:
    """The files that a page shows at their own pixels, each once.

    Parameters
    ----------
    page : Path
        Where the page will be.
    budget : int
        Bytes that may be inlined.
    """

    def __init__(self, page: Path, budget: int) -> None:
        self._folder = page.parent.resolve()
        self._budget = budget
        self._paths = PathList()
        self._shared: dict[Path, int] = {}
        self._made: dict[int, bytes] = {}

    @property
    def room(self) -> int:
        """Bytes that may still be inlined for files that browsers do not show."""
        return self._budget - _in_base64(sum(map(len, self._made.values())))

    def add(self, path: Path) -> int:
        """Take a file that a browser shows as it is, and return its number, a new one."""
        self._paths.append(path)
        return len(self._paths) - 1

    def add_shared(self, path: Path) -> int:
        """Take a file that several cards show, and return its number, always the same."""
        if path not in self._shared:
            self._shared[path] = self.add(path)
        return self._shared[path]

    def add_made(self, path: Path, shown: Rgb) -> int:
        """Take what a browser shall see of a file that it cannot show, and return its number."""
        if path not in self._shared:
            lossless = (cv2.IMWRITE_WEBP_QUALITY, 101)
            done, coded = cv2.imencode(".webp", shown[..., ::-1], lossless)
            if not done:
                hint = "reinstall opencv-python-headless"
                raise OutputError("this OpenCV writes no WebP", hint=hint)
            self._made[self.add_shared(path)] = coded.tobytes()
        return self._shared[path]

    @property
    def linked(self) -> bool:
        """Whether files are linked as seen from the page, for together they would not fit it."""
        files = (path for at, path in enumerate(self._paths) if at not in self._made)
        return _in_base64(sum(path.stat().st_size for path in files)) > self.room

    def sources(self) -> Sequence[str]:
        """Return the address of each picture: all inlined if they fit into the budget.

        Else files are linked, and only what a browser could not show is inlined.
        """
        linked = self.linked
        return OnDemand(range(len(self._paths)), lambda at: self._address(at, linked=linked))

    def _address(self, number: int, *, linked: bool) -> str:
        if number in self._made:
            return _data_uri("image/webp", self._made[number])
        path = self._paths[number]
        if not linked:
            return _data_uri(BROWSERS_SHOW[path.suffix.lower()], path.read_bytes())
        try:
            return quote(Path(os.path.relpath(path.resolve(), self._folder)).as_posix())
        except ValueError:  # another drive
            return path.resolve().as_uri()


def is_shown(path: Path) -> bool:
    """Tell whether browsers show files of this name."""
    return path.suffix.lower() in BROWSERS_SHOW


def _in_base64(count: int) -> int:
    return 4 * count // 3


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
