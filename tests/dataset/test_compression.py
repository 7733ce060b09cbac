"""PNG files are coded by what they show: noise, or runs of equal pixels."""

import hashlib
import io
import itertools
import zlib
from unittest import mock

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anomsynth.core import png
from anomsynth.dataset import compression
from anomsynth.dataset.compression import encoded_png, png_effort
from anomsynth.dataset.images import write_png

BYTES = {  # on every machine
    "huffman": "f8d804a80ed1d08139690c04cb5d21cdc7c08de49977685d12e2b93759cc8a18",
    "runs": "f2b09ccc7267f60ea4e710104cde3ec3ac7b274ec67cb6e978f231dcb36da355",
}


def bytes_of(picture: np.ndarray, tmp_path) -> int:
    path = tmp_path / "a.png"
    write_png(path, picture, tmp_path)
    back = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert back is not None
    assert (back if back.ndim == 2 else back[..., ::-1]).tolist() == picture.tolist()
    return path.stat().st_size


def mask() -> np.ndarray:
    drawn = np.zeros((256, 256), np.uint8)
    return np.asarray(cv2.circle(drawn, (100, 120), 60, 255, -1))


def noise(*shape: int) -> np.ndarray:
    levels = np.random.default_rng(0).normal(120, 6, shape)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def test_masks_stay_small(tmp_path) -> None:
    assert bytes_of(mask(), tmp_path) < 256 * 256 / 50


def test_parts_on_an_even_ground_stay_small(tmp_path) -> None:
    photo = np.full((256, 256, 3), 255, np.uint8)
    photo[100:156, 100:156] = noise(56, 56, 3)

    assert bytes_of(photo, tmp_path) < 1.5 * 56 * 56 * 3


def test_noise_comes_close_to_its_entropy(tmp_path) -> None:
    picture = noise(256, 256, 3)
    share = np.bincount(picture.ravel()) / picture.size
    bits = -np.sum(share[share > 0] * np.log2(share[share > 0]))

    # Noise differs more from its neighbours' mean than from its own: by sqrt(1.5), 0.3 bit.
    assert bytes_of(picture, tmp_path) < 1.08 * picture.size * (bits + 0.3) / 8


@pytest.mark.parametrize(
    ("picture", "way"),
    [
        (noise(64, 64), ("average", "huffman")),
        (np.repeat(noise(64, 16), 5, axis=1), ("average", "runs")),
        (mask(), ("none", "runs")),
    ],
)
def test_pictures_are_packed_by_what_they_show(picture, way, monkeypatch) -> None:
    ways = []
    monkeypatch.setattr(compression, "encode_png", lambda _, *how: ways.append(how))

    encoded_png(picture)

    assert ways == [way]


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 7), (7, 1, 3), (3, 3, 4)])
def test_tiny_pictures_are_written(shape, tmp_path) -> None:
    write_png(tmp_path / "a.png", np.zeros(shape, np.uint8), tmp_path)

    assert cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED).shape == shape


def test_an_effort_ends_with_its_block() -> None:
    picture = noise(64, 64, 3)
    usual = encoded_png(picture)

    with png_effort("small"):
        inside = encoded_png(picture)

    assert inside != usual == encoded_png(picture)


KINDS = [(9, 13), (9, 13, 1), (9, 13, 3), (9, 13, 4), (1, 13, 3), (9, 1, 3), (1, 1), (700, 500, 3)]


@pytest.mark.parametrize("row_filter", ["none", "average"])
@pytest.mark.parametrize("strategy", ["huffman", "runs"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", KINDS)
def test_every_decoder_reads_what_was_encoded(row_filter, strategy, dtype, shape) -> None:
    high = int(np.iinfo(dtype).max)
    picture = np.random.default_rng(4).integers(0, high, shape, dtype=dtype, endpoint=True)

    content = png.encode_png(picture, row_filter, strategy)

    png.unpacked_png(content)
    flat = picture[..., 0] if picture.shape[2:] == (1,) else picture
    back = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    order = {2: None, 3: [2, 1, 0], 4: [2, 1, 0, 3]}[2 if flat.ndim == 2 else shape[2]]
    assert np.array_equal(back if order is None else back[..., order], flat)
    if dtype == np.uint8:
        with Image.open(io.BytesIO(content)) as image:
            assert np.array_equal(np.asarray(image), flat)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3, 4]),
    few=st.integers(1, 255),
    seed=st.integers(0, 99),
)
def test_zlib_and_zlib_ng_write_the_same_bytes(height, width, channels, few, seed) -> None:
    """As they leave no choice, so does every other version, and every processor."""
    ng = pytest.importorskip("zlib_ng.zlib_ng")
    picture = np.random.default_rng(seed).integers(0, few, (height, width, channels), np.uint8)
    picture = picture.repeat(1 + seed % 7, axis=1)

    for way in itertools.product(("none", "average"), ("huffman", "runs")):
        found = []
        for packer in (ng, zlib):
            with mock.patch.object(png, "deflate", packer):
                found.append(png.encode_png(picture, *way))
        assert found[0] == found[1]


@pytest.mark.parametrize("strategy", ["huffman", "runs"])
def test_large_pictures_too_are_the_same_bytes_in_any_bands(strategy, monkeypatch) -> None:
    pytest.importorskip("zlib_ng")
    picture = np.random.default_rng(8).integers(100, 131, (600, 700, 3), np.uint8)
    picture[:, 300:400] = 90
    usual = png.encode_png(picture, "average", strategy)

    monkeypatch.setattr(png, "BAND", 10_000)
    banded = png.encode_png(picture, "average", strategy)
    monkeypatch.setattr(png, "deflate", zlib)
    plain = png.encode_png(picture, "average", strategy)

    assert usual == banded == plain
    assert hashlib.sha256(usual).hexdigest() == BYTES[strategy]


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((4, 5), np.float32),
        np.zeros((0, 5), np.uint8),
        np.zeros(5, np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture) -> None:
    with pytest.raises(ValueError, match="not possible in PNG"):
        png.encode_png(picture, "none", "runs")
