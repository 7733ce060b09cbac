"""A dataset may move with its photos, and photos without it: what counts are their pixels."""

import json
import shutil
from pathlib import Path

import pytest

from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.replay import replay


@pytest.fixture
def made(photos, tmp_path, make) -> Path:
    """Return a folder that holds photos and the dataset that was made of them."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copytree(photos, home / photos.name)
    make(home / photos.name, home / "out", per_image=1)
    return home


def test_moved_together_they_are_resumed_and_replayed(made, photos, tmp_path, make) -> None:
    away = made.rename(tmp_path / "away")

    finished = make(away / photos.name, away / "out", per_image=1, resume=True)

    assert finished.written > 0
    assert replay(away / "out", "my part/0").kinds


def test_photos_that_moved_alone_are_known_by_their_bytes(made, photos, tmp_path, make) -> None:
    now = tmp_path / "elsewhere" / photos.name
    now.parent.mkdir()
    (made / photos.name).rename(now)

    with pytest.raises(InputError, match="the photos have moved") as caught:
        replay(made / "out", "my part/0")
    assert "`source`" in caught.value.hint
    assert replay(made / "out", "my part/0", now).kinds
    make(now, made / "out", per_image=1, resume=True)
    assert replay(made / "out", "my part/0").kinds
    record = json.loads((made / "out" / "_anomsynth" / "run.json").read_text())
    assert record["source"] == now.as_posix()


def test_other_photos_of_the_same_names_are_refused(made, photos, tmp_path, make) -> None:
    other = tmp_path / "other" / photos.name
    shutil.copytree(made / photos.name, other)
    for path in other.rglob("*.png"):
        path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(OutputError, match="other settings: source"):
        make(other, made / "out", per_image=1, resume=True)


def test_a_renamed_source_folder_is_said_to_draw_other_samples(
    made, photos, tmp_path, make
) -> None:
    renamed = (made / photos.name).rename(made / "other name")

    with pytest.raises(OutputError, match="called 'other name' now, and samples are drawn by"):
        make(renamed, made / "out", per_image=1, resume=True)
