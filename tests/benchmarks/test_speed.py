"""How long things take on one core.

``pytest tests/benchmarks -n 0 --benchmark-enable --benchmark-only`` measures; in the ordinary
suite each runs once. No time is asserted, machines differ. A round of a chain is one photo: its
analysis and four samples; CPU milliseconds per sample are in the JSON's `extra_info`.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from anomsynth.core.component import CountRange
from anomsynth.core.heap import keep_freed_memory
from anomsynth.core.photo import as_photo
from anomsynth.core.registry import generators
from anomsynth.core.rng import stream
from anomsynth.core.types import Pixels, SampleKey, Surface
from anomsynth.dataset.images import write_png
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.demo.standins import make_stand_in
from anomsynth.errors import SynthesisError
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.testing import make_pixels

PER_PHOTO = 4
MOST_MEMORY = 1 << 30  # bytes above the image itself, at 4096 x 4096
LOCAL = {"crack": {"kind": "crack"}, "scratch": {"kind": "scratch"}, "pits": {"kind": "pitting"}}
AREA = {
    "polygon": {"kind": "pitting", "mode": "polygon"},
    "bend": {"kind": "warpage", "mode": "bend"},
}
SIZES = [
    256,
    pytest.param(1024, marks=pytest.mark.slow),
    pytest.param(4096, marks=pytest.mark.slow),
]
COLOURS = pytest.mark.parametrize("channels", [1, 3], ids=["grey", "rgb"])


@pytest.fixture(autouse=True)
def as_in_a_worker():
    keep_freed_memory()
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


def recipe_of(generator: dict[str, str]) -> Recipe:
    """Return the generic preset with one mechanism."""
    mechanism = Mechanism(generator=generators.build(generator))
    return load_recipe("generic").model_copy(update={"mechanisms": (mechanism,)})


def make_photo(size: int, channels: int, seed: int = 0) -> Pixels:
    """Return a textured photo; a large one repeats its texture, which is quick to make."""
    side = min(size, 1024)
    tile = make_pixels(side, side, channels=channels, seed=seed)
    return np.tile(tile, (size // side, size // side, 1))


def make_samples(pixels: Pixels, recipe: Recipe, photo: int) -> Surface:
    """Analyse a photo and make its samples: what a run does without the files."""
    surface = analyze(as_photo(pixels), scale=recipe.scale, encoding=recipe.encoding)
    for index in range(PER_PHOTO):
        synthesize(surface, recipe, seed=1, key=SampleKey("bench", str(photo), index))
    return surface


def bench_chain(benchmark, recipe: Recipe, size: int, channels: int) -> None:
    """Run the chain on several photos; record milliseconds per sample, analysis included."""
    photos = 1 if benchmark.disabled else (12 if size <= 1024 else 4)
    pictures = [make_photo(size, channels, seed) for seed in range(photos)]
    rounds = iter(list(enumerate(pictures)))
    spent: list[float] = []

    def chain() -> None:
        photo, pixels = next(rounds)
        start = time.thread_time()
        make_samples(pixels, recipe, photo)
        spent.append(1000 * (time.thread_time() - start) / PER_PHOTO)

    benchmark.pedantic(chain, rounds=photos, iterations=1)
    benchmark.extra_info["cpu_ms_per_sample"] = round(statistics.median(spent), 2)


@pytest.mark.parametrize("size", SIZES)
@COLOURS
def test_analysis(benchmark, size: int, channels: int) -> None:
    photo = as_photo(make_photo(size, channels))

    surface = benchmark(analyze, photo)

    assert surface.shape == (size, size)


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("kind", [*LOCAL, *AREA])
def test_layer(benchmark, kind: str, size: int) -> None:
    generator = generators.build({**LOCAL, **AREA}[kind])
    surface = analyze(make_photo(size, 1))
    seeds = iter(range(1 << 30))

    layer = benchmark(lambda: generator.generate(surface, stream(next(seeds), "bench")))

    assert layer.support.any()


@pytest.mark.parametrize("size", [256, pytest.param(1024, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", generators.kinds())
def test_mechanism(benchmark, kind: str, size: int) -> None:
    """One defect, drawn, rendered, refined and labelled on a photo that was analysed before."""
    one = CountRange(low=1, high=1)
    recipe = recipe_of({"kind": kind}).model_copy(update={"defects_per_image": one})
    surface = surface_for(kind, size)
    indices = iter(range(1 << 30))
    spent: list[float] = []

    def make() -> None:
        start = time.thread_time()
        key = SampleKey("bench", kind, next(indices))
        try:
            synthesize(surface, recipe, seed=1, key=key)
        except SynthesisError:
            pass
        else:
            spent.append(1000 * (time.thread_time() - start))

    benchmark.pedantic(make, rounds=1 if benchmark.disabled else 15, iterations=1)
    if spent:
        benchmark.extra_info["cpu_ms_per_sample"] = round(statistics.median(spent), 2)


def surface_for(kind: str, size: int) -> Surface:
    """Return an analysed photo on which a mechanism finds its place."""
    recipe = load_recipe("generic")
    if kind not in {"bend", "missing_part", "swapped_part"}:
        return replace(surface_of(make_photo(size, 3), recipe), defects=StandInDefects())
    leads = make_stand_in("leads")
    assert leads.components is not None
    pixels = cv2.resize(leads.pixels, (size, size), interpolation=cv2.INTER_CUBIC)
    components = cv2.resize(leads.components, (size, size), interpolation=cv2.INTER_NEAREST)
    return surface_of(pixels, recipe, components)


@COLOURS
def test_chain_at_256(benchmark, channels: int) -> None:
    bench_chain(benchmark, load_recipe("generic"), 256, channels)


@pytest.mark.slow
@COLOURS
@pytest.mark.parametrize("kind", LOCAL)
def test_chain_of_local_defects_at_1024(benchmark, kind: str, channels: int) -> None:
    bench_chain(benchmark, recipe_of(LOCAL[kind]), 1024, channels)


@pytest.mark.slow
@COLOURS
@pytest.mark.parametrize("kind", AREA)
def test_chain_of_area_defects_at_1024(benchmark, kind: str, channels: int) -> None:
    bench_chain(benchmark, recipe_of(AREA[kind]), 1024, channels)


@pytest.mark.slow
@COLOURS
def test_chain_at_4096(benchmark, channels: int) -> None:
    bench_chain(benchmark, load_recipe("generic"), 4096, channels)


@pytest.mark.slow
@COLOURS
def test_chain_with_files_at_1024(benchmark, tmp_path: Path, channels: int) -> None:
    """The floor reads and writes the same files: a photo, its samples' pictures and masks.

    It does so with OpenCV as it comes; the chain writes as a run does.
    """
    recipe = load_recipe("generic")
    photos = 1 if benchmark.disabled else 8
    for photo in range(photos):
        write(tmp_path / f"{photo}.png", make_photo(1024, channels, photo))
    rounds = iter(range(photos))
    ratios: list[float] = []
    made: dict[str, Pixels] = {}

    def floor(photo: int) -> None:
        read(tmp_path / f"{photo}.png")
        for name, pixels in made.items():
            write(tmp_path / f"floor_{name}", pixels)

    def chain(photo: int) -> None:
        pixels = read(tmp_path / f"{photo}.png")
        surface = analyze(as_photo(pixels), scale=recipe.scale, encoding=recipe.encoding)
        for index in range(PER_PHOTO):
            key = SampleKey("bench", str(photo), index)
            sample = synthesize(surface, recipe, seed=1, key=key)
            made[f"image_{index}.png"] = sample.image
            made[f"mask_{index}.png"] = sample.mask.astype(np.uint8) * np.uint8(255)
        for name, pixels in made.items():
            write_png(tmp_path / name, pixels, tmp_path)

    def both() -> None:
        photo = next(rounds)
        ratios.append(cpu_seconds(chain, photo) / cpu_seconds(floor, photo))

    benchmark.pedantic(both, rounds=photos, iterations=1)
    benchmark.extra_info["cpu_over_floor"] = round(statistics.median(ratios), 2)


def cpu_seconds(work: Callable[[int], None], photo: int) -> float:
    start = time.thread_time()
    work(photo)
    return time.thread_time() - start


def read(path: Path) -> Pixels:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def write(path: Path, pixels: np.ndarray) -> None:
    cv2.imwrite(str(path), pixels)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs resource.getrusage")
def test_memory_stays_below_a_gigabyte_above_a_large_image() -> None:
    peak = subprocess.run(
        [sys.executable, "-c", "import test_speed; test_speed.write_peak_of_a_large_photo()"],
        cwd=Path(__file__).parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert int(peak) < MOST_MEMORY


def write_peak_of_a_large_photo() -> None:
    """Write the bytes that a wide area defect of a large photo needs at most, above the photo."""
    keep_freed_memory()
    pixels = make_photo(4096, 3)
    small = recipe_of(AREA["bend"])
    make_samples(pixels[:256, :256].copy(), small, 0)
    before = current_memory()
    make_samples(pixels, small, 1)
    sys.stdout.write(str(peak_memory() - before))


def peak_memory() -> int:
    """Return the most bytes of this process, where told without those it was forked from."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def current_memory() -> int:
    """Return the bytes of this process that lie in memory now; the peak so far elsewhere."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
