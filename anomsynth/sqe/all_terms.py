"""All terms of the score."""

from anomsynth.sqe.terms import (
    agreement,
    band_energy,
    boundary_gradient,
    coherence,
    edge_width,
    gamut,
    noise,
    place,
    residual,
    size,
    spectrum_slope,
    visibility,
)

TERMS = tuple(
    module.TERM
    for module in (
        edge_width,
        boundary_gradient,
        coherence,
        noise,
        band_energy,
        spectrum_slope,
        gamut,
        residual,
        visibility,
        agreement,
        size,
        place,
    )
)
