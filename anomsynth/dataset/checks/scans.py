"""Whether scans can be read, and fit their pictures and the labels of their points."""

from collections.abc import Iterator
from pathlib import Path

from anomsynth.core.plain_file import open_text
from anomsynth.dataset.checks.finding import Finding
from anomsynth.dataset.checks.tree import Tree
from anomsynth.dataset.headers import image_size
from anomsynth.errors import InputError
from anomsynth.relief.files import read_scan, written_points
from anomsynth.relief.scan import Scan

REPLACE = "replace the file, or remove it with its picture and mask"


def check_scans(tree: Tree, *, deep: bool) -> Iterator[Finding]:
    """Find scans that cannot be read or that do not fit; nothing unless `deep`: they are large."""
    if not deep:
        return
    for item in tree.items:
        if item.scan is None:
            continue
        name = tree.name(item.scan)
        try:
            # How large a level or a pixel is does not matter here.
            scan = read_scan(item.scan, unit=1.0, mm_per_px=1.0)
        except InputError as error:
            reason = str(error).removeprefix(f"{item.scan}: ")
            yield Finding("error", "scan-unreadable", name, reason, REPLACE)
            continue
        shape = scan.valid.shape
        pixels = image_size(item.image)
        if scan.organised and pixels is not None and pixels[:2] != shape:
            sizes = " x ".join(map(str, shape)), " x ".join(map(str, pixels[:2]))
            message = f"the scan has {sizes[0]} points, its picture {sizes[1]} pixels"
            yield Finding("error", "scan-size", name, message, REPLACE)
        if item.mask is not None:
            yield from _labels(tree, item.mask.with_suffix(".txt"), scan)


def _labels(tree: Tree, path: Path, scan: Scan) -> Iterator[Finding]:
    """Find labels of points that are not one for each."""
    if not path.is_file():
        return
    with open_text(path, errors="replace") as file:
        labels = sum(1 for line in file if line.strip())
    points = int(written_points(scan).sum())
    if labels != points:
        message = f"{labels} labels for {points} points"
        hint = "write one line, 0 or 1, for each point"
        yield Finding("error", "point-labels", tree.name(path), message, hint)
