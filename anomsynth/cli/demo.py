"""`anomsynth demo`: a complete small dataset of products that are rendered."""

from pathlib import Path
from typing import Annotated

import typer

from anomsynth.cli.console import SOME_FAILED, Json, Quiet, command, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.cli.summary import print_summary
from anomsynth.errors import OutputError

EXAMPLE = example("demo", "demo my-demo --overwrite")
AGAIN = "anomsynth demo --overwrite"
PRESET = "generic"
PER_IMAGE = 3
PHOTOS = 8  # of each product
PRODUCTS = {"capsule": "capsule", "fabric": "weave", "metal": "plate", "transistor": "leads"}


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
    """Make a small dataset of rendered products: a plate, a capsule, leads, cloth; with a picture.

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
        fair = ["generate", photos, f"{dataset}-anomalib", "--preset", PRESET, "--for", "anomalib"]
        print_summary(console, finished, command(*fair))
        console.say("Then use your own photos:")
        console.say(f"  anomsynth preview {photos / 'metal' / '000.png'} --preset metal")
        console.say("  anomsynth generate FOLDER_OF_GOOD_PHOTOS my-dataset --preset metal")
    if finished.failed:
        raise typer.Exit(SOME_FAILED)


def _write_photos(folder: Path) -> None:
    """Write the demo photos, a folder for each product, which git shall leave alone."""
    from anomsynth.dataset.files import make_folder, write_bytes
    from anomsynth.dataset.images import write_png
    from anomsynth.demo.standins import make_stand_in

    make_folder(folder.parent)
    write_bytes(folder.parent / ".gitignore", b"*\n", folder.parent)
    for product, stand_in in PRODUCTS.items():
        make_folder(folder / product)
        for index in range(PHOTOS):
            place = folder / product / f"{index:03d}.png"
            write_png(place, make_stand_in(stand_in, index).pixels, place.parent)
