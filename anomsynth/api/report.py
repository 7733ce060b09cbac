"""One offline page that shows a dataset, its scores and its rejects."""

from dataclasses import dataclass
from pathlib import Path

from anomsynth.api.options import FilePath, to_path
from anomsynth.api.score import load_scorer
from anomsynth.dataset.files import make_folder, write_pieces
from anomsynth.dataset.layout import RESERVED
from anomsynth.errors import OutputError
from anomsynth.pipeline.options import check_jobs
from anomsynth.reports.collect import collect
from anomsynth.reports.page import build_page


@dataclass(frozen=True, slots=True)
class Reported:
    """A page that was written.

    Attributes
    ----------
    page : Path
    samples : int
        Defect images on it.
    problems : int
        Files that could not be read or made; the page lists them.
    size_bytes : int
    """

    page: Path
    samples: int
    problems: int
    size_bytes: int


def report(
    dataset: FilePath,
    *,
    out: FilePath | None = None,
    calibration: FilePath | None = None,
    source_layout: str | None = None,
    jobs: int = -1,
) -> Reported:
    """Score a dataset and write one HTML page about it.

    Pictures are in the page as long as it stays below 30 MB; of larger datasets it holds small
    ones and links the files of the dataset, to be seen at their own pixels.

    Parameters
    ----------
    dataset : path
        Labelled dataset of any tool.
    out : path that ends in ``.html``, optional
        The page; ``report.html`` in the dataset's metadata folder ``_anomsynth`` if not given.
    calibration : path, optional
        Made by `calibrate`.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.
    jobs : int
        Worker processes; -1 is one per core.

    Returns
    -------
    Reported

    Raises
    ------
    UserError
        If an option is not valid; the message names it.
    InputError
        If the folder holds no labelled images, or no defect among them.
    OutputError
        If the page cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "photos" / "0.png")
    >>> _ = asy.generate(folder / "photos", folder / "out", preset="metal", per_image=1, jobs=1)
    >>> asy.report(folder / "out", jobs=1).samples
    1
    """
    root = Path(dataset)
    page = to_path(out) or root / RESERVED / "report.html"
    if page.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(f"`out`: expected a name that ends in .html, got {str(page)!r}")
    check_jobs(jobs)
    found = collect(root, load_scorer(calibration), page, jobs=jobs, layout=source_layout)
    make_folder(page.parent)
    write_pieces(page, (piece.encode() for piece in build_page(found)), page.parent)
    return Reported(page, len(found.entries), len(found.problems), page.stat().st_size)
