"""Fixtures every test may use."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from anomsynth.core.types import Surface
from anomsynth.testing import make_surface

GOLDEN = Path(__file__).parent / "golden"

settings.register_profile(
    "ci",
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden arrays")


@pytest.fixture
def surface() -> Surface:
    return make_surface()


@pytest.fixture
def golden(request: pytest.FixtureRequest):
    """Compare an array with the stored one, within float tolerance."""

    def check(name: str, array: np.ndarray) -> None:
        path = GOLDEN / f"{name}.npy"
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            np.save(path, array)
        np.testing.assert_allclose(array, np.load(path), rtol=1e-5, atol=1e-5)

    return check
