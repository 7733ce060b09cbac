"""`anomsynth list`: what is there to be used."""

from typing import Annotated

import typer

from anomsynth.cli.choices import parse_words
from anomsynth.cli.console import Console, Json, Quiet, example, reporting

EXAMPLE = example("list generators", "list presets")
TOPICS = ("generators", "refiners", "presets")


def list_components(
    what: Annotated[
        str | None, typer.Argument(metavar="[generators|refiners|presets]", show_default=False)
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """List generators, refiners and presets, each with one line of explanation."""
    with reporting(quiet=quiet, as_json=as_json) as console:
        topics = TOPICS if what is None else parse_words("list", what, TOPICS)
        found = {topic: _entries(topic) for topic in topics}
        for topic, entries in found.items():
            _print(console, topic, entries)
        console.result(**found)


def _print(console: Console, topic: str, entries: dict[str, str]) -> None:
    console.table([topic, ""], list(entries.items()))
    console.say()


def _entries(topic: str) -> dict[str, str]:
    """Return name and first line of everything of a topic."""
    from anomsynth.core.registry import generators, refiners
    from anomsynth.recipe.load import load_recipe
    from anomsynth.recipe.presets import preset_names

    if topic == "presets":
        return {name: load_recipe(name).description for name in preset_names()}
    registry = generators if topic == "generators" else refiners
    return {kind: first_line(registry.load(kind).__doc__) for kind in registry.kinds()}


def first_line(text: str | None) -> str:
    """Return the first line of a docstring without its reference marks."""
    line = (text or "").strip().partition("\n")[0]
    return line.replace(" [1]_", "").replace(" [2]_", "").rstrip(".")
