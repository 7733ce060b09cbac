"""Natural synthetic anomalies: a resized patch cloned into the photo without seams, a baseline."""

from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.color import to_levels
from anomsynth.core.component import Probability, ShareRange, SizeRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.baselines._cloning import clone, fitting_side
from anomsynth.generators.baselines._swatches import as_light, patch_levels
from anomsynth.surface.sites import pick_site

SHAPE = 2.0  # of the gamma distribution of patch sides, the authors'


class PoissonPaste(Generator):
    """A patch of a picture, resized and cloned by Poisson's equation [1]_ [2]_.

    Sides follow NSA's truncated gamma distribution; gradients are the patch's (import) or the
    stronger of both (mixed). Unlike there, the patch comes from the photo itself or from the
    user's textures instead of another good photo, its magnification is log-uniform, one defect is
    one patch (an image may hold several defects), it is centred on the part, and the mask is
    measured as the visible change instead of NSA's logistic label.

    References
    ----------
    .. [1] H. M. Schlueter, J. Tan, B. Hou, B. Kainz, "Natural synthetic anomalies for
       self-supervised anomaly detection and localization", ECCV 2022.
    .. [2] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
    """

    law: ClassVar[str] = "lap I' = div v inside, I' = I on the rim; v = grad P or the stronger one"
    source: ClassVar[str] = "Schlueter et al. 2022; Perez et al. 2003"

    kind: Literal["poisson_paste"] = "poisson_paste"
    gradients: Literal["import", "mixed", "either"] = parameter(
        "either", "choice", "guidance: the patch's gradients, the stronger ones, or either"
    )
    mixed_probability: Probability = parameter(
        0.5, "probability", "either: that they are the stronger ones"
    )
    least_size: ShareRange = parameter(
        0.06, "of picture side", "shortest side of a patch", was="least_share"
    )
    size_scale: ShareRange = parameter(
        0.1, "of picture side", "scale of the gamma distribution", was="spread_share"
    )
    largest_size: ShareRange = parameter(
        0.4, "of picture side", "longest side of a patch", was="most_share"
    )
    magnification: SizeRange = parameter((0.5, 2), "ratio", "of the patch", was="resize")

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Clone one patch; raise PlacementError if there is no room."""
        drawn = self.draw_ranges(rng)
        mixed = (
            rng.random() < self.mixed_probability
            if self.gradients == "either"
            else self.gradients == "mixed"
        )
        row, col = pick_site(surface, rng)
        height, width = surface.shape
        if min(height, width) < 3:
            raise PlacementError("a picture of less than 3 pixels a side has no room for a patch")
        share = drawn.least_size + rng.gamma(SHAPE, drawn.size_scale, 2)
        share = np.clip(share, drawn.least_size, max(drawn.largest_size, drawn.least_size))
        rows = max(round(share[0] * height), 3)
        cols = max(round(share[1] * width), 3)
        zoom = drawn.magnification
        size = (
            fitting_side(
                round(rows * zoom), min(height, max(round(drawn.largest_size * height), 3))
            ),
            fitting_side(round(cols * zoom), min(width, max(round(drawn.largest_size * width), 3))),
        )
        patch = patch_levels(surface, (rows, cols), rng, foreign=True)
        patch = _resized(patch, size)
        top = min(max(row - size[0] // 2, 0), height - size[0])
        left = min(max(col - size[1] // 2, 0), width - size[1])
        box = Box(top, left, top + size[0], left + size[1])
        target = to_levels(surface.pixels[box.slices])
        cloned = np.clip(clone(target, patch, mixed=mixed), 0, 255)
        support = np.zeros(size, dtype=np.bool_)
        support[1:-1, 1:-1] = True
        return DefectLayer(
            kind="poisson_paste",
            origin=(top, left),
            support=support,
            coverage=support.astype(np.float32),
            exposed=as_light(cloned, surface.encoding),
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={"mixed": float(mixed), "rows": float(size[0]), "cols": float(size[1])},
        )


def _resized(patch: Float32, size: tuple[int, int]) -> Float32:
    shrinks = size[0] * size[1] < patch.shape[0] * patch.shape[1]
    out = cv2.resize(
        patch, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(out, dtype=np.float32).reshape(*size, -1)
