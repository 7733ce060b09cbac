"""The picture of a fit: real defects beside the synthetic ones that look most like them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from anomsynth.core.display import Rgb
from anomsynth.core.types import Mask, Surface
from anomsynth.fitting.defect import Defect
from anomsynth.fitting.explain import Explanation
from anomsynth.fitting.material import FitMaterial
from anomsynth.fitting.simulate import make_layer
from anomsynth.recipe.models import Recipe
from anomsynth.sheets.likeness import Likeness, likeness_sheet

ALIKE = 3  # synthetic defects beside each real one
MOST_ROWS = 24  # real defects on the sheet, evenly chosen
SHOWN = 0.03  # share, below which a guess is not printed


def draw_likeness(material: FitMaterial, found: Explanation, base: Recipe) -> Rgb:
    """Draw each real defect, its mask, and the nearest synthetic ones; (h, w, 3) uint8 RGB."""
    defects = [(item, defect) for item in material.marked for defect in item.defects]
    chosen = np.linspace(0, len(defects) - 1, min(len(defects), MOST_ROWS)).astype(int).tolist()
    rows = []
    for row in chosen:
        item, defect = defects[row]
        shape = item.mask.shape
        rows.append(
            Likeness(
                caption=f"{material.names[row]}: {_guessed(found.by_kind(row))}",
                image=item.pixels,
                masks=(_whole(defect, defect.core, shape), _whole(defect, defect.outline, shape)),
                alike=_alike(found, row, material.surfaces, base),
            )
        )
    return likeness_sheet(rows, ALIKE, across=1 if len(rows) < 8 else 2)


def _guessed(guesses: Sequence[tuple[str, float]]) -> str:
    shown = [(kind or "nothing here", share) for kind, share in guesses[:3] if share >= SHOWN]
    return ", ".join(f"{kind} {share:.0%}" for kind, share in shown)


def _whole(defect: Defect, part: Mask, shape: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, dtype=np.bool_)
    mask[defect.region.box.slices] = part
    return mask


def _alike(
    found: Explanation, row: int, surfaces: Sequence[Surface], base: Recipe
) -> list[tuple[str, NDArray[np.generic], Mask]]:
    """Return the nearest synthetic defects, made once more; none where none comes near."""
    if not found.by_kind(row)[0][0]:
        return []
    alike = []
    for number, at in found.nearest(row, ALIKE):
        candidate, index = found.candidates[number], int(found.layers[number].index[at])
        surface = surfaces[index % len(surfaces)]
        sample = make_layer(candidate, surface, base, index)
        if sample is not None:
            alike.append((candidate.kind, sample.image, sample.mask))
    return alike
