"""Each term answers its own question, in the direction it documents."""

import cv2
import numpy as np
import pytest

from anomsynth.sqe.estimator import make_picture
from anomsynth.sqe.regions import find_regions
from anomsynth.sqe.terms.agreement import measure_agreement
from anomsynth.sqe.terms.band_energy import measure_band_energy
from anomsynth.sqe.terms.boundary_gradient import measure_boundary_gradient
from anomsynth.sqe.terms.coherence import measure_coherence
from anomsynth.sqe.terms.edge_width import measure_edge_width
from anomsynth.sqe.terms.gamut import measure_gamut
from anomsynth.sqe.terms.noise import measure_noise_ratio
from anomsynth.sqe.terms.place import measure_place
from anomsynth.sqe.terms.residual import largest_residual
from anomsynth.sqe.terms.size import measure_size
from anomsynth.sqe.terms.spectrum_slope import measure_spectrum_slope
from anomsynth.sqe.terms.visibility import measure_visibility


def region_of(image, mask, original=None):
    (region,) = find_regions(make_picture(image, mask, original=original))
    return region


def test_edges_are_as_wide_as_the_camera_makes_them(scenes) -> None:
    widths = []
    for blur in (0.6, 1.2, 2.4):
        one = scenes(blur=blur, noise=0.5)
        sharp = scenes(blur=0.6, noise=0.5)
        blurred = sharp.original.copy()
        near = cv2.dilate(one.mask.astype(np.uint8), np.ones((9, 9))) > 0
        blurred[near] = one.image[near]
        widths.append(measure_edge_width(region_of(blurred, one.mask)))

    assert widths[0] < widths[1] < widths[2]


def test_a_paste_jumps_at_its_outline_and_a_photograph_does_not(scene) -> None:
    pasted = scene.original.copy()
    pasted[scene.mask] -= 30

    assert measure_boundary_gradient(region_of(scene.image, scene.mask)) < 0.7
    assert measure_boundary_gradient(region_of(pasted, scene.mask)) > 1.5


def test_gradients_are_normal_to_a_true_outline(scene) -> None:
    moved = np.roll(scene.mask, 12, axis=1)

    assert measure_coherence(region_of(scene.image, scene.mask)) > 0.75
    assert measure_coherence(region_of(scene.image, moved)) < 0.65


def test_noise_is_missed_and_excess_is_seen(scene, rng) -> None:
    smooth, rough = scene.image.copy(), scene.image.astype(np.float64)
    smooth[scene.mask] = cv2.GaussianBlur(scene.image, (0, 0), 2)[scene.mask][:, None]
    rough[scene.mask] += rng.normal(0, 8, (scene.mask.sum(), 1))

    assert measure_noise_ratio(region_of(scene.image, scene.mask)) == pytest.approx(0, abs=0.25)
    assert measure_noise_ratio(region_of(smooth, scene.mask)) < -0.8
    assert measure_noise_ratio(region_of(np.clip(rough, 0, 255).astype(np.uint8), scene.mask)) > 0.6


@pytest.mark.parametrize("paired", [False, True])
def test_noise_is_told_from_the_edges_of_a_thin_stroke(scene, rng, paired) -> None:
    line = cv2.line(np.zeros((120, 120), np.float32), (20, 30), (100, 80), 1.0, 1)
    stroke = 2 * cv2.GaussianBlur(line, (0, 0), 0.8)[..., None]
    mask = stroke[..., 0] > 0.2
    clean = scene.original - 20 * stroke
    rough = clean + 10 * mask[..., None] * rng.standard_normal(clean.shape)
    original = scene.original if paired else None

    values = [
        measure_noise_ratio(region_of(np.rint(one).clip(0, 255).astype(np.uint8), mask, original))
        for one in (clean, rough)
    ]

    assert values[0] == pytest.approx(0, abs=0.2)
    assert values[1] > 0.4


def test_texture_of_another_strength_and_balance_is_measured(scene) -> None:
    blurred = scene.image.copy()
    blurred[scene.mask] = cv2.GaussianBlur(scene.image, (0, 0), 3)[scene.mask][:, None]
    same, other = region_of(scene.image, scene.mask), region_of(blurred, scene.mask)

    assert measure_band_energy(other) > measure_band_energy(same) + 0.5
    assert measure_spectrum_slope(other) > measure_spectrum_slope(same) + 0.3


def test_colours_from_nowhere_leave_the_gamut_but_rust_does_not(scene) -> None:
    colour = np.repeat(scene.image, 3, axis=2)
    distances = {}
    for name, tint in {"rust": (120, 85, 60), "magenta": (200, 30, 200)}.items():
        painted = colour.copy()
        painted[scene.mask] = tint
        distances[name] = measure_gamut(region_of(painted, scene.mask))

    assert measure_gamut(region_of(colour, scene.mask)) < 0.1
    assert distances["rust"] < 1
    assert distances["magenta"] > 5


