"""`anomsynth validate`: what would keep loaders from reading a dataset as it is meant."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.choices import SourceLayout
from anomsynth.cli.console import (
    SOME_FAILED,
    Console,
    Json,
    Quiet,
    as_flags,
    example,
    next_command,
    reporting,
)
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.dataset.checks.finding import Finding
    from anomsynth.dataset.validate import Verdict

EXAMPLE = example("validate dataset", "validate mvtec/bottle --deep --json")
SHOWN = 5  # files of a kind of finding; all of them are in the JSON


def validate(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Labelled dataset of any tool.")
    ],
    deep: Annotated[
        bool, typer.Option("--deep", help="Decode every image too, not only the masks.")
    ] = False,
    source_layout: SourceLayout = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check a dataset of any tool for what loaders trip over, and say what to do.

    Exit code: 0 no error found, 2 not a dataset at all (one line says why), 3 errors found.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.validate import validate as check

        verdict = check(dataset, deep=deep, source_layout=source_layout)
        _print(console, dataset, verdict, deep=deep)
        for finding in verdict.findings:
            console.line("finding", {**finding.line(), "hint": as_flags(finding.hint)})
        console.result(
            dataset=str(dataset),
            sound=verdict.sound,
            deep=deep,
            categories=verdict.categories,
            counts=verdict.counts,
        )
    if not verdict.sound:
        raise typer.Exit(SOME_FAILED)


def _print(console: Console, dataset: Path, verdict: "Verdict", *, deep: bool) -> None:
    for (level, check), group in groupby(
        verdict.findings, key=lambda item: (item.level, item.check)
    ):
        _print_group(console, f"{level}: {check}", list(group))
    images = sum(verdict.categories.values())
    what = f"{counted(images, 'image')} in {counted(len(verdict.categories), 'category')}"
    counts = ", ".join(counted(count, level) for level, count in verdict.counts.items())
    console.say(f"{dataset}: {what}: {counts}")
    if verdict.sound:
        console.say(next_command("report", dataset) + "  # see every sample")
    if verdict.sound and not deep:
        console.say("Masks were decoded, images checked by header and sum; --deep decodes all.")


def _print_group(console: Console, title: str, findings: "list[Finding]") -> None:
    console.say(f"{title} ({len(findings)})")
    for finding in findings[:SHOWN]:
        console.say(f"  {finding.file}: {finding.message}")
    if len(findings) > SHOWN:
        console.say(f"  ... and {len(findings) - SHOWN} more; --json lists all")
    hints = dict.fromkeys(finding.hint for finding in findings)
    for hint in list(hints)[:2]:
        console.say(f"  -> {as_flags(hint)}")
    console.say()
