"""One sample of a dataset, made again."""

from dataclasses import dataclass, field
from pathlib import Path

from anomsynth.api.options import FilePath, to_path
from anomsynth.core.sample import Sample
from anomsynth.pipeline.replay import remake


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """A sample that was made again and equals the saved one.

    Attributes
    ----------
    sample_id : str
    sample : Sample
    files : tuple of Path
        What was written of it.
    """

    sample_id: str
    sample: Sample = field(repr=False)
    files: tuple[Path, ...] = ()


def replay(
    dataset: FilePath,
    sample_id: str,
    *,
    out: FilePath | None = None,
    source: FilePath | None = None,
) -> Replayed:
    """Rebuild a sample from its manifest line and verify that it equals the saved one.

    Parameters
    ----------
    dataset : path
        Folder that `generate` wrote.
    sample_id : str
        ``"CATEGORY/NUMBER"`` as in the manifest; leading zeros may be left out.
    out : path, optional
        Folder to write all files to that it has in the dataset, and its soft and strict mask.
    source : path, optional
        Where the photos are now, if they moved otherwise than with the dataset.

    Returns
    -------
    Replayed

    Raises
    ------
    OutputError
        If there is no such dataset or sample, or the result is not the recorded one.
    InputError
        If the source photo is gone or is another one now.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "metal").mkdir()
    >>> Image.fromarray(asy.demo_photos()["metal"][0]).save(folder / "metal" / "0.png")
    >>> _ = asy.generate(folder / "metal", folder / "out", preset="metal", per_image=1, jobs=1)
    >>> asy.replay(folder / "out", "metal/0").sample.image.shape
    (256, 256, 3)
    """
    made = remake(Path(dataset), sample_id, to_path(source))
    folder = to_path(out)
    files = () if folder is None else made.write(folder, sample_id.replace("/", "_"))
    return Replayed(sample_id, made.sample, files)
