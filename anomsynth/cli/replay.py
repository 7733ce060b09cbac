"""`anomsynth replay`: rebuild one sample of a dataset and check that it is the same."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.console import Json, Quiet, example, next_command, reporting

EXAMPLE = example("replay dataset brick/000003", "replay dataset brick/000003 --out rebuilt")


def replay(
    dataset: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that generate wrote.")],
    sample_id: Annotated[str, typer.Argument(metavar="CATEGORY/ID", help="From the manifest.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Also write its files here.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", metavar="DIR", help="Where the photos are now, if they moved."),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Rebuild a sample from its manifest line and verify that it equals the saved one."""
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.replay import replay as rebuild

        done = rebuild(dataset, sample_id, out=out, source=source)
        console.say(f"{sample_id}: identical ({', '.join(done.sample.kinds)})")
        for path in done.files:
            console.say(f"  {path}")
        console.say(next_command("report", dataset))
        console.result(
            sample=sample_id,
            identical=True,
            files=[str(path) for path in done.files],
            **done.sample.record,
        )
