"""Numbers are stated where the data bear them out, and refused with advice elsewhere."""

import numpy as np
import pytest

from anomsynth.detectability.likelihood import probability_at
from anomsynth.detectability.response import fit_response
from anomsynth.detectability.statement import fall_between, levels_of, state_answers, state_hits


def study(count=240, low=0.2, high=8.0, middle=1.0, seed=0):
    sizes = np.geomspace(low, high, count)
    rate = probability_at("logit", 2.5 * np.log(sizes / middle))
    return sizes, np.random.default_rng(seed).random(count) < rate


def test_a_sound_study_states_all_three_sizes_in_order() -> None:
    found = state_hits(*study())

    assert found.reasons == ()
    assert 0.8 < found.a50 < 1.2 < found.a90 < found.a90_95 < 5
    assert sum(level.flaws for level in found.levels) == found.flaws == 240


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (study(count=20), "too few"),
        (study(middle=8), "beyond the largest"),
        (study(middle=0.01), "found: add smaller"),
        (study(low=2, middle=0.6), "below the smallest|not found more often"),
        ((np.geomspace(1, 8, 60), np.zeros(60, bool)), "no flaw was found: add larger"),
        ((np.geomspace(1, 8, 60), np.ones(60, bool)), "every flaw was found: add smaller"),
        ((np.geomspace(1, 8, 60), np.arange(60) % 2 == 0), "not found more often"),
        ((np.zeros(0), np.zeros(0, bool)), "no flaws"),
    ],
)
def test_a_bound_that_the_data_cannot_bear_is_refused_with_advice(data, reason) -> None:
    found = state_hits(*data)

    assert found.a90_95 is None
    assert any(part in " ".join(found.reasons) for part in reason.split("|"))


def test_a_fall_at_large_sizes_is_no_curve() -> None:
    sizes, hits = study()
    hits[sizes > 5] = False

    found = state_hits(sizes, hits)

    assert found.a90_95 is None
    assert "not monotone" in " ".join(found.reasons)


def test_a_ceiling_below_90_percent_shows() -> None:
    sizes, hits = study(count=800)
    hits &= np.random.default_rng(5).random(800) < 0.75

    found = state_hits(sizes, hits)

    assert found.a90_95 is None
    assert found.reasons


def test_sound_studies_are_hardly_ever_called_not_monotone() -> None:
    falls = [fall_between(levels_of(*study(seed=seed))) for seed in range(200)]

    assert sum(fall is not None for fall in falls) <= 10


def test_few_flaws_where_the_curve_rises_are_noted() -> None:
    sizes = np.geomspace(0.2, 8, 60)
    steep = np.random.default_rng(0).random(60) < probability_at("logit", 6 * np.log(sizes))

    assert "where the curve rises" in " ".join(state_hits(sizes, steep).notes)
    assert state_hits(*study()).notes == ()


def test_few_flaws_and_separation_are_noted() -> None:
    few = state_hits(*study(count=45))
    apart = state_hits(np.linspace(1, 4, 80), np.linspace(1, 4, 80) > 2)

    assert "handbook asks for 60" in " ".join(few.notes)
    assert "Firth" in " ".join(apart.notes)
    assert apart.a90_95 is not None


def test_answers_are_stated_as_hits_are() -> None:
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(np.log(0.2), np.log(8), 100))
    answers = 3 + 2 * np.log(sizes) + rng.normal(0, 0.8, 100)

    found = state_answers(fit_response(sizes, answers, 4, noise=1.5), sizes)

    assert found.a50 < found.a90 < found.a90_95
    assert "in the noise" in found.notes[0]


@pytest.mark.parametrize(
    ("answer", "noise", "reason"),
    [
        (lambda size, luck: (np.log(size) + luck > 0).astype(float), -1.0, "2 strengths only"),
        (lambda size, luck: size + 0.3 * luck, -9.0, "not follow a straight line"),
        (lambda size, luck: 6 / (1 + (3 / size) ** 4) + 0.3 * luck, -9.0, "not follow a straight"),
        (lambda size, luck: np.log(size) + luck, 1.4, "in the noise or are saturated, too many"),
    ],
)
def test_answers_that_are_no_line_bear_nothing(answer, noise, reason) -> None:
    rng = np.random.default_rng(1)
    sizes = np.exp(rng.uniform(np.log(0.2), np.log(8), 160))
    answers = answer(sizes, rng.normal(0, 0.5, 160))

    found = state_answers(fit_response(sizes, answers, np.median(answers), noise=noise), sizes)

    assert (found.a50, found.a90, found.a90_95) == (None, None, None)
    assert reason in found.reasons[0]


def test_lines_are_hardly_ever_called_bent() -> None:
    rng = np.random.default_rng(0)
    sizes = np.geomspace(0.2, 8, 120)
    refused = [
        bool(found.reasons)
        for _ in range(100)
        if (
            found := state_answers(
                fit_response(sizes, 3 + 2 * np.log(sizes) + rng.normal(0, 0.8, 120), 4, noise=1.5),
                sizes,
            )
        )
    ]

    assert np.mean(refused) <= 0.05
