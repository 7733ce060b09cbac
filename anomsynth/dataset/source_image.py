"""One good photo of a source folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One good photo.

    Attributes
    ----------
    key : str
        Path below the category's folder of good photos, posix, NFC.
    path : Path
    scan : Path or None
        The depth map or point cloud that goes with it; the same file where there is no picture.
    views : (name, SourceImage) of each other photo of the part
    """

    key: str
    path: Path
    scan: Path | None = None
    views: tuple[tuple[str, "SourceImage"], ...] = ()
