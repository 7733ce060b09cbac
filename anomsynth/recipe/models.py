"""What to make: mechanisms and their weights, strength, refiners, material and gates."""

from typing import Annotated, Literal, Self

from pydantic import Field, SerializeAsAny, field_validator, model_validator

from anomsynth.core.component import (
    Positive,
    PositiveCountRange,
    PositiveLogRange,
    Share,
    Written,
    parameter,
)
from anomsynth.core.roles import Generator, Refiner
from anomsynth.core.types import Scale
from anomsynth.recipe.toml import recipe_text

SCALES = ("mm_per_px", "field_mm", "object_mm", "part_mm")  # a recipe gives one of them
MOST_KINDS, MOST_NAME = 3, 30  # that the one line of a recipe shows

Whole = Annotated[int, Field(ge=0)]
Some = Annotated[int, Field(ge=1)]


class Mechanism(Written):
    """A generator, how often it is picked relative to the others, and how visible it is.

    `d_prime` replaces the recipe's severity for this mechanism: some defects are faint by nature.
    """

    weight: Positive = parameter(1.0, "relative", "how often it is picked")
    d_prime: PositiveLogRange | None = parameter(None, "ratio", "how visible, instead of severity")
    generator: SerializeAsAny[Generator] = Field(description="table of a kind and its parameters")


class Severity(Written):
    """How visible defects are: d' = rms visible change over the local standard deviation.

    Attributes
    ----------
    physical : bool
        Whether the amplitude is what the defect's depth, the material and the light give it,
        amplitude one, instead of being solved for the d' that is drawn. Nothing else counts then,
        and a defect of which nothing is seen is drawn anew.
    d_prime : PositiveLogRange
        d' is drawn log-uniformly from this range for each defect.
    delta_e : PositiveLogRange or None
        CIE 1976 colour distance, drawn as well; the defect gets whichever of the two asks for more.
        Real defects of six products have medians of 17 to 48 whatever the texture around them, so
        that on smooth parts d' alone leaves them too faint. Not for mechanisms with a `d_prime`.
    area_cap : float
        Upper limit of d' for a defect that covers `area_share` of the part or more: large areas
        are seen at lower contrast.
    area_share : float in (0, 1]
    capped_probability : float in [0, 1]
        How often the cap holds for a large defect: stains are faint, stripped paint is not.
    """

    physical: bool = parameter(False, "choice", "as visible as optics make it")
    d_prime: PositiveLogRange = parameter((1.5, 8.0), "ratio", "d' of a defect")
    delta_e: PositiveLogRange | None = parameter(
        None, "delta E", "colour distance of a defect; the stronger of the two counts"
    )
    area_cap: Positive = parameter(4.5, "ratio", "most d' of a large defect")
    area_share: Annotated[float, Field(gt=0, le=1)] = parameter(
        0.03, "of part area", "area from which a defect is large"
    )
    capped_probability: Share = parameter(1.0, "probability", "that the cap holds for a large one")


