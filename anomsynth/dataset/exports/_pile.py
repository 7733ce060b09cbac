"""Text that is gathered piece by piece, on disk where it is long."""

import tempfile
from collections.abc import Iterator
from typing import Self

from anomsynth.core.whole import output_error
from anomsynth.dataset.exports._staging import Staging

IN_MEMORY = 1 << 20  # bytes


class Pile:
    """A file without a name beside those of an export, so that memory does not grow with it.

    Attributes
    ----------
    count : int
        Pieces in it.
    """

    def __init__(self, out: Staging) -> None:
        self.count = 0
        self._folder = out.folder
        # Closed at the end of the block that this is the manager of.
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(out.folder))  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, piece: str) -> None:
        """Add text at its end; raise OutputError if the disk is full."""
        try:
            self._file.write(piece.encode())
        except OSError as error:
            raise output_error(self._folder, error) from error
        self.count += 1

    def pieces(self) -> Iterator[bytes]:
        """Yield all of it, in UTF-8."""
        self._file.seek(0)
        while piece := self._file.read(IN_MEMORY):
            yield piece
