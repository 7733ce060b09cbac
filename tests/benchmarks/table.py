"""Print the table of speeds in RESULTS.md; every figure from one run on one machine.

python tests/benchmarks/table.py [--sizes 256,1024,4096] [--rounds 5] [--photos 12]

Chains without files are CPU milliseconds per sample, four samples a photo. With files, PNG in and
out, each round runs every method in random order in one process on the same photos. Printed are the
medians of its CPU time, and of that over the floor's of the same round: reading a photo and writing
a picture and a mask for every sample, by OpenCV. Peers take part where they are installed:
`defect_synthesis`, anomalib's Perlin generator, and pyimgano's mixture of local presets; all make
one sample of a photo they read and write its mask.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from unittest import mock

import cv2
import numpy as np
import scipy.fft
from png import before as by_opencv
from script import tell
from test_speed import AREA, LOCAL, PER_PHOTO, make_photo, make_samples, read, recipe_of, write

from anomsynth.core.component import CountRange
from anomsynth.core.heap import keep_freed_memory
from anomsynth.core.photo import as_photo
from anomsynth.core.types import Pixels, SampleKey
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.plan import make_plan
from anomsynth.pipeline.run import run
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.synthesize import synthesize

Method = Callable[[list[Path], Path], None]
Marked = tuple[Pixels, Pixels]
SYNTHESIS = "pyimgano.synthesis"
LOCAL_PRESETS = [
    *("brush", "bubble", "burn", "crack", "edge_wear", "fiber", "marker", "oil", "pit", "rust"),
    *("scratch", "spatter", "stain", "tape", "texture", "warp", "wrinkle"),
]
WITH_FILES = (256, 1024)
WORKERS_SIZE = 256
BEST_OF = 15
EPYC_MS = {  # best of 5 on one core of an AMD EPYC; NumPy 2.4, SciPy 1.17, OpenCV 5.0
    256: {
        "rfft2 and back": 0.21,
        "dctn and back": 0.27,
        "normal numbers": 0.49,
        "distance transform": 0.15,
        "linear remap, 3 channels": 0.21,
        "cubic remap, 3 channels": 0.63,
        "Gaussian blur, sigma 3": 0.11,
        "Gaussian blur, sigma 20": 1.25,
        "box filter, 31": 0.06,
        "RGB to Lab": 0.37,
    },
    1024: {
        "rfft2 and back": 8.5,
        "dctn and back": 17.6,
        "normal numbers": 11.8,
        "distance transform": 3.1,
        "linear remap, 3 channels": 6.8,
        "cubic remap, 3 channels": 11.7,
        "Gaussian blur, sigma 3": 2.7,
        "Gaussian blur, sigma 20": 37.0,
        "box filter, 31": 1.0,
        "RGB to Lab": 6.8,
    },
}


def main() -> None:
    """Measure, and print Markdown."""
    args = parse()
    cv2.setNumThreads(1)
    keep_freed_memory()  # as a run does
    sizes = [int(size) for size in args.sizes.split(",")]
    slower = ", ".join(f"{times_slower(size):.1f} at {size} x {size}" for size in EPYC_MS)
    tell(f"One core; familiar operations take so many times as long as on an AMD EPYC: {slower}.")
    tell("\n| without files, CPU ms per sample | grey | RGB |\n|---|---|---|")
    for size in sizes:
        for name, recipe in chains(size).items():
            cells = [f"{chain_ms(recipe, size, bands, args.photos):.0f}" for bands in (1, 3)]
            tell(f"| {size} x {size}, {name} | {cells[0]} | {cells[1]} |")
    tell("\n| with PNG files, CPU ms per sample, and over the floor | grey | RGB |\n|---|---|---|")
    for size in (size for size in sizes if size in WITH_FILES):
        found = [over_floor(size, bands, args.photos, args.rounds) for bands in (1, 3)]
        for name in found[0]:
            cells = [f"{ms:.1f}, {ratio:.2f} x" for ms, ratio in (one[name] for one in found)]
            tell(f"| {size} x {size}, {name} | {cells[0]} | {cells[1]} |")
    if args.workers:
        one, two = workers(args.workers, args.rounds)
        tell(f"\nTwo workers make {two:.0f} samples a second, one {one:.0f}: {two / one:.2f} x.")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="256,1024,4096")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--workers", type=int, default=150, help="photos for two workers, 0: none")
    return parser.parse_args()


def times_slower(size: int) -> float:
    """Return how many times as long as in `EPYC_MS` familiar operations take, geometric mean."""
    rng = np.random.default_rng(0)
    grey = rng.standard_normal((size, size), dtype=np.float32)
    colour = rng.random((size, size, 3), dtype=np.float32)
    row, col = np.indices((size, size), dtype=np.float32)
    disc = (np.hypot(row - size / 2, col - size / 2) < size / 4).astype(np.uint8)
    away = col + 3 * np.sin(row / 20)
    operations: dict[str, Callable[[], object]] = {
        "rfft2 and back": lambda: scipy.fft.irfft2(scipy.fft.rfft2(grey), s=grey.shape),
        "dctn and back": lambda: scipy.fft.idctn(scipy.fft.dctn(grey)),
        "normal numbers": lambda: rng.standard_normal((size, size), dtype=np.float32),
        "distance transform": lambda: cv2.distanceTransform(disc, cv2.DIST_L2, 5),
        "linear remap, 3 channels": lambda: cv2.remap(colour, away, row, cv2.INTER_LINEAR),
        "cubic remap, 3 channels": lambda: cv2.remap(colour, away, row, cv2.INTER_CUBIC),
        "Gaussian blur, sigma 3": lambda: cv2.GaussianBlur(grey, (0, 0), 3),
        "Gaussian blur, sigma 20": lambda: cv2.GaussianBlur(grey, (0, 0), 20),
        "box filter, 31": lambda: cv2.blur(grey, (31, 31)),
        "RGB to Lab": lambda: cv2.cvtColor(colour, cv2.COLOR_RGB2Lab),
    }
    ratios = [best_ms(operations[name]) / ms for name, ms in EPYC_MS[size].items()]
    return statistics.geometric_mean(ratios)


def best_ms(work: Callable[[], object]) -> float:
    """Return the CPU milliseconds of the best of a few calls."""
    work()
    times = []
    for _ in range(BEST_OF):
        start = time.thread_time()
        work()
        times.append(1000 * (time.thread_time() - start))
    return min(times)


def chains(size: int) -> dict[str, Recipe]:
    """Return the recipes that are timed at a size, by name."""
    if size != 1024:
        generic = load_recipe("generic")
        one = generic.model_copy(update={"defects_per_image": CountRange(low=1, high=1)})
        return {"preset `generic`, one defect": one, "preset `generic`": generic}
    return {name: recipe_of(kind) for name, kind in {**LOCAL, **AREA}.items()}


def chain_ms(recipe: Recipe, size: int, bands: int, photos: int) -> float:
    """Return the median CPU milliseconds of a sample, analysis of the photo included."""
    spent = []
    for photo in range(-1, photos if size <= 1024 else 4):  # photo -1 warms up
        pixels = make_photo(size, bands, photo + 1)
        start = time.thread_time()
        make_samples(pixels, recipe, photo)
        spent.append(1000 * (time.thread_time() - start) / PER_PHOTO)
    return statistics.median(spent[1:])


def over_floor(size: int, bands: int, photos: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Return CPU milliseconds a sample, and over the floor's of the same round; medians."""
    folder = Path(tempfile.mkdtemp())
    try:
        files = [folder / "photos" / f"{photo:02d}.png" for photo in range(photos)]
        files[0].parent.mkdir()
        for photo, path in enumerate(files):
            write(path, make_photo(size, bands, photo))
        methods = {
            "floor": partial(floor, mask=a_mask(size, bands)),
            "refined and scored": generate(load_recipe("generic")),
            "refined and scored, packed by OpenCV": packed_by_opencv(load_recipe("generic")),
            "neither refined nor scored": bare,
            **peers(),
        }
        spent: dict[str, list[float]] = {name: [] for name in methods}
        for turn in range(-1, rounds):  # round -1 warms up
            order = list(methods)
            random.Random(turn).shuffle(order)
            for name in order:
                out = folder / "out"
                out.mkdir()
                start = time.process_time()
                methods[name](files, out)
                if turn >= 0:
                    spent[name].append(time.process_time() - start)
                shutil.rmtree(out)
        least, samples = spent["floor"], photos * PER_PHOTO
        return {
            name: (
                1000 * statistics.median(times) / samples,
                statistics.median(a / b for a, b in zip(times, least, strict=True)),
            )
            for name, times in spent.items()
        }
    finally:
        shutil.rmtree(folder)


