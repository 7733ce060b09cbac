"""Floating-point, 32-bit and many-banded TIFF files: read as the user says, or refused."""

import numpy as np
import pytest
import tifffile

from anomsynth.core.depth import Depth
from anomsynth.dataset.images import load_photo, read_photo
from anomsynth.dataset.reading import depth_of_photo, find_depth, make_reading, spread
from anomsynth.errors import InputError, UserError

RNG = np.random.default_rng(7)
SHARE = RNG.random((12, 17))
RGB8 = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)
FIVE = RNG.integers(0, 4096, (12, 17, 5), dtype=np.uint16)
GDAL = "".join(
    f'<Item name="DESCRIPTION" sample="{place}" role="description">{name}</Item>'
    for place, name in enumerate(["Blue", "Green", "Red", "Red edge", "NIR"])
)


@pytest.fixture
def write(tmp_path):
    def write(array, **options):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tif"
        tifffile.imwrite(path, array, **options)
        return path

    return write


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 1, np.float32),
        (-20, 45.5, np.float64),
        (0, 1, np.float16),
        (0, 2**31, np.uint32),
        (-1000, 3000, np.int16),
        (-5, 90, np.int8),
        (-(2**20), 2**30, np.int32),
    ],
)
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_numbers_are_spread_from_black_to_white(write, low, high, dtype, compression) -> None:
    numbers = (low + SHARE * (high - low)).astype(dtype)
    path = write(numbers, photometric="minisblack", compression=compression)

    photo = read_photo(path, make_reading((low, high)))

    expected = (numbers.astype(np.float64) - low) / (high - low) * 65535
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels[..., 0] - expected).max() <= 0.5


def test_the_ends_of_the_range_are_black_and_white(write) -> None:
    path = write(np.array([[0.25, 0.75]], np.float32), photometric="minisblack")

    assert read_photo(path, make_reading((0.25, 0.75))).pixels.tolist() == [[[0], [65535]]]
    turned = write(np.array([[0.25, 0.75]], np.float32), photometric="miniswhite")
    assert read_photo(turned, make_reading((0.25, 0.75))).pixels.tolist() == [[[65535], [0]]]


def test_colours_of_floats_are_colours(write) -> None:
    path = write(np.dstack([SHARE] * 3).astype(np.float32), photometric="rgb")

    assert read_photo(path, make_reading((0, 1))).pixels.shape == (12, 17, 3)


@pytest.mark.parametrize(
    ("worst", "reason"), [(1.5, "from 0 to 1.5, outside of 0:1"), (np.nan, "holds NaN")]
)
def test_numbers_outside_the_range_are_refused_not_clipped(write, worst, reason) -> None:
    path = write(np.array([[0, worst]], np.float32), photometric="minisblack")

    with pytest.raises(InputError, match=reason):
        read_photo(path, make_reading((0, 1)))


def test_without_a_range_the_way_to_give_one_is_told_where_there_is_one(write) -> None:
    path = write(SHARE.astype(np.float32), photometric="minisblack")

    with pytest.raises(InputError, match="floating-point") as nowhere:
        read_photo(path)
    with pytest.raises(InputError, match="floating-point") as somewhere:
        read_photo(path, make_reading())

    assert "value_range" not in nowhere.value.hint
    assert "`value_range=(low, high)`" in somewhere.value.hint


def test_a_range_leaves_ordinary_files_alone(write) -> None:
    path = write(RGB8, photometric="rgb")

    assert np.array_equal(read_photo(path, make_reading((0, 1))).pixels, RGB8)


def test_scaled_numbers_have_no_depth_to_be_found(write) -> None:
    path = write((SHARE / 100).astype(np.float32), photometric="minisblack")
    reading = make_reading((0, 1))

    assert find_depth([path], None, reading) is None
    photo = read_photo(path, reading)
    assert np.array_equal(spread(photo, Depth(10), path).pixels, photo.pixels)


@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize(
    ("bands", "places"),
    [
        ("5", [4]),
        (5, [4]),
        ("nir", [4]),
        (["Red", "green", "BLUE"], [2, 1, 0]),
        ([3, 2, 1], [2, 1, 0]),
    ],
)
def test_bands_are_chosen_by_number_or_by_the_name_in_the_file(
    write, planes, bands, places
) -> None:
    stored = FIVE if planes == "contig" else np.moveaxis(FIVE, 2, 0)
    path = write(
        stored,
        photometric="minisblack",
        planarconfig=planes,
        extratags=[(42112, "s", 0, f"<GDALMetadata>{GDAL}</GDALMetadata>", True)],
    )

    photo = read_photo(path, make_reading(bands=bands))

    assert np.array_equal(photo.pixels, FIVE[..., places])
    assert photo.alpha is None


