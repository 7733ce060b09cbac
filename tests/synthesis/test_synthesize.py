"""What a whole synthesis promises of a defect's light."""

import cv2
import numpy as np
import pytest

from anomsynth.core.types import SampleKey
from anomsynth.recipe.load import load_recipe
from anomsynth.synthesis.synthesize import synthesize


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
