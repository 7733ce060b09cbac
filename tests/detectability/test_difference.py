"""Two inspections of the same flaws differ by a number with an interval that holds."""

import numpy as np

from anomsynth.detectability.difference import compare_hits
from anomsynth.detectability.likelihood import probability_at, quantile

PHOTOS = [str(index % 40) for index in range(240)]


def pair(seed, first=1.0, second=1.4):
    """Hits of two detectors that share what makes a flaw hard, and by how much a90 differ."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.uniform(np.log(0.2), np.log(8), 240))
    luck = rng.random(240)
    hits = tuple(
        luck < probability_at("logit", 2.5 * np.log(sizes / middle)) for middle in (first, second)
    )
    return sizes, hits, (second - first) * np.exp(quantile("logit", 0.9) / 2.5)


def test_intervals_cover_the_true_difference() -> None:
    covered = 0
    for seed in range(25):
        sizes, hits, true = pair(seed)
        found = compare_hits(sizes, hits, PHOTOS, resamples=300)
        covered += found.low <= true <= found.high

    assert covered >= 21


def test_the_same_detector_does_not_differ_from_itself() -> None:
    sizes, (hits, _), _ = pair(0)
    found = compare_hits(sizes, (hits, hits), PHOTOS, resamples=100)

    assert (found.value, found.low, found.high, found.ratio) == (0, 0, 0, 1)
    assert (found.only_first, found.only_second, found.chance) == (0, 0, 1)


def test_pairing_makes_the_interval_narrower_than_separate_luck() -> None:
    sizes, hits, _ = pair(1)
    rate = probability_at("logit", 2.5 * np.log(sizes / 1.4))
    apart = np.random.default_rng(9).random(240) < rate

    paired = compare_hits(sizes, hits, PHOTOS)
    separate = compare_hits(sizes, (hits[0], apart), PHOTOS)

    assert paired.high - paired.low < separate.high - separate.low
    assert paired.low > 0
    assert paired.chance < 0.01
    assert paired.resampled == "photos"


def test_few_photos_let_flaws_be_drawn() -> None:
    sizes, hits, _ = pair(0)

    assert compare_hits(sizes, hits, ["one"] * 240, resamples=50).resampled == "flaws"


def test_a_detector_whose_curve_does_not_rise_leaves_no_interval() -> None:
    sizes, hits, _ = pair(0)
    coin = np.random.default_rng(0).random(240) < 0.5

    found = compare_hits(sizes, (hits[0], coin), PHOTOS, resamples=200)

    assert np.isnan(found.low)
