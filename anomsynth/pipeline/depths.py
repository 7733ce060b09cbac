"""Which depth the photos of a category have: 10 and 12 bits of a camera lie in 16-bit files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from anomsynth.core.depth import FULL_BITS, Depth, depth_of
from anomsynth.core.photo import Photo
from anomsynth.dataset.images import read_photo
from anomsynth.dataset.paths import is_special
from anomsynth.errors import InputError, OutputError

PNG_DEPTH = slice(24, 25)  # IHDR: width, height, bit depth
DEEP = frozenset({".png", ".tif", ".tiff", ".pgm", ".ppm", ".pnm"})  # may hold 16 bits


def choose_depths(
    categories: Mapping[str, Sequence[Path]], bits: int | None, jobs: int
) -> dict[str, Depth]:
    """Return the depth of each category that uses less than 16 bits, by what the user says of all.

    Parameters
    ----------
    categories, jobs
        See `find_depths`.
    bits : int or None
        What the user says; None believes the photos.
    """
    if bits == FULL_BITS:
        return {}
    found = find_depths(categories, jobs)
    if bits is None:
        return found
    return {
        name: found[name] if name in found and found[name].bits == bits else Depth(bits)
        for name in categories
    }


def find_depths(categories: Mapping[str, Sequence[Path]], jobs: int) -> dict[str, Depth]:
    """Return the depth of each category whose 16-bit photos use less than 16 bits.

    Every 16-bit photo is read: the brightest and the lowest bits of any of them decide. Photos
    that cannot be read are left out.

    Parameters
    ----------
    categories : dict of category -> all of its photos
    jobs : int
        Threads that read.
    """
    found = {}
    for category, photos in categories.items():
        deep = [path for path in photos if path.suffix.lower() in DEEP and _may_be_deep(path)]
        if not deep:
            continue
        seen = Parallel(n_jobs=jobs, prefer="threads")(delayed(_extremes)(path) for path in deep)
        highest = max((high for high, _ in seen), default=0)
        depth = depth_of(highest, int(np.bitwise_or.reduce([used for _, used in seen])))
        if not depth.is_full:
            found[category] = depth
    return found


def spread(photo: Photo, depth: Depth | None, path: Path) -> Photo:
    """Return a 16-bit photo spread over the full range; other photos as they are.

    Raises
    ------
    InputError
        If a pixel is brighter than the depth can tell; the message names `path`.
    """
    if depth is None or depth.is_full or photo.pixels.dtype != np.uint16:
        return photo
    try:
        return replace(photo, pixels=depth.widen(photo.pixels), depth=depth)
    except InputError as error:
        raise InputError(f"{path}: {error}", hint=error.hint) from error


def recorded_depths(depths: Mapping[str, Depth]) -> dict[str, object]:
    """Return depths as plain JSON values, and how the 8 bits of the tree follow from them."""
    return {
        category: {**asdict(depth), "tree_level": f"255 * value / {depth.top << depth.shift}"}
        for category, depth in depths.items()
    }


def read_depths(record: Mapping[str, object]) -> dict[str, Depth]:
    """Return the depths that run.json recorded; none of runs that found none.

    Raises
    ------
    OutputError
        If the record is damaged.
    """
    stored = record.get("depths", {})
    try:
        return {
            str(name): Depth(int(one["bits"]), int(one["shift"]))
            for name, one in dict(stored).items()  # type: ignore[call-overload]  # see except
        }
    except (TypeError, ValueError, KeyError) as error:
        raise OutputError("damaged record: depths", hint="make the dataset again") from error


def _may_be_deep(path: Path) -> bool:
    """Tell by the first bytes whether a file may hold 16 bits a sample."""
    if path.suffix.lower() != ".png":
        return True
    if is_special(path):
        return False
    try:
        with path.open("rb") as file:
            return file.read(PNG_DEPTH.stop)[PNG_DEPTH] == b"\x10"
    except OSError:  # the run says so when it comes to it
        return False


def _extremes(path: Path) -> tuple[int, int]:
    """Return the largest 16-bit value and all values or-ed, 0 of other photos."""
    try:
        pixels = read_photo(path).pixels
    except InputError:
        return 0, 0
    if pixels.dtype != np.uint16:
        return 0, 0
    return int(pixels.max()), int(np.bitwise_or.reduce(pixels, axis=None))
