"""Real defects are cut out of labelled pictures, each that lies apart by itself."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anomsynth.core.rng import stream
from anomsynth.dataset.cutouts import CutoutFolder
from anomsynth.errors import InputError, PlacementError


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """One picture with two defects, one with a single one."""
    for stem, spots in (("a", ((20, 20), (90, 90))), ("b", ((60, 60),))):
        image, mask = np.full((120, 120, 3), 140, np.uint8), np.zeros((120, 120), np.uint8)
        for row, col in spots:
            image[row : row + 8, col : col + 8] = 40
            mask[row - 2 : row + 10, col - 2 : col + 10] = 255
        save(tmp_path / f"images/{stem}.png", image)
        save(tmp_path / f"masks/{stem}.png", mask)
    return tmp_path


def test_every_defect_is_picked_with_its_surroundings(folder) -> None:
    source = CutoutFolder(folder)
    rng, again = stream(0, "cutouts"), stream(0, "cutouts")
    seen = [source.pick(rng) for _ in range(30)]

    shapes = {item.mask.shape for item in seen}
    assert len(source) == 2
    assert shapes == {(12 + 18 + 24, 12 + 18 + 24), (12 + 24 + 20, 12 + 24 + 20), (60, 60)}
    assert all(np.count_nonzero(item.mask) == 144 for item in seen)
    assert all(item.side == 120 for item in seen)
    assert all(item.part.all() for item in seen)  # a dark spot on plain paper is no part
    for _ in range(30):
        again.random()
    assert rng.random() == again.random()


def test_a_defect_is_picked_as_often_as_its_side_is_long(tmp_path) -> None:
    image, mask = np.full((120, 120, 3), 140, np.uint8), np.zeros((120, 120), np.uint8)
    for row, col, side in ((40, 40, 18), *((100, 10 + 20 * n, 2) for n in range(5))):
        image[row : row + side, col : col + side] = 40
        mask[row : row + side, col : col + side] = 255
    save(tmp_path / "images/a.png", image)
    save(tmp_path / "masks/a.png", mask)
    source, rng = CutoutFolder(tmp_path), stream(0, "sides")

    seen = [np.count_nonzero(source.pick(rng).mask) for _ in range(400)]

    assert seen.count(18 * 18) / 400 == pytest.approx(18 / (18 + 5 * 2), abs=0.06)
    assert set(seen) == {18 * 18, 4}


def test_says_what_is_missing(folder, tmp_path) -> None:
    save(folder / "masks/b.png", np.zeros((120, 120), np.uint8))
    (tmp_path / "good").mkdir()
    source = CutoutFolder(folder)

    with pytest.raises(InputError, match=r"b\.png: its mask marks no defect"):
        [source.pick(stream(seed)) for seed in range(20)]
    with pytest.raises(InputError, match="no labelled images found"):
        CutoutFolder(tmp_path / "good")


def test_what_covers_most_of_the_part_is_not_pasted(folder) -> None:
    save(folder / "masks/b.png", np.full((120, 120), 255, np.uint8))
    source = CutoutFolder(folder)

    with pytest.raises(PlacementError, match=r"b\.png: covers most of its part"):
        [source.pick(stream(seed)) for seed in range(20)]
