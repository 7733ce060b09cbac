"""Fixtures every test may use."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from anomsynth.core.types import Surface
from anomsynth.testing import make_pixels, make_surface

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
def write_photos() -> Callable[[Path, int], Path]:
    """Return a function that writes so many small photos of each of two categories to a folder."""

    def write(folder: Path, count: int) -> Path:
        for category in ("plate", "tile"):
            (folder / category).mkdir(parents=True)
            for index in range(count):
                pixels = make_pixels(96, 96, seed=index + 10 * len(category))[..., 0]
                Image.fromarray(pixels).save(folder / category / f"{index}.png")
        return folder

    return write


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
