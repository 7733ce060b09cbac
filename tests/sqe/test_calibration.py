"""Calibrations are small files that are checked when they are read."""

import json

import pytest

from anomsynth.errors import InputError
from anomsynth.sqe.calibration import Calibration, default_calibration, fit_calibration
from anomsynth.sqe.estimator import Estimator


def test_the_shipped_calibration_has_a_curve_for_every_term() -> None:
    text = default_calibration().to_json()

    assert Calibration.model_validate_json(text) == default_calibration()
    assert len(text) < 20_000
    assert default_calibration().source == "the embedded surfaces"


def test_a_saved_calibration_scores_as_before(scene, tmp_path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(default_calibration().to_json())

    found = Estimator.from_file(path).score(scene.image, scene.mask)

    assert found == Estimator.default().score(scene.image, scene.mask)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": 2}', "\x00"])
def test_another_file_is_refused_by_name(tmp_path, content) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content)

    with pytest.raises(InputError, match=r"mine\.json.*not a calibration"):
        Calibration.load(path)


def test_a_missing_file_or_curve_is_named(tmp_path) -> None:
    path = tmp_path / "mine.json"
    with pytest.raises(InputError, match="cannot be read"):
        Calibration.load(path)

    values = json.loads(default_calibration().to_json())
    del values["curves"]["noise"]
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match="no curve for the term 'noise'"):
        Calibration.load(path)


def test_too_few_samples_cannot_be_fitted() -> None:
    with pytest.raises(InputError, match="only 1 good sample with a value of"):
        fit_calibration([{"edge_width": 0.0}], {}, [], "my photos")
