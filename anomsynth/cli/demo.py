"""`anomsynth demo`: a complete small dataset from photos that are already installed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.cli.summary import print_summary
from anomsynth.errors import OutputError

if TYPE_CHECKING:
    pass

EXAMPLE = example("demo", "demo my-demo --overwrite")
AGAIN = "anomsynth demo --overwrite"
PRESET = "generic"
PER_IMAGE = 3


def demo(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for everything.")] = Path(
        "anomsynth-demo"
    ),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make it anew where it is already.")
    ] = False,
    jobs: Jobs = -1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Make a small dataset of bricks, grass, gravel and brushed metal, with a contact sheet.

    Nothing is downloaded. Photos lie in OUT/photos, the dataset in OUT/dataset.
    """
    with reporting(quiet=quiet, as_json=as_json, again=AGAIN) as console:
        photos, dataset = out / "photos", out / "dataset"
        if not overwrite and any(path.exists() for path in (photos, dataset)):
            hint = "make it anew with --overwrite"
            raise OutputError(f"{out}: a demo is there already", hint=hint)

        from anomsynth.api.generate import generate
        from anomsynth.cli.progress import RunProgress

        _write_photos(photos)
        with RunProgress(console) as progress:
            finished = generate(
                photos,
                dataset,
                preset=PRESET,
                per_image=PER_IMAGE,
                jobs=jobs,
                overwrite=overwrite,
                on_event=progress,
            )
        print_summary(console, finished)
        console.say("Then use your own photos:")
        console.say(f"  anomsynth preview {photos / 'metal' / '000.png'} --preset metal")
        console.say("  anomsynth generate FOLDER_OF_GOOD_PHOTOS my-dataset --preset metal")
    if finished.failed:
        raise typer.Exit(SOME_FAILED)


def _write_photos(folder: Path) -> None:
    """Write the demo photos, a folder for each surface."""
    from anomsynth.dataset.files import make_folder
    from anomsynth.dataset.images import write_png
    from anomsynth.demo.photos import demo_photos

    surfaces = demo_photos()
    for name, photos in surfaces.items():
        make_folder(folder / name)
        for index, photo in enumerate(photos):
            write_png(folder / name / f"{index:03d}.png", photo, folder / name)
