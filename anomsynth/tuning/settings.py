"""What the sliders of the page say, and the recipe that comes of it."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from anomsynth.core.registry import generators
from anomsynth.errors import UserError
from anomsynth.recipe.load import change_recipe
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.recipe.sizes import resized
from anomsynth.recipe.strength import one_strength

Weight = Annotated[float, Field(ge=0, le=100)]
Size = Annotated[float, Field(ge=0.1, le=10)]
Strength = Annotated[float, Field(ge=0.5, le=50)]
Count = Annotated[int, Field(ge=1, le=20)]


class Settings(BaseModel):
    """The state of the sliders.

    Attributes
    ----------
    weights : by kind
        How often, relative to the preset; 0 is never. Kinds that the preset has not come with
        their own parameters.
    sizes : by kind
        How large, relative to the preset, in every direction.
    severity : (low, high), d', or None
        Holds for all kinds then; None leaves the preset's, which may know kinds apart.
    defects_per_image : (low, high)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: dict[str, Weight] = {}
    sizes: dict[str, Size] = {}
    severity: tuple[Strength, Strength] | None = None
    defects_per_image: tuple[Count, Count] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("severity", "defects_per_image"):
            ends = getattr(self, name)
            if ends is not None and ends[0] > ends[1]:
                msg = f"{name}: low {ends[0]:g} is above high {ends[1]:g}"
                raise ValueError(msg)
        return self


def tuned(recipe: Recipe, settings: Settings, only: str | None = None) -> Recipe:
    """Return a recipe as the sliders change it.

    Parameters
    ----------
    recipe : Recipe
    settings : Settings
    only : str, optional
        Nothing but this kind, to look at it; it may have the weight 0.

    Raises
    ------
    UserError
        If no kind is left.
    UnknownComponentError
        If nobody provides a kind.
    """
    mechanisms = []
    for item in recipe.mechanisms:
        kind = item.generator.kind
        weight = item.weight * settings.weights.get(kind, 1.0)
        mechanisms.append((kind, weight, item))
    used = {kind for kind, _, _ in mechanisms}
    added = {kind for kind in (*settings.weights, only) if kind is not None and kind not in used}
    middle = sum(item.weight for item in recipe.mechanisms) / max(len(used), 1)
    for kind in sorted(added):
        fresh = Mechanism(generator=generators.build({"kind": kind}))
        mechanisms.append((kind, middle * settings.weights.get(kind, 0.0), fresh))
    if only is None:
        chosen = [(kind, weight, item) for kind, weight, item in mechanisms if weight > 0]
    else:
        chosen = [(kind, item.weight, item) for kind, _, item in mechanisms if kind == only]
    if not chosen:
        raise UserError("every kind is at 0", hint="let at least one happen")
    made = tuple(
        item.model_copy(
            update={
                "weight": weight,
                "generator": resized(item.generator, settings.sizes.get(kind, 1.0)),
            }
        )
        for kind, weight, item in chosen
    )
    changes: dict[str, object] = {}
    if settings.severity is not None:
        changes["severity"] = {"d_prime": list(settings.severity)}
    if settings.defects_per_image is not None:
        changes["defects_per_image"] = list(settings.defects_per_image)
    changed = change_recipe(recipe, **changes).model_copy(update={"mechanisms": made})
    return changed if settings.severity is None else one_strength(changed)
