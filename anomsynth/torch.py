"""Defects made while a network trains: a torch data set, other ones at every epoch."""

import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from anomsynth.core.photo import Photo, as_photo
from anomsynth.core.rng import checked_seed, stream
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.reading import find_depth, spread
from anomsynth.errors import InputError, MissingExtraError, RecipeError, SynthesisError
from anomsynth.recipe.models import Recipe
from anomsynth.single import ImageLike, surface_of, synthesize, to_recipe

try:
    import torch
    from torch import Tensor
    from torch.utils.data import Dataset

    from anomsynth.bisqad.data.images import mask_tensor, photo_tensor
except ModuleNotFoundError as error:
    hint = "pip install 'anomsynth[train]'"
    raise MissingExtraError("anomsynth.torch needs torch", hint=hint) from error

TRIES = 3  # samples begun for one item before it stays a good photo
MOST_SURFACES = 16  # surfaces in memory, in each worker

Tensors = tuple[Tensor, Tensor, Tensor]


class SyntheticDefects(Dataset[Tensors]):
    """Good photos, some of them with defects that are made when an item is read.

    Items depend on `seed`, on the epoch and on their index only: they are the same for any number
    of DataLoader workers. Call `set_epoch` before each epoch, or all epochs are the same.

    Parameters
    ----------
    photos : folder, or sequence of paths, arrays, PIL images or Photos
        A folder of photos, of folders of photos, or in the layout of MVTec AD, of which the good
        photos for training are taken.
    recipe : Recipe, name of a preset, or path of a recipe
    size : int
        Side in pixels that pictures and masks are stretched to, after the defects were made.
    seed : int, optional
        >= 0; the recipe's own by default.
    length : int, optional
        Items of an epoch; by default as many as there are photos, which take turns.
    defect_share : float in [0, 1]
        Probability that an item carries defects.
    bits : int from 8 to 16, optional
        How many bits the camera uses of 16-bit photos; by default found in those of a folder, or
        in each of a list.

    Raises
    ------
    InputError
        If there is no photo; while items are read, if one cannot be used.
    RecipeError, UnknownComponentError
        If there is no such recipe, it is not valid, or a number is out of range.

    Examples
    --------
    >>> import anomsynth as asy
    >>> defects = asy.torch.SyntheticDefects(asy.demo_photos()["metal"], "metal", size=64)
    >>> image, mask, label = defects[0]
    >>> image.shape, mask.shape, bool(label) == bool(mask.any())
    (torch.Size([3, 64, 64]), torch.Size([1, 64, 64]), True)
    """

    def __init__(  # noqa: PLR0913 - a data set has these seven properties, all but two by name
        self,
        photos: str | os.PathLike[str] | Sequence[ImageLike],
        recipe: Recipe | str | os.PathLike[str],
        *,
        size: int = 256,
        seed: int | None = None,
        length: int | None = None,
        defect_share: float = 0.5,
        bits: int | None = None,
    ) -> None:
        self.photos = _listed(photos)
        self.bits = _bits_of(photos, self.photos) if bits is None else bits
        self.recipe = to_recipe(recipe)
        self.size = size
        self.seed = self.recipe.seed if seed is None else checked_seed(seed)
        self.length = len(self.photos) if length is None else length
        self.defect_share = defect_share
        for name, value in (("size", size), ("length", self.length)):
            if value < 1:
                raise RecipeError(f"{name}: must be at least 1, got {value}")
        if not 0 <= defect_share <= 1:
            raise RecipeError(f"defect_share: must lie in 0..1, got {defect_share!r}")
        # Shared, so that workers that outlive an epoch see the next one.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._surfaces: OrderedDict[int, Surface] = OrderedDict()

    def set_epoch(self, epoch: int) -> None:
        """Let the next items be those of another epoch, in workers as well."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Tensors:
        """Return one item.

        Parameters
        ----------
        index : int
            In 0..length - 1.

        Returns
        -------
        image : (3, size, size) float32 in [0, 1]
            Grey photos have three equal channels.
        mask : (1, size, size) float32
            1 on defects, else 0.
        label : () int64
            1 with defects, 0 without.
        """
        if not 0 <= index < self.length:
            msg = f"item {index} of {self.length}"
            raise IndexError(msg)
        turn = int(self._epoch) * self.length + index
        number = index % len(self.photos)
        surface = self._surface(number)
        sample = None
        if stream(self.seed, "torch", turn).random() < self.defect_share:
            sample = self._sample(surface, number, turn)
        if sample is None:
            image = photo_tensor(Photo(surface.pixels), self.size)
            mask = torch.zeros(self.size, self.size, dtype=torch.bool)
        else:
            image = photo_tensor(
                spread(as_photo(sample.image), surface.depth, Path("image")), self.size
            )
            mask = mask_tensor(sample.mask, self.size)
        return image, mask[None].float(), torch.tensor(int(sample is not None))

    def _sample(self, surface: Surface, number: int, turn: int) -> Sample | None:
        """Return a sample of a photo, None where no defect finds a place."""
        for attempt in range(TRIES):
            key = SampleKey("torch", str(number), turn * TRIES + attempt)
            try:
                return synthesize(surface, self.recipe, seed=self.seed, key=key)
            except SynthesisError:
                continue
        return None

    def _surface(self, number: int) -> Surface:
        """Return a photo's surface; those used last are kept."""
        surface = self._surfaces.pop(number, None)
        if surface is None:
            surface = surface_of(self.photos[number], self.recipe, bits=self.bits)
        self._surfaces[number] = surface
        if len(self._surfaces) > MOST_SURFACES:
            self._surfaces.popitem(last=False)
        return surface

    def __getstate__(self) -> dict[str, object]:
        """Leave the surfaces behind: a worker makes its own."""
        return {**vars(self), "_surfaces": OrderedDict()}


def _listed(photos: str | os.PathLike[str] | Sequence[ImageLike]) -> list[ImageLike]:
    """Return the photos of a folder, or those given; InputError if there are none."""
    if isinstance(photos, str | os.PathLike):
        categories = find_source(Path(photos)).categories
        return [photo.path for name in sorted(categories) for photo in categories[name]]
    if not len(photos):
        raise InputError("no photos", hint="give a folder, or some photos")
    return list(photos)


def _bits_of(given: object, photos: Sequence[ImageLike]) -> int | None:
    """Return how many bits the camera of a folder's photos uses; None where each says it."""
    if not isinstance(given, str | os.PathLike):
        return None
    depth = find_depth([Path(photo) for photo in photos if isinstance(photo, Path)])
    return None if depth is None else depth.bits
