"""Shards of a dataset become one dataset."""

from pathlib import Path

from anomsynth.api.options import FilePath
from anomsynth.api.overview import write_overview
from anomsynth.pipeline.events import Finished
from anomsynth.pipeline.merge import merge as join


def merge(out: FilePath) -> Finished:
    """Join the shards that `generate` wrote; the folder is then as from a single run.

    Only manifests and scores are written anew. Merging again changes nothing.

    Parameters
    ----------
    out : path
        Folder that all shards wrote to.

    Returns
    -------
    Finished
        Counts over the whole dataset.

    Raises
    ------
    OutputError
        If a shard is missing, unfinished, damaged or of another run, or the folder holds no
        shards or cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, anomsynth as asy
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> (folder / "photos").mkdir()
    >>> for index, photo in enumerate(asy.demo_photos()["metal"][:2]):
    ...     Image.fromarray(photo).save(folder / "photos" / f"{index}.png")
    >>> for index in (1, 2):
    ...     _ = asy.generate(
    ...         folder / "photos", folder / "out", per_image=1, jobs=1, shard=(index, 2)
    ...     )
    >>> asy.merge(folder / "out").written
    2
    """
    merged = join(Path(out))
    write_overview(Path(out))
    return merged
