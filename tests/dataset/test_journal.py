"""The journal knows what is done, also after a crash and after the end."""

import pytest

from anomsynth.dataset.journal import Journal, read_journal
from anomsynth.dataset.layout import Layout
from anomsynth.dataset.manifest import to_json
from anomsynth.errors import OutputError

LOST = {"what": "unusable photo", "category": "screw", "cause": "InputError", "message": "cut off"}
GOOD = {"what": "normal", "category": "screw", "image": "a.png"}


def failed(index: int) -> dict[str, object]:
    """Return the shortest line of a sample."""
    why = {"cause": "PlacementError", "message": "no room"}
    return {"what": "failed sample", "category": "screw", "image": "a.png", "index": index, **why}


@pytest.fixture
def layout(tmp_path) -> Layout:
    found = Layout(tmp_path)
    found.scratch.mkdir(parents=True)
    return found


def test_lines_come_back_by_photo(layout) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "ä.png", 0), map(to_json, [failed(1), failed(2)]))
    journal.append(("screw", "b.png", 0), map(to_json, [failed(3)]))
    journal.close()

    again = Journal(layout, ["screw"], 2)

    assert again.names() == [("screw", "ä.png", 0), ("screw", "b.png", 0)]
    assert again.lines(("screw", "ä.png", 0)) == [failed(1), failed(2)]
    assert again.lines(("screw", "b.png", 0)) == [failed(3)]
    assert again.lines(("screw", "c.png", 0)) == []
    again.close()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_line_is_dropped_and_written_over(layout, cut) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "a.png", 0), map(to_json, [failed(1)]))
    whole = layout.journal.read_bytes()
    journal.append(("screw", "b.png", 0), map(to_json, [failed(2)]))
    journal.close()
    layout.journal.write_bytes(layout.journal.read_bytes()[:-cut] if cut < 50 else whole[:-1])

    again = Journal(layout, ["screw"], 2)
    names = again.names()
    again.append(("screw", "c.png", 0), map(to_json, [failed(3)]))
    again.close()

    third = Journal(layout, ["screw"], 2)
    assert third.names() == [*names, ("screw", "c.png", 0)]
    assert third.lines(("screw", "c.png", 0)) == [failed(3)]
    third.close()


def test_the_last_line_of_a_photo_counts(layout) -> None:
    journal = Journal(layout, ["screw"], 2)
    journal.append(("screw", "a.png", 0), map(to_json, [failed(1)]))
    journal.forget(("screw", "a.png", 0))
    forgotten = journal.lines(("screw", "a.png", 0))
    journal.append(("screw", "a.png", 0), map(to_json, [failed(2)]))

    assert forgotten == []
    assert journal.lines(("screw", "a.png", 0)) == [failed(2)]
    journal.close()


def test_an_ended_run_is_read_from_its_manifests(layout) -> None:
    layout.manifest("screw").parent.mkdir(parents=True)
    lines = [
        {**GOOD, "files": {"image": "screw/train/good/000000.png"}},
        *map(failed, range(3)),
        {**LOST, "image": "b.png", "first": 2, "samples": 2},
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


@pytest.mark.parametrize("lines", ["5", "[5]", '[{"what":"normal"}]', "[{}]"])
def test_a_damaged_entry_is_named(layout, lines) -> None:
    text = f'{{"category":"screw","first":0,"image":"a.png","lines":{lines}}}\n'
    layout.journal.write_text(text)
    journal = Journal(layout, ["screw"], 2)

    with pytest.raises(OutputError, match=r"journal\.jsonl: damaged line of a\.png"):
        journal.lines(("screw", "a.png", 0))
    with pytest.raises(OutputError, match=r"journal\.jsonl: line 1 is damaged"):
        list(read_journal(layout.journal))
    journal.close()
