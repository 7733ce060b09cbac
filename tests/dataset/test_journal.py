"""The journal knows what is done, also after a crash and after the end."""

import pytest

from anomsynth.dataset.journal import Journal
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import to_json


@pytest.fixture
def layout(tmp_path) -> Layout:
    found = Layout(tmp_path)
    found.scratch.mkdir(parents=True)
    return found


def test_lines_come_back_by_photo(layout) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "ä.png", 0), map(to_json, [{"n": 1}, {"n": 2}]))
    journal.append(("screw", "b.png", 0), map(to_json, [{"n": 3}]))
    journal.close()

    again = Journal(layout, ["screw"], 2)

    assert again.names() == [("screw", "ä.png", 0), ("screw", "b.png", 0)]
    assert again.lines(("screw", "ä.png", 0)) == [{"n": 1}, {"n": 2}]
    assert again.lines(("screw", "b.png", 0)) == [{"n": 3}]
    assert again.lines(("screw", "c.png", 0)) == []
    again.close()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_line_is_dropped_and_written_over(layout, cut) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "a.png", 0), map(to_json, [{"n": 1}]))
    whole = layout.journal.read_bytes()
    journal.append(("screw", "b.png", 0), map(to_json, [{"n": 2}]))
    journal.close()
    layout.journal.write_bytes(layout.journal.read_bytes()[:-cut] if cut < 50 else whole[:-1])

    again = Journal(layout, ["screw"], 2)
    names = again.names()
    again.append(("screw", "c.png", 0), map(to_json, [{"n": 3}]))
    again.close()

    third = Journal(layout, ["screw"], 2)
    assert third.names() == [*names, ("screw", "c.png", 0)]
    assert third.lines(("screw", "c.png", 0)) == [{"n": 3}]
    third.close()


def test_the_last_line_of_a_photo_counts(layout) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "a.png", 0), map(to_json, [{"n": 1}]))
    journal.forget(("screw", "a.png", 0))
    forgotten = journal.lines(("screw", "a.png", 0))
    journal.append(("screw", "a.png", 0), map(to_json, [{"n": 2}]))

    assert forgotten == []
    assert journal.lines(("screw", "a.png", 0)) == [{"n": 2}]
    journal.close()


def test_an_ended_run_is_read_from_its_manifests(layout) -> None:
    layout.manifest("screw").parent.mkdir(parents=True)
    lines = [
        {"image": "a.png", "what": "normal"},
        *({"image": "a.png", "index": index} for index in range(3)),
        {"image": "b.png", "what": "unusable photo", "first": 2},
    ]
    layout.manifest("screw").write_text("".join(f"{to_json(line)}\n" for line in lines))

    journal = Journal(layout, ["bolt", "screw"], 2)

    assert journal.names() == [
        ("screw", "a.png", 0),
        ("screw", "a.png", 2),
        ("screw", "b.png", 2),
    ]
    assert [line.get("index") for line in journal.lines(("screw", "a.png", 0))] == [None, 0, 1]
    journal.remove()
    assert not layout.journal.exists()
