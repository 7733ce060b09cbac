"""Several photos of one part in one place, each in a light of its own: one defect in all of them.

The first view decides where a defect lies, what shape it has and how strong it is. The others show
the same geometry in their own light, through their own camera; what hangs on the light (walls that
glint, shadows) is made anew for each where that leaves the geometry as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from anomsynth.core.layer import DefectLayer
from anomsynth.core.types import Box, Light, Surface

# What a defect is, whatever light falls on it; the other channels are how it looks.
GEOMETRY = ("coverage", "height", "displacement", "openness", "roughness")
HIDDEN_BY_GLINTS = 0.1  # share of what covers that may depend on the light: glare on clear drops
# What the first photo says of the part, and the others need not say again.
OF_THE_PART = (
    *("foreground", "allowed", "mm_per_px", "grain", "sites", "edge_sites", "edge_normals"),
    *("reachable", "components", "textures", "defects"),
)


@dataclass(frozen=True, slots=True, eq=False)
class OtherView:
    """Another photo of the part.

    Attributes
    ----------
    name : str
        Of the view.
    image : str
        Key of the photo, for its own noise.
    surface : Surface
        Its pixels, camera and light; the part as the first view has it.
    """

    name: str
    image: str
    surface: Surface


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ViewedSurface(Surface):
    """The first photo of a part that was photographed several times, in a light that is settled.

    Attributes
    ----------
    others : tuple of OtherView
        The other photos, of the same size.
    """

    others: tuple[OtherView, ...] = field(default=(), kw_only=True)


def join_views(
    first: Surface, others: Mapping[str, tuple[str, Surface]], lights: Mapping[str, Light]
) -> ViewedSurface:
    """Return the surface of a part of several photos.

    Parameters
    ----------
    first : Surface
    others : dict of view name -> key and surface of its photo
        Of the same size and number of channels.
    lights : dict of view name -> Light
        Of each view; the first one's is named "".
    """
    part = {name: getattr(first, name) for name in OF_THE_PART}
    views = tuple(
        OtherView(name, image, replace(surface, **part, light=lights[name]))
        for name, (image, surface) in others.items()
    )
    known = {item.name: getattr(first, item.name) for item in fields(Surface) if item.init}
    return ViewedSurface(**{**known, "light": lights[""]}, others=views)


def around_all(layers: Mapping[str, DefectLayer]) -> Box:
    """Return the box around the patches of several layers."""
    boxes = [layer.box for layer in layers.values()]
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )


def is_same_shape(first: DefectLayer, again: DefectLayer) -> bool:
    """Tell whether two layers on one box have the same geometry.

    Light that is taken from the photo as it is belongs to that photo, whatever its outline there.
    """
    if first.exposed is not None and again.exposed is not None:
        return True
    for name in GEOMETRY:
        one, other = getattr(first, name), getattr(again, name)
        if one is None or other is None:
            if one is not other:
                return False
            continue
        spare = HIDDEN_BY_GLINTS if name == "coverage" else 0.0
        if np.abs(one - other).sum() > spare * np.abs(one).sum():
            return False
    return True
