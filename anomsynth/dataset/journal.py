"""What an unfinished run has done: one line per unit of work, written when its files are there."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path

from anomsynth.core.plain_file import open_bytes
from anomsynth.core.whole import output_error
from anomsynth.dataset.files import write_pieces
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import (
    Line,
    again_json,
    read_lines,
    read_manifest,
    read_placed_lines,
    whole_number,
)
from anomsynth.dataset.manifest_line import AGAIN, check_line, damage_of
from anomsynth.dataset.paths import exists
from anomsynth.errors import OutputError

LINES = ',"lines":['  # the last part of a unit's entry, behind its name
Name = tuple[str, str, int]  # category, image key, index of the first sample


class Journal:
    """Journal of one run; only the parent process writes it.

    The memory it takes is one number per unit: lines are read again from the file.

    Parameters
    ----------
    layout : Layout
        Its scratch folder exists.
    categories : of the run
        If their manifests are there but no journal, the run had ended and is taken up again.
    unit_samples : int
        Most samples of a unit; the first of each has an index that is a multiple of it.

    Raises
    ------
    OutputError
        If a file is damaged before its last line, or cannot be read or written.
    """

    def __init__(self, layout: Layout, categories: Iterable[str], unit_samples: int) -> None:
        self.path = layout.journal
        if not exists(self.path):
            write_pieces(
                self.path, _from_manifests(layout, categories, unit_samples), layout.scratch
            )
        self._places: dict[Name, int] = {}
        end = 0
        for place, line in read_placed_lines(self.path):
            first = whole_number(line, "first", self.path)
            name = str(line.get("category")), str(line.get("image")), first
            self._places[name] = place.start
            end = place.stop
        try:
            self._file = FileIO(os.fspath(self.path), "r+")
            self._file.truncate(end)  # drops a line that was cut off when the last run died
        except OSError as error:
            raise output_error(self.path, error) from error

    def names(self) -> list[Name]:
        """Return the units in the journal, in the order they were written."""
        return list(self._places)

    def forget(self, name: Name) -> None:
        """Treat a unit as not done; its line stays in the file until a new one follows."""
        del self._places[name]

    def append(self, name: Name, lines: Iterable[str]) -> None:
        """Add the manifest lines of a unit, as `to_json` wrote them.

        Raises
        ------
        OutputError
            If the disk is full; the cut-off line is dropped when the run is resumed.
        """
        try:
            offset = self._file.seek(0, os.SEEK_END)
            rest = memoryview(_entry(name, lines))
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise output_error(self.path, error) from error
        self._places[name] = offset

    def lines(self, name: Name) -> list[Line]:
        """Return the manifest lines of a unit, none if it is not in the journal."""
        return [line for _, line in self.written(name)]

    def written(self, name: Name) -> list[tuple[str, Line]]:
        """Return the manifest lines of a unit, each as it was written and as what it says."""
        if name not in self._places:
            return []
        try:
            with open_bytes(self.path) as file:
                file.seek(self._places[name])
                found = list(_pieces(file.readline().decode()))
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read: {error.strerror}") from error
        except (ValueError, IndexError, TypeError, RecursionError) as error:
            raise OutputError(f"{self.path}: damaged line of {name[1]}", hint=AGAIN) from error
        for _, line in found:
            why = damage_of(line, made=True)
            if why:
                raise OutputError(f"{self.path}: damaged line of {name[1]}: {why}", hint=AGAIN)
        return found

    def close(self) -> None:
        """Close the file; the journal stays."""
        self._file.close()

    def remove(self) -> None:
        """Delete the journal: everything in it is in the manifests."""
        self.close()
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(self.path, error) from error


def read_journal(path: Path) -> Iterator[Line]:
    """Yield the manifest lines in the journal of a run that has not ended.

    Raises
    ------
    OutputError
        If a line is damaged.
    """
    for number, entry in enumerate(read_lines(path), start=1):
        lines = entry.get("lines")
        if not isinstance(lines, list):
            raise OutputError(f"{path}: line {number} is damaged: no lines", hint=AGAIN)
        for line in lines:
            check_line(line, path, number, made=True)
            yield line


def _from_manifests(
    layout: Layout, categories: Iterable[str], unit_samples: int
) -> Iterator[bytes]:
    """Yield the journal that manifests were made from."""
    for category in categories:
        if not exists(layout.manifest(category)):
            continue
        lines = read_manifest(layout.manifest(category), made=True)

        def name_of(line: Line, category: str = category) -> Name:
            named = next((name for name in ("index", "first") if name in line), None)
            index = 0 if named is None else whole_number(line, named, layout.manifest(category))
            first = index // unit_samples * unit_samples
            return category, str(line.get("image")), first

        for name, group in itertools.groupby(lines, name_of):
            yield _entry(name, map(again_json, group))


def _entry(name: Name, lines: Iterable[str]) -> bytes:
    category, image, first = name
    head = again_json({"category": category, "image": image, "first": first})
    return f"{head[:-1]}{LINES}{','.join(lines)}]}}\n".encode()


def _pieces(entry: str) -> Iterator[tuple[str, Line]]:
    """Yield the lines of a unit's entry with their text, which need not be written anew."""
    head, found, _ = entry.partition(LINES)
    if not found:
        raise ValueError("no lines")
    decoder = json.JSONDecoder()
    start = len(head) + len(LINES)
    while entry[start] != "]":
        line, end = decoder.raw_decode(entry, start)
        yield entry[start:end], dict(line)
        start = end + (entry[end] == ",")
