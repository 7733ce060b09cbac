"""What is asked of a noise, with torch at hand; `anomsynth.testing.check_noise` calls it."""

import torch

from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.errors import PluginError

SHAPE, CENTRES = (24, 9, 7), 20


def check_disturbance(noise: FeatureNoise) -> None:
    """Check what a noise does to features.

    Raises
    ------
    PluginError
        If something is wrong; the message says what.
    """
    drawn = torch.Generator().manual_seed(1)
    features = torch.randn(SHAPE, generator=drawn)
    centres = torch.randn(CENTRES, SHAPE[0], generator=drawn) if noise.asks_centres else None
    before, state = features.clone(), torch.get_rng_state()
    found, again = (
        noise.disturb(features, centres, torch.Generator().manual_seed(2)) for _ in range(2)
    )
    complaints = (
        (found.shape == before.shape, f"features of {tuple(found.shape)}, expected {SHAPE}"),
        (bool(torch.isfinite(found).all()), "NaN or infinity in the features"),
        (torch.equal(found, again), "one generator, other noise: torch's own is used, or a state"),
        (torch.equal(features, before), "features that were handed in were changed in place"),
        (not torch.equal(found, before), "it disturbs nothing"),
        (torch.equal(torch.get_rng_state(), state), "torch's own generator is used"),
    )
    for holds, complaint in complaints:
        if not holds:
            raise PluginError(complaint)
