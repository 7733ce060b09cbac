"""What to evaluate, predict or export, and how; checked without torch, as `options` are."""

import difflib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from anomsynth.bisqad.detector import Reference, detectors
from anomsynth.bisqad.options import FALSE_ALARM_RATE, check_choice, check_place, check_rate
from anomsynth.dataset.tiff import Reading
from anomsynth.errors import UserError

MapFormat = Literal["png16", "tiff"]
Pictures = Literal["none", "flagged", "all"]
NetworkFormat = Literal["onnx"]


@dataclass(frozen=True, slots=True)
class EvaluatePlan:
    """An evaluation: which detector, on which images, and where to write.

    Attributes
    ----------
    run : Path
        Folder of a finished training.
    dataset : Path
        Test images with masks: ``test/good`` and ``test/KIND``, masks in ``ground_truth``.
    out : Path or None
        For metrics.json and the page; ``run/evaluation`` by default.
    category : str or None
        Only this one.
    bootstrap : int, >= 0
        Resamples for the 95 % intervals; 0 for none.
    device : str
        cpu, cuda, cuda:1, mps, or auto.
    threads : int or None
        CPU threads of the network; torch's own choice by default.
    source_layout : str or None
        How the dataset is laid out; recognised by default.
    overwrite : bool
        Whether the results of an earlier evaluation may be replaced.
    references : tuple of str
        Kinds of models of the normal that are fitted to the run's good photos, and measured beside.

    Raises
    ------
    UserError
        If the number of resamples is negative, the device unknown or the threads not positive, or
        a reference is no model of the normal.
    """

    run: Path
    dataset: Path
    out: Path | None = None
    category: str | None = None
    bootstrap: int = 200
    device: str = "cpu"
    threads: int | None = None
    source_layout: str | None = None
    overwrite: bool = False
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.bootstrap < 0:
            raise UserError(f"`bootstrap`: must be at least 0, got {self.bootstrap}")
        check_place(self.device, self.threads)
        known = [kind for kind in detectors.kinds() if issubclass(detectors.load(kind), Reference)]
        for kind in self.references:
            if kind not in known:
                near = difflib.get_close_matches(kind, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise UserError(f"`reference`: no model of the normal {kind!r}", hint=hint)

    @property
    def folder(self) -> Path:
        """Where results are written."""
        return self.run / "evaluation" if self.out is None else self.out


@dataclass(frozen=True, slots=True)
class PredictPlan:
    """A prediction: which detector, for which photos, and where to write.

    Attributes
    ----------
    run : Path
        Folder of a finished training.
    images : tuple of Path
        Photos, or folders of photos.
    out : Path
        For the maps, scores.csv and regions.json, overlays, masks and the page.
    pictures : {"none", "flagged", "all"}
        Which photos get an overlay, a mask and a place on the page: none, the defective ones, all.
    file_format : {"png16", "tiff"}
        Of the maps: 16-bit grey PNG (score = value / 65535 * 32 - 16), or TIFF of float32.
        A score of 0 is that of the median good photo, 1 a spread of good photos above.
    false_alarm_rate : float in (0, 1)
        Share of good photos that may be called defective.
    threshold : float or None
        Score above which a photo is defective, whatever the rate.
    device : str
        cpu, cuda, cuda:1, mps, or auto.
    threads : int or None
        CPU threads of the network; torch's own choice by default.
    overwrite : bool
        Whether results of an earlier prediction in `out` may be replaced.
    bits, reading : int or None, Reading or None
        Bits that the camera uses of 16, by default as the training knew or the photos show, and
        what the user says about their files.

    Raises
    ------
    UserError
        If the rate is not between 0 and 1, the threshold is not finite, or the format unknown.
    """

    run: Path
    images: tuple[Path, ...]
    out: Path
    pictures: Pictures = "all"
    file_format: MapFormat = "png16"
    false_alarm_rate: float = FALSE_ALARM_RATE
    threshold: float | None = None
    device: str = "cpu"
    threads: int | None = None
    overwrite: bool = False
    bits: int | None = None
    reading: Reading | None = None

    def __post_init__(self) -> None:
        check_place(self.device, self.threads)
        check_choice("pictures", self.pictures, get_args(Pictures))
        check_choice("file_format", self.file_format, get_args(MapFormat))
        check_rate(self.false_alarm_rate)
        if self.threshold is not None and not math.isfinite(self.threshold):
            raise UserError(f"`threshold`: expected a finite number, got {self.threshold:g}")


@dataclass(frozen=True, slots=True)
class ExportModelPlan:
    """Which detector is written as a network file, and where.

    Attributes
    ----------
    run : Path
        Folder of a finished training.
    to : {"onnx"}
    out : Path or None
        The file; ``run/model.onnx`` by default.
    false_alarm_rate : float in (0, 1)
        For the threshold that is written beside it.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    UserError
        If the format, the ending of the file or the rate is not valid.
    """

    run: Path
    to: NetworkFormat = "onnx"
    out: Path | None = None
    false_alarm_rate: float = FALSE_ALARM_RATE
    overwrite: bool = False

    def __post_init__(self) -> None:
        check_choice("to", self.to, get_args(NetworkFormat))
        check_rate(self.false_alarm_rate)
        if self.path.suffix.lower() != f".{self.to}":
            msg = f"`out`: expected a name that ends in .{self.to}, got {str(self.path)!r}"
            raise UserError(msg)

    @property
    def path(self) -> Path:
        """The file of the network."""
        return self.run / f"model.{self.to}" if self.out is None else self.out
