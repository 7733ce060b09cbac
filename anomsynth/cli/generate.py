"""`anomsynth generate`: a folder of good photos becomes a labelled dataset."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from anomsynth.cli.choices import (
    Bands,
    Bits,
    DefectsPerImage,
    DepthSense,
    DepthUnit,
    Kinds,
    Lights,
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    Severity,
    SourceLayout,
    ValueRange,
    Views,
    parse_counts,
    parse_files,
    parse_refiners,
    parse_severity,
    parse_shard,
    parse_words,
)
from anomsynth.cli.console import (
    Console,
    Json,
    Quiet,
    example,
    reporting,
    resume_command,
)
from anomsynth.cli.cost import print_plan
from anomsynth.cli.environment import Jobs, taken
from anomsynth.cli.repeated import repeated
from anomsynth.cli.summary import exit_code, print_summary

if TYPE_CHECKING:
    from anomsynth.api.options import RecipeOptions
    from anomsynth.pipeline.options import Extra, RunOptions

EXAMPLE = example(
    "generate photos dataset --preset metal --per-image 4",
    "generate photos dataset --kinds crack,scratch --severity 2:6 --dry-run",
    "generate photos dataset --preset auto --shard 3/8 --resume",
)
GROUPS = {
    "What to make": (
        *("preset", "kinds", "per_image", "count", "purpose", "defects_per_image", "severity"),
        *("seed", "refiners", "mm_per_px", "min_score", "best_of"),
    ),
    "The photos, and where on them": (
        *("roi", "avoid", "components", "textures", "real", "source_layout", "bits", "value_range"),
        *("bands", "depth_unit", "depth_sense", "views", "lights"),
    ),
    "The dataset": (
        *("max_side", "keep_names", "out_layout", "test_share", "tree_depth", "extras"),
        *("hardlink", "png"),
    ),
    "How it runs": (
        *("jobs", "backend", "scheduler", "shard", "resume", "overwrite", "strict"),
        *("dry_run", "print_config"),
    ),
}
EXTRAS = ("soft", "class", "instance", "foreground", "height", "normals", "strict")


def generate(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(metavar="SOURCE", help="Good photos: folder, folders, or a known dataset."),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the dataset.")],
    preset: Preset = "generic",
    kinds: Kinds = None,
    per_image: Annotated[
        int | None, typer.Option("--per-image", min=1, help="Samples made of each photo [2].")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="Samples per category, instead of that.")
    ] = None,
    purpose: Annotated[
        Literal["anomalib"] | None,
        typer.Option(
            "--for", help="Or 2 of each good test photo: anomalib sets its threshold there."
        ),
    ] = None,
    defects_per_image: DefectsPerImage = None,
    severity: Severity = None,
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    min_score: Annotated[
        float | None,
        typer.Option("--min-score", min=0, max=1, help="Draw samples below this score anew [0]."),
    ] = None,
    best_of: Annotated[
        int | None,
        typer.Option(
            "--best-of",
            metavar="N",
            min=1,
            help="Draw up to this many for each sample and keep the best [the preset's].",
        ),
    ] = None,
    roi: Annotated[
        Path | None,
        typer.Option(
            "--roi", metavar="DIR|FILE", help="Masks: where defects may go [the part, as found]."
        ),
    ] = None,
    avoid: Annotated[
        Path | None,
        typer.Option("--avoid", metavar="DIR|FILE", help="Masks: where they must not [none]."),
    ] = None,
    components: Annotated[
        Path | None,
        typer.Option(
            "--components", metavar="DIR|FILE", help="Masks: components that may go missing [none]."
        ),
    ] = None,
    textures: Annotated[
        Path | None,
        typer.Option(
            "--textures", metavar="DIR", help="Pictures to take foreign textures from [none]."
        ),
    ] = None,
    real: Annotated[
        Path | None,
        typer.Option("--real", metavar="DIR", help="Marked, real defects, for paste_real."),
    ] = None,
    source_layout: SourceLayout = None,
    bits: Bits = None,
    value_range: ValueRange = None,
    bands: Bands = None,
    depth_unit: DepthUnit = None,
    depth_sense: DepthSense = None,
    views: Views = None,
    lights: Lights = None,
    tree_depth: Annotated[
        int,
        typer.Option("--tree-depth", metavar="8|16", help="Bits of pictures of 16-bit photos."),
    ] = 8,
    max_side: Annotated[
        int | None,
        typer.Option("--max-side", min=64, help="Make larger photos so small, in pixels [as is]."),
    ] = None,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Photos' names in file names, after the number.")
    ] = False,
    out_layout: Annotated[
        Literal["mvtec", "folder"],
        typer.Option("--out-layout", help="folder: good photos may stay JPEG, as they are."),
    ] = "mvtec",
    test_share: Annotated[
        float, typer.Option("--test-share", min=0, max=1, help="Share of photos for test/good.")
    ] = 0.2,
    extras: Annotated[
        str | None,
        typer.Option("--extras", metavar="A,B", help=f"Also write {', '.join(EXTRAS)} [none]."),
    ] = None,
    hardlink: Annotated[
        bool,
        typer.Option("--hardlink/--copy", help="How photos come into OUT that stay as they are."),
    ] = False,
    png: Annotated[
        Literal["fast", "small"], typer.Option("--png", help="How hard PNG are compressed.")
    ] = "fast",
    jobs: Jobs = -1,
    backend: Annotated[
        Literal["loky", "threading", "dask"],
        typer.Option("--backend", help="What the workers are."),
    ] = "loky",
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Dask cluster to work on [of this machine]."
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Make shard I of N; then merge [all]."),
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

    Exit code: 0 all made, 2 cannot begin or go on, or nothing could be made (one line says why), 3
    some samples or photos failed, 130 interrupted.
    """
    with reporting(quiet=quiet, as_json=as_json, again=resume_command(sys.argv[1:])) as console:
        from anomsynth.api.generate import generate as make
        from anomsynth.api.options import RecipeOptions
        from anomsynth.cli.progress import RunProgress

        chosen = RecipeOptions(
            kinds=None if kinds is None else parse_words("--kinds", kinds),
            refiners=None if refiners is None else parse_refiners(refiners),
            severity=None if severity is None else parse_severity(severity),
            defects_per_image=None
            if defects_per_image is None
            else parse_counts("--defects-per-image", defects_per_image),
            seed=seed,
            mm_per_px=mm_per_px,
            min_score=min_score,
            best_of=best_of,
        )
        words = [] if extras is None else parse_words("--extras", extras, EXTRAS)
        seen = None if views is None else parse_words("--views", views)
        files = parse_files(value_range, bands)
        if print_config:
            from anomsynth.pipeline.options import RunOptions

            of_run = RunOptions(
                roi=roi,
                avoid=avoid,
                components=components,
                textures=textures,
                real=real,
                source_layout=source_layout,
                bits=bits,
                value_range=files["value_range"],
                bands=tuple(files["bands"] or ()),
                depth_unit=depth_unit,
                depth_sense=depth_sense,
                views=tuple(seen or ()),
            )
            _print_config(console, source, preset, chosen, of_run)
            return
        with RunProgress(console) as progress:
            done = make(
                source,
                out,
                preset=preset,
                kinds=chosen.kinds,
                per_image=per_image,
                count=count,
                purpose=purpose,
                defects_per_image=chosen.defects_per_image,
                severity=chosen.severity,
                seed=seed,
                refiners=chosen.refiners,
                mm_per_px=mm_per_px,
                min_score=min_score,
                best_of=best_of,
                roi=roi,
                avoid=avoid,
                components=components,
                textures=textures,
                real=real,
                source_layout=source_layout,
                bits=bits,
                max_side=max_side,
                keep_names=keep_names,
                out_layout=out_layout,
                **files,
                depth_unit=depth_unit,
                depth_sense=depth_sense,
                views=seen,
                lights=lights,
                tree_depth=cast("Literal[8, 16]", tree_depth),
                test_share=test_share,
                extras=cast("list[Extra]", words),
                hardlink=hardlink,
                png=png,
                jobs=jobs,
                backend=backend,
                scheduler=scheduler,
                shard=None if shard is None else parse_shard("--shard", shard),
                resume=resume,
                overwrite=overwrite,
                strict=strict,
                dry_run=dry_run,
                environment=tuple(taken().items()),
                on_event=progress,
            )
        if done.cost is not None:
            print_plan(console, done.plan, done.cost)
        else:
            fair = repeated(
                context,
                without={"per_image", "count", *GROUPS["How it runs"], "quiet", "as_json"},
                out=f"{out}-anomalib",
                purpose="anomalib",
            )
            print_summary(console, done, fair, progress.told)
    raise typer.Exit(exit_code(done, part=shard is not None))


def _print_config(
    console: Console,
    source: Path,
    preset: str,
    options: "RecipeOptions",
    of_run: "RunOptions",
) -> None:
    from anomsynth.api.options import choose_recipes
    from anomsynth.cli.progress import note_event
    from anomsynth.recipe.schema import to_toml

    _, chosen = choose_recipes(source, preset, options, of_run, partial(note_event, console))
    if not isinstance(chosen, dict):
        settings = chosen.model_dump(mode="json", exclude_none=True)
        console.answer(to_toml(chosen).rstrip(), settings)
        return
    settings = {
        name: one.model_dump(mode="json", exclude_none=True) for name, one in chosen.items()
    }
    texts = [f"# category {name}\n{to_toml(one).rstrip()}" for name, one in chosen.items()]
    console.answer("\n\n".join(texts), settings)
