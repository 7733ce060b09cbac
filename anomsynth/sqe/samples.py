"""The quality of a sample that was just made: nothing about its photo has to be measured again."""

from collections.abc import Mapping
from functools import cache
from typing import cast

import numpy as np

from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Sample
from anomsynth.core.types import Pixels, Surface
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.estimator import Estimator, Quality
from anomsynth.sqe.region import Picture
from anomsynth.sqe.terms.residual import largest_residual


def score_names() -> list[str]:
    """Return what is written of a score: columns of scores.csv, as `score_cells` fills them."""
    return ["score", "fidelity", "utility", *(term.name for term in all_terms())]


def rate_sample(sample: Sample, surface: Surface) -> Quality:
    """Score a sample with the shipped calibration.

    Parameters
    ----------
    sample : Sample
    surface : Surface
        Of the photo that the sample was made of.
    """
    pixels = as_photo(sample.image).pixels[..., : surface.channels]
    residuals = [largest_residual(item.residuals) for item in sample.instances]
    picture = Picture(
        pixels=cast("Pixels", np.ascontiguousarray(pixels)),
        mask=sample.mask,
        part=surface.foreground,
        camera=surface.camera,
        original=surface.pixels,
        residual=max((value for value in residuals if value is not None), default=None),
        confined=True,
    )
    return _estimator().rate(picture)


def written_scores(quality: Quality) -> dict[str, float]:
    """Return score, fidelity, utility and terms by name; what could not be measured is absent."""
    return {
        "score": quality.score,
        "fidelity": quality.fidelity,
        "utility": quality.utility,
        **quality.terms,
    }


def score_cells(scores: Mapping[str, object]) -> list[str]:
    """Return the cells of `score_names` in a row of scores.csv, empty where a term is absent."""
    return [f"{float(str(scores[name])):.6g}" if name in scores else "" for name in score_names()]


@cache
def _estimator() -> Estimator:
    return Estimator.default()
