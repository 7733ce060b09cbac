"""The role of an exporter: a component that writes a dataset in another format."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from anomsynth.core.component import Component
from anomsynth.dataset.exports._source import Source
from anomsynth.dataset.exports._staging import Staging


class Exporter(Component, ABC):
    """Writes a dataset in a format of its own; its fields are the format's options.

    Attributes
    ----------
    carries : of "scans" and "views"
        What beside the pictures goes along; that of others is said not to be there.
    """

    carries: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def write(self, source: Source, out: Staging) -> None:
        """Write every picture that can be used into an empty folder.

        Parameters
        ----------
        source : Source
            `Source.load` reads the pictures and remembers those that are left out.
        out : Staging
            Takes pictures and text; what it holds appears as a whole or not at all.

        Raises
        ------
        InputError
            If the dataset cannot be told in this format.
        OutputError
            If a file cannot be written.
        """

    def loading(self, out: Path) -> list[str]:
        """Return lines of Python or shell that load the result."""
        del out
        return []
