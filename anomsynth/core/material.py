"""How a surface sends light back, as far as one photo cannot tell."""

from typing import Annotated

from pydantic import Field

from anomsynth.core.component import Share, Written, parameter


class Material(Written):
    """Reflection of the part's material.

    Attributes
    ----------
    specular : float in [0, 1]
        Share of mirror-like reflection: metal 0.5-0.9, paint 0.1-0.3, ceramic 0.05-0.2, textile 0.
    gloss_width : float in (0, 1]
        Width of the highlight lobe (Beckmann roughness); small is shiny.
    ambient : float in [0, 1]
        Share of light without direction: 0.3-0.7 under a dome, 0.05-0.2 in a dark field.
    """

    specular: Share = parameter(0.2, "share", "of the reflection that is mirror-like")
    gloss_width: Annotated[float, Field(gt=0, le=1)] = parameter(
        0.35, "rms slope", "width of the highlight"
    )
    ambient: Share = parameter(0.35, "share", "of the light that has no direction")
