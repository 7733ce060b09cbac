"""Contract checks for plugins: run them on your own components, as we do on ours."""

from anomsynth.testing._detector import check_detector
from anomsynth.testing._exporter import check_exporter
from anomsynth.testing._generator import check_generator, digest
from anomsynth.testing._noise import check_noise
from anomsynth.testing._refiner import check_refiner
from anomsynth.testing._scorer import check_scorer
from anomsynth.testing._term import check_term
from anomsynth.testing.surfaces import (
    WARM,
    make_defect,
    make_fibrous_surface,
    make_pixels,
    make_surface,
)

__all__ = [
    "WARM",
    "check_detector",
    "check_exporter",
    "check_generator",
    "check_noise",
    "check_refiner",
    "check_scorer",
    "check_term",
    "digest",
    "make_defect",
    "make_fibrous_surface",
    "make_pixels",
    "make_surface",
]
