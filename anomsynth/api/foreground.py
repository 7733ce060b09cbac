"""Masks of the part, to look at, to correct, and to give back as regions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from anomsynth.api.options import FilePath, checked_bits
from anomsynth.core.photo import Photo
from anomsynth.core.types import Mask
from anomsynth.dataset.extras import binary
from anomsynth.dataset.files import files_into
from anomsynth.dataset.folders import find_source
from anomsynth.dataset.images import write_png
from anomsynth.dataset.masks import MASK_ENDING
from anomsynth.dataset.metadata import check_writable
from anomsynth.dataset.paths import exists
from anomsynth.dataset.reading import PhotoReader, make_reading
from anomsynth.errors import InputError, OutputError
from anomsynth.pipeline.depths import find_depths
from anomsynth.pipeline.options import check_jobs
from anomsynth.pipeline.parts import PartReport, PartTally, find_parts
from anomsynth.sheets.parts import part_tile, tiled
from anomsynth.sheets.sheet import write_sheet
from anomsynth.surface.analyze import one_channel
from anomsynth.surface.foreground import PartFinder, find_foreground

SHEET = "sheet.png"
TILE = 192  # pixels of a picture's longer side on the sheet
ACROSS = 6
MOST_TILES = 48  # on the sheet, those that differ first


@dataclass(frozen=True, slots=True)
class Foregrounds:
    """Where the part was found.

    Attributes
    ----------
    out : Path
        Folder of the masks.
    sheet : Path
        Picture of the outlines, photos that differ from the others first.
    masks : int
        How many were written.
    parts : dict of category -> PartReport
        What was found, in words: `line`, and what speaks against it: `doubt`.
    failed : dict of photo -> message
        Photos that cannot be read.
    """

    out: Path
    sheet: Path | None
    masks: int
    parts: Mapping[str, PartReport]
    failed: Mapping[str, str]


def foreground(
    source: FilePath,
    out: FilePath,
    *,
    overwrite: bool = False,
    source_layout: str | None = None,
    bits: int | None = None,
    value_range: tuple[float, float] | None = None,
    bands: Sequence[str | int] | str | int | None = None,
    jobs: int = -1,
) -> Foregrounds:
    """Write a mask of the part for each photo, as `generate` would find it.

    Correct masks by hand where they are wrong, and give the folder back as `roi`. All masks are
    written, or none; a photo that cannot be read costs its own.

    Parameters
    ----------
    source : path
        Good photos: a folder, a folder of category folders, or an MVTec-style root.
    out : path
        Folder for the masks: ``CATEGORY/NAME_mask.png``, 0 and 255, and ``sheet.png``.
    overwrite : bool
        Replace masks that are there.
    source_layout : str, optional
        How the source is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    bits, value_range, bands
        How the files' numbers are meant, as for `generate`.
    jobs : int
        Threads that read; -1 is one per core.

    Returns
    -------
    Foregrounds

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If the source is missing, unreadable or empty.
    OutputError
        If the output folder lies in the source, cannot be written, or holds files that would be
        replaced.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "plates").mkdir()
    >>> for index, photo in enumerate(asy.demo_photos()["metal"][:4]):
    ...     Image.fromarray(photo).save(folder / "plates" / f"{index}.png")
    >>> found = asy.foreground(folder / "plates", folder / "masks")
    >>> found.parts["plates"].line
    'part found in 4 of 4 photos by its calm background'
    """
    check_jobs(jobs)
    reading = make_reading(value_range, bands)
    folder = Path(out).resolve()
    found = find_source(Path(source), [folder], source_layout)
    if folder.is_relative_to(found.root):
        raise OutputError(f"{folder}: lies in the source folder", hint="choose a folder outside")
    check_writable(folder)
    photos = {
        category: [(photo.key, photo.path) for photo in photos]
        for category, photos in found.categories.items()
    }
    places = (
        _mask_path(folder, category, key)
        for category, listed in photos.items()
        for key, _ in listed
    )
    held = next((place for place in places if exists(place)), None)
    if held is not None and not overwrite:
        msg = f"{held}: is there already, perhaps corrected by hand"
        raise OutputError(msg, hint="choose another folder, or `overwrite=True`")
    paths = {name: [path for _, path in listed] for name, listed in photos.items()}
    depths = find_depths(paths, jobs, checked_bits(bits), reading)
    readers = {name: PhotoReader(reading, depths.get(name)) for name in paths}
    finders = find_parts(paths, jobs, readers)
    with files_into(folder) as staged:
        tallies = {category: PartTally() for category in photos}
        failed: dict[str, str] = {}
        tiles: dict[str, NDArray[np.uint8]] = {}
        for category, listed in photos.items():
            for key, path in listed:
                try:
                    photo = readers[category](path)
                except InputError as error:
                    failed[f"{category}/{key}"] = str(error)
                    continue
                part = _part_of(photo, finders[category])
                tallies[category].add(key, float(np.count_nonzero(part)) / part.size)
                write_png(_mask_path(staged, category, key), binary(part), staged)
                tiles[f"{category}/{key}"] = part_tile(photo.pixels, part, TILE, key)
        parts = {name: tally.report(finders[name]) for name, tally in tallies.items()}
        if tiles:
            shown = [tiles[name] for name in _order(tiles, parts)]
            write_sheet(staged / SHEET, tiled(shown, ACROSS))
    return Foregrounds(folder, folder / SHEET if tiles else None, len(tiles), parts, failed)


def _part_of(photo: Photo, finder: PartFinder) -> Mask:
    return find_foreground(one_channel(photo.pixels), photo.alpha, finder=finder)


def _mask_path(folder: Path, category: str, key: str) -> Path:
    name = PurePosixPath(key)
    return folder / category / name.with_name(f"{name.stem}{MASK_ENDING}.png")


def _order(tiles: Mapping[str, object], parts: Mapping[str, PartReport]) -> list[str]:
    """Return names of photos, those that differ first, then as many of each category as go."""
    strange = {f"{name}/{key}" for name, part in parts.items() for key in part.different}
    first = [name for name in tiles if name in strange]
    rest = _in_turn([name for name in tiles if name not in strange])
    return [*first, *rest][:MOST_TILES]


def _in_turn(names: list[str]) -> Iterator[str]:
    """Yield one photo of each category in turn."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.partition("/")[0], []).append(name)
    for rank in range(max(map(len, groups.values()), default=0)):
        yield from (group[rank] for group in groups.values() if rank < len(group))
