"""Look at photos with a trained detector and write down what it sees, for people and programs."""

import csv
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from anomsynth._version import __version__
from anomsynth.bisqad.evaluation.input_photos import InputPhoto, find_photos
from anomsynth.bisqad.evaluation.overlay import HeatScale, heated, scale_around, with_contours
from anomsynth.bisqad.evaluation.pixels import enlarged
from anomsynth.bisqad.evaluation.predicted_page import PredictedPage
from anomsynth.bisqad.evaluation.predictions import Decision, SeenPhoto, UnreadablePhoto
from anomsynth.bisqad.evaluation.regions import defect_mask, find_regions
from anomsynth.bisqad.evaluation.threshold import Threshold, choose_threshold
from anomsynth.bisqad.model.run_config import check_complete, read_calibration, read_config
from anomsynth.bisqad.plans import MapFormat, PredictPlan
from anomsynth.core.depth import Depth
from anomsynth.core.display import levels_of, to_rgb8
from anomsynth.core.plain_file import open_text
from anomsynth.core.types import Float32, Mask
from anomsynth.core.whole import output_error
from anomsynth.dataset.csv_text import csv_text
from anomsynth.dataset.files import files_into, write_bytes
from anomsynth.dataset.images import write_png
from anomsynth.dataset.metadata import check_writable
from anomsynth.dataset.paths import exists, is_file
from anomsynth.dataset.reading import PhotoReader, find_depth
from anomsynth.errors import InputError, OutputError

MAPS, OVERLAYS, MASKS = "maps", "overlays", "masks"
SCORES, REGIONS, PAGE = "scores.csv", "regions.json", "index.html"
COLUMNS = ("image", "score", "threshold", "defective", "map", "overlay", "mask")
PNG_RANGE = 16.0  # scores from -16 to 16 fill the 16 bits: steps of 0.0005
ENDINGS = {"png16": "png", "tiff": "tiff"}
MEANINGS = {
    "png16": "16-bit grey PNG, score = value / 65535 * 32 - 16",
    "tiff": "TIFF of float32 scores",
}
QUALITY = 90  # of the overlays' JPEG
ProgressListener = Callable[[int, int], object]
ThresholdListener = Callable[[Threshold], object]


@dataclass(frozen=True, slots=True, eq=False)
class PredictResult:
    """What a detector said about photos.

    Attributes
    ----------
    decisions : tuple of Decision
        In the order of the photos, without those that could not be read.
    threshold : Threshold
    maps, scores, regions : Path
        The folder of the maps, the table of scores, and the regions as JSON.
    page : Path or None
        All photos to look at; None where no pictures were wanted.
    unread : tuple of UnreadablePhoto
        Photos that were left out.
    depth : Depth or None
        Of the camera, where it uses less than 16 bits.
    """

    decisions: tuple[Decision, ...]
    threshold: Threshold
    maps: Path
    scores: Path
    regions: Path
    page: Path | None
    unread: tuple[UnreadablePhoto, ...]
    depth: Depth | None = None


