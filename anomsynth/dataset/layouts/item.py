"""One labelled image, and how its defects are marked."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.types import Mask
from anomsynth.dataset.annotations.shapes import Shape, draw_all, number_all
from anomsynth.dataset.images import read_binary_mask, read_mask
from anomsynth.dataset.layout import GOOD
from anomsynth.dataset.layouts.tree import scan_beside, views_beside
from anomsynth.dataset.paths import nfc
from anomsynth.errors import InputError

Split = Literal["train", "test"]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Truth:
    """Defects of an image that are marked otherwise than by one mask of two values.

    Attributes
    ----------
    files : tuple of Path
        Masks in which every value above 0 marks a defect; together they mark all of them.
    shapes : tuple of Shape
        What was drawn in a labelling tool, instead of masks.
    size : (int, int) or None
        Height and width of the picture on which it was drawn.
    source : Path or None
        The tool's file.
    """

    files: tuple[Path, ...] = ()
    shapes: tuple[Shape, ...] = ()
    size: tuple[int, int] | None = None
    source: Path | None = None

    def read(self, shape: tuple[int, int]) -> Mask:
        """Return what is marked, (H, W) bool; raise InputError as `read_mask`."""
        if self.shapes:
            return self._drawn(draw_all, shape)
        marked = np.zeros(shape, dtype=np.bool_)
        for file in self.files:
            marked |= read_mask(file, shape)
        return marked

    def numbered(self, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """Return for each pixel the number of its shape from 1 on, (H, W) uint8, 0 for none.

        Raises
        ------
        InputError
            If a shape cannot be drawn, there are too many, or the size is another one.
        """
        return self._drawn(number_all, shape)

    def _drawn(
        self,
        draw: Callable[[tuple[Shape, ...], tuple[int, int]], NDArray[Scalar]],
        shape: tuple[int, int],
    ) -> NDArray[Scalar]:
        if self.size is not None and self.size != shape:
            height, width = self.size
            msg = f"{self.source}: drawn on {width} x {height} pixels, not {shape[1]} x {shape[0]}"
            raise InputError(msg, hint="annotate the picture in the size it has")
        try:
            return draw(self.shapes, shape)
        except InputError as error:
            raise InputError(f"{self.source}: {error}", hint=error.hint) from error


@dataclass(frozen=True, slots=True)
class Labelled:
    """One image of a labelled dataset.

    Attributes
    ----------
    category, split, kind : str
        `split` is "train" or "test"; `kind` is the folder's name, "good" for good photos.
    image : Path
    mask : Path or None
        File that marks its defects; None for good photos, and where a defect has none.
    truth : Truth or None
        How defects are marked, unless `mask` is a mask of two values.
    unsplit : bool
        The dataset does not divide its good photos: each serves for training and for tests.
    """

    category: str
    split: str
    kind: str
    image: Path
    mask: Path | None
    truth: Truth | None = None
    unsplit: bool = False

    @property
    def scan(self) -> Path | None:
        """The depth map or cloud that lies beside the image; None if there is none."""
        return scan_beside(self.image)

    @property
    def views(self) -> dict[str, Path]:
        """The other photos of its part by view, where anomsynth wrote some beside the tree."""
        return views_beside(self.image)

    @property
    def good(self) -> bool:
        """Whether this is a photo without defects."""
        return self.kind == GOOD

    @property
    def marks(self) -> tuple[Path, ...]:
        """Every file that marks its defects."""
        if self.truth is not None:
            return self.truth.files
        return () if self.mask is None else (self.mask,)

    @property
    def id(self) -> str:
        """Name that is unique in the dataset, e.g. ``bottle/test/crack/000012``."""
        return f"{self.category}/{self.split}/{self.kind}/{nfc(self.image.stem)}"


def marked_by(files: tuple[Path, ...]) -> tuple[Path | None, Truth | None]:
    """Return `mask` and `truth` of a defect whose masks hold any values; none without files."""
    return (files[0], Truth(files)) if files else (None, None)


def read_truth(mask: Path, truth: Truth | None, shape: tuple[int, int]) -> Mask:
    """Return where the defects of an image are, (H, W) bool.

    Raises
    ------
    InputError
        If a file cannot be read or is not of the image's `shape`.
    """
    return read_mask(mask, shape) if truth is None else truth.read(shape)


def read_strict_truth(mask: Path, truth: Truth | None, shape: tuple[int, int]) -> Mask:
    """Return where the defects are, as `read_truth`; a mask alone may hold 0 and one more value."""
    return read_binary_mask(mask, shape) if truth is None else truth.read(shape)
