"""Calibrate the quality terms on good photos: good renders, negative controls, masks on nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.rng import stream
from anomsynth.core.types import Mask, SampleKey
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.images import read_photo
from anomsynth.demo.photos import demo_photos
from anomsynth.errors import InputError, SynthesisError
from anomsynth.pipeline.backends import count_workers, in_processes
from anomsynth.pipeline.worker import in_child
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.sqe.all_terms import all_terms
from anomsynth.sqe.calibration import Calibration, fit_calibration
from anomsynth.sqe.controls import FAMILIES, STRENGTHS, ControlBase
from anomsynth.sqe.estimator import make_picture, measure
from anomsynth.sqe.region import Picture
from anomsynth.sqe.regions import find_regions
from anomsynth.surface.analyze import analyze
from anomsynth.synthesis.synthesize import synthesize

EMBEDDED = "the embedded surfaces"
PRESETS = {"metal": "metal", "brick": "concrete"}  # of embedded surfaces; the others are generic
FOREIGN = {"brick": "grass", "grass": "gravel", "gravel": "brick"}  # else brick
PER_PHOTO = 3
MOST_PHOTOS = 40
LOOSEST = 2  # pixels that the outlines of careful people lie outside the defect

Raw = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationPhoto:
    """A good photo to calibrate on.

    Attributes
    ----------
    name : str
        Keys the random streams.
    photo : Photo
    recipe : Recipe
        What to make of it.
    foreign : (H, W[, 3]) uint8
        Another material.
    """

    name: str
    photo: Photo
    recipe: Recipe
    foreign: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Measured:
    """Raw values of the regions of good samples, of controls by family, of masks on nothing."""

    good: list[Raw] = field(default_factory=list)
    spoilt: dict[str, list[Raw]] = field(default_factory=dict)
    nothing: list[Raw] = field(default_factory=list)

    def add(self, other: "Measured") -> None:
        """Take in what another photo gave."""
        self.good.extend(other.good)
        self.nothing.extend(other.nothing)
        for family, found in other.spoilt.items():
            self.spoilt.setdefault(family, []).extend(found)


def embedded_materials() -> tuple[CalibrationPhoto, ...]:
    """Return the photos that the shipped calibration is fitted to."""
    photos = demo_photos()
    return tuple(
        CalibrationPhoto(
            f"{name}/{index}",
            as_photo(photo),
            load_recipe(PRESETS.get(name, "generic")),
            photos[FOREIGN.get(name, "brick")][0],
        )
        for name, several in photos.items()
        for index, photo in enumerate(several)
    )


def own_materials(
    photos: Sequence[tuple[str, Photo]], recipe: Recipe
) -> tuple[CalibrationPhoto, ...]:
    """Return good photos of one's own, at most `MOST_PHOTOS`, evenly chosen."""
    count = min(len(photos), MOST_PHOTOS)
    chosen = [photos[int(at)] for at in np.linspace(0, len(photos) - 1, count)]
    others = demo_photos()
    names = sorted(FOREIGN)
    return tuple(
        CalibrationPhoto(name, photo, recipe, others[names[index % len(names)]][0])
        for index, (name, photo) in enumerate(chosen)
    )


def read_normals(folder: Path, warn: Callable[[str], object]) -> list[tuple[str, Photo]]:
    """Read at most `MOST_PHOTOS` of the good photos in a folder, evenly chosen, each with its name.

    `warn` is called with a line for each unreadable one.

    Raises
    ------
    InputError
        If there is no readable photo.
    """
    source = find_source(folder)
    found = [
        (f"{category}/{image.key}", image.path)
        for category, images in source.categories.items()
        for image in images
    ]
    count = min(len(found), MOST_PHOTOS)
    photos = []
    for at in np.linspace(0, len(found) - 1, count).astype(int).tolist():
        name, path = found[at]
        try:
            photos.append((name, read_photo(path)))
        except InputError as error:
            warn(str(error))
    if not photos:
        raise InputError(f"{folder}: no photo can be read", hint="good photos are needed")
    return photos


def calibrate(materials: Sequence[CalibrationPhoto], source: str, *, jobs: int = 1) -> Calibration:
    """Fit a calibration: the same photos and recipes give the same file.

    Parameters
    ----------
    materials : good photos
    source : str
        What they are, in words; kept in the calibration.
    jobs : int
        Worker processes; -1 is one per core.

    Raises
    ------
    InputError
        If too few samples can be made of the photos.
    """
    total = Measured()
    for measured in _measure_all(materials, count_workers(jobs)):
        total.add(measured)
    if not total.good:
        raise InputError(f"{source}: no defect could be placed on any photo", hint="other photos")
    return fit_calibration(total.good, total.spoilt, total.nothing, source)


def _measure_all(materials: Sequence[CalibrationPhoto], workers: int) -> Iterable[Measured]:
    if workers == 1 or len(materials) == 1:
        return map(measure_material, materials)
    import joblib  # noqa: PLC0415 - slow to import, not needed for one process

    with in_processes():
        found: list[Measured] = joblib.Parallel(n_jobs=workers)(
            joblib.delayed(in_child)(measure_material, item) for item in materials
        )
    return found


def measure_material(material: CalibrationPhoto) -> Measured:
    """Make samples of one photo, spoil them, and measure all."""
    measured = Measured(spoilt={family: [] for family in FAMILIES})
    surface = analyze(
        material.photo, scale=material.recipe.scale, encoding=material.recipe.encoding
    )
    for index in range(PER_PHOTO):
        key = SampleKey("calibration", material.name, index)
        try:
            sample = synthesize(surface, material.recipe, seed=0, key=key)
        except SynthesisError:
            continue
        base = ControlBase(
            as_photo(sample.image).pixels, sample.mask, material.photo.pixels, material.foreign
        )
        residuals = {
            name: value for item in sample.instances for name, value in item.residuals.items()
        }
        alone = make_picture(base.image, sample.mask)
        paired = make_picture(base.image, sample.mask, original=base.original, residuals=residuals)
        measured.good.extend(_both(alone, paired))
        loose = loosened(sample.mask, 1 + index % LOOSEST)
        measured.good.extend(_both(replace(alone, mask=loose), replace(paired, mask=loose)))
        measured.nothing.extend(_raw(make_picture(base.original, sample.mask)))
        for family, spoil in FAMILIES.items():
            rng = stream(0, "calibration", material.name, index, family)
            for strength in STRENGTHS:
                spoilt, mask = spoil(base, strength, rng)
                pixels = as_photo(spoilt).pixels
                # Camera and part are the good sample's: a defect is too small to change them.
                found = _both(
                    replace(alone, pixels=pixels, mask=mask),
                    replace(paired, pixels=pixels, mask=mask),
                )
                measured.spoilt[family].extend(found)
    return measured


def loosened(mask: Mask, reach: int) -> Mask:
    """Return a mask as drawn outside of the defect by so many pixels."""
    side = 2 * reach + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.view(np.uint8), disc) > 0, dtype=np.bool_)


def _both(alone: Picture, paired: Picture) -> list[Raw]:
    """Return the values of each region, measured without and with the good photo."""
    return [{**first, **second} for first, second in zip(_raw(alone), _raw(paired), strict=True)]


def _raw(picture: Picture) -> list[Raw]:
    return [measure(region, all_terms()) for region in find_regions(picture)]
