"""TIFF files of every kind are read right, or refused by the name of what they are."""

import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from anomsynth.dataset.images import read_photo
from anomsynth.dataset.reading import make_reading
from anomsynth.errors import InputError
from anomsynth.relief.formats.tiff import read_numbers

RNG = np.random.default_rng(5)
GREY8 = RNG.integers(0, 256, (12, 17), dtype=np.uint8)
GREY16 = RNG.integers(0, 65536, (12, 17), dtype=np.uint16)
RGB8 = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)
RGB16 = RNG.integers(0, 65536, (12, 17, 3), dtype=np.uint16)
RGBA16 = RNG.integers(0, 65536, (12, 17, 4), dtype=np.uint16)


def write(folder: Path, array: np.ndarray, **options: object) -> Path:
    path = folder / "photo.tif"
    tifffile.imwrite(path, array, **options)
    return path


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("array", [RGB8, RGB16], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_may_stand_apart_and_bytes_in_either_order(tmp_path, planes, array, order) -> None:
    stored = array if planes == "contig" else np.moveaxis(array, 2, 0)
    path = write(tmp_path, stored, photometric="rgb", planarconfig=planes, byteorder=order)

    photo = read_photo(path)

    assert photo.pixels.dtype == array.dtype
    assert np.array_equal(photo.pixels, array)


@pytest.mark.parametrize("array", [GREY8, GREY16], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_white_may_be_zero(tmp_path, array, compression) -> None:
    path = write(tmp_path, ~array, photometric="miniswhite", compression=compression)

    assert np.array_equal(read_photo(path).pixels[..., 0], array)


def test_alpha_is_alpha(tmp_path) -> None:
    photo = read_photo(write(tmp_path, RGBA16, photometric="rgb", extrasamples=["unassalpha"]))

    assert np.array_equal(photo.pixels, RGBA16[..., :3])
    assert np.array_equal(photo.alpha, RGBA16[..., 3])


@pytest.mark.parametrize("array", [RGBA16, RGBA16.astype(np.uint8)], ids=["16 bits", "8 bits"])
def test_a_fourth_band_that_is_not_alpha_is_refused(tmp_path, array) -> None:
    path = write(tmp_path, array, photometric="rgb", extrasamples=["unspecified"])

    with pytest.raises(InputError, match="4 bands, of which 1 is neither colour nor alpha"):
        read_photo(path)


def test_many_bands_are_refused(tmp_path) -> None:
    path = write(tmp_path, np.dstack([RGB16] * 2), photometric="minisblack", planarconfig="contig")

    with pytest.raises(InputError, match="6 bands, of which 5 are neither"):
        read_photo(path)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (GREY8.astype(np.int8), "8-bit signed"),
        (GREY16.astype(np.int16), "16-bit signed"),
        (GREY16.astype(np.uint32), "32-bit"),
        (GREY16.astype(np.float32), "floating-point"),
        (RGB16.astype(np.float64), "floating-point"),
    ],
)
def test_other_numbers_are_refused_by_name(tmp_path, array, reason) -> None:
    with pytest.raises(InputError, match=rf"photo\.tif: .*({reason}|TIFF of a kind)"):
        read_photo(write(tmp_path, array, photometric="rgb" if array.ndim == 3 else "minisblack"))


@pytest.mark.parametrize("first", [True, False], ids=["thumbnail first", "thumbnail last"])
def test_a_thumbnail_beside_the_picture_is_passed_over(tmp_path, first) -> None:
    path = tmp_path / "photo.tif"
    with tifffile.TiffWriter(path) as file:
        for small in (first, not first):
            array = RGB8[::4, ::4].copy() if small else RGB8
            file.write(array, photometric="rgb", subfiletype=int(small))

    assert np.array_equal(read_photo(path).pixels, RGB8)


def test_several_pages_are_refused(tmp_path) -> None:
    path = write(tmp_path, np.stack([GREY8] * 3), photometric="minisblack")

    with pytest.raises(InputError, match="holds 3 pictures"):
        read_photo(path)


