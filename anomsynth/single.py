"""One sample from Python: whatever holds a picture or names a recipe comes in."""

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anomsynth.core.depth import FULL_BITS
from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.sample import Sample
from anomsynth.core.types import Mask, SampleKey, Scale, Surface
from anomsynth.dataset.images import from_pillow, load_photo
from anomsynth.dataset.reading import depth_of_photo, read_array, spread
from anomsynth.dataset.tiff import Reading
from anomsynth.dataset.writer import camera_levels
from anomsynth.errors import InputError, RecipeError, UnknownComponentError
from anomsynth.recipe.load import load_recipe
from anomsynth.recipe.models import Recipe
from anomsynth.relief.mapped import MappedScan, ScannedPhoto
from anomsynth.relief.scan import Scan, check_same_size
from anomsynth.sqe.samples import with_rater
from anomsynth.surface import analyze as analysis
from anomsynth.synthesis import surfaces
from anomsynth.synthesis import synthesize as synthesis
from anomsynth.synthesis.scanned import surface_of_scan

ImageLike = str | os.PathLike[str] | NDArray[np.generic] | Image.Image | Photo


def synthesize(
    image: ImageLike | Scan | Surface,
    recipe: Recipe | str | os.PathLike[str],
    *,
    seed: int | None = None,
    key: SampleKey | None = None,
    bits: int | None = None,
) -> Sample:
    """Damage one photo of a good part and say exactly where.

    A pure function: the same arguments give the same arrays, whatever else runs or ran.

    Parameters
    ----------
    image : path, array, PIL image, Photo, Scan, or Surface
        Arrays are (H, W) or (H, W, C) uint8 or uint16, or float32 or float64 in [0, 1], with
        C = 1, 2 (grey + alpha), 3 or 4 (RGBA). Files are PNG, JPEG, TIFF, BMP or WebP and turned
        upright. A `Surface` from `analyze` saves analysing the same photo again for every sample;
        the samples are the same, bit for bit. What was given to `analyze` (scale, encoding, where
        the part is) counts more than the recipe. Of a `Scan`, which `read_scan` reads, the defects
        are as deep as drawn, and the image is shaded; `analyze` takes its own picture, too.
    recipe : Recipe, name of a preset, or path of a recipe
    seed : int, optional
        Run seed, >= 0; the recipe's own by default.
    key : SampleKey, optional
        Names the sample; another key is another sample.
    bits : int from 8 to 16, optional
        How many bits the camera uses of a 16-bit image; found in it by its brightest pixel if not
        given. The result keeps to the camera's levels.

    Returns
    -------
    Sample
        `image` has dtype, size and channels of the input (of a float image, too); pixels outside
        the strict mask equal the input's bit for bit. Defects of a float image are made in steps
        of 1/65535. Its `quality` is rated when asked for. Of a scan, `scan` is the one with the
        defects, for `write_scan`.

    Raises
    ------
    InputError
        If the photo cannot be read, or is not an image of a supported type, shape and range.
    RecipeError, UnknownComponentError
        If there is no such recipe, it is not valid, or the seed is negative.
    SynthesisError
        If no defect could be placed, or none was visible, within the recipe's attempts.

    Examples
    --------
    >>> import anomsynth as asy
    >>> photo = asy.demo_photos()["brick"][0]
    >>> sample = asy.synthesize(photo, "concrete", seed=1)
    >>> sample.image.dtype, sample.mask.shape, bool(sample.strict.any())
    (dtype('uint8'), (256, 256), True)

    Many samples of one photo:

    >>> surface = asy.analyze(photo)
    >>> keys = [asy.SampleKey("wall", "0.png", index) for index in range(3)]
    >>> samples = [asy.synthesize(surface, "concrete", key=key) for key in keys]

    A depth map with a pit of the size drawn:

    >>> import cv2, numpy as np
    >>> cv2.imwrite("plate.png", np.full((120, 160), 20000, np.uint16))
    True
    >>> plate = asy.read_scan("plate.png", unit=0.001, mm_per_px=0.1)
    >>> pitted = asy.synthesize(plate, asy.load_recipe("metal", seed=2))
    >>> asy.write_scan("pitted.png", pitted.scan)
    """
    chosen = to_recipe(recipe)
    if isinstance(image, Surface):
        surface = surfaces.as_recipe_wants(image, chosen)
    elif isinstance(image, Scan):
        surface = _scanned(None, image, chosen)
    else:
        surface = surfaces.surface_of(to_photo(image, bits), chosen)
    sample = synthesis.synthesize(surface, chosen, seed=seed, key=key)
    return with_rater(replace(sample, image=camera_levels(sample.image, surface)), surface)


