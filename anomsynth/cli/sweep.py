"""`anomsynth sweep`: defects of stated sizes, to find what an inspection can see."""

import re
import shlex
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from anomsynth.cli.choices import (
    MmPerPx,
    Preset,
    Refiners,
    Seed,
    SourceLayout,
    parse_range,
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
from anomsynth.cli.environment import Jobs, taken
from anomsynth.cli.summary import counts, exit_code, print_counts, warn_of_failures
from anomsynth.core.counted import counted
from anomsynth.errors import UserError

if TYPE_CHECKING:
    from anomsynth.api.generate import Generated

EXAMPLE = example(
    "sweep unseen-photos sweep --kinds crack,pitting --size 0.5:8mm --mm-per-px 0.1",
    "sweep unseen-photos sweep --kinds scratch --size 1:20mm --severity 0.2:8",
    "sweep unseen-photos dirty --kinds crack --size 0.5:8mm --mm-per-px 0.1 --defocus 1.5",
)
UNITS = {"mm": 1.0, "um": 1e-3, "\u00b5m": 1e-3, "cm": 10.0, "": 1.0}
GROUPS = {
    "What to make": (
        *("kinds", "size", "levels", "per_level", "severity", "d_levels", "measure", "preset"),
        *("seed", "refiners", "mm_per_px"),
    ),
    "Conditions": ("exposure", "defocus", "noise", "jpeg", "light"),
    "The photos, and where on them": ("roi", "avoid", "source_layout", "bits"),
    "The dataset": ("tree_depth", "png"),
    "How it runs": (*("jobs", "backend", "scheduler", "shard", "resume", "overwrite", "strict"),),
}


def sweep(
    source: Annotated[
        Path, typer.Argument(metavar="PHOTOS", help="Good photos that no detector trained on.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the sweep.")],
    kinds: Annotated[
        str, typer.Option("--kinds", metavar="A,B", help="Kinds of defects that have sizes.")
    ],
    size: Annotated[
        str, typer.Option("--size", metavar="LO:HI", help="Sizes in mm (or 200:8000um, 1:2cm).")
    ],
    levels: Annotated[
        int, typer.Option("--levels", min=1, max=100, help="Sizes from LO to HI, both included.")
    ] = 8,
    per_level: Annotated[
        int,
        typer.Option("--per-level", min=1, help="Pictures of each kind and size in a category."),
    ] = 30,
    severity: Annotated[
        str,
        typer.Option(
            "--severity",
            metavar="physical|LO:HI|D",
            help="As depth, material and light make it, or held at d', one or a grid.",
        ),
    ] = "physical",
    d_levels: Annotated[
        int, typer.Option("--d-levels", min=1, max=100, help="Levels of d' from LO to HI.")
    ] = 6,
    measure: Annotated[
        Literal["length", "width", "depth", "area"] | None,
        typer.Option("--measure", help="What --size is [each kind's own; area: side of a square]."),
    ] = None,
    preset: Preset = "generic",
    seed: Seed = None,
    refiners: Refiners = None,
    mm_per_px: MmPerPx = None,
    exposure: Annotated[float, typer.Option("--exposure", help="Stops brighter or darker.")] = 0.0,
    defocus: Annotated[
        float, typer.Option("--defocus", metavar="PX", help="Blur, standard deviation in pixels.")
    ] = 0.0,
    noise: Annotated[
        float, typer.Option("--noise", metavar="LEVELS", help="Added noise, grey levels of 255.")
    ] = 0.0,
    jpeg: Annotated[
        int | None, typer.Option("--jpeg", metavar="QUALITY", help="Compression, 1 to 100.")
    ] = None,
    light: Annotated[
        float | None,
        typer.Option(
            "--light", metavar="DEG", help="Height of the light in which defects are seen."
        ),
    ] = None,
    roi: Annotated[
        Path | None, typer.Option("--roi", metavar="DIR|FILE", help="Masks: where defects may go.")
    ] = None,
    avoid: Annotated[
        Path | None, typer.Option("--avoid", metavar="DIR|FILE", help="Masks: where they must not.")
    ] = None,
    source_layout: SourceLayout = None,
    bits: Annotated[
        int | None,
        typer.Option("--bits", min=8, max=16, help="Bits that the camera uses of 16 [found]."),
    ] = None,
    tree_depth: Annotated[
        int,
        typer.Option("--tree-depth", metavar="8|16", help="Bits of pictures of 16-bit photos."),
    ] = 8,
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
        typer.Option("--scheduler", metavar="ADDRESS", help="Dask cluster to work on."),
    ] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Make shard I of N; then merge.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish an interrupted run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what OUT holds.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at an unusable photo.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make defects of stated sizes on unseen good photos, to find what an inspection can see.

    One defect a picture, the good photos beside them; anomsynth pod then draws the probability of
    detection (POD) over size. Sizes are the mechanism's own: length of a crack or scratch, width
    of a pit, stain or blister (see anomsynth show KIND); they are as true as --mm-per-px.

    Such a curve speaks of a detector on these photos and on simulated flaws. It screens and
    compares; it adds to a study on real specimens with known flaws and never replaces it.

    Conditions (--exposure, --defocus, --noise, --jpeg, --light) change the camera and leave the
    defects: the same seed makes the same ones, so two sweeps show what a dirty lens costs.
    """
    again = resume_command(sys.argv[1:])
    with reporting(quiet=quiet, as_json=as_json, again=again) as console:
        from anomsynth.api.sweep import sweep as make
        from anomsynth.cli.progress import RunProgress

        with RunProgress(console) as progress:
            done = make(
                source,
                out,
                kinds=parse_words("--kinds", kinds),
                size=parse_size(size),
                levels=levels,
                per_level=per_level,
                severity=parse_severity(severity),
                d_levels=d_levels,
                measure=measure,
                preset=preset,
                seed=seed,
                refiners=None if refiners is None else parse_refiners(refiners),
                mm_per_px=mm_per_px,
                exposure=exposure,
                defocus=defocus,
                noise=noise,
                jpeg=jpeg,
                light=light,
                roi=roi,
                avoid=avoid,
                source_layout=source_layout,
                bits=bits,
                tree_depth=cast("Literal[8, 16]", tree_depth),
                png=png,
                jobs=jobs,
                backend=backend,
                scheduler=scheduler,
                shard=None if shard is None else parse_shard("--shard", shard),
                resume=resume,
                overwrite=overwrite,
                strict=strict,
                environment=tuple(taken().items()),
                on_event=progress,
            )
        _print(console, done, progress.told)
    raise typer.Exit(exit_code(done, part=shard is not None))


def parse_size(text: str) -> tuple[float, float]:
    """Return the smallest and the largest size in mm of ``LO:HI`` with a unit of length.

    Raises
    ------
    UserError
        If the text is something else.

    Examples
    --------
    >>> parse_size("0.2:8mm"), parse_size("200:800um"), parse_size("3")
    ((0.2, 8.0), (0.2, 0.8), (3.0, 3.0))
    """
    found = re.fullmatch(r"(.*?)\s*([a-z\u00b5]*)", text.strip())
    unit = found[2] if found else ""
    if unit not in UNITS:
        raise UserError(f"--size: no such unit {unit!r}", hint="for example --size 0.2:8mm")
    try:
        low, high = parse_range("--size", found[1] if found else text)
    except UserError as error:
        hint = "one unit, at the end: --size 0.2:8mm"
        raise UserError(f"--size: expected LO:HI and a unit, got {text!r}", hint=hint) from error
    return low * UNITS[unit], high * UNITS[unit]


def _tell_sizes(console: Console, out: Path) -> None:
    """Say which sizes came out otherwise, and warn where nobody said how large a pixel is."""
    from anomsynth.detectability.inputs import read_sweep

    swept = read_sweep(out)
    for line in swept.made_otherwise():
        console.say(f"  {line}")
    if swept.assumption is not None:
        console.warn(f"{swept.assumption}; give --mm-per-px to know them")


def _print(console: Console, done: "Generated", told: Collection[str]) -> None:
    out, sweep = done.plan.out, done.plan.options.sweep
    earlier = f" ({done.resumed} of them there before)" if done.resumed else ""
    console.say(
        f"{counted(done.written, 'defect')}{earlier} beside {counted(done.good, 'good photo')}"
        f" in {done.seconds:.1f} s "
        f"-> {out}"
    )
    print_counts(console, done, told)
    if sweep is not None:
        for kind, measure in sweep.kinds:
            shown = ", ".join(f"{size:.3g}" for size in sweep.sizes_mm)
            console.say(f"  {kind}: {measure} {shown} mm")
    if done.plan.options.shard is not None:
        index, count = done.plan.options.shard
        console.say(f"\nshard {index} of {count}; when all are done: anomsynth merge {out}")
    elif done.written:
        _tell_sizes(console, out)
        console.say(f"Then: anomsynth pod {shlex.quote(str(out))} --run RUN")
    warn_of_failures(console, done)
    console.result(
        out=str(out),
        categories=list(done.plan.categories),
        **counts(done),
        good_test_photos=done.good,
        sweep=None if sweep is None else sweep.model_dump(mode="json"),
        sheet=None if done.sheet is None else str(done.sheet),
        seconds=done.seconds,
    )
