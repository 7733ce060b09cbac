"""Defects as an augmentation: a callable for training loops, and a step of albumentations."""

import importlib
import os
import sys
from typing import Self

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.rng import checked_seed, stream
from anomsynth.core.sample import Sample
from anomsynth.core.types import Mask, SampleKey
from anomsynth.errors import InputError, RecipeError, SynthesisError
from anomsynth.recipe.models import Recipe
from anomsynth.single import synthesize, to_photo, to_recipe

TRIES = 3  # samples begun for one image before it is left as it is

Array = NDArray[np.generic]


class Augment:
    """Put defects on an image with probability `p`, other ones at each call.

    Called with ``image=`` and, if there is one, ``mask=``, it returns a dict like the callables of
    albumentations, and is one of their transforms where albumentations was imported before:
    ``albumentations.Compose([anomsynth.Augment("metal"), ...])``. There the seed of `Compose`
    decides; `seed` is for calls of its own.

    Parameters
    ----------
    recipe : Recipe, name of a preset, or path of a recipe
    p : float in [0, 1]
        Probability that an image gets defects.
    seed : int
        >= 0. The same seed gives the same results in the same order of calls; in a worker of a
        torch DataLoader, whose seed differs by worker and epoch, that seed counts as well.
    mask_value : int
        What defects are in a mask that is not bool, e.g. 255.
    bits : int from 8 to 16, optional
        How many bits the camera uses of 16-bit images; by default found in each.

    Raises
    ------
    RecipeError, UnknownComponentError
        If there is no such recipe, it is not valid, or `p`, `seed` or `mask_value` is out of range.

    Examples
    --------
    >>> import anomsynth as asy
    >>> augment = asy.Augment("metal", p=1, seed=4)
    >>> result = augment(image=asy.demo_photos()["metal"][0])
    >>> result["image"].shape, result["mask"].dtype, bool(result["mask"].any())
    ((256, 256, 3), dtype('uint8'), True)
    >>> result["sample"].kinds == tuple(sorted({item.kind for item in result["sample"].instances}))
    True
    """

    def __new__(cls, *args: object, **options: object) -> Self:
        """Make a transform of albumentations where that is imported; unpickling stays as it was."""
        if cls is Augment and (args or options) and "albumentations" in sys.modules:
            composed = importlib.import_module("anomsynth._albumentations").ComposedAugment
            return object.__new__(composed)
        return object.__new__(cls)

    def __init__(
        self,
        recipe: Recipe | str | os.PathLike[str],
        p: float = 0.5,
        *,
        seed: int = 0,
        mask_value: int = 1,
        bits: int | None = None,
    ) -> None:
        if not 0 <= p <= 1:
            raise RecipeError(f"p: must be a probability, in 0..1, got {p!r}")
        if not 0 < mask_value <= 255:
            hint = "it marks defects, 0 is what is good"
            raise RecipeError(f"mask_value: must be in 1..255, got {mask_value}", hint=hint)
        self.recipe = to_recipe(recipe)
        self.p = p
        self.seed: int | None = checked_seed(seed)
        self.mask_value = mask_value
        self.bits = bits
        self._seed = self.seed
        self._calls = 0

    def __repr__(self) -> str:
        """Return one line."""
        return f"Augment({self.recipe!r}, p={self.p:g}, seed={self._seed})"

    def __call__(
        self, *, image: Array, mask: Array | None = None, **others: object
    ) -> dict[str, object]:
        """Return image and mask with defects, or as they are.

        Parameters
        ----------
        image : (H, W) or (H, W, C) uint8, uint16, or floats in [0, 1]
            As for `synthesize`.
        mask : (H, W) or (H, W, 1) bool or numbers, optional
            What is marked already.
        **others : object
            Returned as they are.

        Returns
        -------
        dict
            ``image``; ``mask``, the one given with the defects added, or (H, W) uint8;
            ``sample``, the `Sample`, or None where the image is as it was; ``reason``, why no
            defect could be made where one was wanted, else empty.

        Raises
        ------
        InputError
            If `image` is no image, or `mask` does not fit it.
        """
        photo = to_photo(as_photo(image), self.bits)
        check_mask(mask, photo)
        turn = (self._calls, worker_seed())
        self._calls += 1
        sample, reason = None, ""
        if stream(self._seed, "augment", *turn).random() < self.p:
            sample, reason = self.damage(photo, f"{turn[0]}, {turn[1]}")
        return {
            **others,
            "image": image if sample is None else sample.image,
            "mask": self.marked(mask, photo, sample),
            "sample": sample,
            "reason": reason,
        }

    def damage(self, photo: Photo, turn: str) -> tuple[Sample | None, str]:
        """Return a sample, or None and why there is none."""
        reason = ""
        for index in range(TRIES):
            try:
                key = SampleKey("augment", turn, index)
                return synthesize(photo, self.recipe, seed=self._seed, key=key), ""
            except SynthesisError as error:
                reason = str(error)
        return None, reason

    def marked(self, mask: Array | None, photo: Photo, sample: Sample | None) -> Array:
        """Return the mask with the defects of the sample in it, of the same type."""
        found: Mask = np.zeros(photo.pixels.shape[:2], bool) if sample is None else sample.mask
        if mask is None:
            return found * np.uint8(self.mask_value)
        return mask if sample is None else self.united(mask, found)

    def united(self, mask: Array, found: Mask) -> Array:
        """Return a copy of the mask in which the found pixels are marked, too."""
        both = np.array(mask)
        both[found] = True if both.dtype == np.bool_ else self.mask_value
        return both


def worker_seed() -> int:
    """Return the seed of the torch DataLoader worker this is called in, 0 elsewhere.

    Each worker begins with a copy of the augmentation, and again at each epoch: without it they
    would all make the same defects.
    """
    loader = sys.modules.get("torch.utils.data")  # in a worker it is imported
    worker = None if loader is None else loader.get_worker_info()
    return 0 if worker is None else int(worker.seed)


def check_mask(mask: Array | None, photo: Photo) -> None:
    """Raise InputError unless the mask is an array of the photo's size."""
    if mask is None:
        return
    size = photo.pixels.shape[:2]
    if not isinstance(mask, np.ndarray) or mask.dtype.kind not in "buif":
        what = f"of type {mask.dtype}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise InputError(f"mask: expected an array of bool or numbers, got {what}")
    if mask.shape not in (size, (*size, 1)):
        msg = f"mask of shape {mask.shape} for an image of {size[0]} x {size[1]} pixels"
        raise InputError(msg, hint="give (H, W) or (H, W, 1)")
