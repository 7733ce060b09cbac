"""The photos that a page shows, samples made of them, and what is saved in the end."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb, levels_of, to_rgb8
from anomsynth.core.registry import generators
from anomsynth.core.sample import Sample
from anomsynth.core.types import SampleKey, Surface
from anomsynth.dataset.extras import binary
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.images import write_png
from anomsynth.dataset.masks import MASK_ENDING
from anomsynth.errors import InputError
from anomsynth.pages.thumbnails import outline_path
from anomsynth.pipeline.options import RunOptions
from anomsynth.pipeline.tried import surface_to_try
from anomsynth.pipeline.units import Unit
from anomsynth.recipe.models import Recipe
from anomsynth.synthesis.synthesize import synthesize
from anomsynth.tuning.settings import Settings, tuned

SURFACES = 3  # analysed photos that are kept
SEEN = 24  # samples that can still be looked at closely
TILE = 448  # pixels of the longer side of a picture in the grid
LARGE = 2048  # of one that is looked at closely, and of the photo under the brush
QUALITY = 90


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample as the page shows it.

    Attributes
    ----------
    number : int
        By which it can be seen large.
    picture : bytes
        WebP.
    size : (width, height) of the picture
    outline : str
        SVG path of its label mask.
    caption : str
    """

    number: int
    picture: bytes
    size: tuple[int, int]
    outline: str
    caption: str


