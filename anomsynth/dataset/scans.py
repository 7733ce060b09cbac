"""Scans of a source folder: read with the picture that goes with them, or shaded without one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from anomsynth.dataset.images import LoadedPhoto, load_photo
from anomsynth.dataset.manifest import array_hash
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import InputError
from anomsynth.relief.files import decode_scan, read_file
from anomsynth.relief.grids import Said, Sense
from anomsynth.relief.mapped import MappedScan, ScannedPhoto
from anomsynth.relief.scan import check_same_size


@dataclass(frozen=True, slots=True)
class ScanReading:
    """What the user says of the files of scans, as `read_scan` takes it.

    Attributes
    ----------
    unit : float or None
        Millimeters per unit or level.
    sense : {"depth", "height"} or None
        Whether z grows away from the sensor or towards it.
    """

    unit: float | None = None
    sense: Sense | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LoadedScan:
    """A scan and the file it came from.

    Attributes
    ----------
    path : Path
    mapped : MappedScan
    sha256 : str
        Of its points.
    file_sha256 : str
        Of the file's bytes.
    alone : bool
        True if there is no picture of the part but one that was shaded from its relief.
    """

    path: Path
    mapped: MappedScan
    sha256: str
    file_sha256: str
    alone: bool


def load_scanned(
    path: Path,
    scan: Path,
    said: ScanReading,
    reading: Reading | None,
    pitch: Callable[[MappedScan], float],
) -> LoadedPhoto:
    """Read a scan and its picture; the picture of one without is shaded.

    Parameters
    ----------
    path : Path
        Of the picture; the scan's own where there is none.
    scan : Path
    said : ScanReading
    reading : Reading or None
        What the user says of the picture's file.
    pitch : function of a scan whose pixels are 1 mm wide
        Tells how many millimeters wide they are; asked of depth maps, which do not say it.

    Raises
    ------
    InputError
        If one of them cannot be read, or they differ in size.
    """
    content = read_file(scan)
    mapped = MappedScan.of(decode_scan(content, scan, Said(said.unit, 1.0, said.sense)))
    if mapped.scan.pitch_mm is not None:
        mapped = mapped.with_pitch(pitch(mapped))
    digest = hashlib.sha256(content).hexdigest()
    points = array_hash(mapped.scan.points)
    if path == scan:
        seen = ScannedPhoto.of(mapped)
        found = LoadedScan(scan, mapped, points, digest, alone=seen.shaded)
        return LoadedPhoto(path, seen.photo, plain=False, file_sha256=digest, scan=found)
    if not mapped.scan.organised:
        msg = f"{scan}: a cloud without rows and columns, beside the picture {path.name}"
        raise InputError(msg, hint="give organised scans, or the clouds alone")
    loaded = load_photo(path, reading)
    check_same_size(mapped.scan, loaded.photo.pixels, (str(scan), str(path)))
    return replace(loaded, scan=LoadedScan(scan, mapped, points, digest, alone=False))
