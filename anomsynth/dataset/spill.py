"""Records that lie on disk where they are many, so that memory does not grow with them."""

import os
import pickle
import tempfile
import weakref
from array import array
from pathlib import Path
from typing import TypeVar

from anomsynth.core.on_demand import Made
from anomsynth.core.whole import output_error

Record = TypeVar("Record")
IN_MEMORY = 1 << 20  # bytes; more lie in the system's folder of temporary files


class Spill(Made[Record]):
    """A list of anything that can be pickled; each takes 8 bytes of memory.

    The file has no name and is gone with the list. Only this process writes and reads it.

    Examples
    --------
    >>> kept = Spill()
    >>> kept.append({"score": 0.5})
    >>> kept[0]["score"], len(kept)
    (0.5, 1)
    """

    def __init__(self) -> None:
        # Closed by the finalizer: it lives as long as the list.
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self._starts = array("Q")
        self._end = 0
        weakref.finalize(self, self._file.close)

    def append(self, record: Record) -> None:
        """Add a record at the end; raise OutputError if the disk is full."""
        content = pickle.dumps(record, pickle.HIGHEST_PROTOCOL)
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(content)
        except OSError as error:
            raise output_error(Path(tempfile.gettempdir()), error) from error
        self._starts.append(self._end)
        self._end += len(content)

    def __len__(self) -> int:
        return len(self._starts)

    def member(self, number: int) -> Record:
        """Read a record back by its number."""
        self._file.seek(self._starts[number])
        record: Record = pickle.load(self._file)  # noqa: S301 - what this process wrote
        return record
