"""Each noise moves features as its equation says, in regions that count as defects."""

from typing import Literal

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")

from anomsynth.bisqad.data.item import Item  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Batch, Pool  # noqa: E402 - needs torch
from anomsynth.bisqad.detector import FeatureShapes, detectors  # noqa: E402 - needs torch
from anomsynth.bisqad.feature_noise import FeatureNoise, noises  # noqa: E402 - needs torch
from anomsynth.bisqad.options import TrainOptions  # noqa: E402 - needs torch
from anomsynth.bisqad.training.disturbance import Disturbance, ellipse  # noqa: E402 - needs torch
from anomsynth.errors import PluginError, RecipeError, UserError  # noqa: E402 - needs torch
from anomsynth.testing import check_noise  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((6, 6, 6), (4, 8, 16), 64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed))


@pytest.mark.parametrize("kind", noises.kinds())
def test_built_in_noises_keep_their_contract(kind) -> None:
    check_noise(noises.build({"kind": kind}))


class Silent(FeatureNoise):
    """Does nothing."""

    kind: Literal["silent"] = "silent"

    def disturb(self, features, centres, generator):
        return features


def test_a_noise_that_does_nothing_is_found_out() -> None:
    with pytest.raises(PluginError, match="it disturbs nothing"):
        check_noise(Silent())


def test_the_rms_of_jitter_goes_with_the_length_of_features() -> None:
    features = draw(8, 5, 5) * torch.arange(1, 26).view(1, 5, 5)
    noise, drawn = noises.build({"kind": "jitter", "scale": 3.0}), generator(1)

    change = torch.stack([noise.disturb(features, None, drawn) - features for _ in range(3000)])

    found = change.square().mean((0, 1)).sqrt()
    np.testing.assert_allclose(found, 3 * features.norm(dim=0) / 8, rtol=0.03)


def test_boundary_pushes_outwards_by_its_reach_times_the_mean_distance() -> None:
    features, centres = draw(8, 5, 5), draw(10, 8, seed=1)

    found = noises.build({"kind": "boundary", "reach": 0.4}).disturb(features, centres, generator())

    places, moved = (one.flatten(1).T.double().numpy() for one in (features, found))
    known = centres.double().numpy()
    lengths = np.linalg.norm(places, axis=1)[:, None] * np.linalg.norm(known, axis=1)
    own = known[(places @ known.T / lengths).argmax(1)]
    away = places - own
    distance = np.linalg.norm(away, axis=1)
    step = moved - places
    np.testing.assert_allclose(np.linalg.norm(step, axis=1), 0.4 * distance.mean(), rtol=1e-5)
    cosine = (step * away).sum(1) / np.linalg.norm(step, axis=1) / distance
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    assert (np.linalg.norm(moved - own, axis=1) > distance).all()


def test_local_noise_has_the_covariance_of_the_neighbourhood() -> None:
    features = draw(3, 9, 9) + torch.arange(9) / 2  # a gradient: places differ
    noise, drawn = noises.build({"kind": "local_gaussian", "reach": 2}), generator(1)
    row, col = 4, 3

    change = torch.stack(
        [(noise.disturb(features, None, drawn) - features)[:, row, col] for _ in range(20_000)]
    )

    near = features[:, row - 2 : row + 3, col - 2 : col + 3].flatten(1).double().numpy()
    expected, found = np.cov(near), np.cov(change.double().numpy().T)
    assert np.linalg.norm(found - expected) < 0.03 * np.linalg.norm(expected)
    assert float(change.mean(0).abs().max()) < 0.03


@pytest.mark.parametrize("share", [0.02, 0.2, 1.0])
def test_regions_cover_what_they_should(share) -> None:
    drawn = torch.rand(200, 4, generator=generator())
    drawn[:, :2] = 0.5

    covered = [float(ellipse((64, 64), share, one).mean()) for one in drawn]

    assert np.mean(covered) == pytest.approx(share, rel=0.05)
    assert ellipse((4, 4), 1e-6, drawn[0]).sum() == 1


def make_pool(count) -> Pool:
    levels = [draw(1, count, 6, side, side, seed=side).half() for side in (16, 8, 4)]
    items = tuple(Item(str(nth), "tile", "good", None) for nth in range(count))
    masks = torch.zeros(1, count, 16, 16, dtype=torch.uint8)
    return Pool(items, levels, masks, torch.zeros(count, 0), torch.device("cpu"))


@pytest.mark.parametrize("kind", noises.kinds())
def test_good_photos_are_disturbed_where_they_are_marked(kind) -> None:
    pool = make_pool(40)
    network = detectors.build({"kind": "pyramid", "width": 8}).build(SHAPES, generator())
    network.learn_normal(lambda: [batch.features for batch in pool.batches()])
    noise = noises.build({"kind": kind, "share": 0.5, "area": [0.1, 0.5]})
    disturbance = Disturbance.of(noise, network, pool)
    batch: Batch = next(iter(pool.batches(40)))

    found, again = (disturbance.applied(batch, 10, generator(3)) for _ in range(2))

    marked = found.masks.flatten(1).amax(1) > 0
    assert not marked[:10].any()
    assert 8 <= int(marked.sum()) <= 22  # of 30
    for level, before, same in zip(found.features, batch.features, again.features, strict=True):
        assert torch.equal(level, same)
        moved = (level - before).abs().amax(1) > 1e-4
        share = torch.nn.functional.adaptive_avg_pool2d(found.masks[:, None], moved.shape[1:])[:, 0]
        assert torch.equal(moved, share >= 0.5)


def test_side_maps_follow_the_disturbed_features() -> None:
    pool = make_pool(12)
    kind = {"kind": "bisqad", "width": 8, "references": ["nearest"]}
    network = detectors.build(kind).build(SHAPES, generator())
    network.learn_normal(lambda: [batch.features for batch in pool.batches()])
    batch = pool.batch(torch.arange(12))
    batch.features.append(torch.zeros(12, 1, 8, 8))
    noise = noises.build({"kind": "jitter", "share": 1.0, "area": [0.2, 0.2]})

    found = Disturbance.of(noise, network, pool).applied(batch, 0, generator())

    inside = torch.nn.functional.adaptive_avg_pool2d(found.masks[:, None], 8) >= 0.5
    assert found.features[-1][~inside].eq(0).all()
    assert found.features[-1][inside].gt(0.5).all()


@pytest.mark.parametrize("kind", ["gaussian", "reconstruction", "onenip"])
def test_noise_is_refused_where_nothing_rates_it(kind) -> None:
    with pytest.raises(UserError, match=f"`noise`: a detector of kind {kind} has no use"):
        TrainOptions(
            detector=detectors.build({"kind": kind}), noise=noises.build({"kind": "jitter"})
        )


@pytest.mark.parametrize(
    ("field", "value"), [("share", 1.5), ("area", [0, 1]), ("area", [0.5, 2]), ("reach", -1)]
)
def test_rejects_bad_parameters(field, value) -> None:
    with pytest.raises(RecipeError, match=field):
        noises.build({"kind": "boundary", field: value})
