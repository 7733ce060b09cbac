"""Tables as comma-separated text, with one line ending on every system."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets run when a cell begins with it
TEXT = "'"  # before a cell: spreadsheets take it for text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV; cells are quoted where they need it.

    Text that a spreadsheet would run as a formula has an apostrophe before it; see `as_written`.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([map(harmless, row) for row in rows])
    return text.getvalue()


def csv_pieces(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Yield the bytes of what `csv_text` returns, row by row."""
    return (csv_text([row]).encode() for row in rows)


def as_written(cell: str) -> str:
    """Return the text that `csv_text` was given for a cell."""
    return cell[1:] if cell[:1] == TEXT and cell[1:].startswith(FORMULA) else cell


def harmless(cell: object) -> object:
    """Return a cell, text that a spreadsheet would run with an apostrophe before it."""
    if isinstance(cell, str) and cell.startswith(FORMULA) and not _is_number(cell):
        return TEXT + cell
    return cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
