"""What a run will cost, from the headers of a few photos."""

import statistics
from dataclasses import dataclass

from anomsynth.dataset.images import image_size
from anomsynth.pipeline.plan import Plan

HEADERS = 16  # photos looked at
# CPU seconds per megapixel and bytes per pixel and channel, measured on one 2020s server core with
# textured photos: analysis and decoding of a photo, making and writing a sample.
PHOTO_SECONDS = 0.12
SAMPLE_SECONDS = 0.25
SAMPLE_OVERHEAD = 0.005
PNG_BYTES = 0.5
MASK_BYTES = 0.02


@dataclass(frozen=True, slots=True)
class Estimate:
    """Cost of a run.

    Attributes
    ----------
    photos, samples : int
    size_bytes : int
        Disk space, without extras.
    cpu_seconds : float
        Of one core; divide by the number of workers.
    basis : str
        What the numbers rest on, in words.
    """

    photos: int
    samples: int
    size_bytes: int
    cpu_seconds: float
    basis: str


def estimate(plan: Plan) -> Estimate:
    """Return what a plan will cost, good to a factor of two or so."""
    step = max(len(plan.units) // HEADERS, 1)
    sizes = [image_size(unit.path) for unit in plan.units[::step][:HEADERS]]
    known = [size for size in sizes if size is not None] or [(1024, 1024, 3)]
    pixels = statistics.median(height * width for height, width, _ in known)
    channels = statistics.median(min(bands, 3) for _, _, bands in known)
    photos, samples = len(plan.units), plan.samples
    mpx = pixels / 1e6
    seconds = photos * PHOTO_SECONDS * mpx + samples * (SAMPLE_SECONDS * mpx + SAMPLE_OVERHEAD)
    size = pixels * ((photos + samples) * channels * PNG_BYTES + samples * MASK_BYTES)
    basis = (
        f"{mpx:.2g} megapixels (median of {len(known)} headers), "
        f"{PHOTO_SECONDS} s a megapixel and photo, {SAMPLE_SECONDS} s a megapixel and sample, "
        f"{PNG_BYTES} bytes a value; extras not counted"
    )
    return Estimate(photos, samples, int(size), round(seconds, 1), basis)
