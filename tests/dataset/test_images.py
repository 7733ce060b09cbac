"""Every bit of a photo comes in, whatever file it is in; masks and pictures go out unchanged."""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from anomsynth.core.types import Jpeg
from anomsynth.dataset import images
from anomsynth.dataset.headers import image_size
from anomsynth.dataset.images import (
    from_pillow,
    load_photo,
    read_mask,
    read_photo,
    write_png,
)
from anomsynth.errors import InputError

GREY = np.arange(35, dtype=np.uint8).reshape(5, 7) * 7
RGB = np.stack([GREY, GREY[::-1], 255 - GREY], axis=2)
RGBA = np.dstack([RGB, GREY[:, ::-1]])
DEEP = np.arange(105, dtype=np.uint16).reshape(5, 7, 3) * 613


def save(path: Path, image: Image.Image, **options) -> Path:
    image.save(path, **options)
    return path


def png(path: Path, header: tuple[int, ...], rows: bytes, clear: int | None = None) -> Path:
    """Write a PNG by hand: (width, height, depth, colour type), unfiltered rows, a clear level."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    start = chunk(b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0))
    start += b"" if clear is None else chunk(b"tRNS", struct.pack(">H", clear))
    body = chunk(b"IDAT", zlib.compress(rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + start + body + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("ending", ["png", "tiff", "bmp"])
def test_lossless_formats_keep_grey_and_colour(tmp_path, ending) -> None:
    grey = read_photo(save(tmp_path / f"g.{ending}", Image.fromarray(GREY)))
    colour = read_photo(save(tmp_path / f"c.{ending}", Image.fromarray(RGB)))

    assert np.array_equal(grey.pixels[..., 0], GREY)
    assert grey.flat
    assert np.array_equal(colour.pixels, RGB)
    assert not colour.flat
    assert grey.alpha is None
    assert colour.alpha is None


def test_webp_is_read(tmp_path) -> None:
    photo = read_photo(save(tmp_path / "a.webp", Image.fromarray(RGB), lossless=True))

    assert np.array_equal(photo.pixels, RGB)


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_alpha_is_kept_apart(tmp_path, ending) -> None:
    colour = read_photo(save(tmp_path / f"c.{ending}", Image.fromarray(RGBA)))
    grey = read_photo(save(tmp_path / f"g.{ending}", Image.fromarray(RGBA[..., [0, 3]], "LA")))

    assert np.array_equal(colour.pixels, RGB)
    assert np.array_equal(colour.alpha, RGBA[..., 3])
    assert np.array_equal(grey.pixels[..., 0], GREY)
    assert np.array_equal(grey.alpha, RGBA[..., 3])


def test_palette_becomes_colour(tmp_path) -> None:
    indexed = Image.fromarray(RGB).quantize(16)
    plain = read_photo(save(tmp_path / "p.png", indexed))
    clear = read_photo(save(tmp_path / "t.png", indexed, transparency=0))

    assert np.array_equal(plain.pixels, np.asarray(indexed.convert("RGB")))
    assert plain.alpha is None
    assert np.array_equal(clear.alpha == 0, np.asarray(indexed) == 0)


def test_one_bit_becomes_black_and_white(tmp_path) -> None:
    bits = GREY > 100

    photo = read_photo(save(tmp_path / "b.png", Image.fromarray(bits)))

    assert np.array_equal(photo.pixels[..., 0], bits * np.uint8(255))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("clear", [0, 1])
def test_a_level_that_is_transparent_stays_so_in_any_number_of_bits(tmp_path, bits, clear) -> None:
    levels = np.arange(16).reshape(2, 8) % (1 << bits)
    packed = np.packbits(np.unpackbits(levels.astype(np.uint8)[..., None], axis=2)[..., -bits:])
    rows = b"".join(b"\0" + row.tobytes() for row in packed.reshape(2, -1))
    path = png(tmp_path / "a.png", (8, 2, bits, 0), rows, clear)

    loaded = load_photo(path)
    with Image.open(path) as image:
        opened = from_pillow(image)

    assert not loaded.plain
    for photo in (loaded.photo, opened):
        assert np.array_equal(photo.pixels[..., 0], levels * (255 // ((1 << bits) - 1)))
        assert photo.alpha is not None
        assert np.array_equal(photo.alpha, np.where(levels == clear, 0, 255))


def test_cmyk_becomes_rgb(tmp_path) -> None:
    photo = read_photo(save(tmp_path / "c.jpg", Image.new("CMYK", (7, 5), (0, 255, 255, 0))))

    assert photo.pixels.shape == (5, 7, 3)
    assert np.allclose(photo.pixels[2, 3], (255, 0, 0), atol=6)
    assert photo.jpeg is None


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_sixteen_bits_stay_sixteen(tmp_path, ending, channels) -> None:
    deep = np.dstack([DEEP, DEEP[::-1, :, 0]])[..., :channels]
    order = [2, 1, 0, 3] if channels == 4 else [2, 1, 0][:channels] if channels == 3 else [0]
    path = tmp_path / f"d.{ending}"
    path.write_bytes(
        cv2.imencode(f".{ending}", np.ascontiguousarray(deep[..., order]))[1].tobytes()
    )

    photo = read_photo(path)

    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, deep[..., :3])
    if channels == 4:
        assert np.array_equal(photo.alpha, deep[..., 3])


def test_sixteen_bit_grey_with_alpha_is_grey(tmp_path) -> None:
    deep = DEEP[..., :2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)

    photo = read_photo(png(tmp_path / "d.png", (7, 5, 16, 4), rows))

    assert np.array_equal(photo.pixels[..., 0], deep[..., 0])
    assert np.array_equal(photo.alpha, deep[..., 1])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_photos_are_turned_upright(tmp_path, orientation, ending) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = save(tmp_path / f"a.{ending}", Image.fromarray(RGB), exif=exif)
    # Where the pixel seen at the top left of the upright picture is stored (EXIF 2.32, 0x0112).
    corner = {
        1: (0, 0),
        2: (0, 6),
        3: (4, 6),
        4: (4, 0),
        5: (0, 0),
        6: (4, 0),
        7: (4, 6),
        8: (0, 6),
    }

    loaded = load_photo(path)

    assert loaded.photo.pixels.shape == ((7, 5, 3) if orientation >= 5 else (5, 7, 3))
    assert np.array_equal(loaded.photo.pixels[0, 0], RGB[corner[orientation]])
    assert loaded.plain == (orientation == 1 and ending == "png")


@pytest.mark.parametrize("orientation", [3, 6])
def test_deep_photos_are_turned_upright(tmp_path, orientation) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    shallow = save(tmp_path / "a.png", Image.fromarray(RGB), exif=exif).read_bytes()
    start = shallow.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(shallow[start : start + 4], "big")
    deep = cv2.imencode(".png", np.ascontiguousarray(DEEP[..., ::-1]))[1].tobytes()
    (tmp_path / "b.png").write_bytes(deep[:33] + shallow[start:end] + deep[33:])

    photo = read_photo(tmp_path / "b.png")

    turned = np.rot90(DEEP, 2) if orientation == 3 else np.rot90(DEEP, -1)
    assert np.array_equal(photo.pixels, turned)


def test_jpeg_tables_come_with_the_photo(tmp_path) -> None:
    picture = Image.fromarray(RGB.repeat(4, 0).repeat(4, 1))
    colour = read_photo(save(tmp_path / "c.jpg", picture, quality=50))
    grey = read_photo(save(tmp_path / "g.jpg", picture.convert("L"), quality=50))

    assert isinstance(colour.jpeg, Jpeg)
    # ITU T.81 annex K at quality 50, by rows and columns.
    assert colour.jpeg.luma[:9] == (16, 11, 10, 16, 24, 40, 51, 61, 12)
    assert colour.jpeg.chroma[:4] == (17, 18, 24, 47)
    assert (colour.jpeg.row, colour.jpeg.col) == (0, 0)
    assert grey.jpeg.chroma == grey.jpeg.luma


def test_a_rotated_jpeg_has_no_tables(tmp_path) -> None:
    exif = Image.Exif()
    exif[274] = 6

    photo = read_photo(save(tmp_path / "a.jpg", Image.fromarray(RGB), exif=exif))

    assert photo.pixels.shape == (7, 5, 3)
    assert photo.jpeg is None


def test_only_plain_png_may_stand_in_a_dataset(tmp_path) -> None:
    assert load_photo(save(tmp_path / "a.png", Image.fromarray(GREY))).plain
    assert load_photo(save(tmp_path / "b.png", Image.fromarray(RGB))).plain
    assert not load_photo(save(tmp_path / "c.png", Image.fromarray(RGBA))).plain
    assert not load_photo(save(tmp_path / "d.png", Image.fromarray(RGB).quantize(8))).plain
    assert not load_photo(save(tmp_path / "e.bmp", Image.fromarray(RGB))).plain
    assert not load_photo(save(tmp_path / "f.png", Image.fromarray(GREY > 9))).plain
    (tmp_path / "g.png").write_bytes(cv2.imencode(".png", DEEP)[1].tobytes())
    assert not load_photo(tmp_path / "g.png").plain


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def encoded(ending: str, picture: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, ending, **options)
    return stream.getvalue()


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8))
DEEP_NOISE = np.random.default_rng(0).integers(0, 65535, (40, 50, 3), dtype=np.uint16)
BAD = {
    "cut png": ("a.png", cut(encoded("PNG", NOISE)), "damaged or cut off"),
    "cut jpeg": ("a.jpg", cut(encoded("JPEG", NOISE)), "damaged or cut off"),
    "cut tiff": ("a.tif", cut(encoded("TIFF", NOISE)), "damaged|TIFF"),
    "cut webp": ("a.webp", cut(encoded("WEBP", NOISE)), "damaged"),
    "cut deep png": ("a.png", cut(cv2.imencode(".png", DEEP_NOISE)[1].tobytes()), "damaged"),
    "noise": ("a.png", bytes(range(256)) * 4, "not a picture"),
    "empty": ("a.png", b"", "the file is empty"),
    "text": ("a.png", b"hello, I am a text\n" * 9, "a text file"),
    "animated png": (
        "a.png",
        encoded("PNG", NOISE, save_all=True, append_images=[NOISE.rotate(90)]),
        "holds 2 pictures",
    ),
    "animated webp": (
        "a.webp",
        encoded("WEBP", NOISE, save_all=True, append_images=[NOISE.rotate(90)]),
        "holds 2 pictures",
    ),
    "pages": (
        "a.tif",
        encoded("TIFF", NOISE, save_all=True, append_images=[NOISE.rotate(90)]),
        "holds 2 pictures",
    ),
    "float": (
        "a.tif",
        encoded("TIFF", Image.fromarray(np.ones((5, 7), np.float32))),
        "floating-point",
    ),
    "float colour": (
        "a.tif",
        cv2.imencode(".tiff", np.ones((5, 7, 3), np.float32))[1].tobytes(),
        "floating-point numbers",
    ),
    "32 bits": ("a.tif", encoded("TIFF", Image.new("I", (7, 5))), "32-bit"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named_with_a_way_out(tmp_path, case) -> None:
    name, content, reason = BAD[case]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(InputError, match=reason) as caught:
        read_photo(tmp_path / name)

    assert name in str(caught.value)
    assert caught.value.hint


def test_a_bomb_is_refused_by_its_header(tmp_path) -> None:
    bomb = png(tmp_path / "bomb.png", (60000, 60000, 8, 2), b"\0" * 100)

    with pytest.raises(InputError, match="60000 x 60000 pixels"):
        read_photo(bomb)


def test_photos_beyond_the_limit_of_pillow_are_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    path = save(tmp_path / "a.png", Image.fromarray(RGB))

    assert np.array_equal(read_photo(path).pixels, RGB)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_the_limit_is_ours(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 34)

    with pytest.raises(InputError, match="7 x 5 pixels are more than 34"):
        read_photo(save(tmp_path / "a.png", Image.fromarray(RGB)))


def test_an_unreadable_file_is_named(tmp_path, monkeypatch) -> None:
    path = save(tmp_path / "a.png", Image.fromarray(RGB))

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(InputError, match=r"a\.png: cannot be read: Permission denied"):
        read_photo(path)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(InputError, match=r"gone\.png: no such file"):
        read_photo(tmp_path / "gone.png")


def test_broken_metadata_does_not_cost_the_photo(tmp_path) -> None:
    path = save(tmp_path / "a.jpg", Image.fromarray(RGB), exif=b"Exif\0\0MM\0*\xff\xff")

    assert read_photo(path).pixels.shape == (5, 7, 3)


@given(
    st.sampled_from([(), (3,), (4,)]).flatmap(
        lambda last: st.sampled_from([np.uint8, np.uint16]).flatmap(
            lambda dtype: arrays(dtype, st.tuples(*[st.integers(1, 9)] * 2).map(lambda s: s + last))
        )
    )
)
def test_what_is_written_is_read_back(tmp_path_factory, array) -> None:
    folder = tmp_path_factory.mktemp("png")

    write_png(folder / "new" / "a.png", array, folder)
    photo = read_photo(folder / "new" / "a.png")

    assert np.array_equal(photo.pixels, array.reshape(*array.shape[:2], -1)[..., :3])
    if array.ndim == 3 and array.shape[2] == 4:
        assert np.array_equal(photo.alpha, array[..., 3])


def test_masks_are_inside_wherever_they_are_not_black(tmp_path) -> None:
    mask = save(tmp_path / "m.png", Image.fromarray(np.where(GREY > 99, 1, 0).astype(np.uint8)))

    assert np.array_equal(read_mask(mask, (5, 7)), GREY > 99)
    with pytest.raises(InputError, match="mask of 7 x 5 pixels for a picture of 5 x 7"):
        read_mask(mask, (7, 5))


def test_the_header_tells_the_size(tmp_path) -> None:
    assert image_size(save(tmp_path / "a.png", Image.fromarray(RGB))) == (5, 7, 3)
    assert image_size(tmp_path / "gone.png") is None


def test_a_folder_is_no_photo(tmp_path) -> None:
    with pytest.raises(InputError, match="a folder, not a photo") as caught:
        read_photo(tmp_path)

    assert "file" in caught.value.hint
