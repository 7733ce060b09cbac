"""The augmentation as a transform of albumentations, for its `Compose`."""

import os
from typing import Any

import numpy as np
from albumentations import DualTransform

from anomsynth.augment import Array, Augment, check_mask
from anomsynth.core.photo import as_photo
from anomsynth.core.sample import Sample
from anomsynth.recipe.models import Recipe
from anomsynth.single import to_photo


class ComposedAugment(Augment, DualTransform):  # type: ignore[misc]  # albumentations is optional
    """See `Augment`; draws from the random state that `Compose` hands to its transforms.

    A mask that is not given is added, so that later steps of `Compose` move it with the image.
    Boxes and keypoints stay as they are.
    """

    def __init__(
        self,
        recipe: Recipe | str | os.PathLike[str],
        p: float = 0.5,
        *,
        seed: int = 0,
        mask_value: int = 1,
        bits: int | None = None,
    ) -> None:
        Augment.__init__(self, recipe, p, seed=seed, mask_value=mask_value, bits=bits)
        DualTransform.__init__(self, p=p)
        self.set_random_seed(seed)

    def __call__(self, *args: Any, force_apply: bool = False, **data: Any) -> dict[str, Any]:  # type: ignore[override]  # noqa: ANN401 - as albumentations declares it
        """Return the data with image and mask changed, and what happened to them."""
        photo = as_photo(data["image"])
        mask = data.pop("mask", None)
        check_mask(mask, photo)
        if mask is None:
            mask = self.marked(None, photo, None)
        result = DualTransform.__call__(self, *args, force_apply=force_apply, mask=mask, **data)
        happened = {name: self.params.get(name) for name in ("sample", "reason")}
        return {**result, **happened, "reason": happened["reason"] or ""}

    @property
    def targets(self) -> dict[str, Any]:
        """What the transform changes, by name."""
        return {"image": self.apply, "mask": self.apply_to_mask}

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        """Make the sample that the next calls of `apply` and `apply_to_mask` hand out."""
        del params
        turn = f"{self.py_random.getrandbits(62)}"
        sample, reason = self.damage(to_photo(as_photo(data["image"]), self.bits), turn)
        return {"sample": sample, "reason": reason}

    def apply(self, img: Array, sample: Sample | None = None, **params: object) -> Array:
        """Return the image with its defects."""
        del params
        return img if sample is None else np.asarray(sample.image)

    def apply_to_mask(self, mask: Array, sample: Sample | None = None, **params: object) -> Array:
        """Return the mask with the defects added."""
        del params
        return mask if sample is None else self.united(mask, sample.mask)
