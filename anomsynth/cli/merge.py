"""`anomsynth merge`: shards of a dataset become one dataset."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.console import Json, Quiet, example, next_command, reporting
from anomsynth.core.counted import counted

EXAMPLE = example("merge dataset")


def merge(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that all shards wrote to.")],
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Join the shards that `generate --shard i/n` wrote; OUT is then as from a single run.

    Only manifests and scores are written anew. Merging again changes nothing.

    Exit code: 0 merged, 2 a shard is missing, unfinished or of another run, 3 merged, but some
    samples or photos failed.
    """
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.api.merge import merge as join
        from anomsynth.cli.summary import counts, exit_code, print_counts, warn_of_failures
        from anomsynth.dataset.layout import Layout
        from anomsynth.dataset.metadata import read_run, sweep_of

        finished = join(out)
        console.say(
            f"{counted(finished.written, 'sample')}, merged in {finished.seconds:.1f} s -> {out}"
        )
        print_counts(console, finished)
        if sweep_of(read_run(Layout(out))) is not None:
            console.say(next_command("pod", out, "--run", "RUN"))
        else:
            console.say(next_command("report", out) + "  # see every sample")
        warn_of_failures(console, finished)
        console.result(out=str(out.resolve()), **counts(finished), seconds=finished.seconds)
    raise typer.Exit(exit_code(finished))
