"""What a whole synthesis promises of a defect's light."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import SampleKey
from anomsynth.errors import RejectedError
from anomsynth.recipe.load import load_recipe
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_pixels


def test_what_is_gone_shows_the_ground_and_not_a_darker_one() -> None:
    image = np.full((256, 256, 3), (12, 12, 21), np.uint8)
    cv2.circle(image, (128, 128), 90, (205, 200, 190), -1, cv2.LINE_AA)
    image = cv2.GaussianBlur(image, (0, 0), 1.4)
    chip = {
        "kind": "chip",
        "missing_probability": 1,
        "inner_probability": 0,
        "rim_probability": 0,
        "size": 0.3,
        "face_width": 0,
    }
    recipe = load_recipe("generic", mechanisms=[{"generator": chip}], defects_per_image=[1, 1])
    sample = synthesize(image, recipe, key=SampleKey("", "", 3))

    gone = cv2.erode(sample.strict.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert gone.sum() > 50
    assert np.median(sample.image[gone], axis=0) == pytest.approx([12, 12, 21], abs=2)


@pytest.mark.parametrize("best_of", [2, 5])
def test_a_sample_that_is_never_good_enough_tells_how_often_it_was_drawn(best_of) -> None:
    gates = {"min_score": 1, "redraws": 2, "best_of": best_of}
    scratch = [{"generator": {"kind": "scratch"}}]
    recipe = load_recipe("generic", mechanisms=scratch, gates=gates)

    with pytest.raises(RejectedError, match=f"at best of {max(3, best_of)} draws, below 1"):
        synthesize(make_pixels(64, 64), recipe)