class Studio:
    """What the page works on; its methods may be called from several threads.

    Parameters
    ----------
    units : photos, with how the part is found in them
    recipe : Recipe
        What the sliders begin with.
    options : RunOptions
        Masks and textures that go with the photos.
    scratch : Path
        Folder for masks that are being drawn.
    """

    def __init__(
        self, units: Sequence[Unit], recipe: Recipe, options: RunOptions, scratch: Path
    ) -> None:
        self.units = tuple(units)
        self.recipe = recipe
        self._options = options
        self._lock = Lock()
        self._surfaces: OrderedDict[int, Surface] = OrderedDict()
        self._samples: OrderedDict[int, tuple[Rgb, str]] = OrderedDict()
        self._made = 0
        self._scratch = scratch
        self._drawn: dict[int, Path] = {}

    @property
    def drawn(self) -> Sequence[int]:
        """Numbers of the photos whose part was drawn by hand."""
        return sorted(self._drawn)

    def kinds(self) -> dict[str, bool]:
        """Return the kinds that can happen to these photos, and whether the preset has them."""
        own = {item.generator.kind for item in self.recipe.mechanisms}
        marked = self._options.components is not None
        return {
            kind: kind in own
            for kind in generators.kinds()
            if marked or not generators.load(kind).needs_components
        }

    def sample(self, photo: int, nth: int, settings: Settings, only: str | None = None) -> Shown:
        """Make the nth sample of a photo.

        Raises
        ------
        UserError, SynthesisError
            If there is none.
        """
        with self._lock:
            surface = self._surface(photo)
            recipe = tuned(self.recipe, settings, only)
            key = SampleKey("tune", self.units[photo].image, nth)
            sample = synthesize(surface, recipe, key=key)
            self._made += 1
            shown = to_rgb8(sample.image, levels_of(sample.image))
            large, size = _shrunk(shown, LARGE)
            self._samples[self._made] = large, outline_path(sample.mask, size)
            while len(self._samples) > SEEN:
                self._samples.popitem(last=False)
            small, size = _shrunk(shown, TILE)
            outline = outline_path(sample.mask, size)
            return Shown(self._made, _webp(small), size, outline, _caption(sample))

    def large(self, number: int) -> tuple[bytes, tuple[int, int], str]:
        """Return a sample up to 2048 pixels: WebP, size, outline.

        Raises
        ------
        InputError
            If it is no longer kept.
        """
        with self._lock:
            if number not in self._samples:
                raise InputError("this sample is gone", hint="make it again")
            picture, outline = self._samples[number]
        return _webp(picture), (picture.shape[1], picture.shape[0]), outline

    def photo(self, photo: int, side: int = LARGE) -> bytes:
        """Return a photo as WebP with at most `side` pixels."""
        with self._lock:
            surface = self._surface(photo)
            pixels = surface.assemble(surface.pixels)
        return _webp(_shrunk(to_rgb8(pixels, levels_of(pixels)), side)[0])

    def part(self, photo: int) -> bytes:
        """Return where defects may go, as PNG of 0 and 255 with at most 2048 pixels."""
        with self._lock:
            allowed = self._surface(photo).foreground
        small = _shrunk(np.repeat(binary(allowed)[..., None], 3, axis=2), LARGE, nearest=True)[0]
        return cv2.imencode(".png", small[..., 0])[1].tobytes()

    def set_part(self, photo: int, drawn: bytes | None) -> None:
        """Take a mask that was drawn, of any size; None finds the part again.

        Raises
        ------
        InputError
            If it is no picture, or marks nothing.
        """
        with self._lock:
            height, width = self._surface(photo).shape
            if drawn is None:
                self._drawn.pop(photo, None)
                self._surfaces.pop(photo, None)
                return
            mask = cv2.imdecode(np.frombuffer(drawn, np.uint8), cv2.IMREAD_GRAYSCALE)
            if mask is None:
                raise InputError("the mask is no picture")
            full = cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST) > 127
            if not full.any():
                raise InputError("the mask marks nothing", hint="paint where the part is")
            place = self._scratch / f"{photo}.png"
            write_png(place, binary(full), self._scratch)
            self._drawn[photo] = place
            self._surfaces.pop(photo, None)

    def save(self, place: Path, settings: Settings) -> str:
        """Write the recipe and return its text.

        Raises
        ------
        UserError
            If no kind is left.
        OutputError
            If it cannot be written.
        """
        recipe = tuned(self.recipe, settings).model_copy(update={"name": place.stem})
        head = f"# Tuned with anomsynth tune, beginning with {self.recipe.name}.\n"
        text = head + recipe.to_toml()
        make_folder(place.parent)
        write_bytes(place, text.encode(), place.parent)
        return text

    def save_parts(self, folder: Path) -> tuple[Path, ...]:
        """Write the masks that were drawn, named as `generate --roi` looks for them.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        written = []
        for photo, drawn in self._drawn.items():
            unit = self.units[photo]
            name = PurePosixPath(unit.image)
            place = folder / unit.category / name.with_name(f"{name.stem}{MASK_ENDING}.png")
            make_folder(place.parent)
            write_bytes(place, drawn.read_bytes(), place.parent)
            written.append(place)
        return tuple(written)

    def _surface(self, photo: int) -> Surface:
        if not 0 <= photo < len(self.units):
            raise InputError(f"there is no photo {photo}")
        if photo in self._surfaces:
            self._surfaces.move_to_end(photo)
            return self._surfaces[photo]
        unit = self.units[photo]
        if photo in self._drawn:
            unit = replace(unit, roi=self._drawn[photo])
        surface = surface_to_try(unit, self.recipe, self._options)
        self._surfaces[photo] = surface
        while len(self._surfaces) > SURFACES:
            self._surfaces.popitem(last=False)
        return surface


def _caption(sample: Sample) -> str:
    named = [f"{item.kind} d' {item.visibility:.1f}" for item in sample.instances]
    share = 100 * np.count_nonzero(sample.mask) / sample.mask.size
    return f"{', '.join(named)}; {share:.2g} % of the picture"


def _shrunk(picture: Rgb, side: int, *, nearest: bool = False) -> tuple[Rgb, tuple[int, int]]:
    """Return a picture with at most `side` pixels, and its width and height."""
    height, width = picture.shape[:2]
    factor = min(side / max(height, width), 1.0)
    if factor == 1:
        return picture, (width, height)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    way = cv2.INTER_NEAREST if nearest else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8), size


def _webp(picture: NDArray[np.uint8]) -> bytes:
    coded = cv2.imencode(".webp", picture[..., ::-1], (cv2.IMWRITE_WEBP_QUALITY, QUALITY))[1]
    return coded.tobytes()