def predict(
    plan: PredictPlan,
    on_progress: ProgressListener = lambda _done, _total: None,
    on_threshold: ThresholdListener = lambda _: None,
) -> PredictResult:
    """Write what a detector says about photos.

    For programs: the anomaly map of every photo at its own size, scores.csv with decisions,
    regions.json. For people: overlays of the heat map, masks, and a page. A photo that cannot be
    read costs itself only; otherwise all results are written, or none.

    Parameters
    ----------
    plan : PredictPlan
    on_progress : callable
        Called after each photo with the number of photos done, and of all.
    on_threshold : callable
        Called with the threshold before the first photo is looked at.

    Returns
    -------
    PredictResult

    Raises
    ------
    InputError
        If there is no photo, the run does not load, has no scores of good photos to choose a
        threshold by, or its network answers with NaN.
    OutputError
        If `out` holds results already, or cannot be written to.
    UserError
        If the device is not there.
    """
    photos = find_photos(plan.images, [plan.out / name for name in (MAPS, OVERLAYS, MASKS)])
    check_writable(plan.out)
    check_out(plan.out, overwrite=plan.overwrite)
    read_config(plan.run)
    check_complete(plan.run)
    threshold, typical = _threshold(plan)
    on_threshold(threshold)
    # Torch takes seconds to import: what can be wrong without it is said before.
    from anomsynth.bisqad.evaluation.inference import predict_photos  # noqa: PLC0415 - see above
    from anomsynth.bisqad.model.run import load_run, use_threads  # noqa: PLC0415 - see above

    use_threads(plan.threads)
    run = load_run(plan.run, device=plan.device)
    scale = scale_around(threshold.value, typical)
    paths = [photo.path for photo in photos]
    bits = plan.bits or run.config.bits
    read = PhotoReader(plan.reading, find_depth(paths, bits, plan.reading))
    with files_into(plan.out, lambda: clear_out(plan.out)) as staged:
        writer = _Writer(plan, staged, threshold, scale, count=len(photos))
        unread: list[UnreadablePhoto] = []
        predictions = predict_photos(run, paths, read)
        for done, (photo, found) in enumerate(zip(photos, predictions, strict=True), 1):
            if isinstance(found, UnreadablePhoto):
                unread.append(found)
            else:
                writer.add(photo, found)
            on_progress(done, len(photos))
        return replace(writer.finish(unread), depth=read.depth)