def test_names_of_ome_channels_are_known(write) -> None:
    text = '<?xml version="1.0"?><OME><Channel ID="0" Name="DAPI"/><Channel Name="GFP"/></OME>'
    path = write(FIVE[..., :2], photometric="minisblack", planarconfig="contig", description=text)

    assert np.array_equal(read_photo(path, make_reading(bands="gfp")).pixels, FIVE[..., 1:2])


def test_colours_of_a_picture_are_bands_with_names(write) -> None:
    path = write(RGB8, photometric="rgb")

    assert np.array_equal(read_photo(path, make_reading(bands="green")).pixels, RGB8[..., 1:2])


def test_bands_and_range_go_together(write) -> None:
    path = write(FIVE.astype(np.float32), photometric="minisblack", planarconfig="contig")

    photo = read_photo(path, make_reading((0, 4095), 2))

    assert np.array_equal(photo.pixels, Depth(12).widen(FIVE[..., 1:2]))


def test_bands_that_are_not_there_are_refused_with_those_that_are(write) -> None:
    path = write(FIVE, photometric="minisblack", planarconfig="contig")

    for wrong in ("6", "0", "thermal"):
        with pytest.raises(InputError, match=f"no band '{wrong}'") as caught:
            read_photo(path, make_reading(bands=wrong))
        assert "1, 2, 3, 4, 5" in caught.value.hint
    with pytest.raises(InputError, match="5 bands") as caught:
        read_photo(path, make_reading())
    assert "`bands`" in caught.value.hint


@pytest.mark.parametrize("given", [(1, 1), (2, 1), (0, np.inf), (np.nan, 1), (1,), "x"])
def test_impossible_ranges_are_refused(given) -> None:
    with pytest.raises(UserError, match="`value_range`"):
        make_reading(given)


@pytest.mark.parametrize("given", [[], [1, 2], [1, 2, 3, 4]])
def test_one_band_or_three_make_a_picture(given) -> None:
    with pytest.raises(UserError, match="`bands`: expected one band or three"):
        make_reading(bands=given)


@pytest.mark.parametrize("damage", range(8, 400, 13))
def test_damaged_files_of_numbers_are_refused_or_read_as_they_are(write, damage) -> None:
    numbers = SHARE.astype(np.float32)
    path = write(numbers, photometric="minisblack")
    content = bytearray(path.read_bytes())
    content[damage] ^= 0xFF
    path.write_bytes(bytes(content))

    try:
        found = read_photo(path, make_reading((0, 1)))
    except InputError:
        return
    with tifffile.TiffFile(path) as file:
        seen = file.pages[0].asarray().astype(np.float64) * 65535
    levels = found.pixels[..., 0] if found.pixels.shape[2] == 1 else found.pixels
    assert min(np.abs(levels - one).max() for one in (seen, 65535 - seen)) <= 0.5


DARK = RNG.integers(0, 900, (12, 17), dtype=np.uint16)


@pytest.mark.parametrize(
    ("options", "depth"),
    [
        ({}, Depth(10)),
        ({"extratags": [(281, "H", 1, 4095, True)]}, Depth(12)),
        ({"extratags": [(341, "H", 1, 16383, True)]}, Depth(14)),
        ({"extratags": [(281, "H", 1, 65535, True)]}, Depth(10)),  # what is written unasked
        ({"description": '<OME><Pixels Type="uint16" SignificantBits="12"/></OME>'}, Depth(12)),
    ],
)
def test_tags_of_a_file_tell_what_a_dark_photo_does_not(write, options, depth) -> None:
    path = write(DARK, photometric="minisblack", **options)

    loaded = load_photo(path)

    assert find_depth([path]) == depth
    assert depth_of_photo(loaded.photo, None, loaded.stated) == depth


def test_a_tag_below_what_the_pixels_hold_does_not_count(write) -> None:
    path = write(FIVE[..., 0], photometric="minisblack", extratags=[(281, "H", 1, 1023, True)])

    assert find_depth([path]) == Depth(12)
