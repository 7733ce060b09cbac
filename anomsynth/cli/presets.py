"""`anomsynth presets check`: the shipped presets do what they say, or it tells."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.choices import parse_words
from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.cli.usage import Program
from anomsynth.core.counted import counted

EXAMPLE = example("presets check", "presets check mvtec/bottle,metal --out sheets")

app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Check the shipped presets.",
    epilog=EXAMPLE,
)


@app.callback()
def presets() -> None:
    """Check presets."""


@app.command("check", epilog=EXAMPLE)
def check(
    names: Annotated[
        str | None, typer.Argument(metavar="A,B", help="Presets [all].", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Draw a sheet of each here.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Load each preset and make one sample with each of its mechanisms on its stand-in.

    Exit code: 0 all well, 3 a mechanism found no place or no preset uses it.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.recipe.presets import preset_names
        from anomsynth.sheets.presets import check_preset, unused_kinds
        from anomsynth.sheets.sheet import contact_sheet, write_sheet

        known = preset_names()
        chosen = known if names is None else parse_words("presets", names, known)
        problems: dict[str, list[str]] = {}
        for name in chosen:
            result = check_preset(name)
            if result.problems:
                problems[name] = list(result.problems)
            if out is not None and result.rows:
                write_sheet(out / f"{name}.png", contact_sheet(result.rows, across=2))
            state = "; ".join(result.problems) or "ok"
            console.say(f"{name}: {counted(len(result.rows), 'mechanism')}, {state}")
        unused = unused_kinds() if names is None else []
        console.result(presets=chosen, problems=problems, unused=unused)
        if unused:
            console.error(f"used by no preset: {', '.join(unused)}")
    if problems or unused:
        raise typer.Exit(SOME_FAILED)
