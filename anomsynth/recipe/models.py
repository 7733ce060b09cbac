"""What to make: mechanisms and their weights, strength, refiners, material and gates."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from anomsynth.core.component import CountRange, PositiveCountRange, PositiveLogRange
from anomsynth.core.material import Material
from anomsynth.core.roles import Generator, Refiner
from anomsynth.core.scale import Scale

FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Mechanism(BaseModel):
    """A generator, how often it is picked relative to the others, and how visible it is.

    `d_prime` replaces the recipe's severity for this mechanism: some defects are faint by nature.
    """

    model_config = FROZEN

    weight: float = Field(default=1.0, gt=0)
    d_prime: PositiveLogRange | None = None
    generator: SerializeAsAny[Generator]


class Severity(BaseModel):
    """How visible defects are: d' = rms visible change over the local standard deviation.

    Attributes
    ----------
    d_prime : PositiveLogRange
        d' is drawn log-uniformly from this range for each defect.
    area_cap : float
        Upper limit of d' for a defect that covers `area_share` of the part or more: large areas
        are seen at lower contrast.
    area_share : float in (0, 1]
    """

    model_config = FROZEN

    d_prime: PositiveLogRange = Field(default=(1.5, 8.0), validate_default=True)
    area_cap: float = Field(default=4.5, gt=0)
    area_share: float = Field(default=0.03, gt=0, le=1)


class Gates(BaseModel):
    """When a defect is thrown away and drawn again.

    Attributes
    ----------
    min_pixels : int
        Fewest visible pixels.
    min_visibility : float
        Smallest d' accepted, as a share of the lower end of the severity (or of what was asked
        for, if less): slopes and clipping limit how visible a defect can be made.
    max_clipped : float in [0, 1]
        Largest share of visible pixels that the defect drives to black or white.
    attempts : int
        How many tries a sample has before it counts as failed.
    min_score : float in [0, 1]
        Least quality (SQE) of a sample; those below are drawn anew, up to `redraws` times.
    redraws : int
    """

    model_config = FROZEN

    min_pixels: int = Field(default=6, ge=1)
    min_visibility: float = Field(default=1.0, ge=0, le=1)
    max_clipped: float = Field(default=0.1, ge=0, le=1)
    attempts: int = Field(default=24, ge=1)
    min_score: float = Field(default=0.0, ge=0, le=1)
    redraws: int = Field(default=12, ge=0)


class Recipe(BaseModel):
    """Everything that decides what a run makes; written as TOML.

    Exactly one of `mm_per_px`, `field_mm` and `object_mm` sets the scale. `mixed_share` is the
    share of images with several defects whose defects may differ in kind. `stands_for` says which
    real defects the recipe imitates, `cannot` which it does not; `stand_in` names the picture
    that ``anomsynth presets check`` draws it on. None of the three changes what is made. `part`
    says what counts as the part where no region is given: what is found on a background, or the
    whole picture (circuit boards, whose components would be taken for parts).
    """

    model_config = FROZEN

    version: Literal[1] = 1
    name: str
    description: str = ""
    stands_for: tuple[str, ...] = ()
    cannot: tuple[str, ...] = ()
    stand_in: str = "texture"
    seed: int = Field(default=0, ge=0)
    part: Literal["found", "picture"] = "found"
    mm_per_px: float | None = Field(default=None, gt=0)
    field_mm: float | None = Field(default=None, gt=0)
    object_mm: float | None = Field(default=None, gt=0)
    encoding: Literal["srgb", "linear"] = "srgb"
    mechanisms: tuple[Mechanism, ...] = Field(min_length=1)
    mixed_share: float = Field(default=0.3, ge=0, le=1)
    defects_per_image: PositiveCountRange = Field(
        default=CountRange(low=1, high=3), validate_default=True
    )
    severity: Severity = Severity()
    refiners: tuple[SerializeAsAny[Refiner], ...] = ()
    material: Material = Material()
    gates: Gates = Gates()

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        given = [
            name
            for name in ("mm_per_px", "field_mm", "object_mm")
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            msg = f"give exactly one of mm_per_px, field_mm, object_mm; got {given or 'none'}"
            raise ValueError(msg)
        return self

    @property
    def scale(self) -> Scale:
        """Physical size of a pixel, as far as the recipe tells."""
        return Scale(self.mm_per_px, self.field_mm, self.object_mm)
