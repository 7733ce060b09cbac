"""A notebook shows one line that is written over; a script is told nothing."""

import sys
from types import SimpleNamespace

import pytest
from PIL import Image

import anomsynth as asy
from anomsynth.api.notebook import ProgressLine, listener
from anomsynth.bisqad.training.events import Progress
from anomsynth.core.types import SampleKey
from anomsynth.pipeline.events import Finished, SampleDone, SampleFailed, Started

KEY = SampleKey("plate", "0.png", 0)
DONE = SampleDone(KEY, "plate/000000", ("crack",), 0.1)


@pytest.fixture
def cell(monkeypatch) -> list[str]:
    """Return the texts that a notebook's cell shows, one after the other."""
    texts: list[str] = []

    def display(data, *, raw, display_id):
        assert raw
        assert display_id
        texts.append(data["text/plain"])
        return SimpleNamespace(update=lambda new, raw: texts.append(new["text/plain"]))

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return texts


def test_a_run_in_a_notebook_is_one_line(cell, tmp_path) -> None:
    (tmp_path / "photos").mkdir()
    for index, photo in enumerate(asy.demo_photos()["brick"][:3]):
        Image.fromarray(photo[:96, :96]).save(tmp_path / "photos" / f"{index}.png")

    asy.generate(tmp_path / "photos", tmp_path / "out", per_image=2, jobs=1)

    assert cell[0] == "..."
    assert cell[-1] == "6 samples made, 0 failed"
    assert len(cell) < 10


def test_own_listeners_replace_the_line(cell, tmp_path) -> None:
    (tmp_path / "photos").mkdir()
    Image.fromarray(asy.demo_photos()["brick"][0][:96, :96]).save(tmp_path / "photos" / "0.png")

    asy.generate(tmp_path / "photos", tmp_path / "out", jobs=1, on_event=lambda event: None)

    assert cell == []


def test_a_script_is_told_nothing(monkeypatch, capsys) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    listener()(Started(3, 0))

    assert capsys.readouterr() == ("", "")


def test_the_line_says_how_far_it_is_and_not_too_often(monkeypatch) -> None:
    texts: list[str] = []
    now = [10.0]
    monkeypatch.setattr("anomsynth.api.notebook.time.monotonic", lambda: now[0])
    line = ProgressLine(texts.append)

    for event in (Started(6, 2), DONE, DONE, SampleFailed(KEY, "PlacementError", "no room")):
        line(event)
    now[0] += 1
    line(DONE)
    line(Progress(40, 2, 0.25, 0.5, None, 0.9, 3.0))
    now[0] += 1
    line(Progress(80, 4, 0.5, 0.25, None, 0.9, 6.0))
    line(Finished(5, 1))

    assert texts == [
        "2 of 6 samples",
        "5 of 6 samples, 1 failed",
        "epoch 4, 50% trained, loss 0.250",
        "5 samples made, 1 failed",
    ]
