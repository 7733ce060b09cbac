"""CutPaste-Scar: a thin turned strip of the photo or of a colour, a baseline."""

import math
from typing import ClassVar, Literal

import cv2
import numpy as np

from anomsynth.core.component import (
    Probability,
    ShareRange,
    SignedRange,
    UnitRange,
    parameter,
)
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Float32, Mask, Surface
from anomsynth.generators.baselines._jitter import jitter_colours
from anomsynth.generators.baselines._swatches import as_light, patch_levels
from anomsynth.surface.sites import pick_site


class Scar(Generator):
    """A thin rectangle, turned and pasted: of the photo's own pixels, or of one colour [1]_.

    Widths, lengths, angles and jitter are the paper's (2-16 by 10-25 pixels of 256, up to 45
    degrees either way); ``colour`` chooses between its CutPaste-Scar and its plain Scar. Unlike
    there, the strip is centred on the part (and cut to it) and the mask is measured.

    References
    ----------
    .. [1] C.-L. Li, K. Sohn, J. Yoon, T. Pfister, "CutPaste: self-supervised learning for anomaly
       detection and localization", CVPR 2021.
    """

    law: ClassVar[str] = "I'(x) = jitter(I(R x - t)) in a turned strip"
    source: ClassVar[str] = "Li et al. 2021"

    kind: Literal["scar"] = "scar"
    colour: Literal["photo", "random", "mixed"] = parameter(
        "photo", "choice", "the strip shows a piece of the photo, one random colour, or either"
    )
    random_probability: Probability = parameter(
        0.5, "probability", "mixed: that it is one random colour"
    )
    width: ShareRange = parameter(
        (2 / 256, 16 / 256),
        "of picture side",
        "width of the strip, over the shorter side",
        was="width_share",
    )
    length: ShareRange = parameter(
        (10 / 256, 25 / 256),
        "of picture side",
        "length of the strip, over the shorter side",
        was="length_share",
    )
    turn_deg: SignedRange = parameter((-45, 45), "degrees", "angle to the picture's columns")
    jitter: UnitRange = parameter(
        0.1, "relative", "change of brightness, contrast, saturation, hue"
    )

    def generate(self, surface: Surface, rng: np.random.Generator) -> DefectLayer:
        """Paste one strip; raise PlacementError if no pixel is allowed."""
        drawn = self.draw_ranges(rng)
        plain = (
            rng.random() < self.random_probability
            if self.colour == "mixed"
            else self.colour == "random"
        )
        row, col = pick_site(surface, rng)
        short = min(surface.shape)
        size = (
            max(round(drawn.length * short), 1),
            max(round(drawn.width * short), 1),
        )
        strip = patch_levels(surface, size, rng, foreign=False)
        colour = rng.uniform(0, 255, 3)[: surface.channels].astype(np.float32)
        strip = jitter_colours(strip, drawn.jitter, rng)
        if plain:
            strip[:] = colour
        levels, inside = _turned(strip, drawn.turn_deg)
        height, width = inside.shape
        return DefectLayer(
            kind="scar",
            origin=(row - height // 2, col - width // 2),
            support=inside,
            coverage=inside.astype(np.float32),
            exposed=as_light(levels, surface.encoding),
            thin=True,
            rigid=True,
            parameters=drawn.numbers,
            measured={
                "length_px": float(strip.shape[0]),
                "width_px": float(strip.shape[1]),
                "plain": float(plain),
            },
        )


def _turned(strip: Float32, degrees: float) -> tuple[Float32, Mask]:
    """Return a strip turned about its middle and where it is; borders stay hard."""
    rows, cols = strip.shape[:2]
    angle = math.radians(degrees)
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    height, width = math.ceil(rows * cos + cols * sin) + 1, math.ceil(cols * cos + rows * sin) + 1
    matrix = cv2.getRotationMatrix2D(((cols - 1) / 2, (rows - 1) / 2), degrees, 1.0)
    matrix[:, 2] += ((width - cols) / 2, (height - rows) / 2)
    turned = cv2.warpAffine(strip, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    whole = np.ones((rows, cols), dtype=np.uint8)
    inside = cv2.warpAffine(whole, matrix, (width, height), flags=cv2.INTER_NEAREST) > 0
    if not inside.any():  # a strip of one pixel may fall between the grid's
        inside[height // 2, width // 2] = True
    return np.asarray(turned, dtype=np.float32).reshape(height, width, -1), inside
