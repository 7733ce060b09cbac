"""A damaged PNG is refused, wherever the damage is; a whole one is read as others read it."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from anomsynth.core.png import SIGNATURE, unpacked_png
from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError


def written(mode: str, **options: object) -> bytes:
    rng = np.random.default_rng(3)
    shape = (23, 31) if mode in {"L", "I;16", "P"} else (23, 31, len(mode))
    dtype = np.uint16 if mode == "I;16" else np.uint8
    pixels = rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    buffer = io.BytesIO()
    Image.fromarray(pixels, None if mode == "I;16" else "L" if mode == "P" else mode).convert(
        mode
    ).save(buffer, "PNG", **options)
    return buffer.getvalue()


WHOLE = {mode: written(mode) for mode in ("L", "RGB", "RGBA", "LA", "P", "I;16")}


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(raw: bytes, *, packed: bytes | None = None, interlace: int = 0, end: bool = True) -> bytes:
    """Return a grey 8 x 8 picture of these filtered rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, interlace))
    pixels = chunk(b"IDAT", zlib.compress(raw) if packed is None else packed)
    return SIGNATURE + header + pixels + (chunk(b"IEND", b"") if end else b"")


ROWS = b"".join(bytes([0, *range(row, row + 8)]) for row in range(8))


@pytest.mark.parametrize("mode", WHOLE)
def test_whole_files_hold_the_same_picture_unpacked(mode: str) -> None:
    content = unpacked_png(WHOLE[mode])

    packed, unpacked = (Image.open(io.BytesIO(one)) for one in (WHOLE[mode], content))
    assert np.array_equal(np.asarray(unpacked), np.asarray(packed))
    assert unpacked.mode == packed.mode
    assert len(content) > np.asarray(packed).nbytes


def test_what_is_said_of_a_picture_stays(tmp_path) -> None:
    said = PngInfo()
    said.add_text("made", "by hand")
    buffer = io.BytesIO()
    picture = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    picture.save(buffer, "PNG", pnginfo=said, transparency=9, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    content = unpacked_png(buffer.getvalue() + b"appended by a camera")

    unpacked = Image.open(io.BytesIO(content))
    unpacked.load()
    assert unpacked.info["made"] == "by hand"
    assert unpacked.info["transparency"] == 9
    assert unpacked.info["exif"].startswith(b"Exif")
    assert content.endswith(chunk(b"IEND", b""))


def test_of_very_many_pixels_no_copy_is_made(monkeypatch) -> None:
    monkeypatch.setattr("anomsynth.core.png.MOST_UNPACKED", len(ROWS) - 1)

    assert unpacked_png(png(ROWS)) == png(ROWS)


@given(mode=st.sampled_from(sorted(WHOLE)), place=st.floats(0, 1), flip=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_noticed(mode: str, place: float, flip: int) -> None:
    content = bytearray(WHOLE[mode])
    content[min(int(place * len(content)), len(content) - 1)] ^= flip

    with pytest.raises(InputError):
        read_bytes(bytes(content))


@given(mode=st.sampled_from(sorted(WHOLE)), place=st.floats(0, 1, exclude_max=True))
def test_a_cut_off_file_is_noticed(mode: str, place: float) -> None:
    with pytest.raises(InputError):
        read_bytes(WHOLE[mode][: int(place * len(WHOLE[mode]))])


def read_bytes(content: bytes) -> np.ndarray:
    import tempfile  # noqa: PLC0415 - hypothesis calls this often, a fixture would not do

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo.png")
        path.write_bytes(content)
        return read_photo(path).pixels


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(ROWS, packed=zlib.compress(ROWS)[:-4]), "checksum of its pixels is missing"),
        (png(ROWS, packed=zlib.compress(ROWS)[:-1] + b"\0"), "cannot be unpacked"),
        (png(ROWS[:-9]), "fewer pixels"),
        (png(ROWS + ROWS[:9]), "more pixels"),
        (png(b"\x05" + ROWS[1:]), "filtered"),
        (png(ROWS, end=False), "cut off"),
        (SIGNATURE + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "begins with IDAT"),
        (SIGNATURE + chunk(b"IHDR", b"") + chunk(b"IEND", b""), "wrong length"),
    ],
)
def test_each_damage_has_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        unpacked_png(content)


@pytest.mark.parametrize("tail", [b"", b"appended by a camera"])
def test_the_picture_is_what_others_read(tmp_path, tail: bytes) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png(ROWS) + tail)

    assert np.array_equal(read_photo(path).pixels[..., 0], cv2.imread(str(path), 0))


def test_interlaced_files_pass() -> None:
    sizes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)]
    raw = b"".join((b"\0" + bytes(cols)) * rows for rows, cols in sizes)

    unpacked_png(png(raw, interlace=1))
    with pytest.raises(ValueError, match="fewer"):
        unpacked_png(png(raw[:-9], interlace=1))


def test_files_that_end_after_the_pixels_are_refused_as_photos_and_as_masks(tmp_path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(png(ROWS, end=False))

    with pytest.raises(InputError, match=r"photo\.png: damaged or cut off: cut off after"):
        read_photo(path)
