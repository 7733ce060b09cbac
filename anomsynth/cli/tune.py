"""`anomsynth tune`: sliders and a brush on one's own photos, in the browser."""

import webbrowser
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.choices import MmPerPx, Preset, Seed
from anomsynth.cli.console import Json, Quiet, example, reporting

EXAMPLE = example(
    "tune photos",
    "tune photos --preset metal --out mine.toml",
    "tune photos --no-browser --port 8000",
)
GROUPS = {
    "What to begin with": ("preset", "seed", "mm_per_px"),
    "The photos, and where on them": ("roi", "avoid", "components", "textures", "real"),
    "What is saved": ("out", "masks", "overwrite"),
    "The page": ("port", "browser"),
}


def tune(
    photos: Annotated[
        list[Path], typer.Argument(metavar="PHOTOS...", help="Photos of a good part, or folders.")
    ],
    preset: Preset = "auto",
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.toml", help="Where the recipe is saved.")
    ] = Path("recipe.toml"),
    masks: Annotated[
        Path, typer.Option("--masks", metavar="DIR", help="Where parts that you draw are saved.")
    ] = Path("part"),
    seed: Seed = None,
    mm_per_px: MmPerPx = None,
    roi: Annotated[
        Path | None,
        typer.Option("--roi", metavar="DIR|FILE", help="Masks: where defects may go."),
    ] = None,
    avoid: Annotated[
        Path | None,
        typer.Option("--avoid", metavar="DIR|FILE", help="Masks: where they must not."),
    ] = None,
    components: Annotated[
        Path | None,
        typer.Option("--components", metavar="DIR|FILE", help="Masks of the components."),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option("--textures", metavar="DIR", help="Pictures to take foreign textures from."),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option("--real", metavar="DIR", help="Marked, real defects, for paste_real."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a recipe and masks that are there.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of the page; 0: a free one.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Tune kinds, sizes and strength with sliders on your photos, and save a recipe.

    The page is served to this machine alone and needs no network. Where the part was found
    wrongly, correct it there with a brush. End it on the page or by Ctrl-C.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.tune import Tuned
        from anomsynth.api.tune import tune as serve
        from anomsynth.cli.progress import note_event

        def ready(url: str) -> None:
            console.say(f"open {url}")
            console.line("ready", {"url": url})
            if browser:
                webbrowser.open(url)

        done: Tuned = serve(
            list(photos),
            preset=preset,
            out=out,
            masks=masks,
            seed=seed,
            mm_per_px=mm_per_px,
            roi=roi,
            avoid=avoid,
            components=components,
            textures=textures,
            real=real,
            overwrite=overwrite,
            port=port,
            on_event=partial(note_event, console),
            on_ready=ready,
        )
        if done.recipe is None:
            console.say("nothing was saved")
        else:
            console.say(f"saved {done.recipe}. Next:\n  {done.command}")
        console.result(
            recipe=None if done.recipe is None else str(done.recipe),
            masks=[str(path) for path in done.masks],
            command=done.command,
        )
