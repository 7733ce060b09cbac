"""What a run will cost, from doing a little of it: a few samples of the user's own photos."""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from anomsynth.dataset.images import image_size
from anomsynth.pipeline.plan import UNIT_SAMPLES, Plan, Unit
from anomsynth.pipeline.trial import Trial, Trials, try_out
from anomsynth.pipeline.worker import Job

HEADERS = 16  # of each category are read, to know how sizes vary
VISITS = 32  # photos of each category that may be tried, if time allows
FEW_SAMPLES = ((2_000_000, 4), (20_000_000, 2))  # tried of a photo, up to so many pixels; else 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost of a run.

    Attributes
    ----------
    photos, samples : int
    workers : int
    size_bytes : int
        Space on a disk of 4 KiB blocks, everything included.
    cpu_seconds : float
        Of all workers together.
    seconds : float
        Until the end, if each worker has a core of its own.
    memory_bytes : int or None
        Most that all processes hold at a time; None where the system does not tell.
    basis : str
        What the numbers rest on, in words.
    """

    photos: int
    samples: int
    workers: int
    size_bytes: int
    cpu_seconds: float
    seconds: float
    memory_bytes: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class _Rates:
    """Means over trials."""

    pixels: float
    photo_seconds: float
    sample_seconds: float
    photo_bytes: float
    sample_bytes: float

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> "_Rates":
        samples = sum(trial.samples for trial in trials) or 1
        return cls(
            pixels=statistics.mean(trial.pixels for trial in trials),
            photo_seconds=statistics.mean(trial.photo_seconds for trial in trials),
            sample_seconds=sum(trial.samples_seconds for trial in trials) / samples,
            photo_bytes=statistics.mean(trial.photo_bytes for trial in trials),
            sample_bytes=sum(trial.samples_bytes for trial in trials) / samples,
        )


def estimate(plan: Plan, workers: int) -> Estimate:
    """Return what a plan will cost, within 30 % or so.

    A few samples are made in a folder for temporary files, spread over the categories, until
    `trial.ENOUGH_SAMPLES` or some seconds are reached. The output folder is left alone.

    Parameters
    ----------
    plan : Plan
    workers : int
        With one the trials are made in this process, else in a process like those of the run.
    """
    sizes = {category: _sizes(units) for category, units in _by_category(plan.units)}
    trials = try_out(
        [_trial_job(plan, unit) for unit in _visits(plan, sizes)], workers, plan.options.png
    )
    usable = [trial for trial in trials.trials if trial.usable]
    photos, samples = len(plan.units), plan.samples
    if not usable:
        basis = f"none of the {len(trials.trials)} photos that were tried can be used"
        return Estimate(photos, samples, workers, 0, 0.0, 0.0, None, basis)
    overall = _Rates.of(usable)
    work, size = 0.0, 0.0
    for category, units in _by_category(plan.units):
        own = [trial for trial in usable if trial.category == category]
        rates = _Rates.of(own) if own else overall
        scale = statistics.mean(sizes[category]) / rates.pixels
        reads = sum(len(unit.pieces()) for unit in units)
        made = sum(unit.samples for unit in units)
        work += scale * (reads * rates.photo_seconds + made * rates.sample_seconds)
        size += scale * (len(units) * rates.photo_bytes + made * rates.sample_bytes)
    return Estimate(
        photos=photos,
        samples=samples,
        workers=workers,
        size_bytes=int(size),
        cpu_seconds=round(work + workers * trials.startup_seconds, 1),
        seconds=round(work / workers + trials.startup_seconds, 1),
        memory_bytes=_memory(trials, workers),
        basis=_basis(trials, usable),
    )


def _memory(trials: Trials, workers: int) -> int | None:
    if trials.peak_bytes is None:
        return None
    return trials.peak_bytes if workers == 1 else workers * trials.peak_bytes + trials.parent_bytes


def _basis(trials: Trials, usable: Sequence[Trial]) -> str:
    rates = _Rates.of(usable)
    unusable = len(trials.trials) - len(usable)
    return (
        f"{sum(trial.samples for trial in usable)} samples of {len(usable)} photos made for a"
        f" trial: {rates.pixels / 1e6:.2g} megapixels, {1000 * rates.photo_seconds:.0f} ms and"
        f" {rates.photo_bytes / 1e3:.0f} kB a photo, {1000 * rates.sample_seconds:.0f} ms and"
        f" {rates.sample_bytes / 1e3:.0f} kB a sample"
        + (f"; {unusable} photos cannot be used" if unusable else "")
    )


def _by_category(units: Iterable[Unit]) -> list[tuple[str, list[Unit]]]:
    grouped = defaultdict(list)
    for unit in units:
        grouped[unit.category].append(unit)
    return list(grouped.items())


def _sizes(units: Sequence[Unit]) -> list[int]:
    """Return the pixels of some photos, as their headers say."""
    sizes = [image_size(unit.path) for unit in _spread(units, HEADERS)]
    return [size[0] * size[1] for size in sizes if size is not None] or [1024 * 1024]


def _visits(plan: Plan, sizes: dict[str, list[int]]) -> list[Unit]:
    """Return the photos to be tried: one of each category, then a second one, and so on.

    The category of the largest photos comes first: memory is measured whatever time allows.
    """
    groups = sorted(_by_category(plan.units), key=lambda group: -max(sizes[group[0]]))
    spread = [_spread(units, VISITS) for _, units in groups]
    turns = itertools.zip_longest(*spread)
    return [unit for turn in turns for unit in turn if unit is not None]


def _spread(units: Sequence[Unit], most: int) -> list[Unit]:
    count = min(most, len(units))
    return [units[index * len(units) // count] for index in range(count)]


def _trial_job(plan: Plan, unit: Unit) -> Job:
    header = image_size(unit.path)
    pixels = header[0] * header[1] if header is not None else 0
    few = next((count for most, count in FEW_SAMPLES if pixels <= most), 1)
    return Job.of(plan, replace(unit, samples=min(unit.samples, few, UNIT_SAMPLES)))
