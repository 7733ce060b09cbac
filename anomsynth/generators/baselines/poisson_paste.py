"""Natural synthetic anomalies: a resized patch cloned into the photo without seams, a baseline."""

from typing import ClassVar, Literal

import cv2
import numpy as np
from scipy.fft import next_fast_len

from anomsynth.core.color import to_levels
from anomsynth.core.component import Probability, ShareRange, SizeRange, parameter
from anomsynth.core.layer import DefectLayer
from anomsynth.core.roles import Generator
from anomsynth.core.types import Box, Float32, Surface
from anomsynth.errors import PlacementError
from anomsynth.fields.poisson import solve_screened_poisson
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


def fitting_side(side: int, most: int) -> int:
    """Return a length near `side`, at most `most`, at which cloning meets its rim exactly.

    Lengths count the rim, one pixel at each end; 3 is the least.
    """
    inner = max(min(side, most) - 2, 1)
    exact = _fast(inner)
    while exact + 2 > most and inner > 1:
        inner -= 1
        exact = _fast(inner)
    return exact + 2


def _fast(inner: int) -> int:
    return int(next_fast_len(inner + 1, real=True)) - 1 if inner > 1 else 1


def clone(target: Float32, patch: Float32, *, mixed: bool) -> Float32:
    """Clone a patch into a target of the same size.

    Solves ``lap u = div v`` with u = target on the rim [1]_, v the patch's gradient (import) or,
    mixed, the stronger of the patch's and the target's at each edge between pixels.

    Parameters
    ----------
    target, patch : (h, w, C) float32
        Sides from `fitting_side`, else seams stay at the rim.
    mixed : bool

    Returns
    -------
    (h, w, C) float32, equal to `target` on the rim of one pixel; not clipped

    References
    ----------
    .. [1] P. Perez, M. Gangnet, A. Blake, "Poisson image editing", SIGGRAPH 2003.
    """
    down = _guidance(np.diff(target, axis=0), np.diff(patch, axis=0), mixed=mixed)
    right = _guidance(np.diff(target, axis=1), np.diff(patch, axis=1), mixed=mixed)
    # With u = target + w the unknown w is zero on the rim: -lap w = div(grad target - v).
    source = np.diff(down, axis=0)[:, 1:-1] + np.diff(right, axis=1)[1:-1]
    result = target.copy()
    for channel in range(target.shape[2]):
        plane = np.ascontiguousarray(source[..., channel])
        result[1:-1, 1:-1, channel] += solve_screened_poisson(plane, 0.0)
    return result


def _guidance(target: Float32, patch: Float32, *, mixed: bool) -> Float32:
    """Return what is missing from the target's gradient to the wanted one, negated."""
    missing = target - patch
    if mixed:
        missing[np.abs(target) >= np.abs(patch)] = 0
    return missing


def _resized(patch: Float32, size: tuple[int, int]) -> Float32:
    shrinks = size[0] * size[1] < patch.shape[0] * patch.shape[1]
    out = cv2.resize(
        patch, size[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(out, dtype=np.float32).reshape(*size, -1)
