"""How a surface sends light back, as far as one photo cannot tell."""

from pydantic import BaseModel, ConfigDict, Field


class Material(BaseModel):
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

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    specular: float = Field(default=0.2, ge=0, le=1)
    gloss_width: float = Field(default=0.35, gt=0, le=1)
    ambient: float = Field(default=0.35, ge=0, le=1)