class Material(Written):
    """How the part's material reflects light, as far as one photo cannot tell.

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


class Radiation(Written):
    """What passes through the part on the way to a radiograph, ``I = I0 exp(-attenuation t)``.

    Attributes
    ----------
    attenuation : float > 0
        Linear attenuation coefficient of the part's material at the energy that is used. NIST
        (Hubbell & Seltzer 1995): aluminium at 40 keV 0.153 per mm, iron at 150 keV 0.155.
    response : float in [-10, 10], not 0
        Slope of the picture's log light over that of the radiation. 1 is a detector whose levels
        are proportional to it: where material is missing the picture is brighter. Below 0 it is
        film on a light box, which darkens: less the gradient of the film, 4 or so.
    open_beam : {"beside", "full"}
        Light where no material is in the way, beyond which nothing shows that is missing: what is
        seen beside the part, or the end of the scale where something else is beside it. Where it is
        seen, the part is what absorbs.
    """

    attenuation: Positive = parameter(0.1, "per mm", "of the radiation by the part's material")
    response: Annotated[float, Field(ge=-10, le=10)] = parameter(
        1.0, "exponent", "of the picture's light over the radiation; below 0 for film"
    )

    open_beam: Literal["beside", "full"] = parameter(
        "full", "choice", "where no material is in the way: beside the part, or never"
    )

    @field_validator("response")
    @classmethod
    def _some_response(cls, value: float) -> float:
        if value == 0:
            raise ValueError("must not be 0: nothing would be seen")
        return value


class Gates(Written):
    """When a defect is thrown away and drawn again.

    Attributes
    ----------
    min_pixels : int
        Fewest visible pixels.
    min_visibility : float
        Smallest d' accepted, as a share of the lower end of the severity (or of what was asked
        for, if less): slopes and clipping limit how visible a defect can be made.
    reach : float in [0, 1]
        Share of the d' that was asked for which a defect must reach at the first try, less at
        later ones, none at the last. What a restless surface hides is drawn less often there, and
        what shows more often. What is rigid or only moves its surface need not.
    max_clipped : float in [0, 1]
        Largest share of visible pixels that the defect drives to black or white.
    attempts : int
        How many tries a sample has before it counts as failed.
    min_score : float in [0, 1]
        Least quality (SQE) of a sample; those below are drawn anew, up to `redraws` times.
    redraws : int
    best_of : int
        How many samples are drawn, of which the one of the best quality is kept.
    enough : float in [0, 1]
        Quality that is good enough: no further sample is drawn for a better one.
    """

    min_pixels: Some = parameter(6, "count", "fewest visible pixels")
    min_visibility: Share = parameter(1.0, "ratio", "least d' over the least severity")
    reach: Share = parameter(0.5, "ratio", "least d' over the drawn one, at the first try")
    max_clipped: Share = parameter(0.1, "share", "of the visible pixels, driven to black or white")
    attempts: Some = parameter(96, "count", "tries before a sample has failed")
    min_score: Share = parameter(0.0, "ratio", "least quality of a sample")
    redraws: Whole = parameter(12, "count", "samples drawn anew for their quality")
    best_of: Some = parameter(1, "count", "samples drawn, of which the best is kept")
    enough: Share = parameter(0.85, "ratio", "quality that needs no further sample")


class Recipe(Written):
    """Everything that decides what a run makes; written as TOML.

    Exactly one of `mm_per_px`, `field_mm`, `object_mm` and `part_mm` sets the scale. `stands_for`
    says which real defects the recipe imitates, `cannot` which it does not; `stand_in` names the
    picture that ``anomsynth presets check`` draws it on. None of the three changes what is made.
    With `transmission` the pictures are radiographs: a defect is the length of material that is
    missing along the ray, and what only colours the part is refused.

    `part` says what counts as the part where no region is given: what is found on a background, or
    the whole picture (circuit boards, whose components would be taken for parts).
    """

    version: Literal[1] = Field(1, description="of the format")
    name: str = Field(description="what it is called")
    description: str = Field("", description="one line for `list presets`")
    stands_for: tuple[str, ...] = Field((), description="real defects that it imitates")
    cannot: tuple[str, ...] = Field((), description="real defects that it does not imitate")
    stand_in: str = Field("texture", description="picture that `presets check` tries it on")
    seed: Whole = Field(0, description="another number makes other defects")
    part: Literal["found", "picture"] = Field(
        "found", description="the part is found on its background, or is the whole picture"
    )
    mm_per_px: Positive | None = parameter(
        None, "mm", "size of a pixel; this, or one of the next three"
    )
    field_mm: Positive | None = parameter(None, "mm", "width of the field of view")
    object_mm: Positive | None = parameter(None, "mm", "width of the part")
    part_mm: Positive | None = parameter(None, "mm", "side of a square as large as the part")
    encoding: Literal["srgb", "linear"] = Field("srgb", description="how pixels encode light")
    transmission: bool = Field(False, description="the pictures are radiographs")
    radiation: Radiation = Radiation()
    mechanisms: tuple[Mechanism, ...] = Field(min_length=1, description="what may happen")
    mixed_probability: Share = parameter(
        0.3, "probability", "several defects of an image differ in kind", was="mixed_share"
    )
    defects_per_image: PositiveCountRange = parameter((1, 3), "count", "defects of an image")
    severity: Severity = Severity()
    refiners: tuple[SerializeAsAny[Refiner], ...] = Field(
        (), description="tables of a kind and its parameters, in their order"
    )
    material: Material = Material()
    gates: Gates = Gates()

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        given = [name for name in SCALES if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"give exactly one of {', '.join(SCALES)}; got {given or 'none'}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _radiates(self) -> Self:
        if self.radiation != Radiation() and not self.transmission:
            raise ValueError("radiation is of radiographs only: write transmission = true")
        flat = [item.generator.kind for item in self.mechanisms if not item.generator.has_relief]
        if self.transmission and flat:
            raise ValueError(f"{flat[0]!r} changes no thickness: a radiograph does not show it")
        return self

    def to_toml(self) -> str:
        """Return the recipe as TOML, which `load_recipe` loads back equal from a file.

        What stands at its default is left out.

        Examples
        --------
        >>> import anomsynth as asy
        >>> recipe = asy.load_recipe("metal", seed=7)
        >>> recipe.to_toml().splitlines()[:1]
        ['name = "metal"']
        """
        return recipe_text(self)

    def __repr__(self) -> str:
        """Return one line: name, seed and scale, and the kinds of defects."""
        kinds = dict.fromkeys(item.generator.kind for item in self.mechanisms)
        shown = [*kinds][:MOST_KINDS]
        more = f" and {len(kinds) - len(shown)} more" if len(kinds) > len(shown) else ""
        return f"<Recipe {self.name[:MOST_NAME]!r}, seed {self.seed}: {', '.join(shown)}{more}>"

    def __str__(self) -> str:
        """Return the same line."""
        return repr(self)

    def _repr_markdown_(self) -> str:
        """Return what a notebook shows: the recipe as TOML."""
        text = self.to_toml()
        fence = "```"
        while fence in text:
            fence += "`"
        return f"{fence}toml\n{text}{fence}"

    @property
    def tells_part(self) -> bool:
        """Whether the part is known without a look at how it stands out from its background."""
        return self.part == "picture" or (
            self.transmission and self.radiation.open_beam == "beside"
        )

    @property
    def scale(self) -> Scale:
        """Physical size of a pixel, as far as the recipe tells."""
        return Scale(self.mm_per_px, self.field_mm, self.object_mm, self.part_mm)
