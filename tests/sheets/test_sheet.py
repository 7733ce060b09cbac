"""A contact sheet shows where the defect is, for every kind of picture."""

from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.display import LABEL_COLOUR, STRICT_COLOUR
from anomsynth.core.sample import Instance, Sample
from anomsynth.core.types import Box, SampleKey
from anomsynth.sheets.sheet import (
    PAPER,
    SheetRow,
    contact_sheet,
    in_few_words,
    legend,
    shortened,
    text_width,
)

TILE = 96


def make_row(image: np.ndarray, box: Box, caption: str = "") -> SheetRow:
    shape = image.shape[:2]
    strict = np.zeros(shape, dtype=bool)
    strict[box.slices] = True
    mask = np.zeros(shape, dtype=bool)
    mask[box.grown(3, shape).slices] = True
    result = image.copy()
    result[strict] = 0
    instance = Instance("crack", box, box, strict[box.slices], 3, 3, 1, 1, 1, {}, {}, {})
    sample = Sample(
        image=result,
        mask=mask,
        strict=strict,
        soft=strict.astype(np.float32),
        class_index=strict.astype(np.uint8),
        instance_index=strict.astype(np.uint16),
        height_mm=np.zeros(shape, np.float32),
        kinds=("crack",),
        instances=(instance,),
        attempt=0,
        key=SampleKey("", "", 0),
        seed=0,
    )
    return SheetRow.of(image, sample, caption)


def panel(sheet: np.ndarray, index: int) -> np.ndarray:
    return sheet[20:, index * (TILE + 4) : (index + 1) * (TILE + 4)]


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((picture == colour).all(axis=2).any())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
def test_every_kind_of_picture_gives_an_8_bit_rgb_sheet(dtype, channels) -> None:
    shape = (60, 90) if channels is None else (60, 90, channels)
    image = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)

    sheet = contact_sheet([make_row(image, Box(20, 30, 30, 50))], tile_px=TILE)

    assert sheet.dtype == np.uint8
    assert sheet.shape == (20 + 16 + TILE + 4, 5 * (TILE + 4), 3)


def test_outlines_are_on_the_label_panels_only() -> None:
    image = np.full((60, 90), 128, np.uint8)

    sheet = contact_sheet([make_row(image, Box(20, 30, 30, 50))], tile_px=TILE)

    outlined = [has(panel(sheet, index), LABEL_COLOUR) for index in range(5)]
    assert outlined == [False, False, True, False, True]
    assert has(panel(sheet, 4), STRICT_COLOUR)


def test_a_strict_mask_that_is_not_drawn_is_not_explained() -> None:
    row = make_row(np.full((60, 90), 128, np.uint8), Box(20, 30, 30, 50))

    sheet = contact_sheet([replace(row, masks=(None, row.masks[1]))], tile_px=TILE)

    assert has(sheet, LABEL_COLOUR)
    assert not has(sheet, STRICT_COLOUR)
    assert legend(2000, strict=False).shape == legend(2000).shape
    assert legend(600, strict=False).sum() < legend(600).sum()


def test_a_caption_tells_strength_and_size_in_few_words() -> None:
    assert in_few_words([("crack", 4.0)], 31) == "crack d'=4.0  31 px"
    many = in_few_words([("dust", 2.0)] * 9 + [("crack", 3.0)], 31)
    assert many == "9 dust d'=2.0, crack d'=3.0  31 px"
    long = shortened(f"{'name_' * 40}: {many}", 300)
    assert long.startswith("name_name_")
    assert 280 < text_width(long) <= 300


def test_input_and_result_are_shown_as_they_are() -> None:
    image = np.full((TILE, TILE), 128, np.uint8)

    sheet = contact_sheet([make_row(image, Box(20, 30, 30, 50))], tile_px=TILE)

    assert (sheet[36 : 36 + TILE, :TILE] == 128).all()
    assert (sheet[36 + 20 : 36 + 30, 100 + 30 : 100 + 50] == 0).all()


def test_a_single_pixel_in_a_large_photo_is_outlined_and_enlarged() -> None:
    image = np.full((1500, 2000), 128, np.uint8)

    sheet = contact_sheet([make_row(image, Box(700, 1990, 701, 1991))], tile_px=TILE)

    assert has(panel(sheet, 2), LABEL_COLOUR)
    dark = (panel(sheet, 3)[16:] == 0).all(axis=2)
    assert dark.sum() >= 4 * 4


def test_a_defect_larger_than_half_the_photo_still_has_a_zoom() -> None:
    image = np.full((80, 80), 128, np.uint8)

    sheet = contact_sheet([make_row(image, Box(2, 2, 78, 78))], tile_px=TILE)

    assert (panel(sheet, 3)[16 : 16 + TILE] == 0).mean() > 0.8


def test_16_bits_that_use_a_part_of_their_range_are_stretched() -> None:
    image = np.random.default_rng(0).integers(500, 1500, (60, 60)).astype(np.uint16)

    sheet = contact_sheet([make_row(image, Box(20, 30, 30, 50))], tile_px=TILE)

    shown = panel(sheet, 0)[16 : 16 + TILE, :TILE]
    assert shown.max() == 255
    assert shown.std() > 50


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (17, 13)])
def test_odd_shapes_do_not_break_the_sheet(shape) -> None:
    image = np.full(shape, 128, np.uint8)

    sheet = contact_sheet([make_row(image, Box(0, 0, 1, 1))], tile_px=TILE)

    assert sheet.shape[1] == 5 * (TILE + 4)


def test_samples_side_by_side_fill_a_grid() -> None:
    row = make_row(np.full((60, 90), 128, np.uint8), Box(20, 30, 30, 50))

    sheet = contact_sheet([row] * 3, tile_px=TILE, across=2)

    assert sheet.shape == (20 + 2 * (16 + TILE + 4), 10 * (TILE + 4), 3)
    assert (sheet[-TILE:, 5 * (TILE + 4) :] == PAPER).all()


def test_a_caption_may_hold_any_character() -> None:
    row = make_row(np.full((60, 90), 128, np.uint8), Box(20, 30, 30, 50), "Öse, µm")

    assert (contact_sheet([row], tile_px=TILE)[20:36] > 100).any()


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        contact_sheet([])
