"""Ranges draw what they say, and refuse what they cannot be."""

import pickle
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomsynth.core.component import (
    Component,
    Count,
    Probability,
    Range,
    ShareRange,
    SizeBounds,
    SizeRange,
    UnitBounds,
    drawn_fields,
    parameter,
)
from anomsynth.core.rng import stream
from anomsynth.core.roles import Refiner
from anomsynth.refiners.npcf import Npcf


class Example(Component):
    kind: Literal["example"] = "example"
    tilt_deg: Range = parameter((0.0, 10.0), "deg", "a uniform one")
    size_mm: SizeRange = parameter((0.1, 10.0), "mm", "a log-uniform one")
    share: ShareRange = parameter((0.001, 0.3), "", "a share")
    count: Count = parameter((1, 5), "", "a whole number")


def test_a_pair_or_a_number_is_a_range() -> None:
    example = Example(tilt_deg=[1, 2], size_mm=3)

    assert (example.tilt_deg.low, example.tilt_deg.high) == (1, 2)
    assert example.size_mm.draw(stream(0)) == 3


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("tilt_deg", [5, 1], "low 5 is above high 1"),
        ("tilt_deg", [1, 2, 3], "a range is"),
        ("size_mm", 0, "above 0"),
        ("share", [0.1, 2], r"\[0, 1\]"),
        ("count", [1.5, 3], "whole"),
        ("size", 3, "Extra inputs"),
        ("tilt_deg", float("nan"), "finite"),
    ],
)
def test_refuses(field, value, message) -> None:
    with pytest.raises(ValueError, match=message):
        Example.model_validate({field: value})


def test_sizes_are_log_uniform_and_counts_reach_both_ends() -> None:
    rng = np.random.default_rng(0)
    example = Example()

    sizes = [example.size_mm.draw(rng) for _ in range(4000)]
    counts = [example.count.draw(rng) for _ in range(500)]

    assert np.mean(np.array(sizes) < 1) == pytest.approx(0.5, abs=0.03)
    assert set(counts) == {1, 2, 3, 4, 5}


@given(low=st.floats(1e-3, 1e3), width=st.floats(0, 1e3), share=st.floats(0, 0.999999))
def test_a_drawn_value_narrows_its_range_to_itself(low, width, share) -> None:
    drawn = SizeRangeModel(value=[low, low + width]).value.at(share)

    assert SizeRangeModel(value=drawn).value.at(0.7) == drawn


class SizeRangeModel(Component):
    kind: Literal["size"] = "size"
    value: SizeRange


class Often(Component):
    kind: Literal["often"] = "often"
    place: UnitBounds = parameter((0.2, 0.6), "of length", "uniform, once a thing")
    size: SizeBounds = parameter((0.01, 1.0), "of size", "log-uniform, once a thing")
    flip_probability: Probability = parameter(0.5, "probability", "a plain number")


def test_bounds_and_plain_numbers_are_no_drawn_fields() -> None:
    assert drawn_fields(Often) == ()


def test_bounds_are_drawn_as_often_as_asked_and_alike_one_by_one() -> None:
    often = Often()
    together, single = stream(3), stream(3)

    places, sizes = often.place.uniform(together, 400), often.size.uniform(together, 400)

    assert [often.place.draw(single) for _ in range(400)] == places.tolist()
    assert [often.size.draw(single) for _ in range(400)] == pytest.approx(sizes.tolist())
    assert 0.2 <= places.min() < 0.25
    assert 0.55 < places.max() <= 0.6
    assert np.mean(sizes < 0.1) == pytest.approx(0.5, abs=0.08)
    assert 0.01 <= sizes.min() < sizes.max() <= 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("place", [0, 2]), ("size", [0, 1]), ("size", [2, 1]), ("flip_probability", 1.1)],
)
def test_bounds_and_plain_numbers_are_checked(field, value) -> None:
    with pytest.raises(ValueError, match=field):
        Often.model_validate({field: value})


def test_a_refiner_that_overrides_no_hook_is_abstract() -> None:
    class Nothing(Refiner):
        kind: Literal["nothing"] = "nothing"

    class Something(Nothing):
        def finish(self, levels, change, surface, rng):
            return levels

    with pytest.raises(TypeError, match="Nothing is abstract: it overrides none of relax"):
        Nothing()
    with pytest.raises(TypeError, match="Refiner is abstract"):
        Refiner.model_validate({"kind": "npcf"})
    assert pickle.loads(pickle.dumps(Npcf(plate_px=2))) == Npcf(plate_px=2)
    assert Something().kind == "nothing"


def test_every_draw_uses_one_number_of_the_stream() -> None:
    free, frozen = stream(1), stream(1)
    Range(low=0, high=1).draw(free)
    Range(low=0.5, high=0.5).draw(frozen)

    assert free.random() == frozen.random()


def test_dumping_keeps_ranges_as_pairs() -> None:
    assert Example().model_dump()["tilt_deg"] == [0.0, 10.0]
