"""Arrays are split into colour and alpha, or refused with what to do."""

import numpy as np
import pytest

from anomsynth.core.photo import as_photo
from anomsynth.core.types import Light, SampleKey
from anomsynth.errors import InputError, RecipeError
from anomsynth.recipe.load import load_recipe
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_pixels


@pytest.mark.parametrize(("channels", "colours"), [(1, 1), (2, 1), (3, 3), (4, 3)])
def test_alpha_is_kept_apart(channels, colours) -> None:
    array = np.arange(4 * 5 * channels, dtype=np.uint8).reshape(4, 5, channels)

    photo = as_photo(array)

    assert photo.pixels.shape == (4, 5, colours)
    if channels in (2, 4):
        assert np.array_equal(photo.alpha, array[..., -1])
    else:
        assert photo.alpha is None


def test_the_photo_owns_its_pixels() -> None:
    array = np.zeros((4, 5), np.uint8)

    photo = as_photo(array)
    array[0, 0] = 9

    assert photo.flat
    assert photo.pixels[0, 0, 0] == 0


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("part.png", "expected an image array, got 'part.png'"),
        (None, "expected an image array"),
        (np.zeros((4, 5), np.float16), "float16"),
        (np.zeros((4, 5, 7), np.uint8), r"\(4, 5, 7\)"),
        (np.zeros((0, 5), np.uint8), "no pixels"),
    ],
)
def test_refuses_what_is_no_image(value, complaint) -> None:
    with pytest.raises(InputError, match=complaint):
        as_photo(value)


def test_refuses_a_recipe_by_name_and_a_negative_seed() -> None:
    image = make_pixels(40, 40)

    with pytest.raises(RecipeError, match="expected a Recipe, got 'metal'"):
        synthesize(image, "metal")
    with pytest.raises(RecipeError, match="negative"):
        synthesize(image, load_recipe("metal"), seed=-1)


def test_the_record_says_how_many_defects_were_asked_for_and_in_which_light() -> None:
    recipe = load_recipe("metal", defects_per_image=[3, 3])
    sample = synthesize(make_pixels(128, 128), recipe, key=SampleKey("c", "i", 0))
    same_photo = synthesize(make_pixels(128, 128), recipe, key=SampleKey("c", "i", 1))

    assert sample.record["asked"] == 3
    assert sample.light == same_photo.light
    assert sample.light != Light()
