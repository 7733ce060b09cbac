"""Tries a preset out on a stand-in: each of its mechanisms once, truth and all."""

from dataclasses import dataclass, replace

import numpy as np

from anomsynth.core.registry import generators
from anomsynth.core.types import SampleKey, Surface
from anomsynth.demo.cutouts import StandInDefects
from anomsynth.demo.standins import make_stand_in, stand_in_names
from anomsynth.errors import RecipeError, SynthesisError
from anomsynth.recipe.load import load_recipe, read_extension
from anomsynth.recipe.models import Mechanism, Recipe
from anomsynth.recipe.presets import preset_names
from anomsynth.sheets.sheet import SheetRow
from anomsynth.synthesis.surfaces import surface_of
from anomsynth.synthesis.synthesize import synthesize

COPIES = 4  # of the stand-in on which a mechanism may find its place
FIBROUS = "pile"  # the stand-in for mechanisms that work on fibres, which hardly another one shows


@dataclass(frozen=True, slots=True, eq=False)
class PresetCheck:
    """What came of a preset's mechanisms.

    Attributes
    ----------
    preset : str
    rows : one for each mechanism that worked, for a contact sheet
    problems : what is wrong with the preset, in words; empty if nothing is
    """

    preset: str
    rows: tuple[SheetRow, ...]
    problems: tuple[str, ...]


def check_preset(name: str, seed: int = 0) -> PresetCheck:
    """Load a preset and make one sample with each of its own mechanisms on its stand-in.

    Those of its base are the base's to check. What works on fibres is tried on a pile of them.

    Raises
    ------
    RecipeError, UnknownComponentError
        If the preset cannot be loaded.
    """
    recipe = load_recipe(name)
    if read_extension(name) is not None:
        recipe = load_recipe(name, base_share=0)
    problems = [] if recipe.description else ["describes nothing"]
    if recipe.stand_in not in stand_in_names():
        known = ", ".join(stand_in_names())
        msg = f"{name}: no stand-in {recipe.stand_in!r}"
        raise RecipeError(msg, hint=f"known: {known}")
    surfaces = [make_surface(recipe, index) for index in range(COPIES)]
    hairy = recipe.model_copy(update={"stand_in": FIBROUS})
    rows: list[SheetRow] = []
    for number, mechanism in enumerate(recipe.mechanisms):
        fitting = surfaces
        if mechanism.generator.needs_fibers:
            fitting = [make_surface(hairy, index) for index in range(COPIES)]
        made = _try(recipe, mechanism, fitting, (seed, number))
        if isinstance(made, str):
            problems.append(f"mechanisms[{number}]: {made}")
        else:
            rows.append(made)
    return PresetCheck(name, tuple(rows), tuple(problems))


def unused_kinds() -> list[str]:
    """Return the mechanisms of this package that no preset uses."""
    used = {item.generator.kind for name in preset_names() for item in load_recipe(name).mechanisms}
    return [kind for kind in generators.kinds() if kind not in {*used, *generators.plugins()}]


def make_surface(recipe: Recipe, index: int) -> Surface:
    """Return the analysed stand-in of a recipe."""
    stand_in = make_stand_in(recipe.stand_in, index)
    surface = surface_of(stand_in.pixels, recipe, stand_in.components)
    surface = replace(surface, defects=StandInDefects())
    if surface.components is not None:
        return surface
    one_piece = surface.foreground.astype(np.uint8)
    return replace(surface, components=one_piece)


def _try(
    recipe: Recipe, mechanism: Mechanism, surfaces: list[Surface], draw: tuple[int, int]
) -> SheetRow | str:
    """Return a row with a sample of one mechanism, or why there is none."""
    seed, number = draw
    one = recipe.model_copy(update={"mechanisms": (mechanism,)})
    reason = ""
    for index, surface in enumerate(surfaces):
        key = SampleKey(recipe.name, str(number), index)
        try:
            sample = synthesize(surface, one, seed=seed, key=key)
        except SynthesisError as error:
            reason = str(error)
        else:
            return SheetRow.of(surface.assemble(surface.pixels), sample)
    return reason
