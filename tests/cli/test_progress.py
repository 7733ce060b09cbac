"""Progress: a bar on a terminal, lines in a log, JSON for scripts."""

import json
from itertools import count

import pytest

from anomsynth.cli.bar import Pace
from anomsynth.cli.console import Console
from anomsynth.cli.progress import RunProgress
from anomsynth.core.types import SampleKey
from anomsynth.pipeline.events import Finished, ImageFailed, SampleDone, SampleFailed, Started

EVENTS = (
    Started(total=6, done=1),
    SampleDone(SampleKey("plate", "0.png", 0), "plate/000000", ("crack",), 0.1),
    SampleFailed(SampleKey("plate", "0.png", 1), "RejectedError", "too faint"),
    ImageFailed("plate", "1.png", "InputError", "not an image", 2),
    Finished(written=4, failed=3, by_kind={"crack": 4}, by_cause={"InputError": 3}),
)


def listen(console: Console) -> RunProgress:
    with RunProgress(console) as progress:
        for event in EVENTS:
            progress(event)
    return progress


def test_json_has_one_line_for_each_event_and_nothing_else(capsys) -> None:
    listen(Console(as_json=True))

    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["event"] for line in lines] == [type(event).__name__ for event in EVENTS]
    assert lines[1]["key"] == {"category": "plate", "image": "0.png", "index": 0}
    assert lines[-1]["by_cause"] == {"InputError": 3}
    assert err == ""


def test_quiet_says_nothing(capsys) -> None:
    listen(Console(quiet=True))

    assert capsys.readouterr() == ("", "")


def test_a_pace_is_that_of_late_and_none_of_starting_up() -> None:
    pace = Pace()
    for done in range(4):  # nothing for a minute, then three at once
        pace.note(60.0 if done else 0.0, done)
    assert (pace.rate, pace.left(7)) == (0.0, "")

    for second in range(1, 41):
        pace.note(60.0 + second, 3 + 10 * second)
    assert pace.rate == pytest.approx(10)
    assert pace.left(1000) == ", 100 s left"

    for second in range(1, 41):  # larger photos
        pace.note(100.0 + second, 403 + second)
    assert pace.rate == pytest.approx(1)


def test_no_time_is_told_before_the_first_results(capsys, monkeypatch) -> None:
    clock = count(0, 60.0)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    with RunProgress(Console()) as progress:
        progress(EVENTS[0])
        progress(EVENTS[1])

    assert capsys.readouterr().err == "1 of 6 samples\n2 of 6 samples\n"


def test_a_log_names_bad_photos_and_counts_every_few_seconds(capsys, monkeypatch) -> None:
    clock = count(0, 3.0)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))

    listen(Console())

    out, err = capsys.readouterr()
    assert out == ""
    assert "skipped plate/1.png: not an image" in err
    assert "5 of 6 samples" in err
    assert "s left" in err


@pytest.mark.filterwarnings("default")
def test_a_terminal_gets_a_bar(capsys, monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")

    listen(Console())

    out, err = capsys.readouterr()
    assert out == ""
    assert "5/6" in err
    assert "skipped plate/1.png: not an image" in err
