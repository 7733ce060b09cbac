"""`anomsynth demo`: a complete small dataset from photos that are already installed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.console import SOME_FAILED, Json, Quiet, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.cli.summary import print_summary
from anomsynth.errors import OutputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from anomsynth.pipeline.events import Event

EXAMPLE = example("demo", "demo my-demo --overwrite")
AGAIN = "anomsynth demo --overwrite"
PRESET = "generic"
PER_IMAGE = 3
SHEET_ROWS = 4  # samples of each category on the sheet


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
        photos, dataset, sheet = out / "photos", out / "dataset", out / "contact_sheet.png"
        if not overwrite and any(path.exists() for path in (photos, dataset, sheet)):
            hint = f"look at {sheet}, or make it anew with --overwrite"
            raise OutputError(f"{out}: a demo is there already", hint=hint)

        from anomsynth.api.generate import generate
        from anomsynth.cli.progress import RunProgress
        from anomsynth.pipeline.events import SampleDone
        from anomsynth.sheets.sheet import write_sheet

        _write_photos(photos)
        made: dict[str, tuple[str, ...]] = {}

        with RunProgress(console) as progress:

            def listen(event: "Event") -> None:
                progress(event)
                if isinstance(event, SampleDone):
                    made[event.sample_id] = event.kinds

            finished = generate(
                photos,
                dataset,
                preset=PRESET,
                per_image=PER_IMAGE,
                jobs=jobs,
                overwrite=overwrite,
                on_event=listen,
            )
        if made:
            write_sheet(sheet, _draw(photos, dataset, made))
        print_summary(console, finished)
        console.say(f"\nLook at it: {sheet}")
        console.say(f"Its scores, with reasons, on a page: anomsynth report {dataset}")
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


def _draw(photos: Path, dataset: Path, made: Mapping[str, Sequence[str]]) -> "NDArray[np.uint8]":
    """Return a contact sheet with some samples of each surface, as different as there are."""
    from anomsynth.dataset.images import read_photo
    from anomsynth.pipeline.replay import replay
    from anomsynth.sheets.sheet import SheetRow, contact_sheet

    rows = []
    for sample_id in _pick(made):
        sample = replay(dataset, sample_id)
        photo = read_photo(photos / sample.key.category / sample.key.image)
        rows.append(SheetRow(photo.pixels, sample))
    return contact_sheet(rows, across=2)


def _pick(made: Mapping[str, Sequence[str]]) -> list[str]:
    """Return ids of samples, `SHEET_ROWS` of each category, each kind of defect first once."""
    picked: list[str] = []
    for category in sorted({sample_id.rpartition("/")[0] for sample_id in made}):
        own = sorted(name for name in made if name.rpartition("/")[0] == category)
        seen: set[str] = set()
        fresh = []
        for sample_id in own:
            if not seen.issuperset(made[sample_id]):
                fresh.append(sample_id)
                seen.update(made[sample_id])
        rest = [sample_id for sample_id in own if sample_id not in fresh]
        picked += sorted([*fresh, *rest][:SHEET_ROWS])
    return picked