def a_mask(size: int, bands: int) -> Pixels:
    """Return the mask of some sample."""
    recipe = load_recipe("generic")
    return synthesize(make_photo(size, bands), recipe, seed=1, key=SampleKey("bench", "", 0)).mask


def floor(files: list[Path], out: Path, mask: Pixels) -> None:
    """Read a photo and write a picture and a mask for every sample."""
    for path in files:
        for index in range(PER_PHOTO):
            write_both(out, f"{path.stem}_{index}", read(path), mask)


def generate(recipe: Recipe) -> Method:
    """Return the whole run: manifest, hashes and all."""

    def method(files: list[Path], out: Path) -> None:
        options = RunOptions(per_image=PER_PHOTO, jobs=1, test_share=0, link="hardlink")
        run(make_plan(files[0].parent, out / "dataset", recipe, options))

    return method


def packed_by_opencv(recipe: Recipe) -> Method:
    """Return the whole run with the encoder that OpenCV has, with the same settings."""
    method = generate(recipe)

    def packed(files: list[Path], out: Path) -> None:
        with mock.patch("anomsynth.dataset.images.encoded_png", by_opencv):
            method(files, out)

    return packed


def bare(files: list[Path], out: Path) -> None:
    """Synthesise without refiners and scores; write picture and mask, nothing else."""
    recipe = load_recipe("generic").model_copy(update={"refiners": ()})
    for path in files:
        surface = analyze(as_photo(read(path)), scale=recipe.scale, encoding=recipe.encoding)
        for index in range(PER_PHOTO):
            key = SampleKey("bench", path.stem, index)
            sample = synthesize(surface, recipe, seed=1, key=key)
            write_both(out, f"{path.stem}_{index}", sample.image, sample.mask)


