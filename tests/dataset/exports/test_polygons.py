"""Polygons fill to the mask they were drawn around."""

import cv2
import numpy as np
import pytest

from anomsynth.dataset.exports._polygons import centre_polygon, edge_polygons


def speckled(seed: int, blur: float, shape=(33, 47)) -> np.ndarray:
    noise = np.random.default_rng(seed).random(shape).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), blur) > 0.5


def filled(polygons, shape) -> np.ndarray:
    """Count crossings left of each pixel's centre: the even-odd rule, without any library."""
    inside = np.zeros(shape, dtype=bool)
    for polygon in polygons:
        for (x, y), (to_x, to_y) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            for row in range(min(y, to_y), max(y, to_y)):
                at = x + (row + 0.5 - y) / (to_y - y) * (to_x - x)
                inside[row] ^= np.arange(shape[1]) + 0.5 > at
    return inside


@pytest.mark.parametrize("blur", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_edge_polygons_are_the_mask_with_its_holes_and_islands(seed, blur) -> None:
    mask = speckled(seed, blur)

    assert np.array_equal(filled(edge_polygons(mask), mask.shape), mask)


def test_a_rectangle_has_four_corners_at_pixel_edges() -> None:
    mask = np.zeros((6, 9), dtype=bool)
    mask[2:4, 3:8] = True

    (polygon,) = edge_polygons(mask)

    assert {tuple(point) for point in polygon.tolist()} == {(3, 2), (8, 2), (8, 4), (3, 4)}
    assert len(polygon) == 4


def test_a_hole_is_cut_out_of_one_polygon() -> None:
    mask = np.zeros((9, 9), dtype=bool)
    mask[1:8, 1:8] = True
    mask[3:5, 3:6] = False

    (polygon,) = edge_polygons(mask)

    assert np.array_equal(filled([polygon], mask.shape), mask)


def test_pixels_that_touch_at_a_corner_are_apart() -> None:
    assert len(edge_polygons(np.eye(3, dtype=bool))) == 3


@pytest.mark.parametrize("seed", range(8))
def test_a_centre_polygon_drawn_with_its_border_is_the_mask(seed) -> None:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(speckled(seed, 2.0).view(np.uint8))
    largest = labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()

    drawn = np.zeros(largest.shape, np.uint8)
    cv2.fillPoly(drawn, [centre_polygon(largest).astype(np.int32)], 1)

    assert np.array_equal(drawn > 0, largest)


def test_a_centre_polygon_joins_islands() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:5, 2:5] = mask[12:15, 12:17] = True

    drawn = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(drawn, [centre_polygon(mask).astype(np.int32)], 1)

    assert drawn[mask].all()
    assert cv2.connectedComponents(drawn)[0] == 2
    assert drawn.sum() < mask.sum() + 12


@pytest.mark.parametrize("pixels", [1, 2])
def test_a_speck_still_has_three_points(pixels) -> None:
    mask = np.zeros((5, 5), dtype=bool)
    mask[2, :pixels] = True

    assert len(centre_polygon(mask)) == 3
