"""The quality of a sample that was just made: nothing about its photo has to be measured again."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.depth import Depth
from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Quality, Sample
from anomsynth.core.types import Camera, Mask, Pixels, Surface
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.estimator import Estimator
from anomsynth.sqe.region import Picture, Sensed
from anomsynth.sqe.terms.residual import largest_residual


def sensed_by(reliefs: Iterable[Mapping[str, float]], *, alone: bool) -> Sensed | None:
    """Return what a depth sensor sees of defects by what was measured of each; None of photos.

    Parameters
    ----------
    reliefs : of mappings
        With ``over_noise`` and ``open_px``, see `synthesis.scanned.Relief.measured`.
    alone : bool
        Whether depth is all there is.
    """
    found = [
        math.inf if one.get("open_px", 0) > 0 else one["over_noise"]
        for one in reliefs
        if "over_noise" in one
    ]
    return Sensed(max(found), alone) if found else None


def score_names() -> list[str]:
    """Return what is written of a score: columns of scores.csv, as `score_cells` fills them."""
    return ["score", "fidelity", "utility", *(term.name for term in all_terms())]


def rate_sample(sample: Sample, surface: Surface) -> Quality:
    """Score a sample with the shipped calibration.

    Parameters
    ----------
    sample : Sample
    surface : Surface
        Of the photo that the sample was made of.
    """
    pixels = _planes(sample, surface.channels)
    return _rate(sample, pixels, surface.pixels, (surface.foreground, surface.camera))


def with_rater(sample: Sample, surface: Surface) -> Sample:
    """Return the sample with the means to rate itself: `Sample.quality`.

    Of the surface it holds the camera, the part (an array that all samples of the photo share)
    and what the changed pixels were; the photo and the rest of its analysis may go.

    Parameters
    ----------
    sample : Sample
        In the levels of its camera, see `Surface.depth`.
    surface : Surface
    """
    flat = surface.pixels.reshape(-1, surface.channels)
    before = flat.take(np.flatnonzero(sample.strict), axis=0)
    rater = _Rater(before, surface.foreground, surface.camera, surface.depth)
    return replace(sample, rater=rater)


@dataclass(frozen=True, slots=True, eq=False)
class _Rater:
    """What rating a sample needs of its photo.

    Attributes
    ----------
    before : (n, C) uint8 or uint16
        The photo's pixels in the strict mask, C in {1, 3}; elsewhere they are the sample's.
    part : (H, W) bool
    camera : Camera
    depth : Depth or None
        Of the sample's image; `before` is spread over all 16 bits.
    """

    before: NDArray[np.generic]
    part: Mask
    camera: Camera
    depth: Depth | None = None

    def __call__(self, sample: Sample) -> Quality:
        """Rate the sample as `rate_sample` does with the whole surface."""
        pixels = _planes(sample, self.before.shape[1])
        if self.depth is not None:
            pixels = self.depth.widen(pixels)
        original = pixels.copy()
        original[sample.strict] = self.before
        return _rate(sample, pixels, original, (self.part, self.camera))


def _planes(sample: Sample, channels: int) -> Pixels:
    """Return the sample's colour planes as its surface has them, (H, W, channels)."""
    pixels = as_photo(sample.image).pixels[..., :channels]
    return cast("Pixels", np.ascontiguousarray(pixels))


def _rate(sample: Sample, pixels: Pixels, original: Pixels, known: tuple[Mask, Camera]) -> Quality:
    residuals = [largest_residual(item.residuals) for item in sample.instances]
    picture = Picture(
        pixels=pixels,
        mask=sample.mask,
        part=known[0],
        camera=known[1],
        original=original,
        residual=max((value for value in residuals if value is not None), default=None),
        confined=True,
        sensed=sensed_by((item.measured for item in sample.instances), alone=sample.depth_alone),
    )
    return _estimator().rate(picture)


def written_scores(quality: Quality) -> dict[str, float]:
    """Return score, fidelity, utility and terms by name; what could not be measured is absent."""
    return {
        "score": quality.score,
        "fidelity": quality.fidelity,
        "utility": quality.utility,
        **quality.terms,
    }


def score_cells(scores: Mapping[str, object]) -> list[str]:
    """Return the cells of `score_names` in a row of scores.csv, empty where a term is absent."""
    return [f"{float(str(scores[name])):.6g}" if name in scores else "" for name in score_names()]


@cache
def _estimator() -> Estimator:
    return Estimator.default()