def analyze(  # noqa: PLR0913 - each is measured of a photo, or said instead
    image: ImageLike | Scan,
    *,
    scan: Scan | None = None,
    scale: Scale | None = None,
    encoding: str | None = None,
    roi: Mask | None = None,
    avoid: Mask | None = None,
    bits: int | None = None,
) -> Surface:
    """Measure what a photo of a flawless surface tells us, once for all its samples.

    Parameters
    ----------
    image : path, array, PIL image, Photo or Scan
        As for `synthesize`; it is not changed.
    scan : Scan, optional
        Organised, of the same rows and columns as the picture. It tells the scale and the part.
    scale : Scale, optional
        How large a pixel is; not of a scan, which knows it.
    encoding : {"srgb", "linear"}, optional
        How the pixels encode light.
    roi : (H, W) bool, optional
        Where the part is; replaces the automatic foreground. Transparent pixels stay out of it.
    avoid : (H, W) bool, optional
        Where no defect may go.
    bits : int from 8 to 16, optional
        As for `synthesize`. The surface's pixels are spread over all 16.

    Returns
    -------
    Surface
        For `synthesize`. Scale, encoding and part are the recipe's there unless they are given
        here. A surface that is changed by `dataclasses.replace` is used as it is; begin with
        `surface_of` then.

    Raises
    ------
    InputError
        If the photo cannot be read, or is not an image of a supported type, shape and range; if
        the encoding is unknown, a mask of another size, or `roi` marks nothing; if a scan has
        another size than its picture, or a scale is given with it.

    Examples
    --------
    >>> import anomsynth as asy
    >>> plate = asy.analyze(asy.demo_photos()["metal"][0])
    >>> plate.shape, bool(plate.foreground[128, 128]), bool(plate.foreground[0, 0])
    ((256, 256), True, False)
    """
    if isinstance(image, Scan) or scan is not None:
        if scale is not None:
            raise InputError("a scan knows its scale", hint="leave the scale out")
        photo = None if isinstance(image, Scan) else to_photo(image, bits)
        points = image if isinstance(image, Scan) else scan
        surface = _scanned(photo, cast("Scan", points), None, roi=roi, avoid=avoid)
        return surface if encoding is None else replace(surface, encoding=encoding)
    photo = to_photo(image, bits)
    return analysis.analyze(photo, scale=scale, encoding=encoding, roi=roi, avoid=avoid)


def surface_of(  # noqa: PLR0913 - each is measured of a photo, or said instead
    image: ImageLike,
    recipe: Recipe | str | os.PathLike[str],
    components: NDArray[np.uint8] | None = None,
    *,
    roi: Mask | None = None,
    avoid: Mask | None = None,
    bits: int | None = None,
) -> Surface:
    """Analyse a photo as a recipe wants it, with the components that are marked on it.

    Parameters
    ----------
    image : path, array, PIL image or Photo
        As for `synthesize`.
    recipe : Recipe, name of a preset, or path of a recipe
        Decides scale and encoding, and what the part is unless `roi` does.
    components : (H, W) uint8, optional
        Number of the component each pixel belongs to, 0 for none.
    roi, avoid : (H, W) bool, optional
        Where the part is, and where no defect may go.
    bits : int from 8 to 16, optional
        As for `synthesize`.

    Raises
    ------
    InputError, RecipeError, UnknownComponentError
        As `analyze` and `synthesize`.

    Examples
    --------
    A chip on a board, which may then be missing or turned:

    >>> import numpy as np
    >>> import anomsynth as asy
    >>> board = asy.demo_photos()["metal"][0]
    >>> marks = np.zeros(board.shape[:2], np.uint8)
    >>> marks[100:130, 90:140] = 1
    >>> surface = asy.surface_of(board, "pcb", marks)
    >>> bool(surface.foreground.all())
    True
    """
    photo = to_photo(image, bits)
    return surfaces.surface_of(photo, to_recipe(recipe), components, roi=roi, avoid=avoid)


def _scanned(
    photo: Photo | None,
    scan: Scan,
    recipe: Recipe | None,
    *,
    roi: Mask | None = None,
    avoid: Mask | None = None,
) -> Surface:
    """Analyse a scan with its picture, or with one that is shaded from it."""
    mapped = MappedScan.of(scan)
    if photo is None:
        return surface_of_scan(ScannedPhoto.of(mapped), recipe, roi=roi, avoid=avoid)
    if not scan.organised:
        raise InputError("a plain cloud has no pixels", hint="give it without a picture")
    check_same_size(scan, photo.pixels, ("scan", "the picture"))
    return surface_of_scan(ScannedPhoto(photo, mapped), recipe, roi=roi, avoid=avoid)


def to_photo(image: ImageLike, bits: int | None = None, reading: Reading | None = None) -> Photo:
    """Return what a path, an array or a PIL image holds, spread over all 16 bits where it has 16.

    Parameters
    ----------
    image : path, array, PIL image or Photo
    bits : int from 8 to 16, optional
        How many of 16 the camera uses; found if not given.
    reading : Reading, optional
        What the user says of a path's file, or of an array's numbers and bands.

    Raises
    ------
    InputError
        If it is no photo, or brighter than `bits` can tell.
    """
    if bits is not None and bits not in range(8, FULL_BITS + 1):
        raise InputError(f"bits: expected a whole number from 8 to {FULL_BITS}, got {bits!r}")
    if isinstance(image, str | os.PathLike):
        loaded = load_photo(Path(image), reading)
        depth = depth_of_photo(loaded.photo, bits, loaded.stated)
        return spread(loaded.photo, depth, Path(image))
    if isinstance(image, Photo):
        photo = image
    elif reading is not None and isinstance(image, np.ndarray):
        photo = read_array(image, reading)
    else:
        photo = from_pillow(image) if isinstance(image, Image.Image) else as_photo(image)
    return spread(photo, depth_of_photo(photo, bits), Path("image"))


def to_recipe(recipe: Recipe | str | os.PathLike[str]) -> Recipe:
    """Return a recipe, loaded where it is named; RecipeError if it is neither.

    Raises
    ------
    RecipeError, UnknownComponentError
        As `load_recipe`, and if `recipe` is something else.
    """
    if isinstance(recipe, Recipe):
        return recipe
    if recipe == "auto":
        hint = "name a preset; only `generate` and `preview` choose one"
        raise UnknownComponentError("no preset 'auto' for a single photo", hint=hint)
    if isinstance(recipe, str):
        return load_recipe(recipe)
    if isinstance(recipe, os.PathLike):
        return load_recipe(Path(recipe))
    msg = f"recipe: expected a Recipe, a preset's name or a path, got a {type(recipe).__name__}"
    raise RecipeError(msg, hint="load_recipe makes one, with changes if you like")
