"""Tables are text to spreadsheets and to programs alike."""

import csv
import io

import pytest

from anomsynth.dataset.csv_text import as_written, csv_text


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-x", "@sum", '=HYPERLINK("a")', "'quoted'", "a"])
def test_no_cell_is_a_formula_and_each_is_read_back(cell) -> None:
    text = csv_text([[cell]])

    read = next(csv.reader(io.StringIO(text)))[0]
    assert read[0] not in "=+-@"
    assert as_written(read) == cell


@pytest.mark.parametrize("cell", ["-0.5", "+3", "1e-9", -2.5])
def test_numbers_stay_numbers(cell) -> None:
    assert csv_text([[cell]]) == f"{cell}\n"
