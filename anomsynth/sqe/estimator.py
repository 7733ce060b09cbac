"""The Synthesis Quality Estimator: one number for a labelled defect, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Quality
from anomsynth.core.types import Mask, Pixels
from anomsynth.errors import InputError
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.calibration import Calibration, default_calibration, key_of
from anomsynth.sqe.region import Picture, Region, Sensed
from anomsynth.sqe.regions import find_regions
from anomsynth.sqe.surroundings import PixelsKey, look_again, look_around, without_defect
from anomsynth.sqe.term import Term
from anomsynth.sqe.terms.residual import largest_residual

FLOOR = 0.01  # least value of a term, so that one cannot hide all others
WEAK = 0.5  # terms below are named as reasons
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Estimator:
    """Scores labelled images with calibrated, hand-made terms.

    Parameters
    ----------
    calibration : Calibration
    terms : tuple of Term
        What is asked: all built-in terms and those of plugins.

    Notes
    -----
    Every connected defect is measured in its own window; a term of an image is the geometric mean
    over its defects, weighted by the square root of their area. ``fidelity`` and ``utility`` are
    geometric means of their terms with the documented weights, half of all weight given to the
    worst term (see `join`); the weights of absent terms are shared out among the others.
    ``score = sqrt(fidelity * utility)``, so that neither makes up for the other.
    """

    calibration: Calibration
    terms: tuple[Term, ...] = field(default_factory=all_terms)

    @classmethod
    def default(cls) -> Self:
        """Return the estimator with the shipped calibration."""
        return cls(default_calibration())

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Return the estimator with a calibration of one's own; InputError if it is none."""
        return cls(Calibration.load(path))

    def score(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Score one labelled image.

        Parameters
        ----------
        image : (H, W) or (H, W, C) uint8 or uint16, C in {1, 2, 3, 4}
        mask : (H, W) bool
        original : array of the shape and type of `image`, optional
            The good photo. With it the change is known rather than guessed.
        residuals : by name, optional
            Physics residuals of a manifest.

        Raises
        ------
        InputError
            If an array is of an unsupported type or shape, or they differ in size.
        """
        return self.rate(make_picture(image, mask, original=original, residuals=residuals))

    def score_scanned(
        self,
        image: NDArray[np.generic],
        mask: Mask,
        sensed: Sensed,
        *,
        original: NDArray[np.generic] | None = None,
        residuals: Mapping[str, float] | None = None,
    ) -> Quality:
        """Score one labelled picture of a scan, of which `sensed` is known; see `score`."""
        picture = make_picture(image, mask, original=original, residuals=residuals)
        return self.rate(replace(picture, sensed=sensed))

    def rate(self, picture: Picture) -> Quality:
        """Score a picture that was measured before; see `score`."""
        if not picture.mask.any():
            return Quality(0.0, 0.0, 0.0, reasons=("its mask is empty",))
        regions = find_regions(picture)
        alone = picture.sensed is not None and picture.sensed.alone
        terms = tuple(term for term in self.terms if not (alone and term.of_look))
        measured = [measure(region, terms) for region in regions]
        raw = _mean_raw(measured, regions)
        paired = alone or picture.original is not None
        if paired and raw.get("visibility", 0.0) <= 0:
            return Quality(0.0, 0.0, 0.0, raw=raw, reasons=("nothing visible changed in its mask",))
        if not paired and all(map(self.calibration.shows_nothing, measured)):
            why = "nothing inside its mask differs from the surface around"
            return Quality(0.0, 0.0, 0.0, raw=raw, reasons=(why,))
        return self._join(measured, regions, raw, paired=paired, unasked=1.0 if alone else 0.0)

    def _join(
        self,
        measured: list[dict[str, float]],
        regions: tuple[Region, ...],
        raw: dict[str, float],
        *,
        paired: bool,
        unasked: float,
    ) -> Quality:
        """Return the quality; a role of which nothing was asked is as good as `unasked`."""
        terms: dict[str, float] = {}
        for term in self.terms:
            key = key_of(term, paired=paired)
            curve = self.calibration.curve(term, paired=paired)
            rated = [
                (max(curve(values[key]), FLOOR), region.weight)
                for values, region in zip(measured, regions, strict=True)
                if key in values
            ]
            if rated:
                terms[term.name] = _geometric_mean(rated)
        fidelity, utility = (
            join(
                [
                    (terms[term.name], term.weight)
                    for term in self.terms
                    if term.role == role and term.name in terms
                ],
                unasked,
            )
            for role in ("fidelity", "utility")
        )
        score = math.sqrt(fidelity * utility)
        return Quality(score, fidelity, utility, terms, raw, self._reasons(terms, raw, paired))

    def _reasons(
        self, terms: Mapping[str, float], raw: Mapping[str, float], paired: bool
    ) -> tuple[str, ...]:
        weak = sorted(
            (term for term in self.terms if terms.get(term.name, 1.0) < WEAK),
            key=lambda term: term.weight * math.log(terms[term.name]),
        )
        words = []
        for term in weak[:MOST_REASONS]:
            key = key_of(term, paired=paired)
            side = term.bad
            if side == "both":
                side = self.calibration.curve(term, paired=paired).side(raw[key])
            words.append(term.too_low if side == "low" else term.too_high)
        return tuple(words)


def make_picture(
    image: NDArray[np.generic],
    mask: Mask,
    *,
    original: NDArray[np.generic] | None = None,
    residuals: Mapping[str, float] | None = None,
) -> Picture:
    """Return a labelled image with what is measured on it as a whole.

    Raises
    ------
    InputError
        If an array is of an unsupported type or shape, or they differ in size.
    """
    photo = as_photo(image)
    shape = photo.pixels.shape[:2]
    if mask.shape != shape:
        msg = f"mask of shape {mask.shape} for an image of {shape[0]} x {shape[1]} pixels"
        raise InputError(msg, hint="masks need the size of their image")
    before: Pixels | None = None
    if original is not None:
        before = as_photo(original).pixels
        if before.shape != photo.pixels.shape or before.dtype != photo.pixels.dtype:
            msg = f"original of {before.dtype} {before.shape}, image of {photo.pixels.dtype}"
            msg += f" {photo.pixels.shape}"
            raise InputError(msg, hint="the good photo needs size and type of the image")
    marked = np.ascontiguousarray(mask, dtype=np.bool_)
    if before is None:
        part, camera = look_around(without_defect(photo.pixels, marked), photo.alpha)
    else:
        part, camera = look_again(
            PixelsKey(before), None if photo.alpha is None else PixelsKey(photo.alpha)
        )
    return Picture(photo.pixels, marked, part, camera, before, largest_residual(residuals))


def join(rated: list[tuple[float, float]], unasked: float = 0.0) -> float:
    """Return the geometric mean of the weighted geometric mean and of the worst term.

    The worst is the lowest ``value ** (weight / largest weight)``: one fatal flaw sinks the sample,
    whatever the number of terms that see nothing wrong. Of no terms it is `unasked`.
    """
    if not rated:
        return unasked
    most = max(weight for _, weight in rated)
    worst = min(value ** (weight / most) for value, weight in rated)
    return math.sqrt(_geometric_mean(rated) * worst)


def measure(region: Region, terms: Sequence[Term]) -> dict[str, float]:
    """Return the raw values of a region by key; terms that cannot be measured are absent."""
    alone = region.sensed is not None and region.sensed.alone
    paired = alone or region.original is not None
    found = {key_of(term, paired=paired): term.measure(region) for term in terms}
    return {key: value for key, value in found.items() if value is not None}


def _mean_raw(measured: list[dict[str, float]], regions: tuple[Region, ...]) -> dict[str, float]:
    """Return the weighted means of the raw values over the regions that have them."""
    means = {}
    for key in dict.fromkeys(key for values in measured for key in values):
        found = [
            (values[key], region.weight)
            for values, region in zip(measured, regions, strict=True)
            if key in values
        ]
        total = sum(weight for _, weight in found)
        means[key] = sum(value * weight for value, weight in found) / total
    return means


def _geometric_mean(weighted: list[tuple[float, float]]) -> float:
    total = sum(weight for _, weight in weighted)
    if total <= 0:
        return 0.0
    return math.exp(sum(weight * math.log(max(v, 1e-12)) for v, weight in weighted) / total)
