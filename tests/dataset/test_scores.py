"""The run's own measures of a sample lie in [0, 1] and move the right way."""

import math
from dataclasses import replace

import numpy as np
import pytest

from anomsynth.core.sample import Instance, Sample
from anomsynth.core.types import Box, SampleKey
from anomsynth.dataset.scores import TERMS, score, score_terms


def make_sample(visibility: float = 3.0, strict: int = 8, residual: float = 0.0) -> Sample:
    label = np.zeros((4, 4), bool)
    label.flat[:8] = True
    visible = np.zeros((4, 4), bool)
    visible.flat[:strict] = True
    instance = Instance(
        kind="pitting",
        box=Box(0, 0, 2, 4),
        support_box=Box(0, 0, 4, 4),
        support=np.ones((4, 4), bool),
        target=visibility,
        visibility=visibility,
        gain=1.0,
        area_px=strict,
        closing_px=1,
        parameters={},
        laws={},
        residuals={"plate_residual": residual, "contrast_factor": 9.0},
    )
    return Sample(
        image=np.zeros((4, 4), np.uint8),
        mask=label,
        strict=visible,
        soft=visible.astype(np.float32),
        class_index=visible.astype(np.uint8),
        instance_index=visible.astype(np.uint16),
        height_mm=np.zeros((4, 4), np.float32),
        kinds=("pitting",),
        instances=(instance, replace(instance, visibility=9.0)),
        attempt=0,
        key=SampleKey("screw", "a.png", 0),
        seed=0,
    )


def test_a_flawless_sample_scores_one() -> None:
    terms = score_terms(make_sample())

    assert terms == {"visibility": 1.0, "agreement": 1.0, "consistency": 1.0}
    assert score(list(terms.values())) == 1.0


def test_each_term_measures_its_own() -> None:
    terms = score_terms(make_sample(visibility=1.5, strict=2, residual=0.1))

    assert terms == pytest.approx(
        {"visibility": 0.5, "agreement": 0.25, "consistency": math.exp(-1)}
    )
    assert tuple(terms) == TERMS
    assert score(list(terms.values())) == pytest.approx((0.125 * math.exp(-1)) ** (1 / 3))


def test_a_residual_that_diverged_scores_zero() -> None:
    assert score_terms(make_sample(residual=math.inf))["consistency"] == 0.0
    assert score_terms(make_sample(residual=math.nan))["consistency"] == 0.0
