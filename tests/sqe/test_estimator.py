"""The estimator says how good a labelled defect is, and why not."""

import pickle

import numpy as np
import pytest

from anomsynth.core.sample import Quality
from anomsynth.errors import InputError
from anomsynth.sqe.all_terms import builtin_terms
from anomsynth.sqe.estimator import Estimator, join
from anomsynth.sqe.region import Sensed

ESTIMATOR = Estimator.default()


def test_a_photographed_defect_scores_high_with_and_without_its_photo(scene) -> None:
    for original in (None, scene.original):
        quality = ESTIMATOR.score(scene.image, scene.mask, original=original)

        assert quality.score > 0.75
        assert quality.score == pytest.approx(np.sqrt(quality.fidelity * quality.utility))
        assert all(0 <= value <= 1 for value in quality.terms.values())
        assert set(quality.terms) >= {"visibility", "agreement", "noise", "edge_width"}


@pytest.mark.parametrize("paired", [False, True])
def test_a_picture_that_was_shaded_from_a_scan_is_judged_by_the_sensor(scene, paired) -> None:
    original = scene.original if paired else None

    def score(over: float, **how: bool) -> Quality:
        return ESTIMATOR.score_scanned(
            scene.image, scene.mask, Sensed(over, **how), original=original
        )

    plain, faint, open_ = (score(over, alone=True) for over in (6.0, 1.0, np.inf))
    beside = score(0.0)

    assert set(plain.terms) == {"visibility", "size", "place"}
    assert plain.fidelity == 1
    assert plain.raw["visibility"] == 6
    assert open_.terms == plain.terms
    assert faint.score < 0.6 * plain.score
    assert "it can hardly be seen" in faint.reasons
    assert beside == ESTIMATOR.score(scene.image, scene.mask, original=original)


def test_what_only_the_sensor_sees_is_no_nothing(scene) -> None:
    image, mask, original = scene.original, scene.mask, scene.original

    assert ESTIMATOR.score(image, mask, original=original).score == 0
    assert ESTIMATOR.score_scanned(image, mask, Sensed(5.0), original=original).score > 0


@pytest.mark.parametrize("paired", [False, True])
def test_an_empty_mask_scores_zero(scene, paired) -> None:
    original = scene.original if paired else None

    quality = ESTIMATOR.score(scene.image, np.zeros_like(scene.mask), original=original)

    assert (quality.score, quality.reasons) == (0.0, ("its mask is empty",))


def test_an_unchanged_image_scores_zero_if_its_photo_is_known(scene) -> None:
    quality = ESTIMATOR.score(scene.original, scene.mask, original=scene.original)

    assert quality.score == 0
    assert quality.reasons == ("nothing visible changed in its mask",)


def test_a_mask_on_nothing_scores_zero_or_low_without_the_photo(scenes) -> None:
    qualities = [
        ESTIMATOR.score(one.original, one.mask) for one in (scenes(seed=seed) for seed in range(8))
    ]

    assert sum(quality.score == 0 for quality in qualities) >= 4
    assert max(quality.score for quality in qualities) < 0.5
    assert any("nothing inside its mask" in quality.reasons[0] for quality in qualities)


def test_a_low_score_says_why(scene) -> None:
    flat = scene.image.copy()
    flat[scene.mask] = 60

    quality = ESTIMATOR.score(flat, scene.mask)

    assert quality.score < 0.4
    assert "there is a seam along the outline of its mask" in quality.reasons
    assert "it lacks the camera's noise" in quality.reasons


def test_changes_outside_the_mask_cost_agreement(scene) -> None:
    image = scene.image.copy()
    image[:20, :40] += 25

    clean = ESTIMATOR.score(scene.image, scene.mask, original=scene.original)
    leaky = ESTIMATOR.score(image, scene.mask, original=scene.original)

    assert leaky.raw["agreement"] < 0.6 * clean.raw["agreement"]
    assert leaky.score < clean.score


