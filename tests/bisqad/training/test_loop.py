"""The loop draws fairly, searches for weights first, and takes weight from spoiled samples."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("timm")
pytest.importorskip("lightning_fabric")

import numpy as np  # noqa: E402 - needs torch
from lightning_fabric import Fabric  # noqa: E402 - needs torch

from anomsynth.bisqad.bilevel.reweighting import FixedWeights, LearnedWeights  # noqa: E402 - needs torch
from anomsynth.bisqad.data.item import Item  # noqa: E402 - needs torch
from anomsynth.bisqad.data.pool import Pool  # noqa: E402 - needs torch
from anomsynth.bisqad.detector import FeatureShapes  # noqa: E402 - needs torch
from anomsynth.bisqad.model.decoder import Decoder  # noqa: E402 - needs torch
from anomsynth.bisqad.model.quality_inputs import pooled_names  # noqa: E402 - needs torch
from anomsynth.bisqad.model.sqe_net import SqeNet  # noqa: E402 - needs torch
from anomsynth.bisqad.training.loop import (  # noqa: E402 - needs torch
    HYPERGRADIENT_EVERY,
    RAMP,
    Loop,
    Pools,
    Queue,
    ramped,
    schedule,
)
from anomsynth.bisqad.training.prepare import quality_inputs, weight_groups  # noqa: E402 - needs torch

pytestmark = pytest.mark.torch

SHAPES = FeatureShapes((8, 8, 8), (4, 8, 16))


def make_pools() -> Pools:
    return Pools(
        make_pool(12, 1, marked=False),
        make_pool(20, 2, marked=True),
        make_pool(6, 3, marked=False),
        make_pool(6, 4, marked=True),
    )


def test_the_search_for_weights_comes_on_top_and_training_begins_anew() -> None:
    pools = make_pools()
    loops = []
    for learns in (False, True):
        detector = Decoder(SHAPES, width=8, generator=torch.Generator().manual_seed(1))
        inputs = torch.zeros(20, 1)  # tell nothing: all weights stay 1
        weights = LearnedWeights(SqeNet("a"), inputs) if learns else FixedWeights(torch.ones(20))
        fabric = Fabric(accelerator="cpu", devices=1)
        loops.append(Loop(fabric, detector, pools, weights, seed=0))
        steps = loops[-1].steps_for(10)
        records = [loops[-1].train_step(step / steps) for step in range(steps)]
        searched = [step for step, record in enumerate(records) if "outer" in record]

    given, learned = loops
    assert (given.step, learned.step) == (20, 28)
    assert searched
    assert max(searched) < 8
    assert all(
        torch.allclose(value, given.detector.state_dict()[name], atol=1e-5)
        for name, value in learned.detector.state_dict().items()
    )


def test_learned_weights_come_into_force_little_by_little() -> None:
    weights = torch.tensor([0.2, 1.8])

    assert ramped(weights, 0.0).tolist() == [1, 1]
    assert ramped(weights, RAMP / 2).tolist() == pytest.approx([0.6, 1.4])
    assert torch.allclose(ramped(weights, RAMP), weights)
    assert torch.allclose(ramped(weights, 1.0), weights)


def test_training_proper_begins_with_equal_weights() -> None:
    pools = make_pools()
    fabric = Fabric(accelerator="cpu", devices=1)
    loops = []
    for weights in (FixedWeights(torch.ones(20)), LearnedWeights(SqeNet("a"), torch.zeros(20, 1))):
        detector = Decoder(SHAPES, width=8, generator=torch.Generator().manual_seed(1))
        loops.append(Loop(fabric, detector, pools, weights, seed=0))
    given, learned = loops
    for step in range(8):
        learned.train_step(step / 28)
    learned.weights.values = torch.linspace(0, 2, 20)

    losses = [(given.train_step(n / 20), learned.train_step((8 + n) / 28)) for n in range(20)]

    first, *_, last = ([record["loss"] for record in both] for both in losses)
    assert first[0] == pytest.approx(first[1], rel=1e-6)
    assert last[0] != pytest.approx(last[1], rel=1e-3)


def test_every_place_comes_once_before_any_comes_again() -> None:
    queue = Queue(7, torch.Generator().manual_seed(0))

    taken = torch.cat([queue.take(3) for _ in range(7)])

    assert all(sorted(taken[start : start + 7].tolist()) == list(range(7)) for start in (0, 7, 14))


def test_the_learning_rate_rises_and_falls_to_zero() -> None:
    rates = [schedule(share / 100) for share in range(101)]

    assert np.argmax(rates) == 10
    assert rates[0] < 0.1
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def make_pool(count: int, seed: int, *, marked: bool, shifted: float = 0.0) -> Pool:
    """Return features in which a bump marks the defect; some masks are where no bump is."""
    generator = torch.Generator().manual_seed(seed)
    levels = [torch.randn(1, count, 8, side, side, generator=generator) for side in (16, 8, 4)]
    masks = torch.zeros(1, count, 16, 16)
    items = []
    for number in range(count):
        fault = "shifted" if number < shifted * count else None
        items.append(Item(f"s{number}", "c", "dent" if marked else "good", None, fault=fault))
        if not marked:
            continue
        row, col = (4 * int(value) for value in torch.randint(0, 3, (2,), generator=generator))
        for level, step in zip(levels, (1, 2, 4), strict=True):
            place = (slice(row // step, row // step + 4 // step or 1),) * 1
            here = slice(col // step, col // step + 4 // step or 1)
            level[0, number, :3][:, place[0], here] += 2.5
        if fault:
            row, col = (row + 8) % 12, (col + 8) % 12
        masks[0, number, row : row + 4, col : col + 4] = 1
    levels = [level.half() for level in levels]
    uint8 = (masks * 255).to(torch.uint8)
    return Pool(tuple(items), levels, uint8, torch.zeros(count, 0), torch.device("cpu"))


def test_groups_are_of_one_kind_and_of_about_one_area() -> None:
    areas = torch.randperm(60, generator=torch.Generator().manual_seed(1)) + 1
    masks = (torch.arange(64)[None] < areas[:, None]).to(torch.uint8).reshape(1, 60, 8, 8) * 255
    items = tuple(
        Item(f"s{number}", "c", "dent" if number % 12 else "crack", None) for number in range(60)
    )
    pool = Pool(items, [], masks, torch.zeros(60, 0), torch.device("cpu"))

    groups = weight_groups(pool)

    dents = torch.tensor([item.kind == "dent" for item in items])
    assert torch.equal(groups.unique(), torch.arange(4))
    assert len(groups[~dents].unique()) == 1, "five cracks are too few to be separated by area"
    assert not set(groups[dents].tolist()) & set(groups[~dents].tolist())
    ranges = sorted(
        (int(areas[groups == group].min()), int(areas[groups == group].max()))
        for group in groups[dents].unique()
    )
    assert ranges[0][1] < ranges[1][0] <= ranges[1][1] < ranges[2][0]


@pytest.mark.parametrize("hypergrad", ["implicit", "unrolled"])
def test_spoiled_samples_end_with_less_than_half_the_mean_weight(hypergrad) -> None:
    pools = Pools(
        make_pool(40, 1, marked=False),
        make_pool(100, 2, marked=True, shifted=0.3),
        make_pool(20, 3, marked=False),
        make_pool(40, 4, marked=True),
    )
    detector = Decoder(SHAPES, width=8)
    detector.normalise_by(batch.features for batch in pools.normals.batches())
    inputs = quality_inputs(pools.defects, detector)
    net = SqeNet(pooled_names(3))
    net.standardise_by(inputs)
    weights = LearnedWeights(net, inputs, hypergrad=hypergrad)
    loop = Loop(Fabric(accelerator="cpu", devices=1), detector, pools, weights, seed=0)

    steps = 200
    for step in range(steps):
        loop.train_step(step / steps)

    faulty = torch.tensor([item.fault is not None for item in pools.defects.items])
    assert weights.values[faulty].mean() < 0.5
    assert float(weights.values.mean()) == pytest.approx(1, abs=1e-4)


def test_fixed_weights_need_no_trusted_data() -> None:
    none = Pool((), [], torch.zeros(1, 0, 1, 1), torch.zeros(0, 0), torch.device("cpu"))
    pools = Pools(make_pool(8, 1, marked=False), make_pool(8, 2, marked=True), none, none)
    loop = Loop(
        Fabric(accelerator="cpu", devices=1),
        Decoder(SHAPES, width=8),
        pools,
        FixedWeights(torch.ones(8)),
        seed=0,
    )

    records = [loop.train_step(0.5) for _ in range(HYPERGRADIENT_EVERY + 1)]

    assert all(set(record) == {"loss"} for record in records)
