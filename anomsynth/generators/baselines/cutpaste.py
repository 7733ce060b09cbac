"""CutPaste: a rectangle of the photo pasted elsewhere, a baseline of anomaly detection."""

from typing import ClassVar, Literal

import numpy as np

from anomsynth.core.component import ShareRange, SizeRange, UnitRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Surface
from anomsynth.errors import PlacementError
from anomsynth.generators.baselines._jitter import jitter_colours
from anomsynth.generators.baselines._swatches import as_light, patch_levels
from anomsynth.surface.sites import pick_site


class CutPaste(Generator):
    """A rectangular patch of the photo, its colours jittered, pasted somewhere else [1]_.

    Areas, aspect ratios and jitter are the paper's. Unlike there, the patch is centred on the part
    (and cut to it), its aspect is drawn log-uniformly, and the mask is measured: pixels that the
    patch does not visibly change are no defect.

    References
    ----------
    .. [1] C.-L. Li, K. Sohn, J. Yoon, T. Pfister, "CutPaste: self-supervised learning for anomaly
       detection and localization", CVPR 2021.

    Examples
    --------
    >>> from anomsynth.core.rng import stream
    >>> from anomsynth.testing import make_surface
    >>> layer = CutPaste(area_share=0.1, aspect=1).generate(make_surface(160, 160), stream(0))
    >>> layer.support.shape  # a tenth of the picture, as a square
    (51, 51)
    """

    law: ClassVar[str] = "I'(x) = jitter(I(x - t)) in a rectangle"
    source: ClassVar[str] = "Li et al. 2021"

    kind: Literal["cutpaste"] = "cutpaste"
    area_share: ShareRange = parameter((0.02, 0.15), "of picture area", "area of the patch")
    aspect: SizeRange = parameter((0.3, 3.3), "ratio", "height over width of the patch")
    jitter: UnitRange = parameter(
        0.1, "relative", "change of brightness, contrast, saturation, hue"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Paste one patch; raise PlacementError if no pixel is allowed."""
        drawn = self.draw_ranges(rng)
        row, col = pick_site(surface, rng)
        height, width = surface.shape
        if height * width < 2:
            raise PlacementError("a picture of one pixel has nothing to cut out")
        area = drawn.area_share * height * width
        rows = int(np.clip(round(np.sqrt(area * drawn.aspect)), 1, height))
        cols = int(np.clip(round(np.sqrt(area / drawn.aspect)), 1, width))
        top = min(max(row - rows // 2, 0), height - rows)
        left = min(max(col - cols // 2, 0), width - cols)
        patch = patch_levels(surface, (rows, cols), rng, foreign=False)
        patch = jitter_colours(patch, drawn.jitter, rng)
        return DefectLayer(
            kind="cutpaste",
            origin=(top, left),
            support=np.ones((rows, cols), dtype=np.bool_),
            coverage=np.ones((rows, cols), dtype=np.float32),
            exposed=as_light(patch, surface.encoding),
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={"area_share": rows * cols / (height * width), "aspect": rows / cols},
        )
