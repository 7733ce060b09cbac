"""Folders of pictures that mechanisms take something from: textures, real defects."""

from dataclasses import dataclass, replace
from pathlib import Path

from anomsynth.core.types import Surface
from anomsynth.dataset.cutouts import CutoutFolder
from anomsynth.dataset.textures import TextureFolder


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders that the user gave.

    Attributes
    ----------
    textures : Path or None
        Pictures to take foreign textures from.
    real : Path or None
        Marked, real defects to set into the photos.
    """

    textures: Path | None = None
    real: Path | None = None

    def given_to(self, surface: Surface) -> Surface:
        """Return a surface that knows them; itself where there are none.

        Raises
        ------
        InputError
            If a folder is missing, or holds no picture or no marked defect.
        """
        if self.textures is not None:
            surface = replace(surface, textures=TextureFolder(self.textures))
        if self.real is not None:
            surface = replace(surface, defects=CutoutFolder(self.real))
        return surface


NO_SOURCES = Sources()
