"""Texture folders list pictures in one order and read them when they are picked."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.core.rng import stream
from anomsynth.core.types import TextureSource
from anomsynth.dataset import textures
from anomsynth.dataset.textures import TextureFolder
from anomsynth.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index, name in enumerate(("b/two.png", "a.jpg", "c.PNG", ".hidden.png")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        level = np.full((8, 10, 3), 40 * index + 10, np.uint8)
        Image.fromarray(level).save(path, "JPEG" if name.endswith("jpg") else "PNG")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_lists_visible_pictures_in_the_order_of_their_names(folder: Path) -> None:
    source: TextureSource = TextureFolder(folder)

    assert isinstance(source, TextureFolder)
    names = [path.relative_to(folder.resolve()).as_posix() for path in source._paths]
    assert names == ["a.jpg", "b/two.png", "c.PNG"]
    assert len(source) == 3


def test_picks_by_one_random_number_and_reaches_all(folder: Path) -> None:
    source = TextureFolder(folder)
    rng, again = stream(1, "t"), stream(1, "t")
    seen = [int(source.pick(rng)[0, 0, 0]) for _ in range(20)]

    assert len({round(level, -1) for level in seen}) == 3
    for _ in range(20):
        again.random()
    assert rng.random() == again.random()


def test_pictures_are_read_once_while_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    read = textures.read_photo
    monkeypatch.setattr(textures, "read_photo", lambda path: (reads.append(path), read(path))[1])
    source = TextureFolder(folder)
    for seed in range(12):
        source.pick(stream(seed))

    assert len(reads) == 3


def test_a_copy_for_another_process_is_small_and_picks_the_same(folder: Path) -> None:
    source = TextureFolder(folder)
    first = source.pick(stream(5))
    packed = pickle.dumps(source)

    assert len(packed) < 2000
    assert np.array_equal(pickle.loads(packed).pick(stream(5)), first)
    assert not first.flags.writeable


def test_a_broken_picture_is_named(folder: Path) -> None:
    for path in TextureFolder(folder)._paths:
        path.write_bytes(b"\x89PNG broken \0")
    source = TextureFolder(folder)

    with pytest.raises(InputError, match=r"a\.jpg|two\.png|c\.PNG"):
        source.pick(stream(0))


def test_an_empty_or_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture"):
        TextureFolder(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        TextureFolder(tmp_path / "gone")
