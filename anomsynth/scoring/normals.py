"""Good photos to calibrate on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from anomsynth.core.photo import Photo
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.images import read_photo
from anomsynth.errors import InputError
from anomsynth.scoring.fit import MOST_PHOTOS


def read_normals(folder: Path, warn: Callable[[str], None]) -> list[tuple[str, Photo]]:
    """Read at most `MOST_PHOTOS` of the good photos in a folder, evenly chosen, each with its name.

    Unreadable ones are told to `warn`.

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
