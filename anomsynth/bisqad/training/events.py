"""What a training says while it goes on; the command line turns these into progress."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prepared:
    """The images are chosen: those to learn from, and those held out.

    Attributes
    ----------
    normals, defects, held_normals, held_defects : int
        Photos.
    tile : int or None
        Side of the tiles that they are cut into, pixels.
    """

    normals: int
    defects: int
    held_normals: int
    held_defects: int
    tile: int | None = None


@dataclass(frozen=True, slots=True)
class FeaturesDone:
    """The backbone has seen `done` of `total` images."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ImageSkipped:
    """One image cannot be used and is left out."""

    image: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Learning:
    """Training begins, or goes on from a checkpoint at `step`; `share` of it is done.

    Attributes
    ----------
    step, steps_per_epoch : int
    share : float in [0, 1]
    epochs : float or None
        That it takes in all; None where time decides.
    search_epochs : float
        Of these, those in which weights are searched for.
    """

    step: int
    steps_per_epoch: int
    share: float
    epochs: float | None = None
    search_epochs: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Some steps were taken.

    Attributes
    ----------
    step, epoch : int
        Done so far; epochs begin at 1.
    share : float in [0, 1]
        Of the whole training.
    loss : float
        Mean since the last such event.
    outer : float or None
        Loss on trusted data, where weights are learned.
    effective_share : float
        Effective sample size of the weights as a share of the samples.
    seconds : float
        Since the training began, earlier sessions included.
    """

    step: int
    epoch: int
    share: float
    loss: float
    outer: float | None
    effective_share: float
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainFinished:
    """The run folder is complete.

    Attributes
    ----------
    steps, epochs : int
    seconds : float
    loss : float or None
        Of the last epoch; None where nothing was to be minimised.
    effective_share : float
    skipped : int
        Images that could not be used.
    spoiled_weight, sound_weight : float or None
        Mean weight of samples spoiled on purpose, and of the others.
    """

    steps: int
    epochs: int
    seconds: float
    loss: float | None
    effective_share: float
    skipped: int
    spoiled_weight: float | None = None
    sound_weight: float | None = None


TrainEvent = Prepared | FeaturesDone | ImageSkipped | Learning | Progress | TrainFinished
TrainListener = Callable[[TrainEvent], None]
