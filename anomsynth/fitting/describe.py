"""All that is measured of a defect, in one fixed order."""

import numpy as np
from numpy.typing import NDArray

from anomsynth.fitting.defect import Defect
from anomsynth.fitting.descriptors.colour import measure_colour
from anomsynth.fitting.descriptors.contrast import measure_contrast
from anomsynth.fitting.descriptors.edge import measure_edge
from anomsynth.fitting.descriptors.midline import measure_midline
from anomsynth.fitting.descriptors.pieces import measure_pieces
from anomsynth.fitting.descriptors.place import measure_place
from anomsynth.fitting.descriptors.shape import measure_shape
from anomsynth.fitting.descriptors.size import measure_size
from anomsynth.fitting.descriptors.texture import measure_texture

Floats = NDArray[np.float64]

ASPECTS = (
    measure_size,
    measure_shape,
    measure_midline,
    measure_pieces,
    measure_place,
    measure_contrast,
    measure_colour,
    measure_texture,
    measure_edge,
)


def describe(defect: Defect) -> dict[str, float]:
    """Return all descriptors of a defect by name; NaN where it is too small to tell."""
    return {name: value for measure in ASPECTS for name, value in measure(defect).items()}