def peers() -> dict[str, Method]:
    """Return the generators of other packages that are installed here."""
    found: dict[str, Method] = {}
    if find_spec("defect_synthesis"):
        package = import_module("defect_synthesis")
        found["defect-synthesis"] = one_by_one(partial(drawn_by, package))
    if find_spec("anomalib"):
        torch = import_module("torch")
        torch.set_num_threads(1)
        perlin = import_module("anomalib.data.utils.generators.perlin")
        generator = perlin.PerlinAnomalyGenerator(probability=1.0)
        found["anomalib's Perlin"] = one_by_one(partial(blended, torch, generator))
    if find_spec("pyimgano"):
        found["pyimgano-synthesize"] = one_by_one(partial(mixed_by, import_module(SYNTHESIS)))
    return found


def mixed_by(package: ModuleType, pixels: Pixels, turn: int) -> Marked:
    """Let pyimgano-synthesize draw one defect, as its command does with all its local presets."""
    mixture = import_module(f"{SYNTHESIS}.presets").make_preset_mixture(LOCAL_PRESETS)
    spec = package.SynthSpec(preset="mixture")
    result = package.AnomalySynthesizer(spec, preset_fn=mixture).synthesize(pixels, seed=turn)
    return result.image_u8, result.mask_u8 > 0


def blended(torch: ModuleType, generator: Callable, pixels: Pixels, turn: int) -> Marked:
    """Let anomalib blend one defect from its Perlin noise."""
    torch.manual_seed(turn)
    picture = torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / 255)
    changed, mask = generator(picture)
    levels = (255 * changed.numpy().transpose(1, 2, 0)).round().astype(np.uint8)
    return levels, mask.numpy()[0] > 0


def drawn_by(package: ModuleType, pixels: Pixels, turn: int) -> Marked:
    """Let defect-synthesis draw one defect; not each finds room in a small picture."""
    random.seed(turn)
    np.random.seed(turn)  # noqa: NPY002  # the package draws from the global state
    makers = [
        package.ScratchGenerator,
        package.CrackGenerator,
        package.PittingGenerator,
        package.BurnGenerator,
        package.TextureWarpGenerator,
        package.StainGenerator,
    ]
    while True:
        try:
            result = random.choice(makers)().apply(pixels)
        except ValueError:
            continue
        return result.image, result.anomaly_mask > 0


def one_by_one(mark: Callable[[Pixels, int], Marked]) -> Method:
    """Return a method that reads a photo for each sample; grey ones are made colour and back."""

    def method(files: list[Path], out: Path) -> None:
        for path in files:
            for index in range(PER_PHOTO):
                pixels = read(path)
                grey = pixels.ndim == 2
                colour = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if grey else pixels
                image, mask = mark(colour, index)
                image = np.ascontiguousarray(image[..., 0]) if grey else image
                write_both(out, f"{path.stem}_{index}", image, mask)

    return method


def write_both(out: Path, name: str, image: Pixels, mask: Pixels) -> None:
    """Write a picture and its mask."""
    write(out / f"{name}.png", image)
    write(out / f"{name}_mask.png", mask.astype(np.uint8) * np.uint8(255))


def workers(photos: int, rounds: int) -> tuple[float, float]:
    """Return samples a second of one worker and of two, medians, wall time of the whole run."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "photos").mkdir()
        for photo in range(photos):
            path = folder / "photos" / f"{photo:04d}.png"
            write(path, make_photo(WORKERS_SIZE, 3, photo % 16))
        rates: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(rounds):
            for jobs in (1, 2) if turn % 2 else (2, 1):
                options = RunOptions(per_image=PER_PHOTO, jobs=jobs, test_share=0, link="hardlink")
                out = folder / f"out_{turn}_{jobs}"
                start = time.perf_counter()
                run(make_plan(folder / "photos", out, load_recipe("generic"), options))
                rates[jobs].append(photos * PER_PHOTO / (time.perf_counter() - start))
                shutil.rmtree(out)
        return statistics.median(rates[1]), statistics.median(rates[2])
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
