"""Models of the normal measure what their equations say, where they say it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anomsynth.bisqad.detector import FeatureShapes  # noqa: E402 - needs torch
from anomsynth.bisqad.model.coreset import farthest_points  # noqa: E402 - needs torch
from anomsynth.bisqad.model.gaussian import RIDGE, GaussianReference  # noqa: E402 - needs torch
from anomsynth.bisqad.model.nearest import NearestReference  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((3, 4, 5), (4, 8, 16), 64)
SIDE = 8


def draw(count, seed=0, shapes=SHAPES):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(
            count, channels, shapes.size // stride, shapes.size // stride, generator=generator
        )
        for channels, stride in zip(shapes.channels, shapes.strides, strict=True)
    ]


def gaussian(features, *, dimensions=12, prior=0.0, shapes=SHAPES):
    made = GaussianReference(shapes, dimensions, prior, torch.Generator().manual_seed(1))
    made.learn_normal(
        lambda: [[level[:7] for level in features], [level[7:] for level in features]]
    )
    return made


def nearest(features, patches=1000):
    made = NearestReference(SHAPES, patches, torch.Generator().manual_seed(1))
    made.learn_normal(lambda: [features])
    return made


def test_places_are_described_by_the_mean_of_their_surroundings_in_all_levels() -> None:
    features = draw(3)
    made = nearest(features)
    for level in range(3):  # as they are
        made.get_buffer(f"mean{level}").zero_()
        made.get_buffer(f"scale{level}").fill_(1)

    found = made.described(features)

    assert found.shape == (3, SIDE, SIDE, 12)
    fine = features[0].numpy().reshape(3, 3, SIDE, 2, SIDE, 2).mean((3, 5))
    expected = fine[:, :, 3:6, 2:5].mean((2, 3))
    np.testing.assert_allclose(found[:, 4, 3, :3].numpy(), expected, atol=1e-5)
    corner = features[1][:, :, :2, :2].mean((2, 3))
    np.testing.assert_allclose(found[:, 0, 0, 3:7].numpy(), corner.numpy(), atol=1e-5)


def test_gaussian_gives_mahalanobis_distances_of_each_place() -> None:
    features, photo = draw(40), draw(2, seed=9)
    made = gaussian(features)

    found = made.side_maps(photo)[:, 0].numpy()

    places = made.described(features).double().numpy()
    asked = made.described(photo).double().numpy()
    for row, col in ((0, 0), (3, 5)):
        here = places[:, row, col]
        covariance = np.cov(here.T) + RIDGE * np.eye(12)
        away = asked[:, row, col] - here.mean(0)
        # `described` lists features in order, `drawn` in another: a distance does not care.
        square = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away) / 12
        np.testing.assert_allclose(found[:, row, col], np.sqrt(square), rtol=5e-3)


def test_places_of_a_block_share_a_covariance_and_keep_their_own_mean() -> None:
    shapes = FeatureShapes((2,), (8,), 320)  # 40 places a side: blocks of 3 x 3 jut out
    generator = torch.Generator().manual_seed(0)
    features = [torch.randn(30, 2, 40, 40, generator=generator)]
    made = gaussian(features, dimensions=2, shapes=shapes)

    found = made.side_maps(features)[:, 0]

    places = made.described(features).double()[:, 36:39, 39:40]  # its block's part inside
    away = (places - places.mean(0)).flatten(0, 2).numpy()
    covariance = away.T @ away / (29 * 3) + RIDGE * np.eye(2)
    square = np.einsum("ij,jk,ik->i", away, np.linalg.inv(covariance), away) / 2
    assert found.shape == (30, 40, 40)
    np.testing.assert_allclose(found[:, 36:39, 39:40].flatten().numpy() ** 2, square, rtol=1e-2)


def test_a_strong_prior_takes_the_covariance_of_all_places() -> None:
    free, bound = (gaussian(draw(40), prior=prior).get_buffer("whitening") for prior in (0, 1e9))

    assert (free - free.mean(0)).abs().max() > 0.5
    assert (bound - bound.mean(0)).abs().max() < 1e-2


def test_with_two_photos_distances_stay_finite() -> None:
    made = gaussian([level[:2] for level in draw(2)], prior=50)

    assert torch.isfinite(made.side_maps(draw(3, seed=4))).all()


def test_good_photos_are_about_one_unit_away() -> None:
    found = gaussian(draw(200)).side_maps(draw(50, seed=3))

    assert float(found.mean()) == pytest.approx(1, abs=0.15)


def test_nearest_gives_the_distance_to_the_nearest_place_anywhere() -> None:
    features, photo = draw(5), draw(2, seed=9)
    made = nearest(features)  # more places in the bank than there are

    found = made.side_maps(photo)[:, 0].double().numpy()

    bank = made.described(features).flatten(0, 2).half().double().numpy()
    asked = made.described(photo).double().numpy()
    away = np.linalg.norm(asked[..., None, :] - bank, axis=-1).min(-1)
    np.testing.assert_allclose(found, away / np.sqrt(12), rtol=1e-3)


def test_a_known_photo_in_another_place_is_near_but_not_gaussian() -> None:
    common = torch.randn(1, 12, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    varied = FeatureShapes((12,), (8,), 64)
    noise = torch.randn(30, 12, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    photos, turned = [common + 0.1 * noise], [common.flip(-1)]
    near = NearestReference(varied, 2000, torch.Generator().manual_seed(1))
    fixed = GaussianReference(varied, 12, 0, torch.Generator().manual_seed(1))
    for made in (near, fixed):
        made.learn_normal(lambda: [photos])

    inner = (slice(None), slice(None), slice(2, 6), slice(2, 6))

    def ratio(made) -> float:
        return float(made.side_maps(turned)[inner].mean() / made.side_maps([common])[inner].mean())

    assert ratio(near) < 1.5
    assert ratio(fixed) > 5


def test_farthest_points_halve_the_largest_gap_each_time() -> None:
    line = torch.tensor([[0.0], [1.0], [2.1], [5.2], [7.0], [10.0]])

    assert farthest_points(line, 4).tolist() == [0, 5, 3, 2]


@pytest.mark.parametrize("size", [64, 96])
def test_a_photo_of_another_size_is_looked_at_in_the_same_places(size) -> None:
    made = gaussian(draw(40))
    other = draw(2, shapes=FeatureShapes(SHAPES.channels, SHAPES.strides, size))

    assert made.side_maps(other).shape == (2, 1, SIDE, SIDE)
    assert made(other).shape == (2, 1, size // 4, size // 4)


def test_maps_that_are_given_are_not_computed_again() -> None:
    features = draw(2)
    made = gaussian(draw(40))
    given = torch.full((2, 1, SIDE, SIDE), 7.0)

    assert made([*features, given]).unique().tolist() == [7]
