"""Turn folders of good photos into labelled defect datasets.

Defects are modelled the way they arise (cracks propagate, pits grow, sheets yield), rendered in
the photo's own light and labelled by what visibly changed.

Examples
--------
>>> import anomsynth as asy
>>> recipe = asy.load_recipe("metal")
>>> photo = asy.demo_photos()["metal"][0]
>>> sample = asy.synthesize(photo, recipe, seed=0)
>>> sample.image.shape == photo.shape, bool(sample.mask.any())
(True, True)
"""

import importlib
import sys
from typing import TYPE_CHECKING

from anomsynth._version import __version__

if TYPE_CHECKING:
    from anomsynth import torch as torch
    from anomsynth.api.auto import auto
    from anomsynth.api.evaluate import evaluate
    from anomsynth.api.export import export
    from anomsynth.api.export_model import export_model
    from anomsynth.api.fit import fit
    from anomsynth.api.foreground import foreground
    from anomsynth.api.generate import generate
    from anomsynth.api.merge import merge
    from anomsynth.api.pod import pod
    from anomsynth.api.predict import predict
    from anomsynth.api.preview import preview
    from anomsynth.api.replay import replay
    from anomsynth.api.report import report
    from anomsynth.api.score import calibrate, score
    from anomsynth.api.sweep import sweep
    from anomsynth.api.train import train
    from anomsynth.api.tune import tune
    from anomsynth.api.validate import validate
    from anomsynth.augment import Augment
    from anomsynth.core.layer import DefectLayer
    from anomsynth.core.sample import Quality, Sample
    from anomsynth.core.types import SampleKey, Scale, Surface
    from anomsynth.demo.photos import demo_photos
    from anomsynth.errors import AnomsynthError
    from anomsynth.recipe.load import load_recipe
    from anomsynth.recipe.models import Recipe
    from anomsynth.relief.files import read_scan, write_scan
    from anomsynth.relief.scan import Scan
    from anomsynth.single import analyze, surface_of, synthesize

# Imported on first use: `anomsynth --help` must not wait for numpy and OpenCV.
_MODULES = {
    "Augment": "anomsynth.augment",
    "AnomsynthError": "anomsynth.errors",
    "DefectLayer": "anomsynth.core.layer",
    "Quality": "anomsynth.core.sample",
    "Recipe": "anomsynth.recipe.models",
    "Sample": "anomsynth.core.sample",
    "SampleKey": "anomsynth.core.types",
    "Scale": "anomsynth.core.types",
    "Scan": "anomsynth.relief.scan",
    "Surface": "anomsynth.core.types",
    "analyze": "anomsynth.single",
    "auto": "anomsynth.api.auto",
    "calibrate": "anomsynth.api.score",
    "demo_photos": "anomsynth.demo.photos",
    "evaluate": "anomsynth.api.evaluate",
    "export": "anomsynth.api.export",
    "export_model": "anomsynth.api.export_model",
    "fit": "anomsynth.api.fit",
    "foreground": "anomsynth.api.foreground",
    "generate": "anomsynth.api.generate",
    "load_recipe": "anomsynth.recipe.load",
    "merge": "anomsynth.api.merge",
    "pod": "anomsynth.api.pod",
    "predict": "anomsynth.api.predict",
    "preview": "anomsynth.api.preview",
    "read_scan": "anomsynth.relief.files",
    "replay": "anomsynth.api.replay",
    "report": "anomsynth.api.report",
    "score": "anomsynth.api.score",
    "surface_of": "anomsynth.single",
    "sweep": "anomsynth.api.sweep",
    "synthesize": "anomsynth.single",
    "train": "anomsynth.api.train",
    "tune": "anomsynth.api.tune",
    "validate": "anomsynth.api.validate",
    "write_scan": "anomsynth.relief.files",
}

__all__ = [
    "AnomsynthError",
    "Augment",
    "DefectLayer",
    "Quality",
    "Recipe",
    "Sample",
    "SampleKey",
    "Scale",
    "Scan",
    "Surface",
    "__version__",
    "analyze",
    "auto",
    "calibrate",
    "demo_photos",
    "evaluate",
    "export",
    "export_model",
    "fit",
    "foreground",
    "generate",
    "load_recipe",
    "merge",
    "pod",
    "predict",
    "preview",
    "read_scan",
    "replay",
    "report",
    "score",
    "surface_of",
    "sweep",
    "synthesize",
    "train",
    "tune",
    "validate",
    "write_scan",
]


def __getattr__(name: str) -> object:
    """Import public names when they are first asked for (PEP 562)."""
    if name == "torch":  # not among the names: without torch it cannot be imported
        return importlib.import_module("anomsynth.torch")
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    msg = f"module 'anomsynth' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)


if "pdoc" in sys.modules:  # it shows what stands in the module, and asks for nothing
    globals().update({name: __getattr__(name) for name in __all__ if name in _MODULES})
