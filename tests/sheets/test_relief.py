"""Reliefs on sheets: colours tell heights over the place around a defect."""

import numpy as np

from anomsynth.core.types import Box
from anomsynth.sheets.relief import over_plane, relief_tiles
from anomsynth.sheets.sheet import SheetRow, contact_sheet


def slope_with_pit() -> np.ndarray:
    rows, cols = np.indices((60, 80))
    raised = 0.7 * cols - 0.2 * rows + 100.0
    raised[25:35, 35:45] -= 0.5
    return raised.astype(np.float32)


def test_the_slope_around_a_pit_is_taken_away() -> None:
    heights = over_plane(slope_with_pit())

    assert np.allclose(heights[30, 40], -0.5, atol=0.02)
    assert abs(heights[5, 5]) < 0.02


def test_colours_span_what_they_say() -> None:
    _, colours, span = relief_tiles(slope_with_pit(), 0.5, Box(20, 30, 40, 50), 200)

    assert span.startswith("-0.5")
    pit, around = colours[100, 100].astype(int), colours[10, 10].astype(int)
    assert pit[2] > pit[1]  # viridis: low is dark blue, high is yellow
    assert around[0] > around[2]


def test_what_was_not_measured_is_black() -> None:
    raised = slope_with_pit()
    raised[20:24, 30:40] = np.nan

    lit, colours, _ = relief_tiles(raised, 0.5, Box(20, 30, 40, 50), 200)

    assert (colours[5:30, 5:90] == 0).all()
    assert lit.shape[:2] == (150, 200)


def test_rows_with_and_without_a_relief_share_a_sheet() -> None:
    photo = np.full((60, 80), 90, np.uint8)
    mark = np.zeros((60, 80), bool)
    mark[25:35, 35:45] = True
    plain = SheetRow(photo, photo, (mark, mark), mark, "plain")
    scanned = SheetRow(photo, photo, (mark, mark), mark, "scan", raised=slope_with_pit())

    alone = contact_sheet([plain], tile_px=100)
    both = contact_sheet([plain, scanned], tile_px=100)

    assert both.shape[1] == alone.shape[1] * 7 // 5
