"""What keeps loaders from reading a dataset as it is meant."""

from pathlib import Path

from anomsynth.api.options import FilePath
from anomsynth.dataset.validate import Verdict
from anomsynth.dataset.validate import validate as check


def validate(dataset: FilePath, *, deep: bool = False, source_layout: str | None = None) -> Verdict:
    """Check a dataset of any tool for what loaders trip over, and say what to do.

    Parameters
    ----------
    dataset : path
        A dataset of any known layout, see `anomsynth.dataset.labelled`, or one category of it.
    deep : bool
        Decode every image too, not only the masks.
    source_layout : str, optional
        How the dataset is laid out, if it is not recognised; see `anomsynth.dataset.labelled`.

    Returns
    -------
    Verdict
        Its `findings`, errors first; `sound` is true if there is no error among them.

    Raises
    ------
    InputError
        If there is no such folder, it cannot be read, or holds no labelled image.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("images", "masks"):
    ...     (folder / name).mkdir()
    ...     Image.new("L", (32, 24), 200).save(folder / name / "0.png")
    >>> verdict = asy.validate(folder)
    >>> verdict.sound, verdict.findings[0].check
    (False, 'mask-values')
    """
    return check(Path(dataset), deep=deep, layout=source_layout)