@pytest.mark.parametrize("kind", ["P", "CMYK", "1"])
def test_what_pillow_reads_right_stays_with_it(tmp_path, kind) -> None:
    path = tmp_path / "photo.tif"
    image = Image.fromarray(RGB8).convert(kind)
    image.save(path)

    expected = np.asarray(image.convert("L" if kind == "1" else "RGB"))
    assert np.array_equal(np.squeeze(read_photo(path).pixels), expected)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_usual_compressions_need_nothing_more(tmp_path, compression, mode) -> None:
    path = tmp_path / "photo.tif"
    array = {"L": GREY8, "RGB": RGB8, "I;16": GREY16}[mode]
    Image.fromarray(array).save(path, compression=compression)

    assert np.array_equal(np.squeeze(read_photo(path).pixels), array)


def test_deep_grey_with_a_transparent_level_keeps_it(tmp_path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(GREY16).save(path, transparency=int(GREY16[3, 4]))

    photo = read_photo(path)

    assert np.array_equal(photo.pixels[..., 0], GREY16)
    assert np.array_equal(photo.alpha == 0, GREY16[3, 4] == GREY16)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_off_file_is_refused(tmp_path, share) -> None:
    path = write(tmp_path, RGB16, photometric="rgb")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    with pytest.raises(InputError):
        read_photo(path)


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_a_cut_off_file_is_refused_not_filled_with_zeros(tmp_path, planes) -> None:
    stored = RGB8 if planes == "contig" else np.moveaxis(RGB8, 2, 0)
    path = write(tmp_path, stored, photometric="rgb", planarconfig=planes)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(InputError, match="damaged or cut off"):
        read_photo(path)


@pytest.mark.parametrize("first", ["thumbnail", "photo"])
def test_a_thumbnail_that_does_not_say_so_is_no_second_picture(tmp_path, first) -> None:
    path = tmp_path / "photo.tif"
    small = RGB8[::3, ::3]
    with tifffile.TiffWriter(path) as file:
        for array in (small, RGB8) if first == "thumbnail" else (RGB8, small):
            file.write(array, photometric="rgb", metadata=None)

    assert np.array_equal(read_photo(path).pixels, RGB8)


def test_two_pages_of_one_size_are_two_pictures(tmp_path) -> None:
    path = tmp_path / "photo.tif"
    with tifffile.TiffWriter(path) as file:
        for _ in range(2):
            file.write(RGB8, photometric="rgb", metadata=None)

    with pytest.raises(InputError, match="holds 2 pictures"):
        read_photo(path)


def test_a_page_that_is_its_own_next_one_is_read_once(tmp_path) -> None:
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, RGB8, photometric="rgb", metadata=None, byteorder="<")
    content = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * entries, first)
    path.write_bytes(content)

    assert np.array_equal(read_photo(path).pixels, RGB8)
    assert np.array_equal(read_numbers(bytes(content), path)[0], RGB8)


@pytest.mark.parametrize("bands", [None, [1]])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_volume_is_no_photo(tmp_path, kind, bands) -> None:
    volume = np.zeros((5, 16, 32), kind)
    tifffile.imwrite(tmp_path / "a.tif", volume, volumetric=True, tile=(16, 16, 16))

    with pytest.raises(InputError, match=r"a\.tif: a volume of 5 slices"):
        read_photo(tmp_path / "a.tif", make_reading(None, bands))


def test_a_stack_that_names_its_first_picture_only_is_no_photo(tmp_path) -> None:
    path, about = tmp_path / "a.tif", "ImageJ=1.53t\nimages=3\nslices=3\nloop=false\n"
    picture = np.arange(35, dtype=np.uint8).reshape(5, 7)
    tifffile.imwrite(path, picture, description=about, metadata=None)
    alone = read_photo(path).pixels

    path.write_bytes(path.read_bytes() + 2 * picture.tobytes())

    assert np.array_equal(alone[..., 0], picture)
    with pytest.raises(InputError, match="a volume of 3 slices"):
        read_photo(path)
