"""PNM files are read as Netpbm defines them; OpenCV is the reference."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("ending", ["pgm", "ppm"])
def test_what_opencv_writes_is_read_back(dtype, ending, tmp_path) -> None:
    shape = (5, 7) if ending == "pgm" else (5, 7, 3)
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    cv2.imwrite(str(tmp_path / f"a.{ending}"), pixels)

    found = read_photo(tmp_path / f"a.{ending}").pixels

    expected = pixels[..., None] if ending == "pgm" else pixels[..., ::-1]
    assert found.dtype == dtype
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("content", "pixels"),
    [
        (b"P2 # made by hand\n3 1\n4095\n0 1 4095\n", [[0, 1, 4095]]),
        (b"P5\n2 1\n4095\n\x00\x01\x0f\xff", [[1, 4095]]),
        (b"P1\n3 2\n101\n0 1 0\n", [[0, 255, 0], [255, 0, 255]]),
        (b"P4\n3 2\n\xa0\x40", [[0, 255, 0], [255, 0, 255]]),
        (b"P3\n1 1\n7\n1 2 3\n", [[[1, 2, 3]]]),
    ],
)
def test_levels_are_those_of_the_file(content, pixels, tmp_path) -> None:
    (tmp_path / "a.pnm").write_bytes(content)

    found = read_photo(tmp_path / "a.pnm").pixels

    expected = np.array(pixels)
    assert np.array_equal(found, expected if expected.ndim == 3 else expected[..., None])


@given(
    pixels=arrays(np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 6))),
    at=st.integers(0, 60),
    byte=st.integers(0, 255),
    cut=st.integers(0, 60),
)
def test_a_damaged_file_is_refused_or_read_as_opencv_reads_it(
    tmp_path_factory, pixels, at, byte, cut
) -> None:
    path = tmp_path_factory.mktemp("pnm") / "a.pgm"
    content = bytearray(cv2.imencode(".pgm", pixels)[1].tobytes())
    content[at % len(content)] = byte
    path.write_bytes(content[: len(content) - cut % len(content)])

    try:
        found = read_photo(path).pixels
    except InputError:
        return
    reference = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if reference is not None and reference.dtype == found.dtype:
        assert np.array_equal(found[..., 0], reference)


@pytest.mark.parametrize(
    "content",
    [
        b"P5\n2 2\n255\n\x00",
        b"P5\n0 2\n255\n",
        b"P5\n2 1\n70000\n\0\0",
        b"P2\n2 1\n9\n1 x",
        b"P2\n1 1\n9\n10\n",
    ],
)
def test_what_is_no_whole_picture_is_refused_by_name(content, tmp_path) -> None:
    path = Path(tmp_path / "a.pgm")
    path.write_bytes(content)

    with pytest.raises(InputError, match=r"a\.pgm"):
        read_photo(path)
