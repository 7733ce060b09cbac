"""`anomsynth list`: what is there to be used."""

from collections.abc import Mapping
from typing import Annotated

import typer

from anomsynth.cli.choices import complete_preset, parse_words
from anomsynth.cli.console import Console, Json, Quiet, example, reporting
from anomsynth.cli.roles import PRESETS, TOPICS, catalogue, first_line, origin_of

EXAMPLE = example(
    "list generators",
    "list presets",
    "list generators --preset metal",
    "list --markdown > components.md",
)
USED = ("generators", "refiners")  # by presets


def list_components(
    what: Annotated[
        str | None, typer.Argument(metavar="|".join(TOPICS), show_default=False)
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            metavar="NAME|FILE.toml",
            help="Only the generators and refiners that it uses.",
            autocompletion=complete_preset,
        ),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As tables in Markdown, with laws and sources.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """List what can be used, of this package and of plugins, each with one line of explanation.

    `list --preset metal` names the kinds of defects that a preset makes.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        known = TOPICS if preset is None else USED
        topics = known if what is None else parse_words("list", what, known)
        found = {topic: _entries(topic) for topic in topics}
        if preset is not None:
            used = _used(preset)
            found = {
                topic: {kind: line for kind, line in entries.items() if kind in used[topic]}
                for topic, entries in found.items()
            }
        if markdown:
            text = component_tables(found)
            console.answer(text, {**found, "markdown": text})
            return
        for topic, entries in found.items():
            _print(console, topic, entries)
        console.result(**found)


def _used(preset: str) -> dict[str, set[str]]:
    from anomsynth.recipe.load import load_recipe

    recipe = load_recipe(preset)
    return {
        "generators": {item.generator.kind for item in recipe.mechanisms},
        "refiners": {item.kind for item in recipe.refiners},
    }


def _print(console: Console, topic: str, entries: dict[str, str]) -> None:
    rows = [[name, _with_origin(line, topic, name)] for name, line in entries.items()]
    console.table([topic, ""], rows)
    console.say()


def component_tables(
    found: Mapping[str, Mapping[str, str]] | None = None, *, shipped_only: bool = False
) -> str:
    """Return tables in Markdown of what there is, by topic; without plugins on demand."""
    found = found or {topic: _entries(topic) for topic in TOPICS}
    tables = [
        _as_markdown(
            topic,
            {
                name: line
                for name, line in entries.items()
                if not shipped_only or origin_of(topic, name) is None
            },
        )
        for topic, entries in found.items()
    ]
    return "\n".join(tables).rstrip()


def _as_markdown(topic: str, entries: dict[str, str]) -> str:
    """Return a table of a topic; components with a law show it, and where it comes from."""
    rows = [[f"`{name}`", _with_origin(line, topic, name)] for name, line in entries.items()]
    headings = ["kind", "what"]
    laws = {} if topic == PRESETS else {name: _law(topic, name) for name in entries}
    if any(any(law) for law in laws.values()):
        headings += ["law", "source"]
        rows = [[*row, *laws[name]] for name, row in zip(entries, rows, strict=True)]
    lines = [headings, ["---"] * len(headings), *rows]
    table = "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )
    return f"## {topic.capitalize()}\n\n{table}\n"


def _law(topic: str, name: str) -> list[str]:
    item = catalogue(topic).load(name)
    return [str(getattr(item, "law", "")), str(getattr(item, "source", ""))]


def _with_origin(line: str, topic: str, name: str) -> str:
    origin = origin_of(topic, name)
    return line if origin is None else f"{line} ({origin.name} {origin.version})"


def _entries(topic: str) -> dict[str, str]:
    """Return name and first line of everything of a topic."""
    from anomsynth.recipe.presets import preset_names

    if topic == PRESETS:
        return {name: _described(name) for name in preset_names()}
    known = catalogue(topic)
    return {kind: first_line(known.load(kind)) for kind in known.kinds()}


def _described(preset: str) -> str:
    """Return what a preset says of itself; one of a plugin may be broken, and hides no others."""
    from anomsynth.errors import UserError
    from anomsynth.recipe.load import load_recipe

    try:
        return load_recipe(preset).description
    except UserError as error:
        return f"cannot be used: {error}"
