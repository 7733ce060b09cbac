"""Look at photos with a trained detector and write down what it sees."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from anomsynth.bisqad.evaluation.pixels import enlarged
from anomsynth.bisqad.evaluation.predictions import Prediction, UnreadablePhoto
from anomsynth.bisqad.evaluation.threshold import Threshold, choose_threshold
from anomsynth.bisqad.model.run_config import read_calibration, read_config
from anomsynth.bisqad.options import MapFormat, PredictPlan
from anomsynth.core.types import Float32
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import make_folder, write_bytes
from anomsynth.dataset.images import SUFFIXES, write_png
from anomsynth.dataset.metadata import check_writable
from anomsynth.dataset.paths import nfc
from anomsynth.errors import InputError, OutputError

MAPS, SCORES = "maps", "scores.csv"
COLUMNS = ("image", "score", "threshold", "defective", "map")
PNG_RANGE = 16.0  # logits from -16 to 16 fill the 16 bits: steps of 0.0005
ENDINGS = {"png16": "png", "tiff": "tiff"}
ProgressListener = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class InputPhoto:
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
class Decision:
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


@dataclass(frozen=True, slots=True, eq=False)
class PredictResult:
    """What a detector said about photos.

    Attributes
    ----------
    decisions : tuple of Decision
        In the order of the photos, without those that could not be read.
    threshold : Threshold
    maps, scores : Path
        The folder of the maps, and the table of scores.
    unread : tuple of UnreadablePhoto
        Photos that were left out.
    """

    decisions: tuple[Decision, ...]
    threshold: Threshold
    maps: Path
    scores: Path
    unread: tuple[UnreadablePhoto, ...]


def find_photos(sources: Sequence[Path], out: Path) -> tuple[InputPhoto, ...]:
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
    plan: PredictPlan, on_progress: ProgressListener = lambda _done, _total: None
) -> PredictResult:
    """Write the anomaly map of every photo at the photo's own size, and scores.csv with decisions.

    A photo that cannot be read costs itself only.

    Parameters
    ----------
    plan : PredictPlan
    on_progress : callable
        Called after each photo with the number of photos done, and of all.

    Returns
    -------
    PredictResult

    Raises
    ------
    InputError
        If there is no photo, the run does not load, or has no scores of good photos to choose a
        threshold by.
    OutputError
        If `out` holds results already, or cannot be written to.
    UserError
        If the device is not there.
    """
    photos = find_photos(plan.images, plan.out)
    check_writable(plan.out)
    check_out(plan.out, overwrite=plan.overwrite)
    read_config(plan.run)
    if plan.threshold is not None:
        threshold = Threshold(plan.threshold, 0.0, 0)
    else:
        threshold = choose_threshold(read_calibration(plan.run), plan.false_alarm_rate)
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.evaluation.inference import predict_photos  # noqa: PLC0415 - see above
    from anomsynth.bisqad.model.run import load_run, use_threads  # noqa: PLC0415 - see above

    use_threads(plan.threads)
    run = load_run(plan.run, device=plan.device)
    for folder in sorted({(plan.out / photo.map).parent for photo in photos} | {plan.out}):
        make_folder(folder)
    decisions: list[Decision] = []
    unread: list[UnreadablePhoto] = []
    predictions = predict_photos(run, [photo.path for photo in photos])
    for done, (photo, found) in enumerate(zip(photos, predictions, strict=True), 1):
        if isinstance(found, UnreadablePhoto):
            unread.append(found)
        else:
            path = plan.out / f"{photo.map}.{ENDINGS[plan.file_format]}"
            write_map(path, found, plan.out, plan.file_format)
            name = path.relative_to(plan.out).as_posix()
            defective = found.score > threshold.value
            decisions.append(Decision(photo.name, found.score, defective, name))
        on_progress(done, len(photos))
    write_bytes(plan.out / SCORES, _table(decisions, threshold), plan.out)
    return PredictResult(
        tuple(decisions), threshold, plan.out / MAPS, plan.out / SCORES, tuple(unread)
    )


def write_map(path: Path, result: Prediction, scratch: Path, file_format: MapFormat) -> None:
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


def _named(found: Iterable[tuple[Path, str]]) -> list[InputPhoto]:
    """Give each photo a map of its own, also where only the endings of two photos differ."""
    photos: list[InputPhoto] = []
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
        photos.append(InputPhoto(path, name, f"{MAPS}/{candidates[0]}"))
    return photos


def _table(decisions: Sequence[Decision], threshold: Threshold) -> bytes:
    rows = (
        [
            decision.image,
            f"{decision.score:.6f}",
            f"{threshold.value:.6f}",
            int(decision.defective),
            decision.map,
        ]
        for decision in decisions
    )
    return csv_text([COLUMNS, *rows]).encode()
