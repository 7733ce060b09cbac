"""Large photos are cut so that nothing is lost, and a hairline is seen that a resize would lose."""

import pytest

torch = pytest.importorskip("torch")

import cv2  # noqa: E402 - needs torch
import numpy as np  # noqa: E402 - needs torch

from anomsynth.bisqad.data.images import photo_tensor  # noqa: E402 - needs torch
from anomsynth.bisqad.data.samples import find_split  # noqa: E402 - needs torch
from anomsynth.bisqad.data.tile_side import choose_side, width_of  # noqa: E402 - needs torch
from anomsynth.bisqad.data.tiled_split import with_tiles  # noqa: E402 - needs torch
from anomsynth.bisqad.data.tiles import Tiling, cut, tile_around  # noqa: E402 - needs torch
from anomsynth.bisqad.options import TrainOptions  # noqa: E402 - needs torch
from anomsynth.core.photo import as_photo  # noqa: E402 - needs torch
from anomsynth.core.types import Box  # noqa: E402 - needs torch
from anomsynth.dataset.images import write_png  # noqa: E402 - needs torch
from anomsynth.errors import UserError  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = [(3000, 4000), (512, 512), (100, 250), (64, 700), (513, 1025), (40, 30)]


def hairline_photo(line: bool = True, shape=(3000, 4000), width=3, seed=0):
    """Return a grey photo with the texture of a real surface, and where the hairline is."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 1, (shape[0] // 4, shape[1] // 4)).astype(np.float32)
    texture = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), 2), shape[::-1])
    texture *= 8 / texture.std()
    mask = np.zeros(shape, np.uint8)
    if line:
        row, col = (int(rng.integers(length // 4, 3 * length // 4)) for length in shape)
        cv2.line(mask, (col - 60, row - 50), (col + 60, row + 50), 255, width)
    pixels = 120 + texture + rng.normal(0, 2, shape) - 45 * (mask > 0)
    return np.clip(pixels, 0, 255).astype(np.uint8), mask > 0


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tiling", [Tiling(128, 64), Tiling(512, 256), Tiling(320, 128)])
def test_tiles_cover_every_pixel_and_overlap(tiling, shape) -> None:
    boxes = tiling.boxes(shape)

    seen = np.zeros((boxes[-1].bottom, boxes[-1].right), np.uint8)
    for box in boxes:
        seen[box.slices] += 1
        assert box.top % tiling.cell == box.left % tiling.cell == 0
    assert (seen > 0).all()
    assert all(have >= length for have, length in zip(seen.shape, shape, strict=True))
    lefts = sorted({box.left for box in boxes})
    gaps = np.diff(lefts)
    assert (gaps <= 0.75 * tiling.side + tiling.cell).all()
    assert lefts[-1] < max(shape[1] - tiling.side, 0) + tiling.cell


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_of_tiles_join_to_the_map_of_the_photo(shape) -> None:
    tiling = Tiling(128, 64)
    rows, cols = np.mgrid[: shape[0] + 200, : shape[1] + 200].astype(np.float32)
    plane = 0.5 * rows - 0.2 * cols
    cell = tiling.cell
    maps = [
        cv2.resize(plane[box.slices], (16, 16), interpolation=cv2.INTER_AREA)
        for box in tiling.boxes(shape)
    ]

    joined = tiling.join(maps, shape)

    assert joined.shape == tuple(max(round(length / cell), 1) for length in shape)
    expected = cv2.resize(
        plane[: shape[0], : shape[1]], joined.shape[::-1], interpolation=cv2.INTER_AREA
    )
    # At the photo's own edges half a cell lies outside the centres of the outer ones.
    assert np.abs(joined - expected).max() <= cell * 0.35
    assert np.abs(joined - expected)[1:-1, 1:-1].max(initial=0) < 0.05 * cell


def test_a_tile_that_juts_out_is_mirrored() -> None:
    planes = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)

    tile = cut(planes, Box(1, 2, 5, 6))

    assert tile.shape == (4, 4, 1)
    assert tile[..., 0].tolist() == [[6, 7, 7, 6], [10, 11, 11, 10], [10, 11, 11, 10], [6, 7, 7, 6]]


def test_a_tile_around_a_defect_shows_some_of_it_and_lies_in_the_photo() -> None:
    marked = np.zeros((300, 500), bool)
    marked[290:, 3:6] = True

    for seed in range(20):
        box = tile_around(marked, 128, np.random.default_rng(seed))

        assert box.shape == (128, 128)
        assert box.top >= 0 <= box.left
        assert box.bottom <= 300 >= box.right - 200
        assert marked[box.slices].any()


@pytest.mark.parametrize("width", [1, 3, 5, 9])
def test_the_width_of_a_line_is_measured(width) -> None:
    mask = np.zeros((80, 80), bool)
    mask[20 : 20 + width, 5:70] = True
    mask[60:78, 10:40] = True

    assert width_of(mask) == pytest.approx(width, abs=1.01)


def test_specks_and_empty_masks_have_no_width() -> None:
    mask = np.zeros((30, 30), bool)
    assert width_of(mask) is None
    mask[3:5, 3:5] = True
    assert width_of(mask) is None


def visibility(pixels, mask, size) -> float:
    """Return by how many standard deviations of the surface a hairline differs at the input."""
    values = photo_tensor(as_photo(pixels), size)[0].numpy()
    share = cv2.resize(mask.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    line, away = share > 0.5 * share.max(), cv2.dilate(share, np.ones((9, 9))) == 0
    return float(abs(values[line].mean() - values[away].mean()) / values[away].std())


def test_a_hairline_on_12_megapixels_stays_visible_in_a_tile_and_not_in_a_resize() -> None:
    pixels, mask = hairline_photo(width=2)
    side = choose_side(4000, [width_of(mask)], 256)
    box = tile_around(mask, side, np.random.default_rng(0))

    whole = visibility(pixels, mask, 256)
    tile = visibility(cut(pixels, box), cut(mask, box), 256)

    assert pixels.size == 12_000_000
    assert side <= 512
    assert whole < 2
    assert tile > 4


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "plate"
    for number in range(8):
        line = number >= 4
        pixels, mask = hairline_photo(line=line, shape=(500, 700), seed=number)
        folder = root / ("test/hair" if line else "train/good")
        folder.mkdir(parents=True, exist_ok=True)
        write_png(folder / f"{number}.png", pixels, folder)
        if line:
            truth = root / "ground_truth/hair"
            truth.mkdir(parents=True, exist_ok=True)
            write_png(truth / f"{number}_mask.png", mask.view(np.uint8) * np.uint8(255), truth)
    return root


def test_far_larger_photos_are_cut_for_their_smallest_defect(dataset) -> None:
    options = TrainOptions(size=64)

    split = with_tiles(find_split(dataset, options), options)

    assert split.tile is not None
    assert 64 <= split.tile <= 128
    assert len({item.image for item in split.normals}) == 3
    assert len(split.normals) == 3 * 6
    assert len(split.held_normals) == len(Tiling(split.tile, 64).boxes((500, 700)))
    assert len({item.id for item in (*split.normals, *split.held_normals)}) == len(
        split.normals
    ) + len(split.held_normals)
    for item in (*split.normals, *split.defects, *split.held_defects):
        pixels, mask = item.read()
        assert pixels.shape[:2] == mask.shape == (split.tile, split.tile)
        assert mask.any() != item.good


@pytest.mark.parametrize(("size", "tile"), [(256, "auto"), (64, None)])
def test_photos_near_the_input_or_on_request_are_taken_as_a_whole(dataset, size, tile) -> None:
    options = TrainOptions(size=size, tile=tile)

    split = with_tiles(find_split(dataset, options), options)

    assert split.tile is None
    assert all(item.tile is None for item in (*split.normals, *split.defects))


@pytest.mark.parametrize("tile", [32, 100, "large", 1.5])
def test_sides_that_do_not_fit_are_refused(tile) -> None:
    with pytest.raises(UserError, match="`tile`: expected a multiple of 16 from 64 on"):
        TrainOptions(size=64, tile=tile)
