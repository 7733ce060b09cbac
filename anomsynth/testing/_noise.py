"""What is asked of a noise in features."""

from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.testing._demand import check_parameters


def check_noise(noise: FeatureNoise) -> None:
    """Check that a noise keeps its contract; needs the extra `train`.

    It gives features of the same shape, finite ones, other than they were; all its randomness
    comes from the generator, and what is handed in stays as it is.

    Raises
    ------
    PluginError
        If it does not; the message says in what.
    """
    from anomsynth.bisqad.model.noise_contract import (  # noqa: PLC0415 - imports torch
        check_disturbance,
    )

    check_parameters(noise, FeatureNoise)
    check_disturbance(noise)
