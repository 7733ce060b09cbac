"""What is written about a sample's quality is what the estimator said."""

import numpy as np

from anomsynth.core.sample import Quality, Sample
from anomsynth.core.types import SampleKey
from anomsynth.errors import RejectedError
from anomsynth.recipe.load import load_recipe
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.samples import rate_sample, score_cells, score_names, written_scores
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.synthesize import Synthesis, synthesize
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


def test_the_best_of_several_draws_is_kept_and_the_first_that_is_good_enough() -> None:
    surface = analyze(make_pixels(200, 220, channels=3))
    key = [SampleKey("c", "i", index) for index in range(8)]

    def drawn(**gates) -> list[Sample]:
        recipe = load_recipe("metal", seed=4, gates=gates)
        return [synthesize(surface, recipe, key=one) for one in key]

    def scores(samples) -> list[float]:
        return [rate_sample(sample, surface).score for sample in samples]

    one, best = drawn(best_of=1), drawn(best_of=4, enough=1)
    early = drawn(best_of=4, enough=0)
    assert all(after >= before for before, after in zip(scores(one), scores(best), strict=True))
    assert np.mean(scores(best)) > np.mean(scores(one)) + 0.02
    assert {sample.redraw for sample in best} > {0}
    assert max(sample.redraw for sample in best) < 4
    assert all(sample.scores == written_scores(rate_sample(sample, surface)) for sample in best)
    for first, other in zip(one, early, strict=True):
        assert np.array_equal(first.image, other.image)


def test_a_draw_that_fails_does_not_cost_the_one_before(monkeypatch) -> None:
    surface = analyze(make_pixels(200, 220, channels=3))
    run = Synthesis.run

    def once(self):
        if self.redraw:
            raise RejectedError("no place")
        return run(self)

    monkeypatch.setattr(Synthesis, "run", once)
    recipe = load_recipe("metal", seed=4, gates={"best_of": 3, "enough": 1})

    assert synthesize(surface, recipe, key=SampleKey("c", "i", 0)).redraw == 0
