"""What cannot be meant is refused when a plan is made."""

import re
from pathlib import Path

import pytest

from anomsynth.bisqad.detector import detectors
from anomsynth.bisqad.options import TrainOptions
from anomsynth.bisqad.plans import EvaluatePlan, PredictPlan
from anomsynth.errors import UserError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 100}, "multiple of 32, got 100"),
        ({"size": 32}, "multiple of 32, got 32"),
        ({"epochs": 0}, "`epochs`: must be at least 1"),
        ({"minutes": -1.0}, "`minutes`"),
        ({"spoil": 1.5}, "`spoil`: expected a share"),
        ({"spoil": 0.5, "online": True}, "exclude each other"),
        ({"learn": Path("few"), "online": True}, "`online` and `learn` exclude each other"),
        ({"learn": Path("few"), "val": Path("few/../few")}, "`learn` and `val` are both"),
        (
            {"learn": Path("few"), "detector": detectors.build({"kind": "gaussian"})},
            "`learn`: a detector of kind gaussian learns no defects",
        ),
        (
            {"learn": Path("few"), "detector": detectors.build({"kind": "onenip"})},
            "`learn`: a detector of kind onenip asks for the photo before each defect",
        ),
    ],
)
def test_options_out_of_range_are_refused(changes, message) -> None:
    with pytest.raises(UserError, match=message):
        TrainOptions(**changes)


@pytest.mark.parametrize("rate", [0, 1, -0.1, float("nan")])
def test_impossible_rates_of_false_alarms_are_refused(rate) -> None:
    with pytest.raises(UserError, match="`false_alarm_rate`: must be between 0 and 1"):
        PredictPlan(Path("run"), (Path("photos"),), Path("out"), false_alarm_rate=rate)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf")])
def test_thresholds_are_finite(threshold) -> None:
    with pytest.raises(UserError, match="`threshold`: expected a finite number"):
        PredictPlan(Path("run"), (Path("photos"),), Path("out"), threshold=threshold)


def test_resamples_cannot_be_less_than_none() -> None:
    with pytest.raises(UserError, match=re.escape("`bootstrap`: must be at least 0, got -1")):
        EvaluatePlan(Path("run"), Path("data"), bootstrap=-1)


def test_results_of_an_evaluation_lie_in_the_run_by_default() -> None:
    assert EvaluatePlan(Path("run"), Path("data")).folder == Path("run/evaluation")
    assert EvaluatePlan(Path("run"), Path("data"), Path("out")).folder == Path("out")
