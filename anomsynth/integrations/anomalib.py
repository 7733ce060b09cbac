"""Our defects where anomalib makes its own: in models that learn from them, in validation sets.

PaDiM, PatchCore and EfficientAD learn from good photos alone; DRAEM, DSR and GLASS learn from
synthetic anomalies, which they paint with Perlin noise. `DefectAugmenter` takes its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from anomsynth.core.types import SampleKey
from anomsynth.errors import InputError, MissingExtraError, RecipeError, SynthesisError
from anomsynth.recipe.models import Recipe
from anomsynth.single import synthesize, to_recipe

TRIES = 3  # samples begun for one image before it stays as it is
HIGHEST = 2**31  # of the numbers that samples are drawn by


class DefectAugmenter(nn.Module):
    """Put defects on images, called like anomalib's ``PerlinAnomalyGenerator``.

    Give it to a model that learns from synthetic anomalies: ``draem.augmenter``,
    ``dsr.perlin_generator`` or ``glass.model.augmentor``. Which images get defects, and which ones,
    is drawn from torch's generator: ``lightning.seed_everything`` decides.

    Parameters
    ----------
    recipe : Recipe, name of a preset, or path of a recipe
    probability : float in [0, 1]
        Of an image to get defects.

    Raises
    ------
    RecipeError, UnknownComponentError
        If there is no such recipe, it is not valid, or the probability is none.

    Examples
    --------
    >>> import torch, anomsynth as asy
    >>> photo = torch.from_numpy(asy.demo_photos()["metal"][0]).permute(2, 0, 1) / 255
    >>> _ = torch.manual_seed(0)
    >>> images, masks = DefectAugmenter("metal", probability=1)(photo.expand(2, -1, -1, -1))
    >>> images.shape, masks.shape, masks.flatten(1).any(1).tolist()
    (torch.Size([2, 3, 256, 256]), torch.Size([2, 1, 256, 256]), [True, True])
    """

    def __init__(
        self, recipe: Recipe | str | PathLike[str] = "generic", probability: float = 0.5
    ) -> None:
        super().__init__()
        if not 0 <= probability <= 1:
            raise RecipeError(f"probability: must lie in 0..1, got {probability!r}")
        self.recipe = to_recipe(recipe)
        self.probability = probability

    def forward(self, img: Tensor) -> tuple[Tensor, Tensor]:
        """Return images with defects and their masks.

        Parameters
        ----------
        img : (C, H, W) or (B, C, H, W) float in [0, 1], C in {1, 3}
            Before normalisation, on any device.

        Returns
        -------
        images : as given
        masks : (1, H, W) or (B, 1, H, W) float, 0 and 1

        Raises
        ------
        InputError
            If the tensor has another shape or type.
        """
        if img.ndim not in {3, 4} or img.shape[-3] not in {1, 3} or not img.is_floating_point():
            msg = f"expected floats (C, H, W) or (B, C, H, W), got {img.dtype} {tuple(img.shape)}"
            raise InputError(msg)
        batch = img if img.ndim == 4 else img[None]
        wanted = torch.rand(len(batch)) < self.probability
        numbers = torch.randint(HIGHEST, (len(batch),)).tolist()
        images = batch.detach().clone()
        masks = torch.zeros_like(batch[:, :1])
        for index in torch.nonzero(wanted)[:, 0].tolist():
            made = self._damaged(batch[index], int(numbers[index]))
            if made is not None:
                images[index], masks[index, 0] = (one.to(batch) for one in made)
        return (images, masks) if img.ndim == 4 else (images[0], masks[0])

    def _damaged(self, image: Tensor, number: int) -> tuple[Tensor, Tensor] | None:
        # Resizing may overshoot by a little.
        photo = image.detach().float().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        for index in range(TRIES):
            try:
                key = SampleKey("anomalib", str(number), index)
                sample = synthesize(np.ascontiguousarray(photo), self.recipe, key=key)
            except SynthesisError:
                continue
            changed = torch.from_numpy(np.ascontiguousarray(sample.image)).permute(2, 0, 1)
            return changed, torch.from_numpy(sample.mask)
        return None


@contextmanager
def in_synthetic_splits(defects: DefectAugmenter) -> Iterator[None]:
    """Let anomalib make the anomalies of its synthetic validation and test sets with ours.

    Set up a datamodule inside: with ``val_split_mode="synthetic"`` or
    ``test_split_mode="synthetic"`` it makes half of a set's good photos anomalous.

    Parameters
    ----------
    defects : DefectAugmenter
        With the probability 1, for every image that is made is taken for anomalous.

    Raises
    ------
    MissingExtraError
        If anomalib is not installed.
    RecipeError
        If the probability is another one.

    Examples
    --------
    ::

        with in_synthetic_splits(DefectAugmenter("metal", probability=1)):
            datamodule.setup()
    """
    if defects.probability != 1:
        msg = f"probability: every image here is taken for anomalous, got {defects.probability:g}"
        raise RecipeError(msg, hint="give 1")
    try:
        synthetic = import_module("anomalib.data.utils.synthetic")
    except ImportError as error:
        hint = "pip install 'anomsynth[anomalib]'"
        raise MissingExtraError("not installed: anomalib", hint=hint) from error

    def instead(*_: object, **__: object) -> DefectAugmenter:
        return defects

    with patch.object(synthetic, "PerlinAnomalyGenerator", instead):
        yield
