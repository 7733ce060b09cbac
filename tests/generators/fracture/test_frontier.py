"""The frontier walk branches as often as it is told."""

import numpy as np
import pytest

from anomsynth.generators.fracture._frontier import Walk, walk
from anomsynth.generators.fracture._growth import Tip


def everywhere(row: float, col: float) -> bool:
    return True


def test_the_main_walker_branches_with_the_probability_per_step() -> None:
    rules = Walk(step=1, branch_probability=0.02)
    born = 0
    for seed in range(150):
        strands = walk([Tip(0, 0, 0, 100)], rules, everywhere, np.random.default_rng(seed))
        born += sum(strand.parent == 0 for strand in strands)

    assert born / 150 == pytest.approx(2, rel=0.15)


def test_branches_start_on_their_parent() -> None:
    rules = Walk(step=1, branch_probability=0.05)

    strands = walk([Tip(0, 0, 0, 100)], rules, everywhere, np.random.default_rng(1))

    assert len(strands) > 1
    for strand in strands[1:]:
        np.testing.assert_allclose(strand.points[0], strands[strand.parent].points[strand.joint])
        parent = strands[strand.parent]
        assert strand.scale[0] ** 2 == pytest.approx(parent.scale[strand.joint] ** 2 / 2)


def test_walkers_stop_at_the_edge() -> None:
    def narrow(row: float, col: float) -> bool:
        return col < 20

    strand = walk(
        [Tip(0, 0, 0, 100)], Walk(branch_probability=0), narrow, np.random.default_rng(0)
    )[0]

    assert not strand.free
    assert (strand.points[:-1, 1] < 20).all()
