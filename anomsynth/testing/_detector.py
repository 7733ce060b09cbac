"""What is asked of a detector."""

from anomsynth.bisqad.detector import Detector
from anomsynth.testing._demand import check_parameters


def check_detector(detector: Detector) -> None:
    """Check that a detector keeps its contract; needs the extra `train`.

    Its network gives a map of the right size, the same for an image whatever else is in the batch
    and whether it is training or not; all its state is in parameters and buffers, all its
    randomness comes from the generator it is built with, and its map depends on every parameter.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    from anomsynth.bisqad.model.contract import check_network  # noqa: PLC0415 - imports torch

    check_parameters(detector, Detector)
    check_network(detector)
