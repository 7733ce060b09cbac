"""`anomsynth replay`: rebuild one sample of a dataset and check that it is the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.console import Json, Quiet, example, reporting

if TYPE_CHECKING:
    from anomsynth.core.sample import Sample

EXAMPLE = example("replay dataset brick/000003", "replay dataset brick/000003 --out rebuilt")


def replay(
    dataset: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that generate wrote.")],
    sample_id: Annotated[str, typer.Argument(metavar="CATEGORY/ID", help="From the manifest.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Also write its images here.")
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Rebuild a sample from its manifest line and verify that it equals the saved one."""
    with reporting(quiet=quiet, as_json=as_json) as console:
        from anomsynth.pipeline.replay import replay as rebuild

        sample = rebuild(dataset, sample_id)
        written = _write(sample, out, sample_id) if out is not None else []
        console.say(f"{sample_id}: identical ({', '.join(sample.kinds)})")
        for path in written:
            console.say(f"  {path}")
        console.result(
            sample=sample_id, identical=True, files=[str(path) for path in written], **sample.record
        )


def _write(sample: "Sample", folder: Path, sample_id: str) -> list[Path]:
    import numpy as np

    from anomsynth.dataset.files import make_folder
    from anomsynth.dataset.images import write_png

    make_folder(folder)
    stem = sample_id.replace("/", "_")
    arrays = {
        f"{stem}.png": sample.image,
        f"{stem}_mask.png": sample.mask.astype(np.uint8) * np.uint8(255),
        f"{stem}_strict.png": sample.strict.astype(np.uint8) * np.uint8(255),
        f"{stem}_soft.png": np.rint(sample.soft * 255).astype(np.uint8),
    }
    for name, array in arrays.items():
        write_png(folder / name, array, folder)
    return [folder / name for name in arrays]
