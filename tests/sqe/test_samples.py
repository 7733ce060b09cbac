"""What is written about a sample's quality is what the estimator said."""

import numpy as np

from anomsynth.core.sample import Quality
from anomsynth.core.types import SampleKey
from anomsynth.recipe.load import load_recipe
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.samples import rate_sample, score_cells, score_names, written_scores
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_pixels


def test_every_number_has_its_column() -> None:
    quality = Quality(0.5, 0.25, 1.0, terms={"visibility": 0.125})

    cells = score_cells(written_scores(quality))

    assert len(cells) == len(score_names())
    named = dict(zip(score_names(), cells, strict=True))
    assert named["score"] == "0.5"
    assert named["visibility"] == "0.125"
    assert named["noise"] == ""


def test_a_sample_scores_in_its_run_as_it_does_from_its_files() -> None:
    pixels = make_pixels(200, 220, channels=3)
    surface = analyze(pixels)
    for index in range(6):
        sample = synthesize(surface, load_recipe("metal"), seed=2, key=SampleKey("c", "i", index))

        inside = rate_sample(sample, surface)
        residuals = {
            name: max(item.residuals.get(name, 0.0) for item in sample.instances)
            for item in sample.instances
            for name in item.residuals
        }
        outside = Estimator.default().score(
            sample.image, sample.mask, original=pixels, residuals=residuals
        )

        assert inside.score == outside.score
        assert dict(inside.terms) == dict(outside.terms)


def test_samples_below_the_least_score_are_drawn_anew() -> None:
    pixels = make_pixels(200, 220, channels=3)
    surface = analyze(pixels)
    free = load_recipe("metal", seed=4)
    key = [SampleKey("c", "i", index) for index in range(8)]
    scores = [rate_sample(synthesize(surface, free, key=one), surface).score for one in key]
    least = float(np.median(scores)) + 1e-3
    strict = load_recipe("metal", seed=4, gates={"min_score": least})

    samples = [synthesize(surface, strict, key=one) for one in key]

    assert all(rate_sample(sample, surface).score >= least for sample in samples)
    assert all(one.scores == written_scores(rate_sample(one, surface)) for one in samples)
    assert [sample.redraw == 0 for sample in samples] == [score >= least for score in scores]
    assert samples[0].record["redraw"] == samples[0].redraw
