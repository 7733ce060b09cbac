"""`anomsynth fit`: a recipe from a few real defects."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomsynth.cli.bar import Bar, Pace
from anomsynth.cli.choices import Kinds, MmPerPx, SourceLayout, complete_preset, parse_words
from anomsynth.cli.console import Console, Json, Quiet, command, example, reporting
from anomsynth.cli.environment import Jobs
from anomsynth.core.counted import counted

if TYPE_CHECKING:
    from anomsynth.api.fit import Fitted

EXAMPLE = example(
    "fit real-defects --out mine.toml",
    "fit real-defects --photos photos --base metal --out mine.toml",
    "generate photos dataset --preset mine.toml --real real-defects",
    "train dataset --out run --learn real-defects",
)


def fit(
    real: Annotated[
        Path,
        typer.Argument(
            metavar="REAL", help="Marked defects: MVTec-style set, images and masks, annotations."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.toml", help="The recipe.")],
    photos: Annotated[
        Path | None,
        typer.Option("--photos", metavar="DIR", help="Good photos [those in REAL]."),
    ] = None,
    base: Annotated[
        str,
        typer.Option(
            "--base",
            metavar="NAME|FILE.toml",
            help="What the recipe extends.",
            autocompletion=complete_preset,
        ),
    ] = "generic",
    kinds: Kinds = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", help="Picture of what was found [beside OUT]."),
    ] = None,
    mm_per_px: MmPerPx = None,
    pasted: Annotated[
        float,
        typer.Option(
            "--pasted",
            metavar="SHARE",
            help="Of the defects: the real ones, set into good photos; 0 for none.",
        ),
    ] = 0.85,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", metavar="DIR", help="Keep what mechanisms make: fits again fast."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the recipe.")] = False,
    jobs: Jobs = -1,
    source_layout: SourceLayout = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a short recipe whose defects look like a few real, marked ones.

    Each real defect is measured and compared with what every mechanism makes on good photos of the
    product. The recipe extends --base by the mechanisms that come near; what nothing explains is
    told, and left to the base. Most of the defects are the real ones themselves, set into good
    photos, where `generate` is given them by --real. A picture shows the real defects beside the
    nearest synthetic ones.

    Exit code: 0 done, 2 cannot begin or go on. Pictures that cannot be used are named and left out.
    """
    with reporting(quiet=quiet, as_json=as_json) as console, _FitBar(console) as bar:
        from anomsynth.api.fit import fit as find

        found = find(
            real,
            photos=photos,
            base=base,
            kinds=None if kinds is None else parse_words("--kinds", kinds),
            out=out,
            sheet=sheet,
            mm_per_px=mm_per_px,
            pasted=pasted,
            source_layout=source_layout,
            cache=cache,
            jobs=jobs,
            overwrite=overwrite,
            on_progress=bar.move,
        )
        for line in found.refused:
            bar.tell(line)
        _report(console, found, photos, real, pasted=pasted > 0)


class _FitBar(Bar):
    """Says how many of the layers are made."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._pace = Pace()
        if self.progress is not None:
            self._task = self.progress.add_task("trying mechanisms", total=None)

    def move(self, done: int, total: int) -> None:
        """Take in how far it is."""
        if self.progress is not None:
            self.progress.update(self._task, completed=done, total=total)
            return
        now = time.monotonic()
        self._pace.note(now, done)
        if self.is_due(now):
            left = self._pace.left(total - done)
            self._console.note(f"{done} of {counted(total, 'defect')} tried{left}")


def _report(
    console: Console, found: "Fitted", photos: Path | None, defects: Path, *, pasted: bool
) -> None:
    rows = [
        [
            defect.name,
            ", ".join(f"{kind or 'nothing'} {share:.0%}" for kind, share in defect.guesses[:2]),
            f"{defect.area_share:.2%}",
            f"{defect.length_mm:.3g} x {defect.width_mm:.3g}",
            f"{defect.d_prime:.1f}",
            f"{defect.delta_e:.0f}",
        ]
        for defect in found.defects
    ]
    console.table(("defect", "looks like", "of part", "mm", "d'", "delta E"), rows)
    console.say(f"\n{found.sentence}")
    if len(found.defects) == 1:
        console.say("one defect says little: its ranges are wide")
    if found.photos == 0:
        console.say("no good photos: mechanisms were tried on the unmarked rest of the pictures")
    console.say(f"recipe in {found.out}; look at {found.sheet}, then:")
    given = ("--real", defects) if pasted else ()
    made = command("generate", photos or "PHOTOS", "DATASET", "--preset", found.out, *given)
    console.say(f"  {made}\n  {command('train', 'DATASET', '--out', 'RUN', '--learn', defects)}")
    console.result(
        sentence=found.sentence,
        recipe=str(found.out),
        sheet=str(found.sheet),
        weights=found.weights,
        photos=found.photos,
        refused=found.refused,
        defects=[
            {
                "name": defect.name,
                "image": str(defect.image),
                "guesses": dict(defect.guesses[:5]),
                "area_share": defect.area_share,
                "length_mm": defect.length_mm,
                "width_mm": defect.width_mm,
                "d_prime": defect.d_prime,
                "delta_e": defect.delta_e,
                "looks": {
                    name: None if math.isnan(value) else value
                    for name, value in defect.looks.items()
                },
            }
            for defect in found.defects
        ],
    )
