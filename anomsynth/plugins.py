"""Everything to write a component of one's own with: roles, ranges, sites, and checks.

A package provides components by entry points (`.github/CONTRIBUTING.md` has a section for each
role, `examples/plugin` is a whole package):

>>> from anomsynth.plugins import Generator, SizeRange, check_generator, parameter
"""

from anomsynth.bisqad.detector import Detector, FeatureShapes
from anomsynth.bisqad.feature_noise import FeatureNoise
from anomsynth.core.component import (
    Bounds,
    Component,
    Count,
    CountRange,
    LogRange,
    ModeWeights,
    NonNegative,
    NonNegativeBounds,
    NonNegativeRange,
    Positive,
    PositiveBounds,
    PositiveCount,
    PositiveRange,
    Range,
    Share,
    ShareRange,
    SignedRange,
    SizeRange,
    UnitBounds,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import Change, Channel, DefectLayer
from anomsynth.core.rng import stream
from anomsynth.core.roles import Generator, Refiner
from anomsynth.core.sample import Quality
from anomsynth.core.types import Box, Surface
from anomsynth.dataset.exports import Exporter, Loaded, Source, SplitExporter, Staging
from anomsynth.errors import InputError, OutputError, PlacementError, PluginError
from anomsynth.sqe.curve import Logistic, Plateau
from anomsynth.sqe.region import Region
from anomsynth.sqe.scorer import Scorer
from anomsynth.sqe.term import Term
from anomsynth.surface.sites import are_allowed, pick_edge_site, pick_site
from anomsynth.testing import (
    check_detector,
    check_exporter,
    check_generator,
    check_noise,
    check_refiner,
    check_scorer,
    check_term,
    make_defect,
    make_pixels,
    make_surface,
)

__all__ = [
    "Bounds",
    "Box",
    "Change",
    "Channel",
    "Component",
    "Count",
    "CountRange",
    "DefectLayer",
    "Detector",
    "Exporter",
    "FeatureNoise",
    "FeatureShapes",
    "Generator",
    "InputError",
    "Loaded",
    "LogRange",
    "Logistic",
    "ModeWeights",
    "NonNegative",
    "NonNegativeBounds",
    "NonNegativeRange",
    "OutputError",
    "PlacementError",
    "Plateau",
    "PluginError",
    "Positive",
    "PositiveBounds",
    "PositiveCount",
    "PositiveRange",
    "Quality",
    "Range",
    "Refiner",
    "Region",
    "Scorer",
    "Share",
    "ShareRange",
    "SignedRange",
    "SizeRange",
    "Source",
    "SplitExporter",
    "Staging",
    "Surface",
    "Term",
    "UnitBounds",
    "UnitRange",
    "are_allowed",
    "check_detector",
    "check_exporter",
    "check_generator",
    "check_noise",
    "check_refiner",
    "check_scorer",
    "check_term",
    "make_defect",
    "make_pixels",
    "make_surface",
    "parameter",
    "pick_edge_site",
    "pick_site",
    "stream",
]