def test_clipped_tones_leave_the_gamut(scene) -> None:
    black = scene.image.copy()
    black[scene.mask] = 0

    assert measure_gamut(region_of(black, scene.mask)) == pytest.approx(10)


def test_visibility_grows_with_contrast_and_is_the_same_with_and_without_the_photo(scenes) -> None:
    seen = []
    for contrast in (-15, -30, -60):
        one = scenes(contrast=contrast)
        paired = measure_visibility(region_of(one.image, one.mask, one.original))
        blind = measure_visibility(region_of(one.image, one.mask))
        assert blind == pytest.approx(paired, rel=0.45)
        seen.append((paired, blind))

    assert np.all(np.diff(seen, axis=0) > 0)


def test_agreement_is_the_overlap_of_mask_and_change(scene) -> None:
    half = scene.mask.copy()
    half[:, : half.shape[1] // 2] = False

    whole = measure_agreement(region_of(scene.image, scene.mask, scene.original))
    part = measure_agreement(region_of(scene.image, half, scene.original))

    assert whole > 0.75
    assert part == pytest.approx(whole / 2, abs=0.12)


def test_without_the_photo_agreement_needs_a_departure_or_an_edge_at_the_outline(scene) -> None:
    beside = np.roll(scene.mask, 40, axis=0)
    # A vague spot departs, though nothing happens at its outline.
    wide = cv2.GaussianBlur(scene.mask.astype(np.float32), (0, 0), 6)[..., None]
    vague = np.rint(scene.original - 45 * wide).clip(0, 255).astype(np.uint8)

    assert measure_agreement(region_of(scene.image, scene.mask)) > 0.6
    assert measure_agreement(region_of(vague, scene.mask)) > 0.4
    assert measure_agreement(region_of(scene.original, beside)) < 0.3
    assert measure_agreement(region_of(scene.image, np.roll(scene.mask, 13, axis=1))) < 0.4


def test_size_is_a_share_of_the_part_and_specks_count_less(scene) -> None:
    speck = np.zeros_like(scene.mask)
    speck[60, 60:63] = True

    share = measure_size(region_of(scene.image, scene.mask))
    assert share == pytest.approx(scene.mask.mean(), rel=0.01)
    assert measure_size(region_of(scene.image, speck)) == pytest.approx(3 / 14400 / 4, rel=0.01)


def test_place_is_the_share_on_the_part() -> None:
    image = np.full((120, 120, 3), 8, np.uint8)
    image[30:90, 30:90] = 140
    mask = np.zeros((120, 120), dtype=bool)
    mask[50:60, 80:100] = True

    assert measure_place(region_of(image + 0, mask, image)) == pytest.approx(0.5, abs=0.1)


def test_the_largest_residual_counts_and_other_records_do_not() -> None:
    assert largest_residual({"a_residual": 0.1, "b_residual": 0.3, "contrast_factor": 9.0}) == 0.3
    assert largest_residual({"contrast_factor": 9.0}) is None
    assert largest_residual(None) is None


@pytest.mark.parametrize("measure", [measure_band_energy, measure_spectrum_slope])
def test_a_hairline_is_too_thin_to_tell_texture(scene, measure) -> None:
    line = np.zeros_like(scene.mask)
    line[20:100, 60] = True

    assert measure(region_of(scene.image, line)) is None


@pytest.mark.parametrize("seed", range(12))
def test_pieces_are_those_of_the_whole_picture(seed) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(130, 400, 2).tolist())
    mask = np.zeros(shape, np.uint8)
    for size in rng.permutation(4) + 3:  # of different areas: equal ones may change places
        rows, cols = (int(rng.integers(0, side)) for side in shape)
        cv2.circle(mask, (cols, rows), 3 * int(size), 1, 1 + int(size) // 3)
    marked = mask.astype(bool)
    _, labels = cv2.connectedComponents(cv2.dilate(mask, np.ones((7, 7), np.uint8)))
    whole = {np.flatnonzero(marked & (labels == label)).tobytes() for label in np.unique(labels)}
    image = rng.integers(0, 255, (*shape, 1), np.uint8)

    found = set()
    for region in find_regions(make_picture(image, marked)):
        own = np.zeros(shape, bool)
        own[region.box.slices] = region.inside
        found.add(np.flatnonzero(own).tobytes())

    assert found == whole - {b""}


def test_pieces_that_nearly_touch_are_one_defect_and_others_are_not(scene) -> None:
    mask = np.zeros_like(scene.mask)
    mask[20:30, 20:30] = mask[20:30, 34:40] = mask[80:90, 80:90] = True

    regions = find_regions(make_picture(scene.image, mask))

    assert [region.area for region in regions] == [160, 100]
    assert not any(region.clear[region.inside].any() for region in regions)
