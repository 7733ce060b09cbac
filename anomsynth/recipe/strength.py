"""A strength that holds for everything: what a user asks for outweighs what a recipe has apart."""

from anomsynth.recipe.models import Recipe


def one_strength(recipe: Recipe) -> Recipe:
    """Return a recipe whose `severity.d_prime` holds for all its mechanisms and for large areas.

    Mechanisms lose strengths of their own, the colour distance no longer counts, and large defects
    are capped where the recipe caps them, or at the lower limit if that is higher.
    """
    cap = max(recipe.severity.area_cap, recipe.severity.d_prime.low)
    return recipe.model_copy(
        update={
            "severity": recipe.severity.model_copy(
                update={"area_cap": cap, "delta_e": None, "capped_probability": 1.0}
            ),
            "mechanisms": tuple(
                one.model_copy(update={"d_prime": None}) for one in recipe.mechanisms
            ),
        }
    )
