"""Files of work that is to be done anew: another photo or a death may leave ones nobody lists."""

from collections.abc import Collection, Iterator
from pathlib import Path

from anomsynth.core.whole import output_error
from anomsynth.dataset.layout import GOOD, GT, RGB, VIEW, XYZ, Layout


def remove_unfinished(
    layout: Layout, category: str, normals: Collection[int], samples: Collection[int]
) -> None:
    """Delete every file of these good photos and samples, in the tree and beside it.

    A sample made anew may hold other kinds and then lies in another folder than before.

    Parameters
    ----------
    layout : Layout
    category : str
    normals, samples : numbers of good photos and of samples

    Raises
    ------
    OutputError
        If a file cannot be deleted.
    """
    try:
        for path in _pictures(layout, category):
            number = path.stem.partition("_")[0]
            wanted = normals if _is_good(path) else samples
            ours = number.isdecimal() and len(number) >= layout.digits
            if ours and int(number) in wanted:
                path.unlink()
    except OSError as error:
        raise output_error(layout.root / category, error) from error


def _is_good(path: Path) -> bool:
    inner = path.parent.name in {RGB, XYZ, GT}
    return (path.parents[1] if inner else path.parent).name == GOOD


def _pictures(layout: Layout, category: str) -> Iterator[Path]:
    deep = "*/" if layout.tree == "3d" else ""
    for pattern in (f"train/*/{deep}*.*", f"test/*/{deep}*.*", "ground_truth/*/*.*"):
        yield from (layout.root / category).glob(pattern)
    for pattern in ("*/*.*", f"*/{GOOD}/*.*", f"{VIEW}*/*/*/*.*"):
        yield from (layout.metadata / category).glob(pattern)
