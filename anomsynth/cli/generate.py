"""`anomsynth generate`: a folder of good photos becomes a labelled dataset."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import (
    AUTO,
    DefectsPerImage,
    Kinds,
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    Severity,
    choose_recipe,
    parse_shard,
    parse_words,
)
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    example,
    reporting,
    resume_command,
)
from anomsynth.cli.environment import Jobs, taken
from anomsynth.cli.summary import print_summary
from anomsynth.errors import InputError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anomsynth.dataset.folders import PhotoSource
    from anomsynth.pipeline.options import RunOptions
    from anomsynth.recipe.models import Recipe

EXAMPLE = example(
    "generate photos dataset --preset metal --per-image 4",
    "generate photos dataset --kinds crack,scratch --severity 2:6 --dry-run",
    "generate photos dataset --preset auto --shard 3/8 --resume",
)
EXTRAS = ("soft", "class", "instance", "foreground", "height", "strict")


def generate(
    source: Annotated[
        Path, typer.Argument(help="Good photos: folder, folders, or MVTec-style root.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder for the dataset.")],
    preset: Preset = "generic",
    kinds: Kinds = None,
    per_image: Annotated[
        int | None, typer.Option("--per-image", min=1, help="Samples made of each photo [2].")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="Samples per category, instead.")
    ] = None,
    defects_per_image: DefectsPerImage = None,
    severity: Severity = None,
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", min=0, max=1, help="Draw samples below this score anew."),
    ] = None,
    roi: Annotated[
        Path | None, typer.Option("--roi", metavar="DIR", help="Masks: where defects may go.")
    ] = None,
    avoid: Annotated[
        Path | None, typer.Option("--avoid", metavar="DIR", help="Masks: where they must not.")
    ] = None,
    components: Annotated[
        Path | None,
        typer.Option("--components", metavar="DIR", help="Masks: components that may go missing."),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option("--textures", metavar="DIR", help="Pictures to take foreign textures from."),
    ] = None,
    test_share: Annotated[
        float, typer.Option("--test-share", min=0, max=1, help="Share of photos for test/good.")
    ] = 0.2,
    extras: Annotated[
        str | None, typer.Option("--extras", metavar="A,B", help=f"Also write {', '.join(EXTRAS)}.")
    ] = None,
    hardlink: Annotated[
        bool, typer.Option("--hardlink/--copy", help="How 8-bit PNG photos come into OUT.")
    ] = False,
    png: Annotated[
        str, typer.Option("--png", metavar="fast|small", help="How hard PNG are compressed.")
    ] = "fast",
    jobs: Jobs = -1,
    backend: Annotated[
        str,
        typer.Option("--backend", metavar="loky|threading|dask", help="What the workers are."),
    ] = "loky",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Dask cluster to work on."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Make the I-th of N parts; then merge OUT."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish an interrupted run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what OUT holds.")] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Stop at an unusable photo; failed samples stop nothing."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be made, and its cost.")
    ] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Only print the whole recipe as TOML.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make a labelled defect dataset in MVTec AD layout from good photos.

    SOURCE is never written to. The same seed makes the same images with any number of jobs.

    Exit code: 0 all made, 2 cannot begin or go on (one line says why), 3 some samples or photos
    failed, 130 interrupted.
    """
    with reporting(quiet=quiet, as_json=as_json, again=resume_command(sys.argv[1:])) as console:
        if per_image is not None and count is not None:
            raise UserError("--per-image and --count exclude each other", hint="give one of them")
        if resume and overwrite:
            raise UserError("--resume and --overwrite exclude each other", hint="give one of them")
        load = partial(
            choose_recipe,
            kinds=kinds,
            refiners=refiners,
            severity=severity,
            defects_per_image=defects_per_image,
            seed=seed,
            mm_per_px=mm_per_px,
            min_score=min_score,
        )
        folders = {"roi": roi, "avoid": avoid, "components": components, "textures": textures}
        for option, folder in folders.items():
            if folder is not None and not folder.is_dir():
                raise InputError(f"--{option}: {folder}: no such folder", hint="check the path")
        options = _options(
            per_image=per_image,
            count=count,
            png=png,
            jobs=jobs,
            backend=backend,
            scheduler=scheduler,
            shard=None if shard is None else parse_shard("--shard", shard),
            **folders,
            test_share=test_share,
            link="hardlink" if hardlink else "copy",
            extras=parse_words("--extras", extras, EXTRAS) if extras is not None else (),
            resume=resume,
            overwrite=overwrite,
            strict=strict,
            environment=tuple(taken().items()),
        )
        found, chosen = _recipes(console, preset, source, options, load)
        if print_config:
            _print_config(console, chosen)
            return
        from anomsynth.pipeline.plan import make_plan

        plan = make_plan(found, out, chosen, options)
        if dry_run:
            from anomsynth.cli.cost import print_plan

            print_plan(console, plan)
            return
        from anomsynth.cli.progress import RunProgress
        from anomsynth.pipeline.run import run

        with RunProgress(console) as progress:
            finished = run(plan, progress)
        print_summary(console, plan, finished, progress.resumed)
    if finished.failed or finished.failed_images:
        raise typer.Exit(SOME_FAILED)


def _recipes(
    console: Console,
    preset: str,
    source: Path,
    options: "RunOptions",
    load: "Callable[[str], Recipe]",
) -> "tuple[Path | PhotoSource, dict[str, Recipe] | Recipe]":
    """Load one recipe for all, or with `auto` list the source and load what fits each category."""
    if preset != AUTO:
        return source, load(preset)
    from anomsynth.dataset.folders import find_source
    from anomsynth.pipeline.auto import choose_preset

    found = find_source(source, options.no_photos())
    recipes = {}
    for category, photos in found.categories.items():
        choice = choose_preset(category, [photo.path for photo in photos])
        console.note(f"{category}: preset {choice.preset}, because {choice.why}")
        recipes[category] = load(choice.preset)
    return found, recipes


def _print_config(console: Console, chosen: "dict[str, Recipe] | Recipe") -> None:
    from anomsynth.recipe.schema import to_toml

    if not isinstance(chosen, dict):
        settings = chosen.model_dump(mode="json", exclude_none=True)
        console.answer(to_toml(chosen).rstrip(), settings)
        return
    settings = {
        name: one.model_dump(mode="json", exclude_none=True) for name, one in chosen.items()
    }
    texts = [f"# category {name}\n{to_toml(one).rstrip()}" for name, one in chosen.items()]
    console.answer("\n\n".join(texts), settings)


def _options(**values: object) -> "RunOptions":
    """Validate the options of a run; errors name the option."""
    from pydantic import ValidationError

    from anomsynth.pipeline.options import RunOptions

    if values["jobs"] == 0:
        hint = "use 1 or more, -1 for one per core, -2 for one less"
        raise UserError("--jobs: expected a number of processes, got 0", hint=hint)
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return RunOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise UserError(f"{option}: {first['msg']}, got {first['input']!r}") from error
