"""`anomsynth init`: a short recipe to begin with."""

from typing import Annotated

import typer

from anomsynth.cli.choices import complete_preset
from anomsynth.cli.console import Json, Quiet, example, reporting

EXAMPLE = example("init --preset metal > mine.toml")


def init(
    preset: Annotated[
        str,
        typer.Option(
            "--preset",
            metavar="NAME|FILE.toml",
            help="What the recipe extends.",
            autocompletion=complete_preset,
        ),
    ] = "generic",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Print a recipe that extends a preset: a few lines, with what may be changed as comments.

    Save it under a name that ends in .toml and give that to --preset.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.recipe.template import recipe_template

        text = recipe_template(preset)
        console.answer(text.rstrip(), {"preset": preset, "recipe": text})