class _Writer:
    """Writes the results of one photo after the other, and in the end what is told of all.

    All of it goes to `out`, a folder in the making.
    """

    def __init__(
        self, plan: PredictPlan, out: Path, threshold: Threshold, scale: HeatScale, *, count: int
    ) -> None:
        self._plan, self._out, self._threshold, self._scale = plan, out, threshold, scale
        self._decisions: list[Decision] = []
        self._page = PredictedPage(count, threshold, scale)

    def add(self, photo: InputPhoto, seen: SeenPhoto) -> None:
        """Write what is known of a photo."""
        plan, score = self._plan, seen.prediction.score
        values = enlarged(seen.prediction.map, seen.prediction.shape)
        defective = score > self._threshold.value
        mask = (
            defect_mask(values, self._threshold.value)
            if defective
            else np.zeros(values.shape, bool)
        )
        ending = ENDINGS[plan.file_format]
        drawn = plan.pictures == "all" or (plan.pictures == "flagged" and defective)
        decision = Decision(
            photo.name,
            score,
            defective,
            map=f"{MAPS}/{photo.stem}.{ending}",
            shape=seen.prediction.shape,
            regions=find_regions(values, mask) if defective else (),
            overlay=f"{OVERLAYS}/{photo.stem}.jpg" if drawn else "",
            mask=f"{MASKS}/{photo.stem}.png" if drawn else "",
        )
        write_map(self._out / decision.map, values, self._out, plan.file_format)
        if drawn:
            self._draw(seen, decision, mask)
        self._decisions.append(decision)

    def finish(self, unread: Sequence[UnreadablePhoto]) -> PredictResult:
        """Write scores, regions and the page."""
        out, written, decisions = self._plan.out, self._out, self._decisions
        write_bytes(written / REGIONS, self._regions(), written)
        page = None
        if self._plan.pictures != "none":
            page = out / PAGE
            title = f"anomsynth: {self._plan.run.resolve().name} on photos"
            text = self._page.text(title, decisions, unread)
            write_bytes(written / PAGE, text.encode(), written)
        write_bytes(written / SCORES, _table(decisions, self._threshold), written)
        return PredictResult(
            tuple(decisions),
            self._threshold,
            out / MAPS,
            out / SCORES,
            out / REGIONS,
            page,
            tuple(unread),
        )

    def _draw(self, seen: SeenPhoto, decision: Decision, mask: Mask) -> None:
        out, pixels = self._out, seen.photo.pixels
        rgb = to_rgb8(pixels, levels_of(pixels))
        picture = with_contours(heated(rgb, seen.prediction.map, self._scale), mask)
        options = (cv2.IMWRITE_JPEG_QUALITY, QUALITY)
        done, coded = cv2.imencode(".jpg", picture[..., ::-1], options)
        if not done:
            hint = "give `pictures='none'`, or cut the photo"
            msg = f"{decision.image}: {picture.shape[1]} x {picture.shape[0]} is too large for JPEG"
            raise InputError(msg, hint=hint)
        write_bytes(out / decision.overlay, coded.tobytes(), out)
        write_png(out / decision.mask, mask.view(np.uint8) * np.uint8(255), out)
        self._page.add(seen, decision, mask)

    def _regions(self) -> bytes:
        limit = self._threshold
        photos = [
            {
                "image": decision.image,
                "width": decision.shape[1],
                "height": decision.shape[0],
                "score": round(decision.score, 6),
                "defective": decision.defective,
                "regions": [region.as_json() for region in decision.regions],
            }
            for decision in self._decisions
        ]
        values = {
            "anomsynth": __version__,
            "run": str(self._plan.run),
            "threshold": limit.value,
            "false_alarm_rate": limit.false_alarms if limit.normals else None,
            "maps": MEANINGS[self._plan.file_format],
            "photos": photos,
        }
        return (json.dumps(values, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode()


def _threshold(plan: PredictPlan) -> tuple[Threshold, float | None]:
    """Return the threshold, and what good photos score if that is known."""
    if plan.threshold is not None:
        return Threshold(plan.threshold, 0.0, 0), None
    scores = read_calibration(plan.run)
    return choose_threshold(scores, plan.false_alarm_rate), statistics.median(scores)


def write_map(path: Path, values: Float32, scratch: Path, file_format: MapFormat) -> None:
    """Write a map (H, W) of the photo's size.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    if file_format == "png16":
        write_png(path, as_png16(values), scratch)
        return
    done, encoded = cv2.imencode(".tiff", values)
    if not done:
        raise ValueError(f"{path}: a map of {values.shape} is not possible in TIFF")
    write_bytes(path, encoded.tobytes(), scratch)


def as_png16(scores: Float32) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return scores as 16-bit numbers: ``score = value / 65535 * 32 - 16``, cut off at the ends."""
    share = (scores.astype(np.float64) + PNG_RANGE) / (2 * PNG_RANGE)
    return np.rint(np.clip(share, 0, 1) * 65535).astype(np.uint16)


def check_out(out: Path, *, overwrite: bool) -> None:
    """Raise OutputError if the folder holds results already and they are to be kept."""
    if exists(out / SCORES) and not overwrite:
        msg = f"{out}: holds the results of an earlier prediction"
        raise OutputError(msg, hint="choose another folder, or give `overwrite=True`")


def clear_out(out: Path) -> None:
    """Remove what an earlier prediction wrote there, by its table.

    Raises
    ------
    OutputError
        If that cannot be done.
    """
    try:
        for name in (PAGE, REGIONS) if is_file(out / SCORES) else ():
            (out / name).unlink(missing_ok=True)
        for name in _named_by(out / SCORES):
            path = out / name
            if out.resolve() in path.resolve().parents:
                path.unlink(missing_ok=True)
        (out / SCORES).unlink(missing_ok=True)
    except OSError as error:
        raise output_error(out, error) from error


def _named_by(table: Path) -> list[str]:
    """Return the files that an earlier table of scores names."""
    if not exists(table):
        return []
    with open_text(table, errors="replace") as file:
        rows = list(csv.DictReader(file))
    return [row[name] for row in rows for name in ("map", "overlay", "mask") if row.get(name)]


def _table(decisions: Sequence[Decision], threshold: Threshold) -> bytes:
    rows = (
        [
            decision.image,
            f"{decision.score:.6f}",
            f"{threshold.value:.6f}",
            int(decision.defective),
            decision.map,
            decision.overlay,
            decision.mask,
        ]
        for decision in decisions
    )
    return csv_text([COLUMNS, *rows]).encode()
