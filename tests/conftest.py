"""Fixtures every test may use: surfaces, photos, a small recipe, and whole trees to compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image
from typer.testing import CliRunner, Result

from anomsynth.bisqad.detector import detectors
from anomsynth.bisqad.feature_noise import noises
from anomsynth.cli.main import app
from anomsynth.core import registry
from anomsynth.core.registry import generators, refiners
from anomsynth.core.types import Surface
from anomsynth.dataset.exports import exporters
from anomsynth.pipeline.events import Finished
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe import presets
from anomsynth.recipe.load import build_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.sqe import samples
from anomsynth.sqe.all_terms import all_terms, terms
from anomsynth.sqe.scorer import scorers
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
def call() -> Callable[..., Result]:
    """Call the program with these words."""

    def call(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return call


@pytest.fixture
def surface() -> Surface:
    return make_surface()


class FakeDistribution:
    """An installed distribution without any file: a name, a version and its entry points."""

    def __init__(self, name: str, version: str) -> None:
        self.name, self.version = name, version

    def point(self, group: str, name: str, value: str) -> EntryPoint:
        """Return an entry point of it."""
        point = EntryPoint(name, value, group)
        vars(point)["dist"] = self
        return point


@pytest.fixture
def distribution() -> type[FakeDistribution]:
    return FakeDistribution


@pytest.fixture
def plugged(monkeypatch) -> Iterator[Callable[..., None]]:
    """Return a function that installs entry points for the length of a test."""

    def forget() -> None:
        for known in (generators, refiners, exporters, scorers, detectors, noises, terms):
            vars(known).pop("_plugins", None)
        for cached in (all_terms, samples._estimator, presets._plugins):
            cached.cache_clear()

    def install(*points: EntryPoint) -> None:
        def points_of(group: str) -> list[EntryPoint]:
            return [point for point in points if point.group == group]

        monkeypatch.setattr(registry, "points_of", points_of)
        monkeypatch.setattr(presets, "points_of", points_of)
        forget()

    yield install
    forget()


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


Tree = dict[str, bytes]


@dataclass(frozen=True)
class DatasetMaker:
    """A source folder and datasets made of it, by name.

    Attributes
    ----------
    source, root : Path
    make_dataset : function (source, out, **options) -> Finished
    read : function (folder) -> bytes of each file
    """

    source: Path
    root: Path
    make_dataset: Callable[..., Finished]
    read: Callable[[Path], Tree]

    def make(self, name: str, **options) -> Finished:
        return self.make_dataset(self.source, self.root / name, **options)

    def tree(self, name: str) -> Tree:
        return self.read(self.root / name)


@pytest.fixture
def recipe() -> Recipe:
    """Return two mechanisms, one or two defects a sample."""
    written = {
        "name": "small",
        "seed": 5,
        "mm_per_px": 0.1,
        "mechanisms": [{"generator": {"kind": "pitting"}}, {"generator": {"kind": "crack"}}],
        "defects_per_image": [1, 2],
    }
    return build_recipe(written, "test")


@pytest.fixture
def photos(tmp_path) -> Path:
    """Return a folder of four photos, grey and colour, with difficult names."""
    return add_photos(tmp_path / "my part", "a.png", "b c.png", "ü.bmp", "d.jpg")


def add_photos(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        seed = sum(name.encode())
        pixels = make_pixels(96, 128, channels=1 + 2 * (seed % 2), seed=seed)
        (folder / name).write_bytes(cv2.imencode(Path(name).suffix, pixels)[1].tobytes())
    return folder


@pytest.fixture
def photo_maker() -> Callable[..., Path]:
    """Return a function that adds photos of given names to a folder."""
    return add_photos


def mound(seed: int, shape: tuple[int, int] = (128, 144)) -> tuple[np.ndarray, np.ndarray]:
    """Return points, (H, W, 3) float32 in mm, of a mound on a plane, and its colour picture."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(shape, dtype=np.float64)
    x, y = (cols - shape[1] / 2) * PITCH, (rows - shape[0] / 2) * PITCH
    away = np.hypot(x, y)
    rise = np.where(away < 22, 6 + 0.2 * np.sqrt(np.maximum(40**2 - away**2, 0)) - 6.7, 0)
    depth = 500 - rise + rng.normal(0, 0.01, shape)
    picture = np.where((away < 22)[..., None], np.array([170, 130, 90]), 60)
    picture = picture + 6 * rng.standard_normal(shape)[..., None]
    points = np.dstack([x, y, depth]).astype(np.float32)
    points[rng.random(shape) < 0.004] = 0  # dropped by the sensor
    return points, np.clip(picture, 0, 255).astype(np.uint8)


def plain_ply(points: np.ndarray) -> bytes:
    """Return the file of a cloud in no order, seen from above, with a number beside each point."""
    rows = np.empty(len(points), dtype=[("q", "u1"), ("x", "<f4"), ("y", "<f4"), ("z", "<f4")])
    rows["q"] = np.arange(len(points)) % 251
    for name, values in zip("xyz", points.T, strict=True):
        rows[name] = values
    header = [
        *("ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"),
        *("property uchar quality", "property float x", "property float y", "property float z"),
        *("end_header", ""),
    ]
    return "\n".join(header).encode() + rows.tobytes()


PITCH = 0.4  # mm between points of a mound


@pytest.fixture
def scan_maker() -> Callable[..., Path]:
    """Return a function that writes scans of mounds to a folder: xyz, depth, ply or bare ply.

    Bare ones have no ground beside the mound.
    """

    def add(folder: Path, kind: str, count: int = 3) -> Path:
        good = folder / "mound" / "train" / "good"
        for seed in range(count):
            points, picture = mound(seed)
            name = f"{seed:03d}"
            if kind == "xyz":
                for place in ("rgb", "xyz"):
                    (good / place).mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(good / "rgb" / f"{name}.png"), picture[..., ::-1])
                metres = (points / np.float32(1000)).astype(np.float32)
                coded = cv2.imencode(".tiff", metres[..., ::-1])[1]
                (good / "xyz" / f"{name}.tiff").write_bytes(coded.tobytes())
            elif kind in {"ply", "bare ply"}:
                (folder / "mound").mkdir(parents=True, exist_ok=True)
                there = points[points[..., 2] != 0]
                there = there[there[:, 2] < 499] if kind == "bare ply" else there
                np.random.default_rng(seed).shuffle(there)
                (folder / "mound" / f"{name}.ply").write_bytes(plain_ply(there * [1, 1, -1]))
            else:
                (folder / "mound").mkdir(parents=True, exist_ok=True)
                levels = np.rint((points[..., 2] - 450) / 0.002).clip(0, 65535)
                levels[points[..., 2] == 0] = 0
                cv2.imwrite(str(folder / "mound" / f"{name}.png"), levels.astype(np.uint16))
        return folder

    return add


@pytest.fixture
def make(recipe) -> Callable[..., Finished]:
    """Return a function that makes a dataset of a source folder."""

    def made(source: Path, out: Path, **options) -> Finished:
        chosen = options.pop("recipe", recipe)
        on_event = options.pop("on_event", None)
        return run(make_plan(source, out, chosen, RunOptions(**options)), on_event)

    return made


@pytest.fixture
def tree() -> Callable[[Path], Tree]:
    """Return a function that reads all files of a folder, by path."""

    def read(folder: Path) -> Tree:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read


@pytest.fixture
def datasets(photos, tmp_path, make, tree) -> DatasetMaker:
    """Return the four photos and what is needed to make and compare datasets of them."""
    return DatasetMaker(photos, tmp_path, make, tree)
