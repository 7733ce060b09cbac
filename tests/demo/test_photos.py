"""The demo's photos are the same everywhere, and the plate is a metal part on a background."""

import subprocess
import sys

import numpy as np
import pytest

from anomsynth.demo.photos import brushed_plate, demo_photos


@pytest.fixture(scope="module")
def photos():
    return demo_photos()


def test_four_surfaces_of_eight_photos_each_as_cameras_save_them(photos) -> None:
    assert sorted(photos) == ["brick", "grass", "gravel", "metal"]
    for name, parts in photos.items():
        shape = (256, 256, 3) if name == "metal" else (256, 256)
        assert [(part.shape, part.dtype) for part in parts] == [(shape, np.uint8)] * 8


def test_no_two_photos_are_alike(photos) -> None:
    for parts in photos.values():
        flat = {part.tobytes() for part in parts} | {part[:, ::-1].tobytes() for part in parts}
        assert len(flat) == 16


def test_photos_are_the_same_on_every_call(photos) -> None:
    assert np.array_equal(brushed_plate(3), photos["metal"][3])


def test_nothing_is_downloaded_and_pooch_is_not_needed() -> None:
    code = (
        "import socket, sys\n"
        "sys.modules['pooch'] = None\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from anomsynth.demo.photos import demo_photos\n"
        "demo_photos()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("index", range(8))
def test_the_plate_lies_whole_on_a_dark_background(index) -> None:
    grey = brushed_plate(index).mean(axis=2)

    border = np.concatenate([grey[:4].ravel(), grey[-4:].ravel(), grey[:, :4].ravel()])
    assert border.max() < 60
    assert grey[100:156, 100:156].min() > 100
    assert 0.4 < (grey > 90).mean() < 0.65


@pytest.mark.parametrize("index", range(8))
def test_brush_marks_run_along_the_plate(index) -> None:
    plate = brushed_plate(index)[90:160, 70:180].mean(axis=2)

    across = np.abs(np.diff(plate, axis=0)).mean()
    along = np.abs(np.diff(plate, axis=1)).mean()
    assert across > 4 * along


def test_the_plate_is_neither_black_nor_burnt_out_nor_free_of_noise() -> None:
    plate = brushed_plate(0)

    assert plate.max() < 250
    first, second = plate[60:200, 60:200, 0].astype(float), plate[60:200, 60:200, 1].astype(float)
    assert 0.3 < (first - second).std() < 4  # noise differs from channel to channel
