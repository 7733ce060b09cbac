"""One thing that is wrong with a dataset, or worth knowing."""

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        Error: a loader fails, or learns from wrong labels. Warning: results may be misleading, or
        some tools stumble. Note: good to know.
    check : str
        Name of what was looked at, e.g. "mask-values".
    file : str
        File or folder below the dataset's root, posix.
    message : str
        What is wrong.
    hint : str
        What to do.
    """

    level: Level
    check: str
    file: str
    message: str
    hint: str

    def line(self) -> dict[str, str]:
        """Return the finding as plain values."""
        return asdict(self)