def test_a_violated_equation_costs_fidelity(scene) -> None:
    good, bad = (
        ESTIMATOR.score(scene.image, scene.mask, residuals={"plate_residual": residual})
        for residual in (1e-7, 5.0)
    )

    assert bad.fidelity < good.fidelity
    assert "it violates the equations it was made by" in bad.reasons
    assert "residual" not in ESTIMATOR.score(scene.image, scene.mask).terms


def test_turning_a_picture_hardly_changes_its_score(bases) -> None:
    for one in bases[::2]:
        score = ESTIMATOR.score(one.image, one.mask).score

        for turns in (1, 2):
            turned = ESTIMATOR.score(
                np.rot90(one.image, turns).copy(), np.rot90(one.mask, turns).copy()
            )
            assert turned.score == pytest.approx(score, abs=0.06)


def test_the_same_defect_closer_to_the_camera_scores_the_same(scenes) -> None:
    near, far = (
        [ESTIMATOR.score(one.image, one.mask).score for one in several]
        for several in ([scenes(scale, seed=seed) for seed in range(5)] for scale in (3.0, 1.5))
    )

    assert np.mean(near) == pytest.approx(np.mean(far), abs=0.05)


def test_bit_depth_and_channels_do_not_matter(scene) -> None:
    expected = ESTIMATOR.score(scene.image, scene.mask).score
    grey = scene.image[..., 0]

    assert ESTIMATOR.score(grey, scene.mask).score == expected
    for image in (grey.astype(np.uint16) * 257, np.repeat(scene.image, 3, axis=2)):
        assert ESTIMATOR.score(image, scene.mask).score == pytest.approx(expected, abs=0.02)


def test_a_defect_larger_than_the_windows_is_measured_at_full_resolution(scenes) -> None:
    large, small = scenes(6.0, radius=30), scenes(2.0, radius=30)

    scores = [ESTIMATOR.score(one.image, one.mask).score for one in (large, small)]

    assert scores[0] == pytest.approx(scores[1], abs=0.1)


def test_a_picture_that_is_all_defect_still_has_a_score(scene) -> None:
    quality = ESTIMATOR.score(scene.image, np.ones_like(scene.mask))

    assert 0 <= quality.score < 0.7
    assert np.isfinite(list(quality.terms.values())).all()


@pytest.mark.parametrize("size", [1, 3, 9])
def test_tiny_pictures_do_not_break_it(size) -> None:
    image = np.full((size, size), 90, np.uint8)
    mask = np.zeros((size, size), dtype=bool)
    mask[size // 2, size // 2] = True

    quality = ESTIMATOR.score(image, mask, original=image.copy())

    assert isinstance(quality, Quality)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": np.zeros((5, 5), dtype=bool)}, "mask of shape"),
        ({"original": np.zeros((5, 5, 1), np.uint8)}, "original of"),
        ({"image": np.zeros((120, 120), np.int64)}, "int64"),
    ],
)
def test_what_does_not_fit_is_named(scene, change, message) -> None:
    given = {"image": scene.image, "mask": scene.mask, "original": scene.original} | change

    with pytest.raises(InputError, match=message):
        ESTIMATOR.score(given["image"], given["mask"], original=given["original"])


def test_the_arrays_stay_as_they_are_and_the_estimator_travels(scene) -> None:
    before = scene.image.copy()
    travelled = pickle.loads(pickle.dumps(ESTIMATOR))

    assert travelled.score(scene.image, scene.mask) == ESTIMATOR.score(scene.image, scene.mask)
    assert np.array_equal(scene.image, before)


def test_one_fatal_flaw_sinks_the_join_and_light_terms_less() -> None:
    fine = [(1.0, 0.2)] * 5

    assert join(fine) == 1
    assert join([*fine, (0.01, 0.2)]) < 0.1
    assert join([*fine, (0.01, 0.2)]) < join([*fine, (0.01, 0.05)]) < join(fine)
    assert join([]) == 0


def test_weights_of_a_role_sum_to_one() -> None:
    for role in ("fidelity", "utility"):
        weights = [term.weight for term in builtin_terms() if term.role == role]
        assert sum(weights) == pytest.approx(1)
