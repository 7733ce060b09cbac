"""Look at photos with a trained detector and write down what it sees."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from anomsynth.bisqad.evaluation.pixels import enlarged
from anomsynth.bisqad.evaluation.scoring import Scored, Unread, score_photos
from anomsynth.bisqad.evaluation.threshold import Threshold
from anomsynth.bisqad.training.runs import Run
from anomsynth.core.types import Float32
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.folders import nfc
from anomsynth.dataset.images import SUFFIXES, write_png
from anomsynth.errors import InputError, OutputError

MAPS, SCORES = "maps", "scores.csv"
COLUMNS = ("image", "score", "threshold", "defective", "map")
PNG_RANGE = 16.0  # logits from -16 to 16 fill the 16 bits: steps of 0.0005
Format = Literal["png16", "tiff"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A photo to look at and its name in the results.

    Attributes
    ----------
    path : Path
    name : str
        Posix path below the folder that was given, or the file's own name.
    map : str
        Posix path of its map below the output folder, without ending.
    """

    path: Path
    name: str
    map: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided on one photo.

    Attributes
    ----------
    image : str
        Name of the photo.
    score : float
        Logit.
    defective : bool
        Whether the score is above the threshold.
    map : str
        Posix path below the output folder.
    """

    image: str
    score: float
    defective: bool
    map: str


def find_photos(sources: Sequence[Path], out: Path) -> tuple[Wanted, ...]:
    """List photos: files as they are given, folders with everything below, by name.

    Hidden files and folders and the maps of an earlier call in `out` are passed over.

    Raises
    ------
    InputError
        If a source is missing, or there is no photo at all.
    """
    passed = (out / MAPS).resolve()
    found: dict[Path, str] = {}
    for source in sources:
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                inside = path.relative_to(source)
                hidden = any(part.startswith(".") for part in inside.parts)
                if path.suffix.lower() not in SUFFIXES or hidden or not path.is_file():
                    continue
                if passed not in path.resolve().parents:
                    found.setdefault(path, nfc(inside.as_posix()))
        elif source.exists():
            found.setdefault(source, nfc(source.name))
        else:
            raise InputError(f"{source}: no such file or folder", hint="check the path")
    if not found:
        msg = f"{', '.join(map(str, sources))}: holds no photo"
        raise InputError(msg, hint="PNG, JPEG, TIFF, BMP or WebP")
    return tuple(_named(found.items()))


def predict(
    run: Run,
    photos: Sequence[Wanted],
    out: Path,
    threshold: Threshold,
    file_format: Format = "png16",
) -> Iterator[Verdict | Unread]:
    """Write the map of every photo at the photo's own size, and scores.csv at the end.

    Parameters
    ----------
    run : Run
    photos : sequence of Wanted
    out : Path
        Made if needed; maps go to ``out/maps``. Every file is whole or absent.
    threshold : Threshold
    file_format : "png16" or "tiff"
        16-bit grey PNG, see `as_png16`, or TIFF of float32 logits.

    Yields
    ------
    Verdict or Unread
        In the order of the photos, each once its map is written.

    Raises
    ------
    OutputError
        If `out` cannot be written to.
    """
    folders = {(out / photo.map).parent for photo in photos} | {out}
    for folder in sorted(folders):
        make_folder(folder)
    ending = "png" if file_format == "png16" else "tiff"
    verdicts: list[Verdict] = []
    results = score_photos(run, [photo.path for photo in photos])
    for photo, result in zip(photos, results, strict=True):
        if isinstance(result, Unread):
            yield result
            continue
        path = out / f"{photo.map}.{ending}"
        write_map(path, result, out, file_format)
        name = path.relative_to(out).as_posix()
        verdict = Verdict(photo.name, result.score, result.score > threshold.value, name)
        verdicts.append(verdict)
        yield verdict
    write_bytes(out / SCORES, _table(verdicts, threshold), out)


def write_map(path: Path, result: Scored, scratch: Path, file_format: Format) -> None:
    """Write the map of a photo at the photo's size.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    values = enlarged(result.map, result.shape)
    if file_format == "png16":
        write_png(path, as_png16(values), scratch)
        return
    done, encoded = cv2.imencode(".tiff", values)
    if not done:
        raise ValueError(f"{path}: a map of {values.shape} is not possible in TIFF")
    write_bytes(path, encoded.tobytes(), scratch)


def as_png16(logits: Float32) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return logits as 16-bit numbers: ``logit = value / 65535 * 32 - 16``, cut off at the ends."""
    share = (logits.astype(np.float64) + PNG_RANGE) / (2 * PNG_RANGE)
    return np.rint(np.clip(share, 0, 1) * 65535).astype(np.uint16)


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raise OutputError if the folder holds results already and they are to be kept."""
    if (out / SCORES).exists() and not overwrite:
        msg = f"{out}: holds the results of an earlier prediction"
        raise OutputError(msg, hint="choose another folder, or give `overwrite=True`")


def _named(found: Iterable[tuple[Path, str]]) -> list[Wanted]:
    """Give each photo a map of its own, also where only the endings of two photos differ."""
    photos: list[Wanted] = []
    taken: set[str] = set()
    for path, name in found:
        ending = path.suffix
        stem = name.removesuffix(ending)
        candidates = [stem, f"{stem}_{ending.lstrip('.')}"]
        number = 2
        # Folders of some systems do not tell upper from lower case.
        while candidates[0].casefold() in taken:
            del candidates[0]
            candidates.append(f"{stem}_{number}")
            number += 1
        taken.add(candidates[0].casefold())
        photos.append(Wanted(path, name, f"{MAPS}/{candidates[0]}"))
    return photos


def _table(verdicts: Sequence[Verdict], threshold: Threshold) -> bytes:
    rows = (
        [
            verdict.image,
            f"{verdict.score:.6f}",
            f"{threshold.value:.6f}",
            int(verdict.defective),
            verdict.map,
        ]
        for verdict in verdicts
    )
    return csv_text([COLUMNS, *rows]).encode()
