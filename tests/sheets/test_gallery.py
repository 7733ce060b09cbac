"""The gallery shows every mechanism asked for, and says where one found no place."""

import numpy as np
import pytest

from anomsynth.core.sample import Sample
from anomsynth.demo.standins import make_stand_in, stand_in_names
from anomsynth.recipe.load import load_recipe
from anomsynth.sheets.gallery import SEVERITIES, draw_gallery, make_rows
from anomsynth.synthesis.surfaces import surface_of


def test_tiles_grow_stronger_with_severity() -> None:
    recipe = load_recipe("generic")
    surface = surface_of(make_stand_in("smooth").pixels, recipe)

    (row,) = make_rows(["stain"], [surface], recipe, seed=3)

    reached = [tile.instances[0].visibility for tile in row.tiles if isinstance(tile, Sample)]
    assert len(reached) == len(SEVERITIES)
    assert reached == sorted(reached)
    assert reached == pytest.approx(SEVERITIES, rel=0.35)


def test_a_mechanism_without_a_place_says_so_on_its_tile() -> None:
    recipe = load_recipe("generic")
    surface = surface_of(make_stand_in("smooth").pixels, recipe)

    rows = make_rows(["missing_part", "color_shift"], [surface], recipe, seed=0)
    sheet = draw_gallery(rows, ["smooth"])

    assert all(isinstance(tile, str) and "mark them in a mask" in tile for tile in rows[0].tiles)
    assert all(isinstance(tile, Sample) for tile in rows[1].tiles)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3


@pytest.mark.parametrize("name", stand_in_names())
def test_stand_ins_are_colour_photos_that_repeat(name: str) -> None:
    first, again, other = make_stand_in(name, 1), make_stand_in(name, 1), make_stand_in(name, 2)

    assert first.pixels.shape == (256, 256, 3)
    assert first.pixels.dtype == np.uint8
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.components is None or first.components.max() >= 3
