"""What is asked of a scorer."""

import math

import numpy as np

from anomsynth.core.sample import Quality
from anomsynth.sqe.scorer import Scorer
from anomsynth.testing._demand import check_parameters, demand, pickled, unchanged
from anomsynth.testing.surfaces import make_defect, make_pixels


def check_scorer(scorer: Scorer) -> None:
    """Check that a scorer keeps its contract: with and without the good photo, grey and coloured.

    Its numbers lie in [0, 1], are the same every time and in every process, and an empty mask is
    no error.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    check_parameters(scorer, Scorer)
    scorer.prepare()
    for channels in (1, 3):
        good = make_pixels(channels=channels)
        image, mask = make_defect(good)
        before, marked = image.copy(), mask.copy()
        for original in (None, good):
            quality = scorer.score(image, mask, original=original)
            _check_numbers(quality)
            again = pickled(scorer).score(image, mask, original=original)
            demand(quality == again, "one image, two scores: hidden state or randomness")
        unchanged(before, image, "the image")
        unchanged(marked, mask, "the mask")
        _check_numbers(scorer.score(good, np.zeros_like(mask)))


def _check_numbers(quality: Quality) -> None:
    demand(isinstance(quality, Quality), f"score: expected a Quality, got {type(quality).__name__}")
    numbers = {
        "score": quality.score,
        "fidelity": quality.fidelity,
        "utility": quality.utility,
        **quality.terms,
    }
    for name, value in numbers.items():
        demand(math.isfinite(value) and 0 <= value <= 1, f"{name}: {value} is not in [0, 1]")
