"""What a detector says about a photo, alone and beside the truth."""

from dataclasses import dataclass
from pathlib import Path

from anomsynth.bisqad.evaluation.regions import FoundRegion
from anomsynth.core.photo import Photo
from anomsynth.core.types import Float32, Mask
from anomsynth.dataset.layouts.item import Labelled


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a detector says about one photo.

    Attributes
    ----------
    path : Path
    shape : (int, int)
        Height and width of the photo.
    map : (h, w) float32
        In spreads of good photos above their median, see `DetectorNetwork.anomaly_map`; over
        the whole photo, at a quarter of the run's size.
    score : float
        Of the photo, in the same unit.
    """

    path: Path
    shape: tuple[int, int]
    map: Float32
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class SeenPhoto:
    """A photo as it was read, and what the detector says about it.

    Attributes
    ----------
    photo : Photo
    prediction : Prediction
    """

    photo: Photo
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one photo, and what was written about it.

    Attributes
    ----------
    image : str
        Name of the photo.
    score : float
        Of the photo, see `Prediction`.
    defective : bool
        Whether the score is above the threshold.
    map : str
        Posix path below the output folder.
    shape : (int, int)
        Height and width of the photo.
    regions : tuple of FoundRegion
        Where it is defective, the worst first; none on a photo that is not.
    overlay, mask : str
        Posix paths below the output folder; empty where no picture was wanted.
    """

    image: str
    score: float
    defective: bool
    map: str
    shape: tuple[int, int]
    regions: tuple[FoundRegion, ...] = ()
    overlay: str = ""
    mask: str = ""


@dataclass(frozen=True, slots=True)
class UnreadablePhoto:
    """A photo that could not be looked at.

    Attributes
    ----------
    path : Path
    message, hint : str
    """

    path: Path
    message: str
    hint: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPrediction:
    """One test image: what the detector said, and the truth.

    Attributes
    ----------
    labelled : Labelled
    prediction : Prediction
    truth : (size, size) bool, or None
        None where a defect has no mask or an empty one: nobody knows where it is.
    group : str
        The physical object on the image.
    """

    labelled: Labelled
    prediction: Prediction
    truth: Mask | None
    group: str
